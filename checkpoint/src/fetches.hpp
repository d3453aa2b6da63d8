// SPDX-License-Identifier: Apache-2.0
// Fetches under way: directories in memory first, then the map node by node, then
// the block; each read is verified.
//   unused ─start─► node* ─► block ─► done ─take, release─► unused
#pragma once

#include <abi/disk/map_node.hpp>
#include <checkpoint/engine.hpp>

#include <array>

namespace checkpoint {

struct EngineState;

class Fetches {
public:
    static constexpr std::size_t at_most = 16;
    explicit Fetches(EngineState& state) : state_(state) {}
    void init(base::Bytes buffers, std::uint32_t count);

    Result<FetchTicket> start(abi::FrameId frame);
    std::optional<Fetched> take();
    void release(FetchTicket ticket);
    void read_done(std::uint16_t slot, Error error);

private:
    enum class Phase : std::uint8_t { unused, node, block, done, taken };
    struct Slot {
        Phase phase = Phase::unused;
        std::uint8_t copy = 0; // of the node being read
        std::uint64_t done_order = 0;
        std::uint64_t switches = 0; // maps in force when it began: an older one's blocks may be reused
        abi::FrameId frame;
        abi::disk::TwinRef node;
        std::optional<std::uint16_t> level; // wanted; none for the root
        abi::disk::DirectoryEntry entry;
        Error error = Error::none;
        store::Corruption corruption;
        base::Bytes buffer;
    };
    void look_up(std::uint16_t index);
    void descend(std::uint16_t index);
    void visit(std::uint16_t index, base::ConstBytes node);
    void read_block(std::uint16_t index);
    void finish(std::uint16_t index, Error error);
    void node_read(std::uint16_t index, Error error);
    bool retry(std::uint16_t index);

    EngineState& state_;
    std::array<Slot, at_most> slots_{};
    std::uint32_t count_ = 0;
    std::uint64_t done_ = 0;
};

} // namespace checkpoint
