// SPDX-License-Identifier: Apache-2.0
// Pages of an address space, as the machine would reach them.
#include "process_memory.hpp"

#include <base/bytes.hpp>

#include <algorithm>
#include <cstring>

namespace tools {

std::string MemoryRange::access() const {
    return std::string("r") + (writable ? "w" : "-") + (executable ? "x" : "-");
}

ProcessMemory::ProcessMemory(StoreView& view, Objects& objects, abi::FrameId process) : view_(view) {
    auto const& frame = objects.frame(process);
    auto const& slots = base::view<abi::Process>(base::ConstBytes(frame.bytes)).slots;
    for (auto const& seen : objects.space(slots[static_cast<std::size_t>(abi::ProcessSlot::address_space)])) {
        if (seen.page.type() != abi::CapabilityType::data_page || objects.is_stale(seen.page)) continue;
        auto const denied = [&](abi::Right right) {
            return seen.page.rights().has(right) || seen.restrictions.has(right);
        };
        pages_.push_back({seen.address, seen.page.object().frame(),
                          !denied(abi::Right::read_only) && !denied(abi::Right::weak),
                          !denied(abi::Right::no_execute)});
    }
    std::ranges::sort(pages_, {}, &MemoryPage::address);
}

std::vector<MemoryRange> ProcessMemory::ranges() const {
    std::vector<MemoryRange> ranges;
    for (auto const& page : pages_) {
        if (!ranges.empty()) {
            auto& last = ranges.back();
            if (last.address + last.pages * abi::frame_size == page.address &&
                last.writable == page.writable && last.executable == page.executable) {
                ++last.pages;
                continue;
            }
        }
        ranges.push_back({page.address, 1, page.writable, page.executable});
    }
    return ranges;
}

MemoryPage const* ProcessMemory::page_at(std::uint64_t address) const {
    auto const wanted = address & ~std::uint64_t{abi::frame_size - 1};
    auto const at = std::ranges::lower_bound(pages_, wanted, {}, &MemoryPage::address);
    return at == pages_.end() || at->address != wanted ? nullptr : &*at;
}

bool ProcessMemory::read(MemoryPage const& page, std::span<std::byte, abi::frame_size> content) const {
    auto const info = view_.store().read(view_.at().generation, page.frame, content);
    if (info.error == abi::Error::absent) {
        // A frame that was never written is zero.
        std::memset(content.data(), 0, content.size());
        return true;
    }
    if (info.failed()) throw view_.file().problem(info.error);
    return info->zero;
}

} // namespace tools
