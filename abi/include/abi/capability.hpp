// SPDX-License-Identifier: Apache-2.0
// The 16-byte capability (R1).
//   word 0: payload 63..32 | version 31..8 | type 7..1 | prepared 0
//   word 1: rights 63..56  | 55..0: object identifier; prepared: object-table index; no object: data of the
//   type
// Invariant: rights, version, type and payload stand at the same place prepared or not; on disk prepared = 0.
#pragma once

#include <abi/capability_types.hpp>
#include <abi/object_id.hpp>
#include <abi/version.hpp>
#include <base/bits.hpp>
#include <base/layout.hpp>

#include <cstdint>

namespace abi {

struct Capability {
    std::uint64_t word0 = 0;
    std::uint64_t word1 = 0;

    using PreparedBit = base::Field<0, 0>;
    using TypeField = base::Field<7, 1>;
    using VersionField = base::Field<31, 8>;
    using PayloadField = base::Field<63, 32>;
    using TargetField = base::Field<55, 0>;
    using RightsField = base::Field<63, 56>;

    static constexpr Capability null() { return {}; }

    // An unprepared capability to an object.
    static constexpr Capability to_object(CapabilityType type, ObjectId object, Version version,
                                          Rights rights = {}, std::uint32_t payload = 0) {
        return {PayloadField::make(payload) | VersionField::make(version.raw()) |
                    TypeField::make(static_cast<std::uint64_t>(type)),
                RightsField::make(rights.raw()) | TargetField::make(object.raw())};
    }

    // A capability that names no object: `data` has 56 bits whose meaning the type defines.
    static constexpr Capability miscellaneous(CapabilityType type, std::uint32_t payload = 0,
                                              std::uint64_t data = 0) {
        return {PayloadField::make(payload) | TypeField::make(static_cast<std::uint64_t>(type)),
                TargetField::make(data)};
    }

    // 96 bits of data: 32 in the payload, 56 in word 1 (the upper 8 bits of word 1 stay clear).
    static constexpr Capability number(std::uint32_t high, std::uint64_t low) {
        return miscellaneous(CapabilityType::number, high, low);
    }

    constexpr bool is_prepared() const { return PreparedBit::get(word0) != 0; }
    constexpr CapabilityType type() const { return static_cast<CapabilityType>(TypeField::get(word0)); }
    constexpr Version version() const {
        return Version(static_cast<std::uint32_t>(VersionField::get(word0)));
    }
    constexpr std::uint32_t payload() const { return static_cast<std::uint32_t>(PayloadField::get(word0)); }
    constexpr Rights rights() const {
        return Rights::from_raw(static_cast<std::uint8_t>(RightsField::get(word1)));
    }
    // The identifier of the object; meaningful only when not prepared.
    constexpr ObjectId object() const { return ObjectId(TargetField::get(word1)); }
    // The object-table index; meaningful only when prepared.
    constexpr std::uint32_t table_index() const {
        return static_cast<std::uint32_t>(TargetField::get(word1));
    }
    constexpr std::uint64_t data() const { return TargetField::get(word1); }
    constexpr bool is_null() const { return type() == CapabilityType::null; }

    constexpr Capability prepared_as(std::uint32_t index) const {
        return {word0 | PreparedBit::mask, TargetField::set(word1, index)};
    }
    constexpr Capability unprepared_as(ObjectId object) const {
        return {word0 & ~PreparedBit::mask, TargetField::set(word1, object.raw())};
    }
    constexpr Capability with_rights(Rights rights) const {
        return {word0, RightsField::set(word1, rights.raw())};
    }
    constexpr Capability with_payload(std::uint32_t payload) const {
        return {PayloadField::set(word0, payload), word1};
    }
    constexpr Capability with_type(CapabilityType type) const {
        return {TypeField::set(word0, static_cast<std::uint64_t>(type)), word1};
    }

    friend constexpr bool operator==(Capability, Capability) = default;
};

static_assert(base::WireType<Capability> && sizeof(Capability) == 16);
STELE_AT(Capability, word0, 0);
STELE_AT(Capability, word1, 8);

inline constexpr std::size_t capabilities_per_page = frame_size / sizeof(Capability);

} // namespace abi
