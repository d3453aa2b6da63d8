// SPDX-License-Identifier: Apache-2.0
// F13: a process out of heaps and a range, without a constructor: space of nine pages (six shared read-only,
// two copied, registers), capability page, reply endpoint. Each is run until its first instruction, which is
// a fault that this program is told of, and destroyed.
#include "figures.hpp"

#include "checked.hpp"

#include <abi/fault.hpp>
#include <abi/objects/patt.hpp>
#include <abi/objects/process.hpp>
#include <runtime/client/endpoint.hpp>
#include <runtime/client/frame_range.hpp>
#include <runtime/client/heap.hpp>
#include <runtime/client/page.hpp>
#include <runtime/client/patt.hpp>
#include <runtime/client/process.hpp>

namespace bench {

namespace {

using abi::FrameType;
using abi::ProcessSlot;
using abi::SupervisorSlot;
using runtime::Result;
using runtime::Slot;

constexpr runtime::FrameRange range{SupervisorSlot::frame_range};
constexpr std::uint64_t shared_pages = 6, copied_pages = 2;
// What stays, and what each process has of its own.
constexpr Slot process_heap(100), patt_heap(101), endpoint_heap(102), scratch(103), image(104), schedule(105),
    keeper(106);
constexpr Slot process(110), node(111), reply(112), capabilities(113), registers(114), restart(115);
constexpr Slot copied(std::uint64_t number) { return Slot(116 + number); }
constexpr std::uint64_t image_address = 0x10'0000;
constexpr std::uint64_t register_address = image_address + (shared_pages + copied_pages) * abi::frame_size;

struct Frames {
    std::uint64_t process, patt, endpoint;
};
constinit Frames frames{};
constinit bool exists = false;

Result<std::uint64_t> make_heap(FrameType type, Slot heap) {
    TRY(range.make_heap(static_cast<std::uint8_t>(type), heap));
    TRY(range.claim(0, scratch));
    return TRY(runtime::Heap{heap}.admit(scratch)).frame;
}

Result<> prepare() {
    frames.process = TRY(make_heap(FrameType::process, process_heap));
    frames.patt = TRY(make_heap(FrameType::patt, patt_heap));
    frames.endpoint = TRY(make_heap(FrameType::endpoint, endpoint_heap));
    TRY(range.claim(0, scratch));
    TRY(runtime::Page{scratch}.reduce(static_cast<std::uint8_t>(abi::Right::read_only), image));
    TRY(runtime::Process{SupervisorSlot::own_process}.get_slot(
        static_cast<std::uint64_t>(ProcessSlot::schedule), schedule));
    return runtime::Endpoint{SupervisorSlot::own_endpoint}.make_entry(1, keeper);
}

Result<> map(std::uint64_t pair, Slot page) {
    return runtime::Patt{node}.store(pair, image_address + pair * abi::frame_size, page);
}

Result<> make_space() {
    TRY(runtime::Heap{patt_heap}.object(frames.patt, 0, node));
    TRY(runtime::Patt{node}.set_shape(47, abi::frame_bits));
    for (std::uint64_t i = 0; i < shared_pages; ++i) TRY(map(i, image));
    for (std::uint64_t i = 0; i < copied_pages; ++i) {
        TRY(range.claim(0, copied(i)));
        TRY(runtime::Page{copied(i)}.copy_from(image));
        TRY(map(shared_pages + i, copied(i)));
    }
    TRY(range.claim(0, registers));
    return map(shared_pages + copied_pages, registers);
}

Result<> make_reply_endpoint() {
    runtime::Endpoint const endpoint{reply};
    TRY(runtime::Heap{endpoint_heap}.object(frames.endpoint, 0, reply));
    TRY(endpoint.set_payload_match());
    return endpoint.bind(process);
}

Result<> put(ProcessSlot slot, Slot capability) {
    return runtime::Process{process}.set_slot(static_cast<std::uint64_t>(slot), capability);
}

Result<> create() {
    TRY(runtime::Heap{process_heap}.object(frames.process, 0, process));
    TRY(make_space());
    TRY(make_reply_endpoint());
    TRY(range.claim_capability_page(0, capabilities));
    TRY(put(ProcessSlot::address_space, node));
    TRY(put(ProcessSlot::capability_space, capabilities));
    TRY(put(ProcessSlot::schedule, schedule));
    TRY(put(ProcessSlot::keeper, keeper));
    TRY(put(ProcessSlot::virtual_registers, registers));
    TRY(put(ProcessSlot::reply_endpoint, reply));
    TRY(runtime::Process{process}.set_registers(image_address, register_address, 0));
    return runtime::Process{process}.resume(true);
}

// The page of zeroes that it starts in is an instruction that adds to the byte at address 0.
bool has_run() {
    runtime::Message fault;
    fault.accept_capability(restart);
    if (runtime::receive(fault).failed() || fault.kind() != abi::MessageKind::fault) return false;
    return fault.word(0) == static_cast<std::uint64_t>(abi::FaultCode::invalid_data_reference) &&
           fault.word(1) == 0 && fault.word(2) == image_address;
}

Result<> destroy() {
    TRY(runtime::Heap{process_heap}.destroy(process));
    TRY(runtime::Heap{patt_heap}.destroy(node));
    TRY(runtime::Heap{endpoint_heap}.destroy(reply));
    TRY(range.rescind(capabilities));
    for (std::uint64_t i = 0; i < copied_pages; ++i) TRY(range.rescind(copied(i)));
    return range.rescind(registers);
}

void end_last() {
    if (!exists) return;
    count_failure(!has_run());
    count_failure(destroy().failed());
}

} // namespace

void measure_process_creation(Samples& samples) {
    if (auto const prepared = prepare(); prepared.failed())
        return report_failure("process-creation", "heaps", prepared.error);
    auto const spread = samples.measure(end_last, [] {
        exists = true;
        count_failure(create().failed());
    });
    end_last();
    report_checked("process-creation", spread);
}

} // namespace bench
