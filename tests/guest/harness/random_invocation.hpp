// SPDX-License-Identifier: Apache-2.0
// Pseudo-random invocations of kernel capabilities, the same in the guest and hosted. Most are an operation
// of the capability's own type, with counts that were accepted before and words that mean something to a
// kernel; the rest is nonsense. A seed makes the sequence again.
#pragma once

#include <abi/boot_info.hpp>
#include <abi/capability_types.hpp>
#include <abi/error.hpp>
#include <abi/message.hpp>
#include <abi/operations.hpp>

#include <array>
#include <cstdint>

namespace tests {

// splitmix64.
class Random {
public:
    explicit constexpr Random(std::uint64_t seed) : state_(seed) {}
    constexpr std::uint64_t word() {
        auto z = state_ += 0x9e37'79b9'7f4a'7c15;
        z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
        z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
        return z ^ (z >> 31);
    }
    constexpr std::uint64_t below(std::uint64_t count) { return word() % count; }
    constexpr bool one_in(std::uint64_t count) { return below(count) == 0; }

private:
    std::uint64_t state_;
};

struct RandomInvocation {
    std::uint64_t slot = 0;
    abi::CapabilityType type{}; // what the source was told of the slot
    abi::ControlWord control;   // with all counts
    std::array<std::uint64_t, abi::message_words_max> words{};
    std::array<std::uint64_t, abi::message_capabilities_max> send_slots{};
    std::array<std::uint64_t, abi::message_capabilities_max> receive_slots{};
    std::uint64_t receive_endpoint = 0;

    std::uint64_t operation() const { return words[0]; }
};

class InvocationSource {
public:
    static constexpr std::size_t slots_max = 256;

    explicit InvocationSource(std::uint64_t seed) : random_(seed) {}

    // Numbers of this world that make arguments plausible: frames, addresses.
    void add_number(std::uint64_t number) { own_numbers_[own_count_++ % own_numbers_.size()] = number; }
    // Operations that would end the test: power, or what the host cannot do.
    void forbid(std::uint64_t operation) { forbidden_[forbidden_count_++] = operation; }

    Random& random() { return random_; }

    // The next one, through this slot, which holds a capability of this type.
    RandomInvocation next(std::uint64_t slot, abi::CapabilityType type) {
        RandomInvocation made;
        made.slot = random_.one_in(64) ? number() : slot;
        made.type = type;
        made.words[0] = operation(type);
        for (std::size_t i = 1; i < made.words.size(); ++i) made.words[i] = number();
        for (auto& at : made.send_slots) at = any_slot();
        for (auto& at : made.receive_slots) at = any_slot();
        made.receive_endpoint = any_slot();
        made.control = control(made);
        return made;
    }

    // The answer's error: counts that were not malformed are used again, until they are.
    void learn(RandomInvocation const& made, abi::Error answer) {
        using enum abi::Error;
        auto* const counts = counts_of(made.operation());
        if (counts == nullptr || answer == bad_operation || answer == void_capability) return;
        auto const words = static_cast<std::uint8_t>(made.control.get<abi::ControlWord::Words>());
        auto const capabilities =
            static_cast<std::uint8_t>(made.control.get<abi::ControlWord::Capabilities>());
        if (answer == malformed_message) {
            if (words == counts->words && capabilities == counts->capabilities) counts->known = false;
            return;
        }
        counts->known = true;
        counts->words = words;
        counts->capabilities = capabilities;
        if (!counts->accepted) ++accepted_operations_;
        counts->accepted = true;
    }
    // Different operations that got past the check of their counts.
    unsigned accepted_operations() const { return accepted_operations_; }

private:
    struct Counts {
        bool accepted = false; // once, at least
        bool known = false;
        std::uint8_t words = 0;
        std::uint8_t capabilities = 0;
    };
    static constexpr std::size_t methods_max = 16;

