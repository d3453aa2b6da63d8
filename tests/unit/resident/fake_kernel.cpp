// SPDX-License-Identifier: Apache-2.0
// System calls of the migrator, answered from maps.
#include "fake_kernel.hpp"

#include <abi/message.hpp>
#include <abi/operations/checkpoint.hpp>
#include <abi/operations/clock.hpp>
#include <abi/operations/endpoint.hpp>
#include <abi/operations/log.hpp>
#include <abi/operations/object_source.hpp>
#include <abi/resident_events.hpp>
#include <abi/system_call.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace tests {

namespace {

using Control = abi::ControlWord;
using abi::Error;
using abi::ResidentSlot;

FakeKernel* current = nullptr;
abi::VirtualRegisters virtual_registers{};

std::uint64_t code(Error error) { return static_cast<std::uint64_t>(error); }

} // namespace

FakeKernel::FakeKernel(SimulatedDrive& drive) : drive_(drive) { current = this; }
FakeKernel::~FakeKernel() { current = nullptr; }

void FakeKernel::write(std::uint64_t frame, KernelFrame const& value) {
    world[frame] = value;
    dirty_.insert(frame);
}

void FakeKernel::want(std::uint64_t frame) {
    wanted_.push_back(frame);
    post(frames_wanted_bits_);
}

void FakeKernel::call(std::uint64_t operation, std::function<void(Words)> answer) {
    calls_.push_back({operation, std::move(answer)});
}

void FakeKernel::system_call(runtime::SystemCallRegisters& registers) {
    clock += 1000;
    Control const control(registers.control);
    if (control.get<Control::Call>() != 0) {
        Words words;
        for (std::uint64_t i = 0; i < control.get<Control::Words>(); ++i)
            words.push_back(i < 8 ? registers.words[i] : virtual_registers.words[i]);
        auto const answer = kernel_call(registers.target, words);
        deliver(registers, abi::MessageKind::reply, answer);
        return;
    }
    if (control.get<Control::SendPhase>() != 0) {
        ASSERT_TRUE(answer_) << "a reply to nobody";
        Words words;
        for (std::uint64_t i = 0; i < control.get<Control::Words>(); ++i)
            words.push_back(i < 8 ? registers.words[i] : virtual_registers.words[i]);
        std::exchange(answer_, {})(words);
    }
    registers.number = 0;
    if (control.get<Control::ReceivePhase>() != 0)
        receive(registers, control.get<Control::ReceiveNonBlocking>() == 0);
}

void FakeKernel::receive(runtime::SystemCallRegisters& registers, bool wait) {
    while (wait && pending_bits_ == 0 && calls_.empty()) let_time_pass();
    if (pending_bits_ != 0)
        return deliver(registers, abi::MessageKind::event, {std::exchange(pending_bits_, 0)});
    if (calls_.empty()) {
        registers.number = code(Error::would_block);
        return;
    }
    ASSERT_FALSE(answer_) << "the last call was not answered";
    answer_ = calls_.front().answer;
    deliver(registers, abi::MessageKind::message, {calls_.front().operation});
    registers.control = Control(registers.control).with<Control::Capabilities>(1).raw(); // the reply entry
    calls_.pop_front();
}

// Sleeping: the device goes first, then the clock runs on to the alarm.
void FakeKernel::let_time_pass() {
    if (drive_.busy()) {
        if (drive_.complete_one()) post(abi::bits(abi::MigratorEvent::completion));
        clock += 100'000;
        return;
    }
    if (alarm_time_ == 0) throw Asleep{};
    clock = std::max(clock, alarm_time_);
    alarm_time_ = 0;
    post(alarm_bits_);
}

void FakeKernel::deliver(runtime::SystemCallRegisters& registers, abi::MessageKind kind, Words const& words) {
    for (std::size_t i = 0; i < words.size(); ++i)
        (i < 8 ? registers.words[i] : virtual_registers.words[i]) = words[i];
    registers.number = 0;
    registers.control = Control()
                            .with<Control::Words>(words.size())
                            .with<Control::Kind>(static_cast<std::uint64_t>(kind))
                            .raw();
}

FakeKernel::Words FakeKernel::kernel_call(std::uint64_t slot, Words const& words) {
    auto const operation = words.at(0);
    if (slot == abi::slot(ResidentSlot::object_source)) return object_source(words);
    if (slot == abi::slot(ResidentSlot::checkpoint)) return checkpoint(words);
    if (operation == abi::op::clock::now) return {0, clock};
    if (operation == abi::op::clock::wall) return {0, 1'700'000'000'000'000'000};
    if (operation == abi::op::endpoint::post) return post_to(slot, words.at(1));
    if (operation == abi::op::endpoint::set_alarm) {
        EXPECT_EQ(slot, abi::slot(ResidentSlot::endpoint));
        alarm_time_ = words.at(1);
        alarm_bits_ = words.at(2);
        return {0};
    }
    if (operation == abi::op::log::write) {
        std::string text(words.at(1), ' ');
        std::memcpy(text.data(), words.data() + 2, text.size());
        log.push_back(text);
        return {0};
    }
    ADD_FAILURE() << "an operation nobody has: " << std::hex << operation << " at slot " << slot;
    return {code(Error::bad_operation)};
}

