// SPDX-License-Identifier: Apache-2.0
// Lays out each process: program pages, stack, register page, own and shared pages,
// capability page, reply endpoint.
#include "image_builder.hpp"

#include "address_space.hpp"
#include "problem.hpp"
#include "process_start.hpp"
#include "program_file.hpp"

#include <abi/boot_slots.hpp>
#include <abi/virtual_registers.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <cstring>

namespace tools {
namespace {

using abi::Capability;
using abi::CapabilityType;
using abi::FrameType;
using abi::Right;
using abi::Rights;

Capability page_capability(CapabilityType type, abi::FrameId frame, Rights rights = {}) {
    return Capability::to_object(type, abi::ObjectId(frame, 0), FrameArena::first_version, rights);
}

// Everything of a process that others may name.
struct MadeProcess {
    NewFrame* frame = nullptr;
    NewFrame* capability_frame = nullptr;
    Capability process, space, capability_page, schedule;
};

class Builder {
public:
    Builder(SystemDescription const& system, std::filesystem::path const& programs)
        : system_(system), programs_(programs) {}

    FrameArena build() {
        auto& root = arena_.frame(FrameType::capability_page);
        auto const console = make_endpoint(0, Capability::null());
        endpoints_["console"] = console;
        root_slot(root, abi::RootSlot::console) = console;
        for (auto const& page : system_.pages)
            pages_[page.name] =
                page_capability(CapabilityType::data_page, arena_.frame(FrameType::data_page).id);
        for (auto const& process : system_.processes) made_[process.name] = reserve(process);
        for (auto const& endpoint : system_.endpoints)
            endpoints_[endpoint.name] =
                make_endpoint(endpoint.value, endpoint.receiver.empty() ? Capability::null()
                                                                        : made_[endpoint.receiver].process);
        for (auto const& heap : system_.heaps) heaps_[heap.name] = make_heap(heap.object_type);
        for (auto const& process : system_.processes) fill(process);
        list_processes(root);
        place_ranges();
        // Last, since a capability may name any process's address space.
        std::uint32_t number = 0;
        for (auto const& process : system_.processes) fill_capability_page(process, ++number);
        return std::move(arena_);
    }

private:
    static Capability& root_slot(NewFrame& root, abi::RootSlot slot) {
        return base::view<abi::CapabilityPage>(base::Bytes(root.content)).slots[abi::slot(slot)];
    }

    Capability make_endpoint(std::uint64_t value, Capability receiver, bool replies = false) {
        auto const [id, endpoint] = arena_.object<abi::Endpoint>(FrameType::endpoint);
        endpoint.value = value;
        endpoint.receiver = receiver;
        endpoint.event_mask = ~std::uint64_t{0};
        endpoint.payload_match = replies ? 1 : 0;
        return Capability::to_object(CapabilityType::endpoint, id, FrameArena::first_version,
                                     abi::endpoint_permissions);
    }

    Capability make_heap(FrameType object_type, std::uint32_t frame_limit = UINT32_MAX) {
        auto const [id, heap] = arena_.object<abi::Heap>(FrameType::heap);
        heap.object_type = static_cast<std::uint8_t>(object_type);
        heap.persistent = 1;
        heap.frame_limit = frame_limit;
        return Capability::to_object(CapabilityType::heap, id, FrameArena::first_version);
    }

    // What the console needs to handle a process by its name: see abi::RootSlot.
    void list_processes(NewFrame& root) {
        auto* further = &root_slot(root, abi::RootSlot::processes); // where the capability to a page goes
        Capability* page = nullptr;
        std::size_t at = 0;
        auto const put = [&](Capability capability) {
            if (page == nullptr || at == abi::process_list_end) {
                auto& frame = arena_.frame(FrameType::capability_page);
                *further = page_capability(CapabilityType::capability_page, frame.id);
                page = base::view<abi::CapabilityPage>(base::Bytes(frame.content)).slots;
                further = page + abi::process_list_end;
                at = 1;
            }
            page[at++] = capability;
        };
        for (auto const& process : system_.processes) {
            put(made_[process.name].process);
            for (auto const& endpoint : system_.endpoints)
                if (endpoint.receiver == process.name) put(endpoints_[endpoint.name]);
        }
        root_slot(root, abi::RootSlot::process_heap) = make_heap(FrameType::process, 0);
    }

    // Behind every frame that the store is made with. Nothing is written for them: a frame that the store
    // does not have is free. The capability holds the count in its payload and the first frame in its data.
    void place_ranges() {
        auto next = abi::root_frame.number() + arena_.frames().size();
        for (auto const& range : system_.ranges) {
            ranges_[range.name] = Capability::miscellaneous(CapabilityType::frame_range, range.frames, next);
            next += range.frames;
        }
    }

    // The frames that others name come first, so that processes may refer to one another.
    MadeProcess reserve(ProcessDescription const& description) {
        MadeProcess made;
        made.frame = &arena_.frame(FrameType::process);
        made.process = page_capability(CapabilityType::process, made.frame->id);
        auto const [id, schedule] = arena_.object<abi::Schedule>(FrameType::schedule);
        schedule.priority = description.priority;
        made.schedule = Capability::to_object(CapabilityType::schedule, id, FrameArena::first_version);
        made.capability_frame = &arena_.frame(FrameType::capability_page);
        made.capability_page = page_capability(CapabilityType::capability_page, made.capability_frame->id);
        return made;
    }

    void map_fresh(std::vector<MappedPage>& pages, std::uint64_t address, bool writable) {
        auto const rights = writable ? Rights(Right::no_execute) : Right::no_execute | Right::read_only;
        pages.push_back({address, page_capability(CapabilityType::data_page,
                                                  arena_.frame(FrameType::data_page).id, rights)});
    }

