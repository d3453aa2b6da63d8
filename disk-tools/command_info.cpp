// SPDX-License-Identifier: Apache-2.0
// info: what the store is. --super prints every field of the root slots under the names of docs/format.md.
#include "options.hpp"
#include "report.hpp"
#include "store_file.hpp"

#include <abi/processor_features.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <vector>

namespace tools {
namespace {

using abi::disk::RootSlot;

std::string text_of(abi::disk::Random128 value) {
    return fmt::format("{:016x}{:016x}", value.high, value.low);
}
std::string text_of(abi::disk::Hash128 value) { return fmt::format("{:016x}{:016x}", value.high, value.low); }
std::string text_of(abi::disk::Twin const& twin) {
    return fmt::format("{:#x}+{} {:#x}+{}", twin[0].first(), twin[0].count(), twin[1].first(),
                       twin[1].count());
}
std::string label_of(RootSlot const& slot) {
    return printable({slot.label.data(), ::strnlen(slot.label.data(), slot.label.size())});
}

nlohmann::ordered_json slot_document(checkpoint::SlotState const& state) {
    auto const& slot = state.slot;
    nlohmann::ordered_json document = {
        {"copy", state.copy}, {"offset", state.offset}, {"valid", state.valid()}};
    if (!state.magic_matches) return document;
    document.update(
        {{"slot", slot.slot},
         {"hash", text_of(slot.hash)},
         {"hashState", state.hash_matches ? "match" : "MISMATCH, want " + text_of(state.hash_found)},
         {"format_revision", slot.format_revision},
         {"abi_revision", slot.abi_revision},
         {"incompat", format_hex(slot.incompat)},
         {"ro_compat", format_hex(slot.ro_compat)},
         {"compat", format_hex(slot.compat)},
         {"store", text_of(slot.store)},
         {"sequence", slot.sequence},
         {"segment_shift", slot.segment_shift},
         {"segments", slot.segments},
         {"boot", slot.boot},
         {"nonce", text_of(slot.nonce)},
         {"generation", format_hex(slot.generation)},
         {"record_hash", text_of(slot.record_hash)},
         {"record", text_of(slot.record)},
         {"next", text_of(slot.next)},
         {"created_ns", slot.created_ns},
         {"label", label_of(slot)},
         {"interval_ms", slot.interval_ms},
         {"retain", slot.retain},
         {"processor_features", format_hex(slot.processor_features)},
         {"retain_tenths", slot.retain_tenths},
         {"retain_seconds", slot.retain_seconds},
         {"migration_kib_s", slot.migration_kib_s}});
    return document;
}

// The root slots are shown even of a store that does not open.
int print_super(CommonOptions const& common, InfoOptions const& options) {
    auto const path = parse_store_reference(options.store).path;
    StoreFile file(path, common.live ? StoreFile::Access::read_live : StoreFile::Access::read);
    EngineMemory memory(limits_for(file.device()));
    nlohmann::ordered_json slots = nlohmann::ordered_json::array();
    bool any_valid = false;
    for (auto const& state : checkpoint::OfflineStore::slots(file.device(), memory.io_bytes())) {
        slots.push_back(slot_document(state));
        any_valid = any_valid || state.valid();
    }
    if (common.json) print_json({{"schema", "stele.super/1"}, {"slots", slots}});
    for (auto const& slot : slots) {
        if (common.json) break;
        fmt::print("root slot at {}\n", slot["offset"].dump());
        for (auto const& [name, value] : slot.items())
            fmt::print("  {:<16} {}\n", name, value.is_string() ? value.get<std::string>() : value.dump());
    }
    return static_cast<int>(any_valid ? ExitCode::done : ExitCode::failed);
}

// What its processes may use of the processor, in the words of `format --processor` (R11).
std::string processor_name(std::uint64_t features) {
    if ((features & ~abi::baseline_features) == 0) return "baseline";
    if ((features & ~abi::baseline_features) == abi::avx_feature) return "avx";
    return fmt::format("features {:#x}", features);
}

// Each pin, and the blocks of its checkpoint that are not blocks of the newest.
nlohmann::ordered_json pins_of(StoreView& view) {
    nlohmann::ordered_json pins = nlohmann::ordered_json::array();
    std::vector<std::uint64_t> newest;
    auto const blocks = [&](checkpoint::Generation at, auto each) {
        auto const done = view.store().for_each(at, [&](checkpoint::FrameInfo const& info) {
            if (!info.zero) each(info.offset);
            return true;
        });
        if (done.failed()) throw view.file().problem(done.error);
    };
    auto const history = view.history();
    for (auto const& info : history) {
        if (!info.pinned) continue;
        if (newest.empty()) {
            blocks(history.front().generation, [&](std::uint64_t offset) { newest.push_back(offset); });
            std::ranges::sort(newest);
        }
        std::uint64_t own = 0;
        blocks(info.generation, [&](std::uint64_t offset) {
            if (!std::ranges::binary_search(newest, offset)) own += abi::frame_size;
        });
        pins.push_back({{"name", printable(std::string(info.pin_name()))},
                        {"generation", info.generation.counter()},
                        {"ownBytes", own}});
    }
    return pins;
}

} // namespace

int command_info(CommonOptions const& common, InfoOptions const& options) {
    if (options.super) return print_super(common, options);
    StoreView view(options.store, common.live);
    auto const& slot = view.store().superblock();
    auto const& recovery = view.store().recovery();
    auto const& record = view.at().record;
    auto const space = view.store().engine().space();
    auto const generation = view.at().generation;
    // R33: from the third on, the next boot holds all processes.
    auto const idle_boots = slot.boot - recovery.generation.boot();
    auto const pins = pins_of(view);
    if (common.json) {
        print_json({{"schema", "stele.info/1"},
                    {"store", text_of(slot.store)},
                    {"label", label_of(slot)},
                    {"formatRevision", slot.format_revision},
                    {"abiRevision", slot.abi_revision},
                    {"processorFeatures", fmt::format("{:#x}", slot.processor_features)},
                    {"sizeBytes", view.file().size()},
                    {"allocatedBytes", view.file().allocated()},
                    {"segmentBytes", std::uint64_t{1} << slot.segment_shift},
                    {"segments", slot.segments},
                    {"generation", generation.counter()},
                    {"boot", generation.boot()},
                    {"lastBoot", slot.boot},
                    {"bootsWithoutCommit", idle_boots},
                    {"frames", record.frames},
                    {"processes", record.processes},
                    {"clockNs", record.clock_base_ns},
                    {"timeNs", record.time_ns},
                    {"checkpoints", view.history().size()},
                    {"liveBytes", space.live_bytes},
                    {"freeBytes", space.free_bytes},
                    {"usableBytes", space.usable_bytes},
                    {"tornNewest", recovery.torn},
                    {"intervalMs", slot.interval_ms},
                    {"retain", slot.retain},
                    {"retainTenths", slot.retain_tenths},
                    {"retainSeconds", slot.retain_seconds},
                    {"migrationKibPerSecond", slot.migration_kib_s},
                    {"pins", pins}});
        return 0;
    }
    auto const size = [&](std::uint64_t bytes) { return format_size(bytes, common.units); };
    fmt::print("{}: store {}{}{}\n", view.file().path(), text_of(slot.store).substr(24),
               label_of(slot).empty() ? "" : ", ", label_of(slot));
    fmt::print("  size         {} ({} on disk), {} segments of {}\n", size(view.file().size()),
               size(view.file().allocated()), slot.segments, size(std::uint64_t{1} << slot.segment_shift));
    fmt::print("  format       revision {}, ABI revision {}, features {:#x}/{:#x}/{:#x}\n",
               slot.format_revision, slot.abi_revision, slot.incompat, slot.ro_compat, slot.compat);
    fmt::print("  processor    {}\n", processor_name(slot.processor_features));
    fmt::print("  newest       checkpoint {} of boot {}, {}, {} processes\n", generation.counter(),
               generation.boot(), format_time(record.time_ns), record.processes);
    fmt::print("  checkpoints  {} readable, every {} ms, last boot {}{}\n", view.history().size(),
               slot.interval_ms, slot.boot,
               idle_boots == 0 ? "" : fmt::format(", {} without a commit", idle_boots));
    fmt::print("  space        {} live, {} free of {} usable\n", size(space.live_bytes),
               size(space.free_bytes), size(space.usable_bytes));
    fmt::print("  retention    the newest {}, one a tenth of {}.{} s, one a second of {} s{}\n", slot.retain,
               slot.retain_tenths / 10, slot.retain_tenths % 10, slot.retain_seconds,
               slot.migration_kib_s == 0 ? "" : fmt::format("; migration {} KiB/s", slot.migration_kib_s));
    for (auto const& pin : pins)
        fmt::print("  pin          {}: checkpoint {}, {} that the newest does not have\n",
                   pin["name"].get<std::string>(), pin["generation"].get<std::uint64_t>(),
                   size(pin["ownBytes"].get<std::uint64_t>()));
    if (recovery.torn) fmt::print("  note         the newest commit was torn and is ignored\n");
    return 0;
}

} // namespace tools
