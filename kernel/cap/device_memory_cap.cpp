// SPDX-License-Identifier: Apache-2.0
// Physical memory of devices: narrowed, described, mapped into non-persistent spaces.
#include <cap/encodings.hpp>
#include <cap/kinds.hpp>

#include <mapping/map_fault.hpp>

#include <kernel/dispatch/device_memory.hpp>

namespace kernel {

namespace {

using namespace device_memory_interface;

constexpr bool is_whole_pages(std::uint64_t bytes) { return bytes % abi::frame_size == 0; }

struct DeviceMemory {
    Reply narrow(Invocation& call, NarrowArguments const& arguments) {
        auto const range = PageRange::of(call.self());
        auto const first = range.first + (arguments.offset >> abi::frame_bits);
        auto const count = arguments.bytes >> abi::frame_bits;
        if (!is_whole_pages(arguments.offset) || !is_whole_pages(arguments.bytes) || count == 0 ||
            !range.contains(first, count) || !PageRange{{first, count}}.has_encoding())
            return call.refuse(Error::bad_argument);
        auto const narrowed = device_memory_capability(first << abi::frame_bits, count << abi::frame_bits,
                                                       PageRange::is_cached(call.self()));
        return answer(call, NarrowResult{narrowed.with_payload(call.self().payload())});
    }

    Reply describe(Invocation& call) {
        auto const range = PageRange::of(call.self());
        return answer(call, DescribeResult{range.first << abi::frame_bits, range.count << abi::frame_bits});
    }

    Reply map(Invocation& call, MapArguments const& arguments) {
        auto& kernel = call.kernel();
        auto const space = TRY(call.object<abi::Patt>(arguments.space, abi::CapabilityType::patt, need_edit));
        if (frame_id(kernel, space.frame).is_persistent()) return call.refuse(Error::wrong_type);
        auto const range = PageRange::of(call.self());
        TRY(map_device(kernel, space.target(),
                       {UserAddress(arguments.address), PhysicalAddress(range.first << abi::frame_bits),
                        range.count << abi::frame_bits, PageRange::is_cached(call.self())}));
        return call.answer();
    }
};

} // namespace

Reply invoke_device_memory(Invocation& call) {
    if (!is_of_this_boot(call.self().payload(), core(call.kernel()).boot_number))
        return call.refuse(Error::void_capability);
    DeviceMemory handlers;
    return dispatch_device_memory(handlers, call);
}

} // namespace kernel
