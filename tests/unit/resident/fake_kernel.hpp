// SPDX-License-Identifier: Apache-2.0
// The kernel as the migrator sees it, for hosted tests: system calls come in at the register level, through
// the real stubs. Frames are a map; a snapshot is a copy of those that were written since the last one.
#pragma once

#include "simulated_drive.hpp"

#include <abi/boot_info.hpp>
#include <abi/boot_slots.hpp>
#include <abi/error.hpp>
#include <abi/frame.hpp>
#include <runtime/invoke.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace tests {

using Content = std::array<std::byte, abi::frame_size>;

struct KernelFrame {
    abi::FrameType type = abi::FrameType::data_page;
    std::uint32_t version = 1;
    bool live = false;
    Content content{};
};

// Thrown into the migrator when it sleeps and nothing will ever wake it.
struct Asleep {};

class FakeKernel {
public:
    explicit FakeKernel(SimulatedDrive& drive);
    ~FakeKernel();

    // What the rest of the system does.
    void write(std::uint64_t frame, KernelFrame const& value);
    void want(std::uint64_t frame);
    void post(std::uint64_t bits) { pending_bits_ |= bits; }
    // Calls the migrator at its next receive; the words of the reply are given to `answer`.
    void call(std::uint64_t operation, std::function<void(std::vector<std::uint64_t>)> answer);
    void system_call(runtime::SystemCallRegisters& registers);

    // What the migrator has told.
    std::map<std::uint64_t, KernelFrame> supplied;
    std::map<std::uint64_t, std::uint32_t> absent; // frame: version
    std::set<std::uint64_t> corrupt;
    std::set<std::uint64_t> live;
    std::uint32_t boot_number = 0;
    std::uint64_t clock_base = 0;
    bool resumed = false;
    bool held = false;
    std::uint64_t generation = 0; // newest committed
    std::uint64_t takes = 0;
    std::uint64_t abandons = 0;
    std::map<std::uint64_t, unsigned> posts; // slot: events seen there
    std::uint64_t console_bits = 0;
    std::vector<std::string> log;

    // What it is made to suffer.
    unsigned refuse_audits = 0;
    unsigned refuse_supplies = 0;
    std::uint64_t clock = 1'000'000;

    // Content of each frame at the snapshot of the newest committed generation.
    std::map<std::uint64_t, KernelFrame> committed_world;
    std::map<std::uint64_t, KernelFrame> world;
    // The same at the snapshot that was taken last, committed or not.
    std::map<std::uint64_t, KernelFrame> const& snapshot_world() const { return snapshot_world_; }

private:
    using Words = std::vector<std::uint64_t>;
    struct Call {
        std::uint64_t operation;
        std::function<void(Words)> answer;
    };

    Words kernel_call(std::uint64_t slot, Words const& words);
    Words object_source(Words const& words);
    Words checkpoint(Words const& words);
    Words take();
    Words drain(std::uint64_t address, std::uint64_t count);
    Words post_to(std::uint64_t slot, std::uint64_t bits);
    void receive(runtime::SystemCallRegisters& registers, bool wait);
    void deliver(runtime::SystemCallRegisters& registers, abi::MessageKind kind, Words const& words);
    void let_time_pass();

    SimulatedDrive& drive_;
    std::uint64_t pending_bits_ = 0;
    std::uint64_t frames_wanted_bits_ = 0;
    std::uint64_t alarm_time_ = 0;
    std::uint64_t alarm_bits_ = 0;
    std::deque<Call> calls_;
    std::function<void(Words)> answer_; // of the call in the migrator's hands
    std::deque<std::uint64_t> wanted_;
    std::set<std::uint64_t> dirty_;
    std::optional<std::deque<std::uint64_t>> snapshot_;
    std::set<std::uint64_t> in_flight_;
    std::map<std::uint64_t, KernelFrame> snapshot_world_;
};

} // namespace tests
