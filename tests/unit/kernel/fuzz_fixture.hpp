// SPDX-License-Identifier: Apache-2.0
// Parties that hold every kind of kernel capability and invoke them at random. A party that ends up stopped,
// waiting or without its own pages is mended or replaced, so that the invocations go on.
#pragma once

#include "ipc_fixture.hpp"

#include <cap/encodings.hpp>
#include <ipc/keeper.hpp>
#include <mapping/map_fault.hpp>

#include <harness/random_invocation.hpp>

#include <abi/boot_slots.hpp>

namespace kernel::testing {

class FuzzWorld : public IpcWorld {
public:
    static constexpr std::uint32_t frames_used = 3000;
    static constexpr std::uint64_t arena_frame = 3100; // of the fake memory, outside of the frame cache
    static constexpr std::uint64_t arena_bytes = 64 * abi::frame_size;
    static constexpr std::uint64_t arena_address = 0x3000'0000;
    static constexpr std::uint64_t range_first = 5000; // persistent frames that nobody has used yet
    static constexpr std::uint32_t range_count = 48;

    FuzzWorld(std::uint64_t seed, bool with_migrator)
        : IpcWorld(frames_used), source(seed), with_migrator_(with_migrator) {
        namespace op = abi::op;
        source.forbid(op::system_control::power_off);
        source.forbid(op::system_control::reset);
        source.forbid(op::io_ports::read);
        source.forbid(op::io_ports::write);
        source.add_number(arena_address);
        // What ObjectSource.restore names: every store has it.
        std::array<std::byte, abi::frame_size> const empty{};
        auto const root = install_supplied(
            kernel(), {abi::root_frame, abi::FrameType::capability_page, abi::first_version}, empty);
        EXPECT_TRUE(root);
        memory().frames.pin(*root);
        memory().frames.pin(schedule_.frame);
        memory().frames.pin(space_.frame);
        for (auto& party : parties) party = new_party();
        for (std::uint64_t i = 0; i < range_count; i += 7) source.add_number(range_first + i);
        source.add_number(0);
    }

    // One invocation of one party, and what follows from it. The error of the operation.
    void step() {
        auto& party = parties[source.random().below(parties.size())];
        mend(party);
        auto const slot = source.random().below(tests::InvocationSource::slots_max);
        auto const made = source.next(slot, held(party, static_cast<std::uint32_t>(slot)).type());
        put(party, made);
        repeat(party);
        ++invocations;
        if (!intact(party) || state(party) != abi::RunState::ready || error(party) != Error::none) return;
        if (made.control.get<Control::Call>() != 0) source.learn(made, static_cast<Error>(word(party, 0)));
    }

    tests::InvocationSource source;
    std::array<Party, 3> parties{};
    std::uint64_t invocations = 0;

    // A capability page's slots filled with everything that there is.
    void give_anything(Party const& party, std::uint32_t slot) { give(party, slot, anything(party)); }

private:
    Party new_party() {
        auto const party = source.random().one_in(2) ? this->party() : transient_party();
        for (auto const frame :
             {party.process.frame, party.capabilities, party.registers_page, party.reply.frame})
            if (header(frame).state != FrameState::transient) memory().frames.pin(frame);
        source.add_number(party.frame.raw());
        for (std::uint32_t slot = 1; slot < tests::InvocationSource::slots_max; ++slot)
            give_anything(party, slot);
        auto const space = object(abi::FrameType::patt);
        shape(space, 40, 12);
        set_process_slot(party.process, abi::ProcessSlot::address_space, to_patt(space));
        map_arena(party);
        return party;
    }

    void map_arena(Party const& party) {
        auto const space = party.process->slots[static_cast<std::size_t>(abi::ProcessSlot::address_space)];
        auto const target = resolve(kernel(), space);
        if (!target || !header(target->frame).id.is_persistent() || mappings(kernel()).windows.full()) return;
        (void)map_device(
            kernel(), *target,
            {UserAddress(arena_address), PhysicalAddress(arena_frame << abi::frame_bits), arena_bytes, true});
    }

    bool is_page(FrameIndex frame, abi::FrameType type) { return header(frame).type == type; }
    bool intact(Party const& party) {
        return header(party.process.frame).id == party.frame &&
               header(party.process.frame).type == abi::FrameType::process &&
               party.process->header.flags == abi::ObjectHeader::in_use &&
               is_page(party.capabilities, abi::FrameType::capability_page) &&
               is_page(party.registers_page, abi::FrameType::data_page);
    }

