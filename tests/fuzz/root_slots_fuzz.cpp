// SPDX-License-Identifier: Apache-2.0
// Root slots: four sectors of a disk that has nothing else, of any length. No bytes may be more than an
// error; what counts as valid obeys docs/format.md section 3.
//   Input: u32 length of the disk in units of 4 KiB, 4 bytes unused, then the four copies.
#include "harness.hpp"
#include "mutator.hpp"

#include "reference_store.hpp"

#include <array>

namespace {

using abi::disk::RootSlot;
using abi::disk::sector_size;

constexpr std::size_t header = 8;

// The four copies, zero bytes everywhere else; completes at once.
class SlotDisk final : public store::BlockDevice {
public:
    SlotDisk(std::uint64_t capacity, base::ConstBytes copies) : capacity_(capacity), copies_(copies) {}
    std::uint64_t capacity() const override { return capacity_; }
    void submit(store::Request const& request) override {
        fuzz::require(request.kind == store::RequestKind::read, "who reads a store writes nothing");
        fuzz::require(request.offset <= capacity_ && request.data.size() <= capacity_ - request.offset,
                      "a read lies on the disk");
        std::fill(request.data.begin(), request.data.end(), std::byte{0});
        // The copies at the end are given wherever the reader takes the end to be.
        auto const copy = request.offset == 0          ? 0U
                          : request.offset == 4096     ? 1U
                          : request.offset % 8192 == 0 ? 2U
                                                       : 3U;
        if (request.data.size() == sector_size && request.offset % 4096 == 0)
            std::memcpy(request.data.data(), copies_.data() + copy * sector_size, sector_size);
        tags_.push_back(request.tag);
    }
    std::size_t poll(std::span<store::Completion> done, bool) override {
        auto const count = std::min(done.size(), tags_.size());
        for (std::size_t i = 0; i < count; ++i) done[i] = {tags_[i], store::Error::none};
        tags_.erase(tags_.begin(), tags_.begin() + static_cast<std::ptrdiff_t>(count));
        return count;
    }

private:
    std::uint64_t capacity_;
    base::ConstBytes copies_;
    std::vector<std::uint32_t> tags_;
};

void repair(base::Bytes input) {
    for (std::size_t copy = 0; copy < 4; ++copy) {
        auto const sector = input.subspan(header + copy * sector_size, sector_size);
        auto const magic = abi::disk::root_magic;
        std::memcpy(sector.data(), magic.data(), magic.size());
        auto const hash =
            store::hash128(abi::disk::HashSeed::root_slot, sector.subspan(abi::disk::root_slot_hash_from));
        base::write(sector, offsetof(RootSlot, hash), hash);
    }
}

bool in_log(abi::disk::Extent place, RootSlot const& slot) {
    auto const first = place.offset() >> slot.segment_shift;
    auto const last = (place.offset() + sector_size - 1) >> slot.segment_shift;
    return place.count() == 1 && first >= 1 && last == first && last + 1 < slot.segments;
}

void check_valid(store::SlotState const& state, base::ConstBytes sector) {
    auto const& slot = state.slot;
    using fuzz::require;
    require(slot.slot == state.index, "a slot is the slot's own");
    require(slot.segment_shift >= 14 && slot.segment_shift <= 24 && slot.segments >= 16, "geometry in range");
    require(slot.generation != 0, "a checkpoint is named");
    for (auto const* twin : {&slot.record, &slot.next})
        for (auto const place : *twin) require(in_log(place, slot), "places are sectors of the log");
    std::array<std::byte, sector_size> again{};
    store::encode_slot(slot, again);
    auto const back = store::decode_slot(again, state.index);
    require(back.valid() && std::memcmp(again.data() + 24, sector.data() + 24, 224) == 0,
            "a valid slot is written as it was read");
}

constexpr fuzz::Shape shape{header + 4 * sector_size, 0, repair};

} // namespace

STELE_FUZZ_MUTATOR(shape)

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    static auto const limits = tests::small_limits(64);
    static tests::EngineMemory memory(limits);
    fuzz::Input input(fuzz::bytes_of_input(data, size));
    auto const capacity = std::uint64_t{input.take<std::uint32_t>()} * 4096;
    input.take<std::uint32_t>();
    auto const copies = input.take_bytes(4 * sector_size);
    for (std::uint32_t copy = 0; copy < 4; ++copy) {
        auto const sector = base::ConstBytes(copies).subspan(copy * sector_size, sector_size);
        auto const state = store::decode_slot(sector, copy % 2);
        if (state.valid()) check_valid(state, sector);
    }
    SlotDisk disk(capacity, copies);
    auto const slots = checkpoint::OfflineStore::slots(disk, memory.memory().io.first(4096));
    for (auto const& slot : slots) fuzz::require(slot.index < 2 && slot.copy < 2, "four copies");
    checkpoint::OfflineStore reader;
    auto const opened = reader.open(disk, memory.memory(), limits);
    fuzz::require(opened.failed(), "a disk without a record is no store");
    return 0;
}
