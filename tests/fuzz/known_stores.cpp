// SPDX-License-Identifier: Apache-2.0
// Stores of which everything is known.
#include "known_stores.hpp"

#include "harness.hpp"
#include "simulated_disk.hpp"

#include <random>

namespace fuzz {

bool ForgedDisk::spoilt(store::Request const& request) const {
    auto const first = request.offset / store::sector_size;
    auto const count = request.data.size() / store::sector_size;
    return std::any_of(bad_.begin(), bad_.end(),
                       [&](std::uint64_t bad) { return bad >= first && bad - first < count; });
}

void ForgedDisk::submit(store::Request const& request) {
    require(request.offset % store::sector_size == 0 && request.data.size() % store::sector_size == 0 &&
                request.offset <= image_.size() && request.data.size() <= image_.size() - request.offset,
            "a request is of whole sectors of the disk");
    ++requests_;
    auto error = store::Error::none;
    if (request.kind == store::RequestKind::read) {
        if (spoilt(request)) error = store::Error::io;
        else std::memcpy(request.data.data(), image_.data() + request.offset, request.data.size());
    } else if (request.kind == store::RequestKind::write) {
        ++writes_;
        forge(request.offset, request.data);
    }
    done_.push_back({request.tag, error});
}

std::size_t ForgedDisk::poll(std::span<store::Completion> done, bool wait) {
    require(!wait || !done_.empty(), "nobody waits for nothing");
    auto const count = std::min(done.size(), done_.size());
    std::copy_n(done_.begin(), count, done.begin());
    done_.erase(done_.begin(), done_.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
}

void ForgedDisk::forge(std::uint64_t offset, base::ConstBytes bytes) {
    auto* const place = image_.data() + offset;
    changes_.push_back({offset, {place, place + bytes.size()}});
    std::memcpy(place, bytes.data(), bytes.size());
}

void ForgedDisk::reset() {
    for (; !changes_.empty(); changes_.pop_back())
        std::memcpy(image_.data() + changes_.back().offset, changes_.back().before.data(),
                    changes_.back().before.size());
    bad_.clear();
    done_.clear();
    writes_ = 0;
    requests_ = 0;
}

checkpoint::Limits limits() { return tests::small_limits(segments + 16); }

namespace {

using tests::ReferenceStore;

tests::Model changes(std::mt19937_64& random, std::uint64_t frames, std::size_t most) {
    tests::Model model;
    for (auto count = random() % most + 1; count > 0; --count) {
        auto& facts = model[2 + random() % frames];
        facts.type = random() % 4 == 0 ? abi::FrameType::process : abi::FrameType::data_page;
        facts.live = facts.type == abi::FrameType::process && random() % 2 == 0;
        facts.mark = static_cast<std::uint32_t>(random() % 9);
        facts.seed = random() % (frames > 100 && random() % 3 > 0 ? 1 : 7); // many frames are mostly zero
    }
    return model;
}

class Maker {
public:
    explicit Maker(std::uint64_t seed)
        : random_(seed), disk_(geometry.bytes(), {.seed = seed}), store_(disk_, limits()) {
        require(static_cast<bool>(store_.format(segment_shift)), "a store is made");
        open();
    }
    void open() { require(static_cast<bool>(store_.open(++nonce_)), "a store opens"); }
    void commit(int count, std::uint64_t frames, std::size_t most) {
        for (int i = 0; i < count; ++i)
            require(static_cast<bool>(store_.commit(changes(random_, frames, most))), "a commit is made");
    }
    // Pins the checkpoint that is so many before the newest, goes back to its neighbour, and on from there.
    void travel(std::size_t before, std::string const& name) {
        store_.settle();
        // A fold leaves no more than the retention asks for.
        for (int i = 0; store_.history().size() <= before + 1; ++i) {
            require(i < 20, "there is so much history");
            commit(1, 24, 4);
            store_.settle();
        }
        auto const history = store_.history();
        require(static_cast<bool>(store_.pin(history[before].generation, name)), "a pin is made");
        require(static_cast<bool>(store_.roll_back(history[before - 1].generation)), "a rollback is made");
        commit(3, 24, 3);
    }
    // Until segments are emptied: blocks stand elsewhere than the map says, and some are gone.
    void relocate(std::uint64_t frames) {
        for (int i = 0; store_.blocks_gone() == 0; ++i) {
            require(i < 500, "segments are emptied");
            commit(1, frames, 8);
            store_.settle();
        }
    }
    std::unique_ptr<KnownStore> take() {
        store_.settle();
        auto known = std::make_unique<KnownStore>(disk_.image());
        known->models = store_.models();
        known->contents = store_.contents();
        return known;
    }

private:
    std::uint64_t nonce_ = 100;
    std::mt19937_64 random_;
    tests::SimulatedDisk disk_;
    ReferenceStore store_;
};

std::vector<std::unique_ptr<KnownStore>> make_stores() {
    std::vector<std::unique_ptr<KnownStore>> stores;
    stores.push_back(Maker(1).take());
    // A few checkpoints in directories, none in the map; another boot.
    Maker few(2);
    few.commit(3, 20, 5);
    few.open();
    few.commit(2, 20, 5);
    stores.push_back(few.take());
    // A map of one leaf, folded more than once.
    Maker leaf(3);
    leaf.commit(40, 24, 6);
    stores.push_back(leaf.take());
    // A map of two levels.
    Maker tree(4);
    tree.commit(8, 300, 60);
    tree.commit(30, 300, 8);
    stores.push_back(tree.take());
    // Pins of a checkpoint in the map and of one above it, a rollback, and what came after it.
    Maker travelled(5);
    travelled.commit(30, 24, 4);
    travelled.travel(8, "old");
    travelled.commit(20, 24, 4);
    travelled.travel(2, "new");
    stores.push_back(travelled.take());
    // Moved blocks, and gone ones.
    Maker relocated(6);
    relocated.relocate(100);
    stores.push_back(relocated.take());
    return stores;
}

} // namespace

std::vector<std::unique_ptr<KnownStore>> const& known_stores() {
    static auto const stores = make_stores();
    return stores;
}

} // namespace fuzz
