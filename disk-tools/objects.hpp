// SPDX-License-Identifier: Apache-2.0
// The objects of one checkpoint, by name and by identifier: what ps and inspect show.
#pragma once

#include "store_file.hpp"

#include <abi/capability.hpp>
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

    // `type:object(rights) "name"`.
    std::string text(abi::Capability capability);
    // "0x2f.3" for heap objects with an index, "0x2f" for pages and processes.
    static std::string text(abi::ObjectId object, abi::FrameType type);
    std::vector<SpacePage> space(abi::Capability root);

private:
    ProcessInfo describe(FrameContent const& frame);
    void walk(abi::Capability node, std::uint64_t base, abi::Rights path, unsigned size,
              std::vector<SpacePage>& pages);

    StoreView& view_;
    std::map<std::uint64_t, std::unique_ptr<FrameContent>> frames_;
    std::map<std::uint64_t, std::string> names_; // of process frames, and of the well-known objects
};

std::string process_name(abi::Process const& process);

} // namespace tools
