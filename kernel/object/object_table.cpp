// SPDX-License-Identifier: Apache-2.0
// Entries of the object table and the chains by frame.
#include <object/object_table.hpp>

namespace kernel {

using base::ListLink;

void ObjectTable::start(std::span<ObjectEntry> storage) {
    entries_ = storage;
    free_ = ListLink::none;
    used_ = 0;
    collector = Collector{};
    for (auto index = size(); index-- > 0;) {
        entries_[index] = ObjectEntry{};
        entries_[index].next = free_;
        free_ = index;
    }
}

std::uint32_t ObjectTable::entry_for(Memory& memory, FrameIndex frame, abi::ObjectId object) {
    auto& header = memory.frames[frame];
    for (auto at = header.entries; at != ListLink::none; at = entries_[at].next)
        if (entries_[at].object() == object) return at;
    auto const index = free_;
    if (index == ListLink::none) return index;
    auto& entry = entries_[index];
    free_ = entry.next;
    entry.word = object.raw() | ObjectEntry::allocated;
    entry.frame = frame;
    entry.next = header.entries;
    header.entries = index;
    ++used_;
    return index;
}

void ObjectTable::cut(Memory& memory, FrameIndex frame) {
    auto& header = memory.frames[frame];
    for (auto at = header.entries; at != ListLink::none;) {
        auto& entry = entries_[at];
        at = entry.next;
        entry.frame = no_frame;
        entry.next = ListLink::none;
    }
    header.entries = ListLink::none;
}

void ObjectTable::cut_all(Memory& memory) {
    for (auto& entry : entries_)
        if (entry.is_allocated() && entry.frame != no_frame) cut(memory, entry.frame);
}

void ObjectTable::mark(std::uint32_t index) {
    expects(index < entries_.size());
    auto& word = entries_[index].word;
    word = collector.polarity ? word | ObjectEntry::mark : word & ~ObjectEntry::mark;
}

bool ObjectTable::is_marked(std::uint32_t index) const {
    bool const mark = ((*this)[index].word & ObjectEntry::mark) != 0;
    return mark == collector.polarity;
}

void ObjectTable::release(Memory& memory, std::uint32_t index) {
    expects(index < entries_.size() && used_ > 0);
    auto& entry = entries_[index];
    expects(entry.is_allocated());
    if (entry.frame != no_frame) {
        auto* at = &memory.frames[entry.frame].entries;
        while (*at != index) {
            expects(*at != ListLink::none);
            at = &entries_[*at].next;
        }
        *at = entry.next;
    }
    entry = ObjectEntry{};
    entry.next = free_;
    free_ = index;
    --used_;
}

} // namespace kernel
