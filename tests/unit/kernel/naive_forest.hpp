// SPDX-License-Identifier: Apache-2.0
// The definition of translation once more, as plainly as it can be said: frames, nodes and pages as numbers,
// a search from the root for every question, and no cache. The mapping model compares the kernel with it.
#pragma once

#include "fixture.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace kernel::testing {

struct NaiveCapability {
    enum class Kind : std::uint8_t { none, node, page, slots, number } kind = Kind::none;
    abi::FrameId id;
    std::uint32_t frame = 0; // where NaiveForest::frames had it; another one may have taken its place
    std::uint32_t index = 0;
    std::uint32_t version = 0;
    abi::Rights rights;
    friend bool operator==(NaiveCapability const&, NaiveCapability const&) = default;
};

inline constexpr std::uint64_t no_prefix = 1;
inline constexpr std::uint64_t keeper_prefix = 3;
inline constexpr std::uint64_t background_prefix = 5;

struct NaiveNode {
    std::uint32_t version = 0;
    unsigned size = abi::frame_bits;
    unsigned residual = abi::frame_bits;
    std::array<std::uint64_t, abi::patt_slots> prefixes{};
    std::array<NaiveCapability, abi::patt_slots> slots{};

    void clear() {
        size = residual = abi::frame_bits;
        prefixes.fill(no_prefix);
        slots.fill({});
    }
    unsigned find(std::uint64_t prefix) const {
        unsigned slot = 0;
        while (slot < abi::patt_slots && prefixes[slot] != prefix) ++slot;
        return slot;
    }
};

inline constexpr std::size_t nodes_per_frame = abi::shape_of(abi::FrameType::patt).objects;

struct NaiveFrame {
    abi::FrameId id;
    abi::FrameType type = abi::FrameType::free;
    std::uint32_t mark = 0;
    std::uint64_t word = 0; // a page's content, as far as the model looks at it
    bool persistent = true;
    std::array<NaiveNode, nodes_per_frame> nodes{};

    // As retyping leaves it.
    void become(abi::FrameType next) {
        type = next;
        ++mark;
        word = 0;
        for (auto& node : nodes) {
            node.clear();
            node.version = mark;
        }
    }
};

struct NaiveAnswer {
    Error error = Error::none;
    abi::FaultCode fault = abi::FaultCode::none;
    std::uint32_t frame = 0;
    abi::Rights rights;
    // The keeper that an error is told to: node and slot.
    bool has_keeper = false;
    std::uint32_t keeper_frame = 0;
    std::uint32_t keeper_node = 0;
    unsigned keeper_slot = 0;
    std::size_t nodes = 0; // on the way

    bool found() const { return error == Error::none; }
};

class NaiveForest {
public:
    std::vector<NaiveFrame> frames;

    bool designates(NaiveCapability const& capability) const {
        using Kind = NaiveCapability::Kind;
        auto const& frame = frames[capability.frame];
        if (frame.id != capability.id) return false;
        switch (capability.kind) {
        case Kind::node:
            return frame.type == abi::FrameType::patt &&
                   frame.nodes[capability.index].version == capability.version;
        case Kind::page: return frame.type == abi::FrameType::data_page && frame.mark == capability.version;
        case Kind::slots:
            return frame.type == abi::FrameType::capability_page && frame.mark == capability.version;
        case Kind::none:
        case Kind::number: break;
        }
        return false;
    }

    NaiveAnswer translate(NaiveCapability const& root, std::uint64_t address, Access access) const {
        Search search{access, address, {}, {}, {}};
        auto answer = descend(root, search);
        answer.rights = search.rights;
        answer.nodes = search.trail.size();
        // What may not be written is refused as such, whatever else is wrong on the way.
        if (is_write(access) && search.rights.any(abi::Right::read_only | abi::Right::weak)) {
            answer.error = Error::access_violation;
            answer.fault = abi::FaultCode::access_violation;
        }
        if (!answer.found()) find_keeper(search, answer);
        return answer;
    }

private:
    struct Passed {
        std::uint32_t frame;
        std::uint32_t index;
        bool silent; // a no-call capability stands on the way to it
    };
    struct Search {
        Access access;
        std::uint64_t rest;
        abi::Rights rights;
        base::FixedVector<Passed, walk_steps_max> trail;
        bool silent;
    };

    static NaiveAnswer ends(Error error, abi::FaultCode fault) {
        NaiveAnswer answer;
        answer.error = error;
        answer.fault = fault;
        return answer;
    }
    static bool fits(std::uint64_t address, unsigned bits) { return bits >= 64 || address >> bits == 0; }

    NaiveAnswer descend(NaiveCapability capability, Search& search) const {
        using Kind = NaiveCapability::Kind;
        auto const nowhere = ends(Error::invalid_address, abi::FaultCode::invalid_data_reference);
        auto const malformed = ends(Error::malformed_space, abi::FaultCode::malformed_space);
        for (unsigned span = 64;;) {
            if (capability.kind == Kind::none) return nowhere;
            if (capability.kind == Kind::number) return malformed;
            if (!designates(capability)) return nowhere;
            search.rights |= capability.rights;
            search.silent = search.silent || capability.rights.any(abi::Right::no_call);
            if (capability.kind != Kind::node) return leaf(capability, search);
            auto const& node = frames[capability.frame].nodes[capability.index];
            if (node.size > span || search.trail.full()) return malformed;
            search.trail.push_back({capability.frame, capability.index, search.silent});
            if (!fits(search.rest, node.size)) return nowhere;
            auto const inside =
                node.residual >= 64 ? search.rest : search.rest & ((std::uint64_t{1} << node.residual) - 1);
            auto slot = node.find(search.rest - inside);
            span = node.residual;
            if (slot < abi::patt_slots) {
                search.rest = inside;
            } else {
                slot = node.find(background_prefix);
                span = node.size;
                if (slot == abi::patt_slots) return nowhere;
            }
            capability = node.slots[slot];
        }
    }

    NaiveAnswer leaf(NaiveCapability const& capability, Search const& search) const {
        if (search.rest >= abi::frame_size)
            return ends(Error::invalid_address, abi::FaultCode::invalid_data_reference);
        if (capability.kind == NaiveCapability::Kind::slots)
            return ends(Error::wrong_type, abi::FaultCode::type_error);
        if (search.access == Access::execute && search.rights.any(abi::Right::no_execute))
            return ends(Error::access_violation, abi::FaultCode::no_execute);
        NaiveAnswer answer;
        answer.frame = capability.frame;
        return answer;
    }

    void find_keeper(Search const& search, NaiveAnswer& answer) const {
        for (auto const& passed : search.trail) {
            auto const slot = frames[passed.frame].nodes[passed.index].find(keeper_prefix);
            if (passed.silent || slot == abi::patt_slots) continue;
            answer.has_keeper = true; // the last one found is the innermost
            answer.keeper_frame = passed.frame;
            answer.keeper_node = passed.index;
            answer.keeper_slot = slot;
        }
    }
};

} // namespace kernel::testing
