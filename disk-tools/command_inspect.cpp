// SPDX-License-Identifier: Apache-2.0
// inspect: one object of a checkpoint. One document serves both outputs: text prints it as a tree.
#include "objects.hpp"
#include "options.hpp"
#include "process_document.hpp"
#include "report.hpp"

#include <fmt/core.h>

namespace tools {
namespace {

using Document = nlohmann::ordered_json;

class Inspector {
public:
    Inspector(Objects& objects, InspectOptions const& options) : objects_(objects), options_(options) {}

    Document document(abi::ObjectId id) {
        auto const& frame = objects_.frame(id.frame());
        Document out = {{"object", Objects::text(id, frame.info.type)},
                        {"type", abi::frame_type_names[static_cast<std::size_t>(frame.info.type)]},
                        {"versionMark", frame.info.mark.raw()},
                        {"birth", frame.info.birth.counter()},
                        {"zero", frame.info.zero},
                        {"offset", frame.info.offset},
                        {"hash", format_hex(frame.info.hash)}};
        add_content(out, frame, id.index());
        if (options_.hex) out["content"] = hex(frame);
        return out;
    }

private:
    void add_content(Document& out, FrameContent const& frame, unsigned index) {
        switch (frame.info.type) {
        case abi::FrameType::free: break;
        case abi::FrameType::data_page: add_mappings(out, frame.info.frame); break;
        case abi::FrameType::capability_page:
            add_capability_page(out, object_at<abi::CapabilityPage>(frame, 0));
            break;
        case abi::FrameType::patt: add_patt(out, object_at<abi::Patt>(frame, index)); break;
        case abi::FrameType::process: add_process(out, object_at<abi::Process>(frame, 0)); break;
        case abi::FrameType::endpoint: add_endpoint(out, object_at<abi::Endpoint>(frame, index)); break;
        case abi::FrameType::schedule:
            add_schedule(out, object_at<abi::Schedule>(frame, index));
            add_users(out, {frame.info.frame, index});
            break;
        case abi::FrameType::heap: add_heap(out, object_at<abi::Heap>(frame, index)); break;
        }
    }

    // Where processes see the page.
    void add_mappings(Document& out, abi::FrameId page) {
        Document mapped = Document::object();
        for (auto const& process : objects_.processes()) {
            std::string places;
            for (auto const& seen : objects_.space(slot_of(process.frame, abi::ProcessSlot::address_space)))
                if (seen.page.object().frame() == page)
                    places += (places.empty() ? "" : " ") + format_hex(seen.address);
            if (!places.empty()) mapped[process.name] = places;
        }
        out["mapped"] = mapped;
    }

    abi::Capability slot_of(abi::FrameId process, abi::ProcessSlot slot) {
        return object_at<abi::Process>(objects_.frame(process), 0).slots[static_cast<std::size_t>(slot)];
    }

    // The processes that run by a schedule.
    void add_users(Document& out, abi::ObjectId schedule) {
        Document users = Document::array();
        for (auto const& process : objects_.processes())
            if (slot_of(process.frame, abi::ProcessSlot::schedule).object() == schedule)
                users.push_back(process.name);
        out["processes"] = users;
    }

    static void add_header(Document& out, abi::ObjectHeader const& header) {
        out["version"] = header.version;
        out["inUse"] = header.flags == abi::ObjectHeader::in_use;
    }

    void add_capability_page(Document& out, abi::CapabilityPage const& page) {
        Document slots = Document::object();
        for (std::size_t i = 0; i < abi::capabilities_per_page; ++i)
            if (!page.slots[i].is_null()) slots[std::to_string(i)] = objects_.text(page.slots[i]);
        out["capabilities"] = slots;
    }

    void add_patt(Document& out, abi::Patt const& patt) {
        add_header(out, patt.header);
        out["size"] = patt.size;
        out["residual"] = patt.residual;
        Document slots = Document::object();
        for (std::size_t i = 0; i < abi::patt_slots; ++i)
            if (!patt.capabilities[i].is_null())
                slots[format_hex(patt.prefixes[i])] = objects_.text(patt.capabilities[i]);
        out["slots"] = slots;
    }

