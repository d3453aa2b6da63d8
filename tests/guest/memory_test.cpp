// SPDX-License-Identifier: Apache-2.0
// Frames, heaps and address spaces by their capabilities: what a mapping shows follows the slots at once.
#include <harness/assistant.hpp>
#include <harness/objects.hpp>

#include <runtime/client/capability_page.hpp>
#include <runtime/client/discrim.hpp>
#include <runtime/client/frame_range.hpp>
#include <runtime/client/heap.hpp>
#include <runtime/client/page.hpp>
#include <runtime/client/patt.hpp>

#include <abi/objects/patt.hpp>

#include <bit>

namespace {

using abi::Error;
using runtime::Slot;
using tests::check;
using tests::check_equal;
using tests::check_error;

constexpr runtime::FrameRange range{abi::SupervisorSlot::frame_range};
constexpr runtime::Discrim discrim{abi::SupervisorSlot::discrim};
constexpr runtime::Process self{abi::SupervisorSlot::own_process};

constexpr Slot space(64);
constexpr Slot heap(65);
constexpr Slot node(66);
constexpr Slot page(67);
constexpr Slot other_page(68);
constexpr Slot scratch(70);
constexpr Slot weak_page(71);

constexpr std::uint64_t empty = static_cast<std::uint64_t>(abi::PattPrefix::invalid);
constexpr std::uint64_t base_address = 0x2'0000'0000;

std::uint64_t volatile& word_at(std::uint64_t address) {
    return *std::bit_cast<std::uint64_t volatile*>(address);
}

// A node that spans 256 MiB of this program's space, page by page, at base_address. Made once.
bool make_window() {
    static constinit bool made = false;
    if (made) return true;
    check_error(Error::none, self.get_slot(0, space).error, "own address space");
    tests::make_object(abi::FrameType::patt, heap, scratch, node);
    auto const shape = runtime::Patt{space}.shape();
    check_error(Error::none, runtime::Patt{node}.set_shape(shape->residual, 12).error, "shape");
    for (std::uint64_t slot = 0; slot < abi::patt_slots; ++slot) {
        auto const pair = runtime::Patt{space}.fetch(slot, scratch);
        if (pair.failed() || pair->prefix != empty) continue;
        made = !runtime::Patt{space}.store(slot, base_address, node).failed();
        break;
    }
    return check(made, "the window is in this program's space");
}

void put(std::uint64_t slot, std::uint64_t offset, Slot what) {
    check_error(Error::none, runtime::Patt{node}.store(slot, offset, what).error, "a pair is stored");
}

} // namespace

GUEST_TEST(pages_are_mapped_and_replaced,
           "a slot write is seen by the next instruction, in both directions") {
    if (!make_window()) return;
    check_error(Error::none, range.claim(0, page).error, "first page");
    check_error(Error::none, range.claim(0, other_page).error, "second page");
    put(0, 0x5000, page);
    put(1, 0x9000, page);
    word_at(base_address + 0x5008) = 42;
    check_equal(42, word_at(base_address + 0x9008), "two mappings show one page");
    put(0, 0x5000, other_page);
    check_equal(0, word_at(base_address + 0x5008), "the other page is seen at once");
    word_at(base_address + 0x5008) = 7;
    put(0, 0x5000, page);
    check_equal(42, word_at(base_address + 0x5008), "and the first again");
    put(0, 0xa000, other_page);
    check_equal(7, word_at(base_address + 0xa008), "the slot serves another address now");
    put(0, empty, Slot(0));
    put(1, empty, Slot(0));
}

GUEST_TEST(pairs_are_checked, "prefixes that overlap, lie outside or are no prefix are refused") {
    if (!make_window()) return;
    runtime::Patt const patt{node};
    put(2, 0x1000, page);
    check_error(Error::bad_argument, patt.store(3, 0x1000, page).error, "two equal prefixes");
    check_error(Error::bad_argument, patt.store(3, 0x1800, page).error, "bits below the residual");
    check_error(Error::bad_argument, patt.store(3, 1ull << 40, page).error, "bits above the size");
    check_error(Error::bad_argument, patt.store(3, 7, page).error, "an unknown code");
    check_error(Error::bad_argument, patt.store(16, 0x2000, page).error, "no such slot");
    check_error(Error::in_use, patt.set_shape(20, 12).error, "the shape of a node in use");
    check_error(Error::none, patt.reduce(static_cast<std::uint8_t>(abi::Right::read_only), scratch).error,
                "reduce");
    check_error(Error::no_right, runtime::Patt{scratch}.store(3, 0x2000, page).error, "a read-only node");
    put(2, empty, Slot(0));
}

