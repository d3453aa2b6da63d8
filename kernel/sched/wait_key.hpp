// SPDX-License-Identifier: Apache-2.0
// What a blocked process waits for: one word, so that any queue of waiters can be dropped and built again.
#pragma once

#include <abi/frame.hpp>
#include <abi/object_id.hpp>
#include <base/bits.hpp>

#include <compare>
#include <cstdint>

namespace kernel {

class WaitKey {
public:
    enum class Kind : std::uint8_t {
        none = 0,
        frame = 1,      // a frame that is being fetched
        endpoint = 2,   // an endpoint without a receiver (R18)
        receiver = 3,   // a receiver that is not receiving
        wanted = 4,     // a place in the table of wanted frames
        memory = 5,     // a free frame
        hold = 6,       // the machine is held, or nothing is restored yet
        generation = 7, // a commit
    };

    constexpr WaitKey() = default;
    static constexpr WaitKey frame(abi::FrameId id) { return {Kind::frame, id.raw()}; }
    static constexpr WaitKey endpoint(abi::ObjectId id) { return {Kind::endpoint, id.raw()}; }
    static constexpr WaitKey receiver(abi::FrameId process) { return {Kind::receiver, process.raw()}; }
    static constexpr WaitKey of(Kind kind) { return {kind, 0}; }

    constexpr std::uint64_t raw() const { return raw_; }
    static constexpr WaitKey from_raw(std::uint64_t raw) {
        WaitKey key;
        key.raw_ = raw;
        return key;
    }
    constexpr Kind kind() const { return static_cast<Kind>(KindField::get(raw_)); }
    constexpr std::uint64_t id() const { return raw_ & ~KindField::mask; } // without the kind
    constexpr bool empty() const { return raw_ == 0; }
    friend constexpr auto operator<=>(WaitKey, WaitKey) = default;

private:
    using KindField = base::Field<63, 60>;
    constexpr WaitKey(Kind kind, std::uint64_t id)
        : raw_(KindField::make(static_cast<std::uint64_t>(kind)) | id) {}

    std::uint64_t raw_ = 0;
};

} // namespace kernel