    void map_program(std::vector<MappedPage>& pages, ProgramFile const& program) {
        for (auto const& page : program.pages) {
            auto& frame = arena_.frame(FrameType::data_page);
            frame.content = page.content;
            Rights rights;
            if (!page.writable) rights |= Right::read_only;
            if (!page.executable) rights |= Right::no_execute;
            pages.push_back({page.address, page_capability(CapabilityType::data_page, frame.id, rights)});
        }
    }

    // All pages of the process in ascending order; two at one address are a Problem.
    std::vector<MappedPage> lay_out(ProcessDescription const& description, ProgramFile const& program) {
        std::vector<MappedPage> pages;
        map_program(pages, program);
        for (std::uint32_t i = 1; i <= description.stack_pages; ++i)
            map_fresh(pages, stack_top - std::uint64_t{i} * abi::frame_size, true);
        map_fresh(pages, abi::virtual_registers_address, true);
        for (auto const& mapping : description.mappings) {
            if (mapping.page.empty()) {
                for (std::uint64_t i = 0; i < mapping.pages; ++i)
                    map_fresh(pages, mapping.address + i * abi::frame_size, mapping.writable);
                continue;
            }
            auto const rights =
                mapping.writable ? Rights(Right::no_execute) : Right::no_execute | Right::read_only;
            pages.push_back({mapping.address, pages_[mapping.page].with_rights(rights)});
        }
        std::sort(pages.begin(), pages.end(),
                  [](auto const& a, auto const& b) { return a.address < b.address; });
        auto const twice = std::adjacent_find(
            pages.begin(), pages.end(), [](auto const& a, auto const& b) { return a.address == b.address; });
        if (twice != pages.end())
            throw Problem(ExitCode::usage, "usage",
                          fmt::format("{}: process '{}' maps {:#x} twice", description.place.text,
                                      description.name, twice->address),
                          "change an address in 'map'");
        return pages;
    }

    static Capability register_page(std::vector<MappedPage> const& pages) {
        auto const at = std::find_if(pages.begin(), pages.end(), [](auto const& page) {
            return page.address == abi::virtual_registers_address;
        });
        return at->page;
    }

    Capability resolve(CapabilityDescription const& wanted, std::uint32_t process_number) {
        using enum CapabilityType;
        switch (wanted.type) {
        case data_page: return pages_[wanted.target].with_rights(wanted.rights);
        case capability_page: return made_[wanted.target].capability_page.with_rights(wanted.rights);
        case patt: return made_[wanted.target].space.with_rights(wanted.rights);
        case process: return made_[wanted.target].process;
        case schedule: return made_[wanted.target].schedule;
        case endpoint: return endpoints_[wanted.target].with_rights(wanted.rights);
        case frame_range: return ranges_[wanted.target];
        case heap: return heaps_[wanted.target];
        // Without a payload an entry tells the receiver which process sends: its
        // number in the description, from 1.
        case entry:
            return endpoints_[wanted.target]
                .with_type(entry)
                .with_rights(Right::send)
                .with_payload(wanted.payload != 0 ? wanted.payload : process_number);
        default: return Capability::miscellaneous(wanted.type, wanted.payload, wanted.number);
        }
    }

    void fill(ProcessDescription const& description) {
        auto const program = read_program_file(programs_ / (description.program + ".elf"));
        auto const pages = lay_out(description, program);
        auto& made = made_[description.name];
        made.space = build_address_space(arena_, pages);

        auto& process = base::view<abi::Process>(base::Bytes(made.frame->content));
        process.header = {FrameArena::first_version.raw(), abi::ObjectHeader::in_use};
        process.state = description.stopped ? abi::RunState::stopped : abi::RunState::ready;
        start_at(process, program.entry, description.argument, system_.processor_features);
        std::memcpy(process.name.data(), description.name.data(),
                    std::min(description.name.size(), process.name.size() - 1));
        auto const set = [&](abi::ProcessSlot slot, Capability value) {
            process.slots[static_cast<std::size_t>(slot)] = value;
        };
        set(abi::ProcessSlot::address_space, made.space);
        set(abi::ProcessSlot::capability_space, made.capability_page);
        set(abi::ProcessSlot::schedule, made.schedule);
        set(abi::ProcessSlot::virtual_registers, register_page(pages));
        set(abi::ProcessSlot::reply_endpoint, make_endpoint(0, made.process, true));
        if (!description.keeper.empty())
            set(abi::ProcessSlot::keeper,
                endpoints_[description.keeper].with_type(CapabilityType::entry).with_rights(Right::send));
        made.frame->live = process.is_live();
    }

    void fill_capability_page(ProcessDescription const& description, std::uint32_t number) {
        auto& page =
            base::view<abi::CapabilityPage>(base::Bytes(made_[description.name].capability_frame->content));
        for (auto const& capability : description.capabilities)
            page.slots[capability.slot] = resolve(capability, number);
    }

    SystemDescription const& system_;
    std::filesystem::path const& programs_;
    FrameArena arena_;
    std::map<std::string, MadeProcess> made_;
    std::map<std::string, Capability> pages_;
    std::map<std::string, Capability> endpoints_;
    std::map<std::string, Capability> ranges_;
    std::map<std::string, Capability> heaps_;
};

} // namespace

FrameArena build_first_checkpoint(SystemDescription const& system, std::filesystem::path const& programs) {
    return Builder(system, programs).build();
}

} // namespace tools
