// SPDX-License-Identifier: Apache-2.0
// The objects of one checkpoint, by name and by identifier: what ps and inspect show.
#pragma once

#include "store_file.hpp"

#include <abi/capability.hpp>
#include <abi/objects/patt.hpp>
#include <abi/objects/process.hpp>
#include <nlohmann/json_fwd.hpp>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tools {

struct FrameContent {
    checkpoint::FrameInfo info;
    alignas(64) std::array<std::byte, abi::frame_size> bytes{};
};

struct ProcessInfo {
    abi::FrameId frame;
    std::string name;
    abi::RunState state = abi::RunState::stopped;
    std::string state_text; // "receiving on endpoint 0x11.2"
    bool live = false;
    std::uint64_t space_pages = 0;
    std::uint64_t capabilities = 0; // in its slots and its capability page
};

std::string state_name(abi::RunState state);

struct SpacePage {
    std::uint64_t address = 0;
    abi::Capability page;
    abi::Rights restrictions; // of the whole path
};

class Objects {
public:
    explicit Objects(StoreView& view);

    std::vector<ProcessInfo> processes();
    // The content of a frame; Problem no-such-object, or damaged when it cannot be read.
    FrameContent const& frame(abi::FrameId id);
    // The same without a Problem: nullptr when absent or unreadable.
    FrameContent const* find(abi::FrameId id);
    // A process name, PID, 0xFRAME or 0xFRAME.INDEX.
    abi::ObjectId parse(std::string const& text);
    // The capabilities in a process's slots and in its capability page, null ones left out.
    std::vector<abi::Capability> held_by(abi::FrameId process);
    // The keeper slot of a process; null when it has none.
    abi::Capability keeper_of(abi::FrameId process);
    // Whether the object that the capability names is gone, or another stands in its place.
    bool is_stale(abi::Capability capability);
    // The process that an endpoint's capability leads to: its receiver's frame, if it has one.
    std::optional<abi::FrameId> receiver_of(abi::Capability endpoint);

    // `type:object(rights) "name"`; the name is that of the process whose object it is, "console" for the
    // console's endpoint. A capability whose object is gone has ` stale` behind it.
    std::string text(abi::Capability capability);
    // "0x2f.3" for heap objects with an index, "0x2f" for pages and processes.
    static std::string text(abi::ObjectId object, abi::FrameType type);
    std::vector<SpacePage> space(abi::Capability root);

private:
    void note_owner(abi::Process const& process);
    bool is_unused(abi::FrameId id);
    std::string name_of(abi::Capability capability);
    ProcessInfo describe(FrameContent const& frame);
    // What of a capability's space can be reached by one path: its addresses `first` to `last`, of which 0
    // stands at `base`; it may span 2^size.
    struct Window {
        std::uint64_t base, first, last;
        unsigned size;
        unsigned depth;
        abi::Rights path;
    };
    void walk(abi::Capability node, Window window, std::vector<SpacePage>& pages);
    void walk_slots(abi::Patt const& node, Window window, std::vector<SpacePage>& pages);

    static constexpr unsigned walk_depth_max = 24;                          // as the machine's walk_steps_max
    static constexpr std::uint64_t walk_nodes_max = std::uint64_t{1} << 18; // 64 GiB, sixteen pages a node

    StoreView& view_;
    std::uint64_t walk_left_ = 0;
    std::map<std::uint64_t, std::unique_ptr<FrameContent>> frames_;
    std::map<std::uint64_t, std::string> names_;  // of process frames
    std::map<std::uint64_t, std::string> owners_; // by object: the process whose part it is
};

std::string process_name(abi::Process const& process);

} // namespace tools
