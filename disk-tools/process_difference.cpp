// SPDX-License-Identifier: Apache-2.0
// Processes are paired by name, those of the same frame first, for names need not be unique.
#include "process_difference.hpp"

#include "process_document.hpp"
#include "report.hpp"

#include <algorithm>
#include <array>
#include <fmt/core.h>
#include <map>
#include <optional>
#include <set>

namespace tools {
namespace {

using Document = nlohmann::ordered_json;

// What of a process object has no line of its own.
struct Part {
    std::string_view name;
    std::size_t offset, size;
};
constexpr std::array other_parts = {
    Part{"receive phase", offsetof(abi::Process, open_wait), 1},
    Part{"receive phase", offsetof(abi::Process, wait_boot), 4},
    Part{"receive phase", offsetof(abi::Process, receive_endpoint), 16},
    Part{"receive phase", offsetof(abi::Process, receive_slots), 32},
    Part{"fault history", offsetof(abi::Process, fault_declined), 5},
    Part{"vector registers", offsetof(abi::Process, xsave), abi::xsave_area_size},
    Part{"events", offsetof(abi::Process, event_endpoint_count), 1},
    Part{"events", offsetof(abi::Process, event_endpoints), sizeof(abi::Process::event_endpoints)},
    Part{"messages", offsetof(abi::Process, full_endpoint_count), 1},
    Part{"messages", offsetof(abi::Process, full_endpoints), sizeof(abi::Process::full_endpoints)},
};

// The members of two flat objects that differ; one that is missing is null.
Document pairs(Document const& before, Document const& after) {
    Document out = Document::object();
    auto const value = [](Document const& of, std::string const& name) {
        return of.contains(name) ? of[name] : Document();
    };
    for (auto const* side : {&before, &after})
        for (auto const& [name, ignored] : side->items())
            if (!out.contains(name) && value(before, name) != value(after, name))
                out[name] = {{"old", value(before, name)}, {"new", value(after, name)}};
    return out;
}

class Comparer {
public:
    Comparer(StoreView& before, StoreView& after, CheckpointDifference const& frames, bool detail)
        : frames_(frames), detail_(detail), before_(before), after_(after) {
        read_structure(before_, Change::added);
        read_structure(after_, Change::removed);
        if (before.file().path() == after.file().path()) return;
        read_all_structure(before, before_);
        read_all_structure(after, after_);
    }

    Document all() {
        auto const old_ones = in_use(before_, frames_.processes_before);
        auto const new_ones = in_use(after_, frames_.processes_after);
        auto const pair_of = paired(old_ones, new_ones);
        std::map<std::pair<std::uint64_t, Change>, Document> found; // by PID
        std::set<std::uint64_t> met;
        for (auto const& [frame, name] : old_ones) {
            auto const pair = pair_of.find(frame);
            if (pair == pair_of.end()) {
                found[{frame.number(), Change::removed}] = head(name, frame, Change::removed);
                continue;
            }
            met.insert(pair->second.number());
            auto const differs = compare(frame, pair->second);
            if (differs.empty()) continue;
            auto& document = found[{pair->second.number(), Change::changed}];
            document = head(name, pair->second, Change::changed);
            document.update(differs);
        }
        for (auto const& [frame, name] : new_ones)
            if (!met.contains(frame.number()))
                found[{frame.number(), Change::added}] = head(name, frame, Change::added);
        Document list = Document::array();
        for (auto& [key, document] : found) list.push_back(std::move(document));
        return list;
    }

private:
    static bool is_structure(abi::FrameType type) {
        using enum abi::FrameType;
        return type == process || type == patt || type == capability_page;
    }

    // What differs is read first, so that damage ends the comparison and is not taken for a difference.
    void read_structure(Objects& objects, Change absent) {
        for (auto const& frame : frames_.frames)
            if (is_structure(frame.type) && frame.change != absent) objects.frame(frame.frame);
    }

    // In two files, the same block may be damaged in one of them.
    static void read_all_structure(StoreView& view, Objects& objects) {
        std::vector<abi::FrameId> structure; // read after the listing, which keeps its place in the map
        auto const done = view.store().for_each(view.at().generation, [&](checkpoint::FrameInfo const& info) {
            if (is_structure(info.type)) structure.push_back(info.frame);
            return true;
        });
        if (done.failed()) throw view.file().problem(done.error);
        for (auto const frame : structure) objects.frame(frame);
    }

    using Named = std::map<abi::FrameId, std::string>;

    static abi::Process const& process_at(Objects& objects, abi::FrameId frame) {
        return object_at<abi::Process>(objects.frame(frame), 0);
    }

    static Named in_use(Objects& objects, std::vector<abi::FrameId> const& frames) {
        Named named;
        for (auto const frame : frames)
            if (auto const& process = process_at(objects, frame);
                process.header.flags == abi::ObjectHeader::in_use)
                named[frame] = process_name(process);
        return named;
    }

    static std::map<abi::FrameId, abi::FrameId> paired(Named const& old_ones, Named new_ones) {
        std::map<abi::FrameId, abi::FrameId> pair_of;
        auto const pair = [&](abi::FrameId frame, Named::iterator other) {
            pair_of[frame] = other->first;
            new_ones.erase(other);
        };
        for (auto const& [frame, name] : old_ones)
            if (auto const same = new_ones.find(frame); same != new_ones.end() && same->second == name)
                pair(frame, same);
        for (auto const& [frame, name] : old_ones) {
            if (pair_of.contains(frame)) continue;
            auto const other = std::find_if(new_ones.begin(), new_ones.end(),
                                            [&](auto const& item) { return item.second == name; });
            if (other != new_ones.end()) pair(frame, other);
        }
        return pair_of;
    }

