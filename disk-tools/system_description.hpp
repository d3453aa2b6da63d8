// SPDX-License-Identifier: Apache-2.0
// A system description: the readable TOML file that names processes, programs,
// memory, capabilities and schedules.
#pragma once

#include <abi/capability_types.hpp>
#include <abi/processor_features.hpp>
#include <abi/rights.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tools {

// Where something stands in the file, for messages: "images/demo.toml:12:3".
struct Place {
    std::string text;
};

struct PageDescription {
    std::string name;
    Place place{};
};

struct EndpointDescription {
    std::string name;
    std::string receiver; // a process's name, or empty: no receiver
    std::uint64_t value = 0;
    Place place{};
};

// Persistent frames behind all others of the store, free at first; a frame_range capability hands them out.
struct RangeDescription {
    std::string name;
    std::uint32_t frames = 0;
    Place place{};
};

// A persistent heap without frames: whoever holds it admits them, so what limits it is the pages he has.
struct HeapDescription {
    std::string name;
    abi::FrameType object_type = abi::FrameType::free;
    Place place{};
};

struct MappingDescription {
    std::string page; // a named page; empty: `pages` fresh zero pages of the process's own
    std::uint64_t address = 0;
    std::uint64_t pages = 1;
    bool writable = false;
    Place place{};
};

// `target` names a process, page, endpoint, range or heap by the type; "console" is
// the well-known console endpoint.
struct CapabilityDescription {
    std::uint64_t slot = 0;
    abi::CapabilityType type = abi::CapabilityType::null;
    std::string target;
    abi::Rights rights{};
    std::uint32_t payload = 0;
    std::uint64_t number = 0;
    Place place{};
};

struct ProcessDescription {
    std::string name;
    std::string program;
    std::string keeper; // an endpoint's name, or empty
    std::uint32_t priority = 8;
    std::uint32_t stack_pages = 4;
    std::uint64_t argument = 0; // in rdi when it starts
    bool stopped = false;
    std::vector<MappingDescription> mappings{};
    std::vector<CapabilityDescription> capabilities{};
    Place place{};
};

struct SystemDescription {
    std::string label;
    std::uint32_t interval_ms = 20;
    std::uint32_t retain = 16;
    std::uint64_t processor_features = abi::baseline_features; // that its processes may use (R11)
    std::vector<PageDescription> pages;
    std::vector<EndpointDescription> endpoints;
    std::vector<RangeDescription> ranges;
    std::vector<HeapDescription> heaps;
    std::vector<ProcessDescription> processes;
};

// Reads and validates a description. Every mistake is a Problem that names file, line and remedy.
SystemDescription read_system_description(std::filesystem::path const& file);

} // namespace tools