FakeKernel::Words FakeKernel::post_to(std::uint64_t slot, std::uint64_t bits) {
    ++posts[slot];
    if (slot == abi::slot(ResidentSlot::console)) console_bits |= bits;
    if (slot == abi::slot(ResidentSlot::block_driver) && drive_.doorbell())
        post(abi::bits(abi::MigratorEvent::completion));
    return {0};
}

FakeKernel::Words FakeKernel::object_source(Words const& words) {
    namespace op = abi::op::object_source;
    switch (words.at(0)) {
    case op::attach: frames_wanted_bits_ = words.at(1); return {0};
    case op::requests: {
        Words answer{0, 0, 0, 0, 0, 0, 0, 0};
        while (!wanted_.empty() && answer[1] < 6) {
            answer[2 + answer[1]++] = wanted_.front();
            wanted_.pop_front();
        }
        return answer;
    }
    case op::supply: {
        if (refuse_supplies != 0) {
            --refuse_supplies;
            return {code(Error::no_memory)};
        }
        KernelFrame frame{
            static_cast<abi::FrameType>(words.at(2)), static_cast<std::uint32_t>(words.at(3)), false, {}};
        std::memcpy(frame.content.data(), std::bit_cast<std::byte const*>(words.at(4)), frame.content.size());
        EXPECT_TRUE(supplied.emplace(words.at(1), frame).second) << "answered twice";
        return {0};
    }
    case op::absent:
        EXPECT_TRUE(absent.emplace(words.at(1), words.at(2)).second) << "answered twice";
        return {0};
    case op::corrupt: EXPECT_TRUE(corrupt.insert(words.at(1)).second) << "answered twice"; return {0};
    case op::restore:
        boot_number = static_cast<std::uint32_t>(words.at(1));
        clock_base = words.at(2);
        clock = std::max(clock, clock_base);
        return {0};
    case op::make_live:
        for (std::uint64_t i = 0; i < words.at(1); ++i) live.insert(words.at(2 + i));
        return {0};
    case op::resume:
        resumed = true;
        held = words.at(1) != 0;
        return {0};
    }
    return {code(Error::bad_operation)};
}

FakeKernel::Words FakeKernel::checkpoint(Words const& words) {
    namespace op = abi::op::checkpoint;
    switch (words.at(0)) {
    case op::attach: return {0};
    case op::take: return take();
    case op::drain: return drain(words.at(1), words.at(2));
    case op::commit:
        if (!snapshot_ || !snapshot_->empty()) return {code(Error::busy)};
        EXPECT_GE(words.at(1), generation);
        generation = words.at(1);
        committed_world = snapshot_world_;
        snapshot_.reset();
        in_flight_.clear();
        return {0};
    case op::abandon:
        ++abandons;
        dirty_.insert(in_flight_.begin(), in_flight_.end());
        snapshot_.reset();
        in_flight_.clear();
        return {0};
    }
    return {code(Error::bad_operation)};
}

FakeKernel::Words FakeKernel::take() {
    if (snapshot_) return {code(Error::busy)};
    ++takes;
    snapshot_.emplace(dirty_.begin(), dirty_.end());
    in_flight_ = std::exchange(dirty_, {});
    snapshot_world_ = world;
    auto const processes =
        std::count_if(world.begin(), world.end(), [](auto const& item) { return item.second.live; });
    return {0, takes, in_flight_.size(), clock, 1234, static_cast<std::uint64_t>(processes)};
}

FakeKernel::Words FakeKernel::drain(std::uint64_t address, std::uint64_t count) {
    if (!snapshot_ || count == 0 || count > 4) return {code(Error::bad_argument)};
    if (refuse_audits != 0 && !snapshot_->empty()) {
        --refuse_audits;
        return {code(Error::audit_failed)};
    }
    Words answer(10);
    for (; answer[1] < count && !snapshot_->empty(); ++answer[1]) {
        auto const frame = snapshot_->front();
        auto const& value = snapshot_world_.at(frame);
        snapshot_->pop_front();
        answer[2 + 2 * answer[1]] = frame | static_cast<std::uint64_t>(value.type) << 56;
        answer[3 + 2 * answer[1]] = value.version | std::uint64_t{value.live} << 32;
        std::memcpy(std::bit_cast<std::byte*>(address) + abi::frame_size * answer[1], value.content.data(),
                    value.content.size());
    }
    return answer;
}

} // namespace tests

namespace runtime {

void runtime_system_call(SystemCallRegisters* registers) { tests::current->system_call(*registers); }
abi::VirtualRegisters* const runtime_virtual_registers = &tests::virtual_registers;

} // namespace runtime
