// SPDX-License-Identifier: Apache-2.0
// Audits of an image and of the caches.
#include <snapshot/audit.hpp>

#include <mapping/mapping_list.hpp>
#include <memory/preserve.hpp>

#include <core/kernel.hpp>

namespace kernel {

namespace {

// A capability against its target, if that is in memory. A lower version is stale, which is legal.
Finding check_target(Kernel& kernel, abi::Capability capability) {
    if (!abi::names_object(capability.type())) return {};
    auto const& memory = kernel::memory(kernel);
    auto const object = capability.object();
    auto const index = memory.frames.find(in_memory(kernel, object.frame()));
    if (index == no_frame) return {};
    auto const& frame = memory.frames[index];
    if (capability.version() > frame.mark) return {"version above the target's mark"};
    if (frame.type == abi::row_of(capability.type()).frame_type) {
        if (object.index() >= abi::shape_of(frame.type).objects) return {"object index out of range"};
        auto const version = version_of(memory, {index, object.index()});
        if (capability.version() > version) return {"version above the object's"};
    } else if (capability.version() == frame.mark && frame.mark != abi::Version()) {
        return {"version of another type"};
    }
    return {};
}

} // namespace

Finding audit_image(Kernel& kernel, FrameImage const& image, base::ConstBytes content) {
    if (!image.id.is_persistent()) return {"non-persistent frame in a snapshot"};
    if (auto finding = check_structure(image.type, image.mark, content); !finding.clean()) return finding;
    auto const shape = abi::shape_of(image.type);
    for (std::uint32_t object = 0; object < shape.objects; ++object)
        for (std::uint32_t slot = 0; slot < shape.capability_count; ++slot) {
            auto const offset = object_slot(image.type, {0, object}, slot).offset;
            auto const capability = base::read<abi::Capability>(content, offset);
            if (capability.is_null()) continue;
            if (auto finding = check_target(kernel, capability); !finding.clean())
                return {finding.rule, offset};
        }
    return {};
}

namespace {

Finding audit_lists(Memory& memory) {
    auto& epoch = memory.epoch;
    for (auto* head : {&epoch.dirty, &epoch.snapshot, &epoch.stabilising, &epoch.thawed, &epoch.settled}) {
        std::uint32_t count = 0;
        auto previous = base::ListLink::none;
        for (auto at = head->head; at != base::ListLink::none; at = memory.frames[at].list.next) {
            if (&list_of(memory, memory.frames[at]) != head) return {"frame on a wrong list", at};
            if (memory.frames[at].list.previous != previous) return {"list link broken", at};
            previous = at;
            ++count;
        }
        if (count != head->count || head->tail != previous) return {"list count wrong", count};
    }
    if (!epoch.in_flight && (!epoch.snapshot.empty() || !epoch.stabilising.empty()))
        return {"snapshot lists without a snapshot"};
    return {};
}

Finding audit_frame(Memory& memory, FrameIndex index) {
    auto const& frame = memory.frames[index];
    if (frame.named() && memory.frames.find(frame.id) != index) return {"named frame not found", index};
    if (frame.side != no_frame) {
        if (frame.state == FrameState::side) {
            auto const& owner = memory.frames[frame.side];
            if (owner.side != index) return {"side frame without owner", index};
            if (owner.state != FrameState::dirty || owner.frozen(memory.epoch.current))
                return {"owner of a side frame is not dirty in this epoch", index};
            if ((frame.open & ~all_objects(frame.type)) != 0) return {"saved bits out of range", index};
        } else if (frame.state != FrameState::page_table && memory.frames[frame.side].side != index) {
            return {"side frame lost", index};
        }
    }
    return {};
}

// An entry on a frame's list: maps the frame, and is writable only as R9 allows.
Finding audit_entry(Kernel& kernel, FrameIndex index, MappingReference reference) {
    auto const& memory = kernel::memory(kernel);
    auto const& frame = memory.frames[index];
    auto const entry = entry_slot(kernel, reference).load();
    if (!entry.present() || entry.frame() != index)
        return {"mapping list names another frame's entry", index};
    bool const writable = entry.has(PageEntry::Bit::writable);
    if (frame.state == FrameState::transient) return {};
    if (writable && !has_grant(kernel, reference)) return {"writable entry without a grant", index};
    if (writable && frame.frozen(memory.epoch.current)) return {"writable entry of a frozen frame", index};
    if (!writable && entry.has(PageEntry::Bit::dirty)) return {"dirty bit without permission", index};
    return {};
}

Finding audit_mappings(Kernel& kernel) {
    auto& state = mappings(kernel);
    auto& memory = kernel::memory(kernel);
    std::size_t listed = 0;
    for (FrameIndex index = 0; index < memory.frames.size(); ++index) {
        Finding finding;
        each_mapping(kernel, index, [&](MappingReference reference) {
            ++listed;
            if (finding.clean()) finding = audit_entry(kernel, index, reference);
        });
        if (!finding.clean()) return finding;
    }
    // And every present leaf entry is on a list, unless it is a device window's.
    std::size_t present = 0;
    for (SpaceIndex space = 0; space < spaces_max; ++space) {
        if (state.spaces[space].serial == 0) continue;
        for (auto at = state.spaces[space].tables.head; at != base::ListLink::none;
             at = state.tables[at].in_space.next) {
            if (state.tables[at].level != 1) continue;
            for (unsigned slot = 0; slot < page_table_entries; ++slot) {
                auto const entry = entry_slot(kernel, mapping_reference(at, slot)).load();
                if (!entry.present()) continue;
                auto const frame = entry.frame();
                if (frame < memory.frames.size() && memory.frames[frame].state != FrameState::reserved)
                    ++present;
            }
        }
    }
    if (present != listed)
        return {"leaf entries and mapping lists differ", static_cast<std::uint32_t>(present)};
    return {};
}

Finding audit_objects(Kernel& kernel) {
    auto const& table = objects(kernel);
    auto& memory = kernel::memory(kernel);
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        auto const& entry = table[i];
        if (!entry.is_allocated() || entry.frame == no_frame) continue;
        if (memory.frames[entry.frame].id != entry.object().frame()) return {"entry names another frame", i};
    }
    // No prepared capability points to an entry that is free.
    for (FrameIndex index = 0; index < memory.frames.size(); ++index) {
        auto const& frame = memory.frames[index];
        if (!frame.named() && frame.state != FrameState::side) continue;
        auto const shape = abi::shape_of(frame.type);
        for (std::uint32_t object = 0; object < shape.objects; ++object) {
            if (frame.state == FrameState::side && ((frame.open >> object) & 1) == 0) continue;
            for (std::uint32_t slot = 0; slot < shape.capability_count; ++slot) {
                auto const capability = read_slot(object_slot(frame.type, {index, object}, slot));
                if (capability.is_prepared() && !table[capability.table_index()].is_allocated())
                    return {"prepared capability to a free entry", index};
            }
        }
    }
    return {};
}

} // namespace

Finding audit_caches(Kernel& kernel) {
    auto& memory = kernel::memory(kernel);
    if (auto finding = audit_lists(memory); !finding.clean()) return finding;
    for (FrameIndex index = 0; index < memory.frames.size(); ++index)
        if (auto finding = audit_frame(memory, index); !finding.clean()) return finding;
    if (auto finding = audit_mappings(kernel); !finding.clean()) return finding;
    return audit_objects(kernel);
}

} // namespace kernel
