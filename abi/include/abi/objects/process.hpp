// SPDX-License-Identifier: Apache-2.0
// Process: one a frame. The whole state of a process stands here whenever the
// kernel is not running on its behalf.
#pragma once

#include <abi/capability.hpp>
#include <abi/message.hpp>
#include <abi/objects/object_header.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace abi {

// What a process is doing. R16: ready, sleeping and faulted are live; receiving only with a wake time, a boot
// mark, a poll's answer, an event or a kept message to come.
enum class RunState : std::uint8_t {
    stopped = 0, // waits for Process.resume
    // runs, or retries its invocation (a blocked sender is ready: its program counter is at the call)
    ready = 1,
    receiving = 2, // its receive phase is open
    sleeping = 3,  // waits for wake_time, in Clock.sleep
    faulted = 4,   // a fault is recorded and not yet told to a keeper
    reported = 5,  // the keeper was told; waits for a restart capability
};

inline constexpr std::array<std::string_view, 6> run_state_names = {
    "stopped", "ready", "receiving", "sleeping", "faulted", "reported",
};

// What a process waits for, as Process.waits tells it; of a stopped one, what it goes on waiting for.
enum class WaitCause : std::uint8_t {
    nothing = 0,
    message = 1,      // from any endpoint that names it
    message_from = 2, // from this endpoint
    time = 3,
    receiver = 4,    // to send: this process does not receive now
    no_receiver = 5, // to send: this endpoint has no receiver now
    frame = 6,       // being fetched
    memory = 7,
    hold = 8, // the machine is held
    commit = 9,
};

// General registers in the order in which the entry code stores them.
struct Registers {
    std::uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp; // 0
    std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15;   // 64
    std::uint64_t rip, rflags, fs_base, gs_base;          // 128
};

static_assert(base::WireType<Registers> && sizeof(Registers) == 160);
STELE_AT(Registers, rdi, 40);
STELE_AT(Registers, r8, 64);
STELE_AT(Registers, rip, 128);
STELE_AT(Registers, gs_base, 152);

inline constexpr std::size_t xsave_area_size = 832; // R11: x87, SSE and room for AVX, standard format

enum class ProcessSlot : std::uint8_t {
    address_space = 0,
    capability_space = 1,
    schedule = 2,
    keeper = 3,
    virtual_registers = 4,
    brand = 5,
    reply_endpoint = 6,
};
inline constexpr std::size_t process_event_endpoints = 16;
inline constexpr std::size_t process_full_endpoints = 16;
inline constexpr std::size_t process_slots = 7;
inline constexpr std::array<std::string_view, process_slots> process_slot_names = {
    "address space", "capability space", "schedule", "keeper", "virtual registers", "brand", "reply endpoint",
};

struct Process {
    ObjectHeader header;    // 0
    RunState state;         // 8
    std::uint8_t open_wait; // 9: receiving: 1 = from any endpoint that names it, 0 = from receive_endpoint
    std::uint8_t event_endpoint_count; // 10: entries of event_endpoints in use
    std::uint8_t fault_declined;       // 11: 1 = a memory keeper declined: tell the process's own keeper
    std::uint32_t fault_count;         // 12: restart capabilities carry it (R5)
    std::uint32_t fault_code;          // 16: FaultCode
    std::uint32_t wait_boot;     // 20: boot number when it waits on a non-persistent receiver, else 0 (R17)
    std::uint64_t fault_address; // 24
    std::uint64_t wake_time;     // 32: nanoseconds of the persistent clock; 0 = none
    std::uint64_t receive_endpoint;                  // 40: ObjectId of a closed wait
    std::uint64_t receive_control;                   // 48: control word of the open receive phase
    std::uint8_t full_endpoint_count;                // 56: entries of full_endpoints in use
    std::uint8_t reserved1[7];                       // 57: zero
    Registers registers;                             // 64
    std::uint64_t reserved2[4];                      // 224: zero
    std::array<std::uint8_t, xsave_area_size> xsave; // 256: 64-byte aligned
    Capability slots[process_slots];                 // 1088
    std::array<char, 32> name;                       // 1200: UTF-8, zero filled; for people, no authority
    std::uint64_t receive_slots[4]; // 1232: slots that the open receive phase stores capabilities into
    // 1264: ObjectIds of endpoints that name this process and hold event bits which it has not received
    std::uint64_t event_endpoints[process_event_endpoints];
    // 1392: ObjectIds of endpoints whose buffer holds a message for this process, the oldest message first
    std::uint64_t full_endpoints[process_full_endpoints];
    std::uint64_t reserved3[322]; // 1520: zero

    static constexpr std::size_t capability_offset = 1088;
    static constexpr std::size_t capability_count = process_slots;

    constexpr bool is_live() const {
        if (header.flags != ObjectHeader::in_use) return false;
        if (state == RunState::receiving) {
            // A poll has an answer to come; an event or a message that is noted has to be delivered.
            bool const polls = ControlWord(receive_control).get<ControlWord::ReceiveNonBlocking>() != 0;
            bool const noted = event_endpoint_count != 0 || full_endpoint_count != 0;
            return wake_time != 0 || wait_boot != 0 || polls || noted;
        }
        return state == RunState::ready || state == RunState::sleeping || state == RunState::faulted;
    }
};

static_assert(base::WireType<Process> && sizeof(Process) == frame_size);
STELE_AT(Process, state, 8);
STELE_AT(Process, fault_count, 12);
STELE_AT(Process, wake_time, 32);
STELE_AT(Process, receive_control, 48);
STELE_AT(Process, full_endpoint_count, 56);
STELE_AT(Process, registers, 64);
STELE_AT(Process, xsave, 256);
STELE_AT(Process, slots, Process::capability_offset);
STELE_AT(Process, name, 1200);
STELE_AT(Process, receive_slots, 1232);
STELE_AT(Process, event_endpoint_count, 10);
STELE_AT(Process, fault_declined, 11);
STELE_AT(Process, event_endpoints, 1264);
STELE_AT(Process, full_endpoints, 1392);
STELE_AT(Process, reserved3, 1520);

} // namespace abi