    // Ready, with its own slots.
    void mend(Party& party) {
        if (!intact(party)) {
            party = new_party();
            return;
        }
        if (source.random().one_in(8)) {
            give_anything(party, static_cast<std::uint32_t>(1 + source.random().below(255)));
            set_process_slot(party.process, abi::ProcessSlot::capability_space,
                             capability(abi::CapabilityType::capability_page, {party.capabilities, 0}));
            set_process_slot(party.process, abi::ProcessSlot::virtual_registers,
                             to_page(party.registers_page));
        }
        auto& object = object_of(party);
        if (object.state == abi::RunState::ready) return;
        object.state = abi::RunState::ready;
        object.receive_control = 0;
        object.wake_time = 0;
        object.wait_boot = 0;
        object.fault_code = 0;
    }

    void put(Party const& party, tests::RandomInvocation const& made) {
        auto& registers = this->registers(party);
        registers.rip = 0x400000;
        registers.rax = source.random().one_in(32) ? source.random().below(4) : 0;
        registers.rdi = made.control.raw();
        registers.rsi = made.slot;
        auto& page =
            FrameWriter(kernel(), party.registers_page, 0, committed).object<abi::VirtualRegisters>();
        for (std::size_t i = 0; i < made.words.size(); ++i) {
            if (i < abi::message_register_words) word_of(registers, i) = made.words[i];
            else page.words[i] = made.words[i];
        }
        std::ranges::copy(made.send_slots, page.send_slots);
        std::ranges::copy(made.receive_slots, page.receive_slots);
        page.receive_endpoint = made.receive_endpoint;
    }

    abi::Capability some_object(abi::CapabilityType type) {
        auto const frame_type = abi::row_of(type).frame_type;
        // A heap frame holds few objects, so that parties share them.
        auto& pool = pools_[static_cast<std::size_t>(frame_type)];
        if (pool.size() < 12) {
            auto const made = source.random().one_in(2) ? frame(frame_type) : transient(frame_type);
            if (abi::is_heap_frame(frame_type)) use_object(kernel(), {made, 0}, committed);
            if (frame_type == abi::FrameType::heap) make_heap({made, 0});
            pool.push_back(header(made).id);
            source.add_number(header(made).id.raw());
        }
        auto const index = memory().frames.find(pool[source.random().below(pool.size())]);
        if (index == no_frame || header(index).type != frame_type) return {};
        auto const& allowed = abi::row_of(type).allowed;
        auto const rights =
            type == abi::CapabilityType::endpoint || source.random().one_in(4)
                ? abi::Rights::from_raw(static_cast<std::uint8_t>(source.random().word() & allowed.raw()))
                : abi::Rights();
        auto const payload = static_cast<std::uint32_t>(source.random().below(3));
        return capability_to(memory(), type, {index, 0}, rights, carries_payload(type) ? payload : 0);
    }
    static bool carries_payload(abi::CapabilityType type) {
        return type == abi::CapabilityType::entry || type == abi::CapabilityType::restart;
    }
    void make_heap(Target target) {
        auto& heap = FrameWriter(kernel(), target.frame, 0, committed).object<abi::Heap>();
        heap.object_type = static_cast<std::uint8_t>(3 + source.random().below(5));
        bool const persistent = header(target.frame).id.is_persistent();
        heap.persistent = persistent ? 1 : 0;
        heap.resident = persistent ? 0 : 1;
        heap.frame_limit = 100;
    }

    abi::Capability anything(Party const& party) {
        using Type = abi::CapabilityType;
        auto const type = static_cast<Type>(source.random().below(abi::capability_type_count));
        auto const misc = [type](std::uint32_t payload = 0) {
            return abi::Capability::miscellaneous(type, payload);
        };
        switch (type) {
        case Type::null: return {};
        case Type::process:
            if (source.random().one_in(2)) return capability(type, party.process.target());
            break;
        case Type::capability_page:
            if (source.random().one_in(2)) return capability(type, {party.capabilities, 0});
            break;
        case Type::data_page:
            if (source.random().one_in(4)) return to_page(party.registers_page);
            break;
        case Type::endpoint:
            if (source.random().one_in(2)) return capability(type, party.reply, abi::endpoint_permissions);
            break;
        case Type::frame_range:
            return source.random().one_in(2) ? frame_range_capability(200)
                                             : FrameRange{false, range_first, range_count}.capability();
        case Type::irq: return irq_capability(0, arch::line_count);
        case Type::io_ports: return io_ports_capability(0, 0x1'0000);
        case Type::device_memory: return device_memory_capability(0x8000'0000, 0x1000'0000);
        case Type::object_source: return with_migrator_ ? misc() : abi::Capability();
        case Type::checkpoint: return misc(with_migrator_ ? abi::checkpoint_control : 0);
        case Type::number:
        case Type::clock:
        case Type::discrim:
        case Type::log:
        case Type::system_control: return misc();
        default: break;
        }
        return some_object(type);
    }

    bool with_migrator_;
    std::array<std::vector<abi::FrameId>, abi::frame_type_count> pools_;
};

} // namespace kernel::testing