    static Document head(std::string const& name, abi::FrameId frame, Change change) {
        return {{"name", name}, {"pid", frame.number()}, {"change", change_name(change)}};
    }

    // Empty when nothing differs.
    Document compare(abi::FrameId old_frame, abi::FrameId new_frame) {
        auto const& old_process = process_at(before_, old_frame);
        auto const& new_process = process_at(after_, new_frame);
        Document out = Document::object();
        auto const add = [&](char const* name, Document const& part) {
            if (!part.empty()) out[name] = part;
        };
        auto const state_of = [](abi::FrameId frame, abi::Process const& process) {
            Document state = {{"pid", frame.number()}};
            state.update(state_document(process));
            return state;
        };
        add("state", pairs(state_of(old_frame, old_process), state_of(new_frame, new_process)));
        add("registers",
            pairs(registers_document(old_process.registers), registers_document(new_process.registers)));
        add("other", other(old_process, new_process));
        add("slots", capabilities(old_process.slots, new_process.slots, [](std::size_t index) {
                return std::string(abi::process_slot_names[index]);
            }));
        static abi::CapabilityPage const none = {};
        auto const page_of = [](Objects& objects, abi::Process const& process) {
            auto const* content =
                objects.find(slot(process, abi::ProcessSlot::capability_space).object().frame());
            return content != nullptr && content->info.type == abi::FrameType::capability_page
                       ? &object_at<abi::CapabilityPage>(*content, 0)
                       : &none;
        };
        add("capabilities",
            capabilities(page_of(before_, old_process)->slots, page_of(after_, new_process)->slots,
                         [](std::size_t index) { return std::to_string(index); }));
        add("pages", pages(slot(old_process, abi::ProcessSlot::address_space),
                           slot(new_process, abi::ProcessSlot::address_space)));
        return out;
    }

    static abi::Capability slot(abi::Process const& process, abi::ProcessSlot name) {
        return process.slots[static_cast<std::size_t>(name)];
    }

    static Document other(abi::Process const& before, abi::Process const& after) {
        Document names = Document::array();
        auto const a = base::bytes_of(before), b = base::bytes_of(after);
        for (auto const& part : other_parts)
            if (!std::ranges::equal(a.subspan(part.offset, part.size), b.subspan(part.offset, part.size)) &&
                (names.empty() || names.back() != part.name))
                names.push_back(part.name);
        return names;
    }

    // As inspect prints them. The text hides the version, and tells what is stale though the slot is the
    // same.
    template <class Slots, class Name>
    Document capabilities(Slots const& before, Slots const& after, Name name) {
        Document out = Document::object();
        for (std::size_t i = 0; i < std::size(before); ++i) {
            auto old_text = before_.text(before[i]), new_text = after_.text(after[i]);
            bool const same = before[i] == after[i];
            if (same && old_text == new_text) continue;
            if (old_text == new_text) {
                old_text += fmt::format(" version {}", before[i].version().raw());
                new_text += fmt::format(" version {}", after[i].version().raw());
            }
            out[name(i)] = {{"old", old_text}, {"new", new_text}};
        }
        return out;
    }

    Document pages(abi::Capability old_root, abi::Capability new_root) {
        auto const old_pages = before_.space(old_root);
        // Where no node differs, the walk would read the same nodes again.
        bool const same_nodes = old_root == new_root && !frames_.has_type(abi::FrameType::patt);
        auto const new_pages = same_nodes ? old_pages : after_.space(new_root);
        std::array<std::uint64_t, 3> counts = {};
        Document list = Document::array();
        auto const note = [&](Change change, SpacePage const* old_page, SpacePage const* new_page) {
            ++counts[static_cast<std::size_t>(change)];
            if (!detail_) return;
            list.push_back({{"address", format_hex((new_page != nullptr ? new_page : old_page)->address)},
                            {"change", change_name(change)}});
            if (old_page != nullptr) list.back()["old"] = text(before_, *old_page);
            if (new_page != nullptr) list.back()["new"] = text(after_, *new_page);
        };
        auto a = old_pages.begin(), b = new_pages.begin();
        while (a != old_pages.end() || b != new_pages.end()) {
            bool const in_a = a != old_pages.end() && (b == new_pages.end() || a->address <= b->address);
            bool const in_b = b != new_pages.end() && (a == old_pages.end() || b->address <= a->address);
            if (in_a && in_b) {
                if (differ(*a, *b)) note(Change::changed, &*a, &*b);
            } else if (in_a) note(Change::removed, &*a, nullptr);
            else note(Change::added, nullptr, &*b);
            if (in_a) ++a;
            if (in_b) ++b;
        }
        if (counts == std::array<std::uint64_t, 3>{}) return {};
        Document out = {{"changed", counts[0]}, {"new", counts[1]}, {"gone", counts[2]}};
        if (detail_) out["list"] = list;
        return out;
    }

    bool differ(SpacePage const& a, SpacePage const& b) const {
        return !(a.page == b.page) || !(a.restrictions == b.restrictions) ||
               frames_.has(a.page.object().frame());
    }

    static std::string text(Objects& objects, SpacePage const& page) {
        return objects.text(page.page.with_rights(page.restrictions));
    }

    CheckpointDifference const& frames_;
    bool detail_;
    Objects before_, after_;
};

} // namespace

nlohmann::ordered_json process_differences(StoreView& before, StoreView& after,
                                           CheckpointDifference const& frames, bool detail) {
    return Comparer(before, after, frames, detail).all();
}

} // namespace tools
