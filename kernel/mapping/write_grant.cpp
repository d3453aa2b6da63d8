// SPDX-License-Identifier: Apache-2.0
// Grants, their harvest and the thaw.
#include <mapping/write_grant.hpp>

#include <arch/tlb.hpp>

namespace kernel {

namespace {

using Bit = PageEntry::Bit;

// Software bits 9..11 of an entry count clean harvests in a row.
constexpr unsigned idle_shift = 9;
constexpr std::uint64_t idle_one = std::uint64_t{1} << idle_shift;
constexpr PageEntry::Bits idle_mask = Bit::software0 | Bit::software1 | Bit::software2;
static_assert(idle_mask.raw() == clean_harvests_max << idle_shift);

constexpr PageEntry::Bits frozen_off = PageEntry::Bits(Bit::writable) | Bit::dirty | idle_mask;

// Above this many stale translations of the loaded space, one full flush is cheaper than one each.
constexpr std::uint32_t page_flushes_max = 16;

// One run over all grants. The processor is in the kernel and every other one at
// its edge, so entries are at rest.
class Harvest {
public:
    explicit Harvest(Kernel& kernel)
        : kernel_(kernel),
          memory_(kernel::memory(kernel)),
          state_(mappings(kernel)),
          withdraw_all_idle_(state_.grants > memory_.epoch.dirty_limit / 2) {}

    void run() {
        for (auto at = state_.armed.head; at != base::ListLink::none;) {
            // A table leaves the list when its last grant is withdrawn.
            auto const next = state_.tables[at].armed.next;
            table(at);
            at = next;
        }
        join_thawed(memory_, written_thawed_);
        state_.harvested += written_;
        if (stale_ > page_flushes_max) arch::flush_all();
    }

private:
    void table(TableIndex index) {
        auto& table = state_.tables[index];
        auto& slots = arch::page_table(physical_address(table.frame)).slots;
        bool const loaded = table.space == state_.loaded;
        table.grants.for_each(
            [&](unsigned slot) { entry(slots[slot], mapping_reference(index, slot), loaded); });
    }

    void entry(PageTableSlot& slot, MappingReference reference, bool loaded) {
        auto const entry = slot.load();
        auto const index = entry.frame();
        auto& frame = memory_.frames[index];
        if (entry.has(Bit::dirty)) {
            ++written_;
            if (frame.has(PageFrame::thawed)) {
                make_thawed_dirty(memory_, frame);
                ++written_thawed_;
            } else if (frame.state != FrameState::dirty) {
                make_dirty(memory_, index);
            }
        } else if (frame.state != FrameState::dirty) {
            return idle(slot, entry, reference, loaded);
        }
        slot.store(entry.without(frozen_off));
        stale(reference, loaded);
        // The snapshot's image stands in the frame: no other mapping may change it.
        if (frame.more_mappings != no_index) freeze_all(index);
    }

    void idle(PageTableSlot& slot, PageEntry entry, MappingReference reference, bool loaded) {
        if (!withdraw_all_idle_ && entry.has(Bit::writable) && !entry.has(idle_mask)) {
            slot.store(PageEntry(entry.raw() + idle_one));
            return;
        }
        slot.store(entry.without(frozen_off));
        clear_grant(kernel_, reference);
        stale(reference, loaded);
    }

    void freeze_all(FrameIndex index) {
        each_mapping(kernel_, index, [this](MappingReference reference) {
            auto const old = entry_slot(kernel_, reference).clear(frozen_off);
            if (old.has(Bit::writable))
                stale(reference, state_.tables[table_of(reference)].space == state_.loaded);
        });
    }

    void stale(MappingReference reference, bool loaded) {
        if (!loaded || ++stale_ > page_flushes_max) return;
        arch::flush_page(address_of(kernel_, reference));
    }

    Kernel& kernel_;
    Memory& memory_;
    Mappings& state_;
    bool withdraw_all_idle_;
    std::uint32_t stale_ = 0;
    std::uint32_t written_ = 0;        // entries
    std::uint32_t written_thawed_ = 0; // frames
};

} // namespace

Result<> grant_write(Kernel& kernel, MappingReference reference) {
    auto& memory = kernel::memory(kernel);
    auto& slot = entry_slot(kernel, reference);
    auto const index = slot.load().frame();
    auto& epoch = memory.epoch;
    if (mappings(kernel).grants >= epoch.dirty_limit || epoch.dirty.count >= epoch.dirty_limit) {
        epoch.end_wanted = true;
        return fail(Error::no_memory);
    }
    open_for_write(memory, index, 0);
    set_grant(kernel, reference);
    slot.clear(idle_mask);
    // Dirty at once: the frame is on the list already, and the processor need not come back for the bit.
    slot.set(Bit::writable | Bit::dirty | Bit::accessed);
    flush_translation(kernel, mappings(kernel).tables[table_of(reference)].space,
                      address_of(kernel, reference));
    return {};
}

void harvest(Kernel& kernel) { Harvest(kernel).run(); }

bool thaw(Kernel& kernel, FrameIndex frame) {
    bool any = false;
    each_mapping(kernel, frame, [&](MappingReference reference) {
        if (!has_grant(kernel, reference)) return;
        any = true;
        auto& slot = entry_slot(kernel, reference);
        auto const entry = slot.load();
        if (entry.has(Bit::writable)) return;
        slot.store(entry.with(Bit::writable).without(Bit::dirty));
        // More permission needs no flush: a stale translation faults once, and the fault is spurious.
    });
    return any;
}

} // namespace kernel