    Counts* counts_of(std::uint64_t operation) {
        if (abi::method_of(operation).empty() || operation >> 16 >= abi::capability_type_count)
            return nullptr;
        return &counts_[operation >> 16][(operation & 0xffff) - 1];
    }

    std::uint64_t operation(abi::CapabilityType type) {
        for (;;) {
            auto const interface = random_.one_in(32) ? random_.below(abi::capability_type_count)
                                                      : static_cast<std::uint64_t>(type);
            // One more than there are.
            auto const methods = abi::interface_of(interface << 16).methods.size() + 1;
            auto made = abi::operation_code(static_cast<std::uint16_t>(interface),
                                            static_cast<std::uint16_t>(random_.below(methods)));
            if (random_.one_in(64)) made = number();
            if (!is_forbidden(made)) return made;
        }
    }

    bool is_forbidden(std::uint64_t operation) const {
        for (std::size_t i = 0; i < forbidden_count_; ++i)
            if (forbidden_[i] == operation) return true;
        return false;
    }

    std::uint64_t any_slot() { return random_.one_in(128) ? number() : random_.below(slots_max); }

    std::uint64_t number() {
        switch (random_.below(8)) {
        case 0: return random_.word();
        case 1: return random_.word() >> random_.below(64);
        case 2: return std::uint64_t{1} << random_.below(64);
        case 3: return random_.below(64) << abi::frame_bits;
        case 4: return own_count_ == 0 ? 0 : own_numbers_[random_.below(own_numbers())];
        case 5: return special_numbers[random_.below(special_numbers.size())];
        default: return random_.below(16);
        }
    }
    std::size_t own_numbers() const {
        return own_count_ < own_numbers_.size() ? own_count_ : own_numbers_.size();
    }

    abi::ControlWord control(RandomInvocation const& made) {
        using Control = abi::ControlWord;
        Control control;
        if (random_.one_in(8)) {
            constexpr std::uint64_t phases =
                Control::SendPhase::mask | Control::ReceivePhase::mask | Control::SendNonBlocking::mask |
                Control::ReceiveNonBlocking::mask | Control::ClosedWait::mask | Control::Call::mask;
            control = Control(random_.word() & phases);
        } else {
            control = control.with<Control::Call>(1);
        }
        auto const* const known = counts_of(made.operation());
        bool const learned = known != nullptr && known->known && !random_.one_in(8);
        auto const words = learned ? known->words : 1 + random_.below(random_.one_in(16) ? 64 : 9);
        auto const capabilities = learned ? known->capabilities : random_.below(random_.one_in(4) ? 5 : 2);
        control = control.with<Control::Words>(words)
                      .with<Control::Capabilities>(capabilities)
                      .with<Control::Accepted>(random_.below(random_.one_in(4) ? 5 : 2));
        return random_.one_in(256) ? Control(random_.word() & 0xffff'ffff) : control;
    }

    static constexpr std::array<std::uint64_t, 14> special_numbers = {
        ~std::uint64_t{0},
        std::uint64_t{1} << 63,
        0x7fff'ffff'f000,      // the last page of user mode
        0x8000'0000'0000,      // not canonical
        0xffff'8000'0000'0000, // the kernel's
        0xffff'ffff'8000'0000,
        0xffff'ffff'ffff'f000,
        abi::boot_info_address,
        0x40'0000,        // where every program starts
        0x7f00'0000'0000, // register pages
        0xff'ffff,        // a version no object has
        0x1'0000'0000,
        0xffff'ffff,
        255,
    };

    Random random_;
    std::array<std::array<Counts, methods_max>, abi::capability_type_count> counts_{};
    std::array<std::uint64_t, 64> own_numbers_{};
    std::size_t own_count_ = 0;
    std::array<std::uint64_t, 8> forbidden_{};
    std::size_t forbidden_count_ = 0;
    unsigned accepted_operations_ = 0;
};

} // namespace tests