    void add_process(Document& out, abi::Process const& process) {
        out["name"] = process_name(process);
        out.update(state_document(process));
        if (options_.registers) out["registers"] = registers_document(process.registers);
        else out["rip"] = format_hex(process.registers.rip);
        Document slots = Document::object();
        for (std::size_t i = 0; i < abi::process_slots; ++i)
            slots[std::string(abi::process_slot_names[i])] = objects_.text(process.slots[i]);
        out["slots"] = slots;
        auto const slot = [&](abi::ProcessSlot name) {
            return process.slots[static_cast<std::size_t>(name)];
        };
        if (options_.capabilities)
            if (auto const* page = objects_.find(slot(abi::ProcessSlot::capability_space).object().frame());
                page != nullptr && page->info.type == abi::FrameType::capability_page)
                add_capability_page(out, object_at<abi::CapabilityPage>(*page, 0));
        if (options_.space) {
            Document pages = Document::object();
            for (auto const& page : objects_.space(slot(abi::ProcessSlot::address_space)))
                pages[format_hex(page.address)] = objects_.text(page.page.with_rights(page.restrictions));
            out["space"] = pages;
        }
    }

    void add_endpoint(Document& out, abi::Endpoint const& endpoint) {
        add_header(out, endpoint.header);
        out["value"] = format_hex(endpoint.value);
        out["receiver"] = objects_.text(endpoint.receiver);
        out["singleUseReplies"] = endpoint.payload_match != 0;
        out["replyCount"] = endpoint.reply_count;
        out["events"] = format_hex(endpoint.event_bits);
        out["eventMask"] = format_hex(endpoint.event_mask);
        out["alarmTime"] = endpoint.alarm_time;
        add_buffer(out, endpoint);
    }

    void add_buffer(Document& out, abi::Endpoint const& endpoint) {
        using Control = abi::ControlWord;
        auto const state = static_cast<std::size_t>(endpoint.buffer_state);
        out["buffer"] = state < abi::buffer_state_names.size() ? abi::buffer_state_names[state] : "unknown";
        if (!endpoint.buffer_page.is_null()) out["bufferPage"] = objects_.text(endpoint.buffer_page);
        if (endpoint.buffer_state != abi::BufferState::full) return;
        Control const control(endpoint.buffer_control);
        out["bufferWords"] = control.get<Control::Words>();
        out["bufferPayload"] = control.get<Control::Payload>();
        Document capabilities = Document::object();
        for (std::size_t i = 0; i < abi::message_capabilities_max; ++i)
            if (!endpoint.buffer_capabilities[i].is_null())
                capabilities[std::to_string(i)] = objects_.text(endpoint.buffer_capabilities[i]);
        if (!capabilities.empty()) out["bufferCapabilities"] = capabilities;
    }

    static void add_schedule(Document& out, abi::Schedule const& schedule) {
        add_header(out, schedule.header);
        out["priority"] = schedule.priority;
        out["periodNs"] = schedule.period;
        out["budgetNs"] = schedule.budget;
        out["processors"] = format_hex(schedule.processors);
    }

    void add_heap(Document& out, abi::Heap const& heap) {
        add_header(out, heap.header);
        out["objectType"] = heap.object_type < abi::frame_type_count
                                ? std::string(abi::frame_type_names[heap.object_type])
                                : "unknown";
        out["persistent"] = heap.persistent != 0;
        out["resident"] = heap.resident != 0;
        out["frames"] = heap.frame_count;
        out["limit"] = heap.frame_limit;
        out["allocator"] = objects_.text(heap.allocator);
    }

    static Document hex(FrameContent const& frame) {
        Document lines = Document::object();
        for (std::size_t at = 0; at < abi::frame_size; at += 16) {
            if (base::all_zero(base::ConstBytes(frame.bytes).subspan(at, 16))) continue;
            std::string line;
            for (std::size_t i = 0; i < 16; ++i)
                line +=
                    fmt::format("{:02x}{}", static_cast<unsigned>(frame.bytes[at + i]), i == 7 ? "  " : " ");
            line.pop_back();
            lines[fmt::format("{:03x}", at)] = line;
        }
        return lines;
    }

    Objects& objects_;
    InspectOptions const& options_;
};

void print_tree(Document const& node, std::size_t depth) {
    for (auto const& [name, value] : node.items()) {
        if (value.is_object()) {
            fmt::print("{:{}}{}\n", "", depth * 2, name);
            print_tree(value, depth + 1);
        } else {
            fmt::print("{:{}}{:<18} {}\n", "", depth * 2, name,
                       value.is_string() ? value.get<std::string>() : value.dump());
        }
    }
}

} // namespace

int command_inspect(CommonOptions const& common, InspectOptions const& options) {
    StoreView view(options.store, common.live);
    Objects objects(view);
    auto const document = Inspector(objects, options).document(objects.parse(options.object));
    if (!common.json) return print_tree(document, 0), 0;
    Document out = {{"schema", "stele.inspect/1"}, {"generation", view.at().generation.counter()}};
    out.update(document);
    print_json(out);
    return 0;
}

} // namespace tools
