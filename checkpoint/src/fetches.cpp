// SPDX-License-Identifier: Apache-2.0
// Fetches under way.
#include "fetches.hpp"

#include "state.hpp"

#include <store/map_node.hpp>

#include <cstring>

namespace checkpoint {

using namespace abi::disk;

void Fetches::init(base::Bytes buffers, std::uint32_t count) {
    expects(count <= at_most);
    count_ = count;
    for (std::uint32_t i = 0; i < count; ++i)
        slots_[i].buffer = buffers.subspan(i * abi::frame_size, abi::frame_size);
}

Result<FetchTicket> Fetches::start(abi::FrameId frame) {
    expects(frame.is_persistent());
    for (std::uint16_t i = 0; i < count_; ++i) {
        auto& slot = slots_[i];
        if (slot.phase != Phase::unused) continue;
        slot.frame = frame;
        slot.corruption = {};
        look_up(i);
        return FetchTicket{i};
    }
    return base::fail(Error::busy);
}

void Fetches::look_up(std::uint16_t index) {
    auto& slot = slots_[index];
    slot.switches = state_.map_switches;
    if (auto const* entry = state_.directories.find(slot.frame); entry != nullptr) {
        slot.entry = *entry;
        read_block(index);
        return;
    }
    if (state_.map.none()) {
        finish(index, Error::absent);
        return;
    }
    slot.node = state_.map;
    slot.level = std::nullopt;
    slot.copy = 0;
    descend(index);
}

// Reads slot.node, from memory if it is there.
void Fetches::descend(std::uint16_t index) {
    auto& slot = slots_[index];
    if (auto const cached = state_.nodes.find(slot.node); !cached.empty()) {
        visit(index, cached);
        return;
    }
    slot.phase = Phase::node;
    state_.submit(Owner::fetch, index, store::Priority::fetch,
                  {store::RequestKind::read, 0, slot.node.place[slot.copy].offset(), slot.buffer});
}

void Fetches::visit(std::uint16_t index, base::ConstBytes node) {
    auto& slot = slots_[index];
    auto const header = store::node_header(node);
    MapKey const key{slot.frame.number(), ~std::uint64_t{0}};
    if (header.level == 0) {
        auto const found = store::find_in_leaf(node, key);
        if (!found || found->entry.absent()) {
            finish(index, Error::absent);
            return;
        }
        slot.entry = state_.moves.placed(*found).entry;
        if (slot.entry.absent()) finish(index, Error::corrupt); // gone, though somebody sees it
        else read_block(index);
        return;
    }
    auto const child = store::child_for(node, key);
    if (!child) {
        finish(index, Error::absent);
        return;
    }
    slot.node = child->child;
    slot.level = static_cast<std::uint16_t>(header.level - 1);
    slot.copy = 0;
    descend(index); // at most node_levels deep: levels fall by one
}

void Fetches::read_block(std::uint16_t index) {
    auto& slot = slots_[index];
    if (slot.entry.zero()) {
        std::memset(slot.buffer.data(), 0, slot.buffer.size());
        finish(index, Error::none);
        return;
    }
    slot.phase = Phase::block;
    state_.submit(Owner::fetch, index, store::Priority::fetch,
                  {store::RequestKind::read, 0, slot.entry.place().offset(), slot.buffer});
}

void Fetches::finish(std::uint16_t index, Error error) {
    auto& slot = slots_[index];
    slot.error = error;
    slot.phase = Phase::done;
    slot.done_order = ++done_;
}

// The map changed meanwhile, so what was read may have been written anew: once more from the root.
bool Fetches::retry(std::uint16_t index) {
    if (slots_[index].switches == state_.map_switches) return false;
    look_up(index);
    return true;
}

void Fetches::node_read(std::uint16_t index, Error error) {
    auto& slot = slots_[index];
    auto const good =
        error == Error::none &&
        store::verify_node(slot.buffer, {slot.node.hash, slot.level, state_.store}, state_.geometry);
    if (good) {
        state_.nodes.insert(slot.node, slot.buffer);
        visit(index, slot.buffer);
        return;
    }
    if (retry(index)) return;
    store::Corruption report;
    report.offset = slot.node.place[slot.copy].offset();
    report.frame = slot.frame;
    report.want = slot.node.hash;
    report.got = error == Error::none ? store::hash64(HashSeed::map_node, slot.buffer) : 0;
    report.generation = state_.newest().generation;
    report.finding = slot.copy == 0 ? store::Finding::single_copy : store::Finding::map_node;
    report.part = store::Finding::map_node;
    state_.report_finding(report);
    if (slot.copy == 0) {
        slot.copy = 1;
        state_.submit(Owner::fetch, index, store::Priority::fetch,
                      {store::RequestKind::read, 0, slot.node.place[1].offset(), slot.buffer});
        return;
    }
    slot.corruption = report;
    finish(index, error == Error::none ? Error::corrupt : Error::io);
}

void Fetches::read_done(std::uint16_t index, Error error) {
    auto& slot = slots_[index];
    if (slot.phase == Phase::node) {
        node_read(index, error);
        return;
    }
    invariant(slot.phase == Phase::block);
    auto const found =
        error == Error::none ? store::frame_hash(slot.frame, slot.entry.type(), slot.buffer) : 0;
    if (error == Error::none && found == slot.entry.hash) {
        finish(index, Error::none);
        return;
    }
    if (retry(index)) return;
    slot.corruption.finding = error == Error::none ? store::Finding::frame_hash : store::Finding::device;
    slot.corruption.frame = slot.frame;
    slot.corruption.offset = slot.entry.place().offset();
    slot.corruption.want = slot.entry.hash;
    slot.corruption.got = found;
    slot.corruption.generation = state_.newest().generation;
    state_.report_finding(slot.corruption);
    finish(index, error == Error::none ? Error::corrupt : Error::io);
}

std::optional<Fetched> Fetches::take() {
    Slot* first = nullptr;
    for (auto& slot : slots_)
        if (slot.phase == Phase::done && (first == nullptr || slot.done_order < first->done_order))
            first = &slot;
    if (first == nullptr) return std::nullopt;
    first->phase = Phase::taken;
    Fetched result;
    result.ticket = static_cast<FetchTicket>(first - slots_.data());
    result.frame = first->frame;
    result.error = first->error;
    result.corruption = first->corruption;
    if (first->error != Error::none) return result;
    result.type = first->entry.type();
    result.mark = first->entry.mark();
    result.live = first->entry.live();
    result.content = first->buffer;
    return result;
}

void Fetches::release(FetchTicket ticket) {
    expects(ticket < count_ && slots_[ticket].phase == Phase::taken);
    slots_[ticket].phase = Phase::unused;
}

} // namespace checkpoint
