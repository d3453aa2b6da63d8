// SPDX-License-Identifier: Apache-2.0
// The kernel's log, for residents below the console and for programs that have nothing
// else; and its reader, the console.
#include <cap/kinds.hpp>
#include <core/log.hpp>
#include <ipc/event.hpp>

#include <abi/boot_slots.hpp>

#include <kernel/dispatch/log.hpp>

namespace kernel {

namespace {

using namespace log_interface;

Result<> control(Invocation const& call) {
    if ((call.self().payload() & abi::log_control) == 0) return fail(Error::no_right);
    return {};
}

struct LogOperations {
    Reply write(Invocation& call, WriteArguments const& arguments) {
        std::array<char, abi::message_words_max * sizeof(std::uint64_t)> text;
        auto const size = arguments.text.copy(call, text);
        // Nobody writes control characters into the machine's log.
        for (std::size_t i = 0; i < size; ++i)
            if (static_cast<unsigned char>(text[i]) < ' ' || text[i] == '\x7f') text[i] = '?';
        kernel_log().line({text.data(), size});
        return call.answer();
    }

    Reply attach(Invocation& call, AttachArguments const& arguments) {
        TRY(control(call));
        auto const endpoint =
            TRY(call.object<abi::Endpoint>(arguments.endpoint, abi::CapabilityType::endpoint));
        kernel_events(call.kernel()).logged = TRY(bind_event(call.kernel(), endpoint, arguments.bits));
        kernel_log().release_serial();
        return answer(call, AttachResult{kernel_log().end()});
    }

    Reply read(Invocation& call, ReadArguments const& arguments) {
        TRY(control(call));
        std::array<std::uint64_t, 5> words{};
        auto position = arguments.position;
        auto const count = kernel_log().read(position, std::as_writable_bytes(std::span(words)));
        return answer(call, ReadResult{position + count, static_cast<std::uint8_t>(count), words[0], words[1],
                                       words[2], words[3], words[4]});
    }

    Reply writer(Invocation& call) { return answer(call, WriterResult{call.self().with_payload(0)}); }
};

} // namespace

Reply invoke_log(Invocation& call) {
    LogOperations handlers;
    return dispatch_log(handlers, call);
}

} // namespace kernel
