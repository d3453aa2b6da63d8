// SPDX-License-Identifier: Apache-2.0
// A processor with a translation buffer, over the hosted kernel's page tables: a translation that nobody
// flushes is used on, whatever the tables say.
#pragma once

#include "fixture.hpp"

#include <array>

namespace kernel::testing {

struct BufferLine {
    bool valid = false;
    std::uint64_t page = 0;
    FrameIndex frame = no_frame;
    bool writable = false;
    bool dirty = false;
    bool executable = false;
};

class ModelProcessor {
public:
    ModelProcessor() {
        current_ = this;
        arch::fake_tlb().on_flush = on_flush;
    }
    ~ModelProcessor() {
        arch::fake_tlb().on_flush = nullptr;
        current_ = nullptr;
    }
    ModelProcessor(ModelProcessor const&) = delete;
    ModelProcessor& operator=(ModelProcessor const&) = delete;

    // One access of user mode in the space whose top-level table is loaded; no_frame: a page fault.
    FrameIndex access(UserAddress address, Access access) {
        auto const page = address.raw() >> abi::frame_bits;
        auto& line = lines[page % lines.size()];
        if (line.valid && line.page == page && allows(line, access)) return line.frame;
        return walk(address, access, line);
    }

    // Every translation that the processor holds.
    std::array<BufferLine, 32> lines{};

private:
    static bool allows(BufferLine const& line, Access access) {
        if (is_write(access)) return line.writable && line.dirty;
        return access != Access::execute || line.executable;
    }

    static FrameIndex walk(UserAddress address, Access access, BufferLine& line) {
        using Bit = PageEntry::Bit;
        auto table = arch::loaded_space();
        for (auto level = page_table_levels; level >= 1; --level) {
            auto& slot = arch::page_table(table).slots[table_index(address, level)];
            auto const entry = slot.load();
            if (!entry.present() || !entry.has(Bit::user)) return no_frame;
            if (is_write(access) && !entry.has(Bit::writable)) return no_frame;
            if (access == Access::execute && entry.has(Bit::no_execute)) return no_frame;
            slot.set(Bit::accessed);
            if (level > 1) {
                table = entry.target();
                continue;
            }
            if (is_write(access)) slot.set(Bit::dirty);
            line = {true,
                    address.raw() >> abi::frame_bits,
                    entry.frame(),
                    entry.has(Bit::writable),
                    entry.has(Bit::dirty) || is_write(access),
                    !entry.has(Bit::no_execute)};
            return line.frame;
        }
        return no_frame;
    }

    static void on_flush(UserAddress address, bool all) {
        auto const page = address.raw() >> abi::frame_bits;
        for (auto& line : current_->lines)
            if (all || line.page == page) line.valid = false;
    }

    inline static ModelProcessor* current_ = nullptr;
};

} // namespace kernel::testing
