// SPDX-License-Identifier: Apache-2.0
// I/O ports, read and written by the kernel for the holder of their range.
#include <arch/io_ports.hpp>
#include <cap/encodings.hpp>
#include <cap/kinds.hpp>

#include <kernel/dispatch/io_ports.hpp>

namespace kernel {

namespace {

using namespace io_ports_interface;

bool is_access(Invocation const& call, std::uint16_t port, std::uint8_t width) {
    return (width == 1 || width == 2 || width == 4) && PortRange::of(call.self()).contains(port, width);
}

struct IoPorts {
    Reply narrow(Invocation& call, NarrowArguments const& arguments) {
        if (!PortRange::of(call.self()).contains(arguments.first, arguments.count))
            return call.refuse(Error::bad_argument);
        PortRange const narrowed{arguments.first, arguments.count};
        return answer(
            call, NarrowResult{narrowed.capability(abi::CapabilityType::io_ports, call.self().payload())});
    }

    Reply read(Invocation& call, ReadArguments const& arguments) {
        if (!is_access(call, arguments.port, arguments.width)) return call.refuse(Error::bad_argument);
        std::uint32_t value = 0;
        if (arguments.width == 1) value = arch::read_port8(arguments.port);
        else if (arguments.width == 2) value = arch::read_port16(arguments.port);
        else value = arch::read_port32(arguments.port);
        return answer(call, ReadResult{value});
    }

    Reply write(Invocation& call, WriteArguments const& arguments) {
        if (!is_access(call, arguments.port, arguments.width)) return call.refuse(Error::bad_argument);
        if (arguments.width == 1)
            arch::write_port8(arguments.port, static_cast<std::uint8_t>(arguments.value));
        else if (arguments.width == 2)
            arch::write_port16(arguments.port, static_cast<std::uint16_t>(arguments.value));
        else arch::write_port32(arguments.port, arguments.value);
        return call.answer();
    }
};

} // namespace

Reply invoke_io_ports(Invocation& call) {
    if (!is_of_this_boot(call.self().payload(), core(call.kernel()).boot_number))
        return call.refuse(Error::void_capability);
    IoPorts handlers;
    return dispatch_io_ports(handlers, call);
}

} // namespace kernel