GUEST_TEST(read_only_means_it, "a page mapped read-only shows what is written elsewhere") {
    if (!make_window()) return;
    check_error(Error::none, range.claim(0, page).error, "page");
    auto const read_only = static_cast<std::uint8_t>(abi::Right::read_only);
    check_error(Error::none, runtime::Page{page}.reduce(read_only, scratch).error, "reduce");
    check_error(Error::no_right, runtime::Page{scratch}.erase().error, "erase");
    put(4, 0x20000, page);
    put(5, 0x30000, scratch);
    word_at(base_address + 0x20010) = 11;
    check_equal(11, word_at(base_address + 0x30010), "seen through the read-only mapping");
    check_error(Error::none, runtime::Page{page}.erase().error, "erase");
    check_equal(0, word_at(base_address + 0x30010), "erased in both");
    put(4, empty, Slot(0));
    put(5, empty, Slot(0));
}

GUEST_TEST(rescinded_pages_are_void, "all capabilities to a page die with it, and its mappings") {
    if (!make_window()) return;
    check_error(Error::none, range.claim(0, page).error, "page");
    check_error(Error::none, runtime::copy_capability(scratch, page).error, "copy");
    put(6, 0x40000, page);
    word_at(base_address + 0x40000) = 1;
    check_error(Error::none, range.rescind(page).error, "rescind");
    check_error(Error::void_capability, runtime::Page{scratch}.identify().error, "the copy is void");
    check_error(Error::void_capability, runtime::Page{page}.erase().error, "the original is void");
    auto const type = discrim.classify(scratch);
    check_equal(0, type->type, "it cannot be told from null");
    check_error(Error::none, range.claim(0, other_page).error, "the frame is used again");
    check_error(Error::void_capability, runtime::Page{scratch}.identify().error,
                "and stays void for old holders");
    put(6, 0x40000, other_page);
    check_equal(0, word_at(base_address + 0x40000), "a claimed page is zero");
    put(6, empty, Slot(0));
}

GUEST_TEST(capability_pages,
           "capabilities are stored, fetched, compared, and diminished through a weak page") {
    check_error(Error::none, range.claim_capability_page(0, page).error, "capability page");
    runtime::CapabilityPage const slots{page};
    check_error(Error::none, range.claim(0, other_page).error, "data page");
    check_error(Error::none, slots.store(200, other_page).error, "store");
    check_error(Error::none, slots.fetch(200, scratch).error, "fetch");
    check(discrim.compare(scratch, other_page)->equal, "what comes out is what went in");
    check_error(Error::bad_argument, slots.store(256, other_page).error, "no such slot");
    auto const weak = static_cast<std::uint8_t>(abi::Right::weak);
    check_error(Error::none, slots.reduce(weak, weak_page).error, "reduce");
    check_error(Error::no_right, runtime::CapabilityPage{weak_page}.store(1, other_page).error,
                "a weak page");
    check_error(Error::none, runtime::CapabilityPage{weak_page}.fetch(200, scratch).error, "weak fetch");
    check(!discrim.compare(scratch, other_page)->equal, "it is diminished");
    check_error(Error::no_right, runtime::Page{scratch}.erase().error, "to a read-only page");
    check_error(Error::none, slots.store(201, abi::SupervisorSlot::own_process).error,
                "a process capability");
    check_error(Error::none, runtime::CapabilityPage{weak_page}.fetch(201, scratch).error, "weak fetch");
    check_equal(0, discrim.classify(scratch)->type, "which becomes null");
    check_error(Error::none, slots.erase().error, "erase");
    check_error(Error::none, slots.fetch(200, scratch).error, "fetch");
    check_equal(0, discrim.classify(scratch)->type, "all null");
}

GUEST_TEST(heaps, "objects come into use once, are destroyed, and come back under another version") {
    check_error(Error::none, range.make_heap(static_cast<std::uint8_t>(abi::FrameType::schedule), heap).error,
                "heap");
    runtime::Heap const schedules{heap};
    check_error(Error::none, range.claim(0, page).error, "page");
    auto const frame = schedules.admit(page);
    check_error(Error::none, frame.error, "admit");
    check_error(Error::void_capability, runtime::Page{page}.identify().error, "the page is no page any more");
    check_error(Error::none, schedules.object(frame->frame, 3, scratch).error, "object");
    check_error(Error::none, schedules.object(frame->frame, 3, other_page).error, "object again");
    check(discrim.compare(scratch, other_page)->equal, "the same object");
    check_error(Error::bad_argument, schedules.object(frame->frame, 64, scratch).error, "no such index");
    check_error(Error::wrong_type, schedules.destroy(abi::SupervisorSlot::own_process).error,
                "not of this heap");
    check_error(Error::none, schedules.destroy(other_page).error, "destroy");
    check_equal(0, discrim.classify(scratch)->type, "every copy is void");
    check_error(Error::none, schedules.object(frame->frame, 3, other_page).error, "a new object");
    check(!discrim.compare(scratch, other_page)->equal, "is not the old one");
    check_error(Error::bad_argument, range.make_heap(1, scratch).error, "a heap of pages");
}
