// SPDX-License-Identifier: Apache-2.0
// Interrupt lines and message-signalled interrupts become events.
#include <arch/interrupts.hpp>
#include <cap/encodings.hpp>
#include <cap/kinds.hpp>
#include <ipc/event.hpp>

#include <kernel/dispatch/irq.hpp>

namespace kernel {

namespace {

using namespace irq_interface;

LineRange lines(Invocation const& call) { return LineRange::of(call.self()); }

Result<BoundEvent> bound(Invocation& call, std::size_t position, std::uint64_t bits) {
    auto const endpoint = TRY(call.object<abi::Endpoint>(position, abi::CapabilityType::endpoint));
    return bind_event(call.kernel(), endpoint, bits);
}

struct Irq {
    Reply narrow(Invocation& call, NarrowArguments const& arguments) {
        if (!lines(call).contains(arguments.line, 1)) return call.refuse(Error::bad_argument);
        return answer(call, NarrowResult{LineRange{arguments.line, 1}.capability(abi::CapabilityType::irq,
                                                                                 call.self().payload())});
    }

    Reply bind(Invocation& call, BindArguments const& arguments) {
        auto const range = lines(call);
        if (range.count != 1 || range.first >= arch::line_count) return call.refuse(Error::bad_argument);
        auto& line = kernel_events(call.kernel()).lines[range.first];
        if (line.bound()) return call.refuse(Error::in_use);
        line = TRY(bound(call, arguments.endpoint, arguments.bits));
        arch::unmask_line(static_cast<std::uint32_t>(range.first));
        return call.answer();
    }

    Reply acknowledge(Invocation& call) {
        auto const range = lines(call);
        if (range.count != 1 || range.first >= arch::line_count) return call.refuse(Error::bad_argument);
        arch::unmask_line(static_cast<std::uint32_t>(range.first));
        return call.answer();
    }

    Reply allocate_message(Invocation& call, AllocateMessageArguments const& arguments) {
        auto& messages = kernel_events(call.kernel()).messages;
        for (std::uint32_t i = 0; i < messages.size(); ++i) {
            if (messages[i].bound()) continue;
            messages[i] = TRY(bound(call, arguments.endpoint, arguments.bits));
            auto const where = arch::message_address(i);
            return answer(call, AllocateMessageResult{where.address, where.data});
        }
        return call.refuse(Error::limit_reached);
    }
};

} // namespace

Reply invoke_irq(Invocation& call) {
    if (!is_of_this_boot(call.self().payload(), core(call.kernel()).boot_number))
        return call.refuse(Error::void_capability);
    Irq handlers;
    return dispatch_irq(handlers, call);
}

} // namespace kernel
