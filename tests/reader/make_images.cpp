// SPDX-License-Identifier: Apache-2.0
// Images for the independent reader, with what the store's own code says of each: clean ones, states after a
// power cut, damaged ones. Usage: make-store-images FOLDER. One line of JSON an image on standard output.
#include "crash_states.hpp"
#include "reference_store.hpp"

#include <cstdio>
#include <fstream>
#include <string>

namespace {

using namespace tests;

constexpr std::uint32_t segments = 80;
constexpr std::uint32_t shift = 14;

class Images {
public:
    explicit Images(std::string folder)
        : folder_(std::move(folder)), limits_(small_limits(segments)), memory_(limits_) {}

    void add(std::vector<std::byte> const& image) {
        auto const path = folder_ + "/" + std::to_string(number_++) + ".img";
        std::ofstream(path, std::ios::binary)
            .write(static_cast<char const*>(static_cast<void const*>(image.data())),
                   static_cast<std::streamsize>(image.size()));
        UndoDisk disk(image);
        checkpoint::OfflineStore reader;
        auto const opened = reader.open(disk, memory_.memory(), limits_);
        if (!opened) {
            std::printf("{\"path\":\"%s\",\"error\":\"%s\"}\n", path.c_str(),
                        std::string(abi::describe(opened.error).name).c_str());
            return;
        }
        QuietListener quiet;
        auto const result = reader.check(quiet);
        auto const& report = reader.recovery();
        std::printf("{\"path\":\"%s\",\"generation\":%lu,\"torn\":%s,\"clean\":%s,", path.c_str(),
                    report.generation.counter(), report.torn ? "true" : "false",
                    result && result->findings == 0 ? "true" : "false");
        print_slot(reader.superblock());
        std::array<checkpoint::CheckpointInfo, checkpoint::history_at_most> list;
        auto const count = reader.history(list);
        std::printf("\"checkpoints\":[");
        for (std::size_t i = 0; i < count; ++i)
            std::printf("%s%lu", i == 0 ? "" : ",", list[i].generation.counter());
        std::printf("],\"pins\":[");
        for (std::size_t i = 0; i < count; ++i)
            std::printf("%s\"%s\"", i == 0 ? "" : ",", std::string(list[i].pin_name()).c_str());
        std::printf("],\"views\":[");
        for (std::size_t i = 0; i < count; i += 3) {
            std::printf("%s{\"at\":%lu,\"frames\":[", i == 0 ? "" : ",", list[i].generation.counter());
            bool first = true;
            auto const walked = reader.for_each(list[i].generation, [&](checkpoint::FrameInfo const& frame) {
                std::printf("%s[%lu,%u,%u,%s,%s,%lu,\"%016lx\"]", first ? "" : ",", frame.frame.number(),
                            static_cast<unsigned>(frame.type), frame.mark.raw(),
                            frame.live ? "true" : "false", frame.zero ? "true" : "false",
                            frame.birth.counter(), frame.hash);
                first = false;
                return true;
            });
            std::printf("],\"walked\":%s}", walked ? "true" : "false");
        }
        std::printf("]}\n");
    }

private:
    static void print_slot(abi::disk::RootSlot const& slot) {
        std::printf("\"slot\":[%u,%u,%u,%lu,%u,%u,%u,%u,%u,%lu,%lu,%u],", slot.format_revision,
                    slot.abi_revision, slot.boot, slot.created_ns, slot.interval_ms, slot.retain,
                    slot.retain_tenths, slot.retain_seconds, slot.migration_kib_s, slot.processor_features,
                    slot.segments, slot.segment_shift);
    }

    std::string folder_;
    checkpoint::Limits limits_;
    EngineMemory memory_;
    int number_ = 0;
};

bool run_commits(ReferenceStore& store, std::uint64_t seed, int count) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < count; ++i) {
        Model changes;
        for (auto n = random() % 6; n > 0; --n) {
            auto& facts = changes[2 + random() % 25];
            facts.type = random() % 3 == 0 ? abi::FrameType::process : abi::FrameType::data_page;
            facts.live = facts.type == abi::FrameType::process && random() % 2 == 0;
            facts.mark = static_cast<std::uint32_t>(random() % 9);
            facts.seed = random() % 5;
        }
        if (!store.commit(changes)) return false;
    }
    store.settle();
    return true;
}

// Until segments are emptied: blocks stand elsewhere than the map says, and some are gone.
bool relocate(ReferenceStore& store, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < 400; ++i) {
        if (store.blocks_gone() > 0) return true;
        Model changes;
        for (int n = 0; n < 6; ++n)
            changes[2 + random() % 90] = {abi::FrameType::data_page, 0, false, 1 + random() % 99};
        if (!store.commit(changes)) return false;
        store.settle();
    }
    return false;
}

// A pin of the oldest, one of the newest, and a rollback to the former.
bool travel(ReferenceStore& store) {
    if (!store.open(77)) return false;
    auto const list = store.history();
    return store.pin(list.back().generation, "oldest") && store.pin(store.engine().newest(), "before") &&
           store.roll_back(list.back().generation);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    Images images(argv[1]);
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        SimulatedDisk disk(std::size_t{segments} << shift, {.seed = seed});
        ReferenceStore store(disk, small_limits(segments));
        if (!store.format(shift) || !store.open(seed)) return 1;
        if (seed == 1) images.add(disk.image());
        if (!run_commits(store, seed, 10 + static_cast<int>(seed) * 15)) return 1;
        images.add(disk.image());
        if (!travel(store) || !run_commits(store, seed + 50, 5)) return 1;
        images.add(disk.image());
        if (seed % 2 == 0) {
            if (!relocate(store, seed)) return 1;
            images.add(disk.image());
        }
        disk.start_recording();
        if (!run_commits(store, seed + 100, 5)) return 1;
        CrashStates states(disk.start(), disk.history(), 0, {.samples = 6, .seed = seed, .every = 251});
        states.run([&](UndoDisk& state, std::uint64_t) { images.add(state.image()); });
        std::mt19937_64 random(seed);
        for (int i = 0; i < 40; ++i) {
            auto damaged = disk.image();
            damaged[(random() % (damaged.size() / 512)) * 512 + random() % 512] ^= std::byte{4};
            images.add(damaged);
        }
    }
    return 0;
}
