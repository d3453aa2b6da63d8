// SPDX-License-Identifier: Apache-2.0
// A whole store, changed, then opened for writing: commits, reads, what is due in the background, and once
// more from the start. Whatever the bytes are, every call ends with an answer and no contract breaks. After
// damage that no hash forgives, what was acknowledged is there when the store is opened again, and every
// frame that is given is the frame that was committed.
//   Input: u8 store, u8 steps, u16 seed of the steps, u32 unused, then edits of 16 bytes (forge.hpp).
#include "forge.hpp"
#include "mutator.hpp"

#include <checkpoint/time_travel.hpp>

#include <random>

namespace {

using abi::Error;
using fuzz::require;

constexpr std::size_t header = 8;
constexpr fuzz::Shape shape{header, sizeof(fuzz::Edit), nullptr};
constexpr std::size_t edits_at_most = 12;
constexpr std::uint64_t requests_at_most = 2'000'000;

// One boot of a changed store.
class Boot {
public:
    Boot(fuzz::KnownStore& known, std::uint64_t nonce) : known_(known), nonce_(nonce) {}

    base::Result<> open(tests::EngineMemory& memory) {
        checkpoint::OpenOptions options;
        options.limits = fuzz::limits();
        options.nonce = {nonce_, ~nonce_};
        return engine_.open(known_.disk, memory.memory(), options);
    }
    checkpoint::Engine& engine() { return engine_; }

    void turn() {
        checkpoint::turn(engine_, known_.disk, true);
        check_turns();
    }
    void check_turns() const { require(known_.disk.requests() < requests_at_most, "every operation ends"); }
    void settle() {
        while (!engine_.quiet() || engine_.runnable()) turn();
    }

    // The changes of a model as one commit. False: refused, or it failed.
    bool commit(tests::Model const& changes) {
        for (;;) {
            auto const begun = engine_.begin_commit(static_cast<std::uint32_t>(changes.size()));
            if (begun) break;
            if (begun.error != Error::busy) return false;
            turn();
        }
        std::vector<std::byte> content(abi::frame_size);
        for (auto const& [frame, facts] : changes) {
            tests::fill_content(facts.seed, content);
            while (!engine_.add(
                {abi::FrameId::persistent(frame), facts.type, abi::Version(facts.mark), facts.live, content}))
                turn();
        }
        require(static_cast<bool>(engine_.finish_commit({.time_ns = 5, .clock_base_ns = 6})),
                "a commit that is open can be finished");
        while (engine_.commit_state() == checkpoint::CommitState::writing) turn();
        return static_cast<bool>(engine_.take_commit());
    }

    // A frame is as in the model, if that is known, or it cannot be read and says so.
    void compare(std::uint64_t number, tests::Model const* model) {
        auto const found = tests::fetch_frame(engine_, known_.disk, number);
        if (model == nullptr || found.error == Error::corrupt || found.error == Error::io) return;
        auto const want = model->find(number);
        require((found.error == Error::absent) == (want == model->end()), "a frame is there or it is not");
        if (want == model->end()) return;
        auto const& facts = want->second;
        require(found.facts.type == facts.type && found.facts.mark == facts.mark &&
                    found.facts.live == facts.live,
                "it is as it was committed");
        std::array<std::byte, abi::frame_size> content{};
        tests::fill_content(facts.seed, content);
        require(std::memcmp(content.data(), found.content.data(), content.size()) == 0,
                "its content is what was committed");
    }
    void compare_some(tests::Model const* model, std::mt19937& random) {
        for (int i = 0; i < 6; ++i) compare(1 + random() % 320, model);
    }

private:
    fuzz::KnownStore& known_;
    std::uint64_t nonce_;
    checkpoint::Engine engine_;
};

tests::Model some_changes(std::mt19937& random) {
    tests::Model changes;
    auto const frames = random() % 2 == 0 ? 20U : 300U;
    for (auto count = random() % 12 + 1; count > 0; --count)
        changes[2 + random() % frames] = {abi::FrameType::data_page, static_cast<std::uint32_t>(random() % 9),
                                          false, random() % 7};
    return changes;
}

// Two boots. What was acknowledged in the first must be there in the second.
class Run {
public:
    Run(fuzz::KnownStore& known, bool forged, std::uint32_t seed, unsigned steps)
        : known_(known), forged_(forged), random_(seed), steps_(steps) {}

    void run(bool unreadable) {
        static tests::EngineMemory memory(fuzz::limits());
        {
            Boot first(known_, 1000);
            if (!first.open(memory)) return;
            known_model_ = !forged_ && known_.model_of(first.engine().newest().raw()) != nullptr;
            if (known_model_) model_ = *known_.model_of(first.engine().newest().raw());
            for (unsigned i = 0; i < steps_; ++i) {
                step(first);
                if (known_model_) made_[first.engine().newest().raw()] = model_;
            }
            first.settle();
            newest_ = first.engine().newest();
        }
        Boot second(known_, 2000);
        auto const opened = second.open(memory);
        if (!forged_ && !unreadable) {
            require(static_cast<bool>(opened), "a store that was open opens again");
            require(second.engine().newest() >= newest_, "what was acknowledged is there");
        }
        if (!opened) return;
        second.compare_some(known_model_ ? &model_ : nullptr, random_);
        second.commit(some_changes(random_));
        second.settle();
    }

private:
    // Pins, unpins, or goes back to a checkpoint of the history.
    void travel(Boot& boot) {
        std::vector<checkpoint::CheckpointInfo> list(checkpoint::history_at_most);
        list.resize(boot.engine().history(list));
        if (list.empty()) return;
        auto const& info = list[random_() % list.size()];
        auto const at = info.generation;
        auto& engine = boot.engine();
        switch (random_() % 3) {
        case 0:
            static_cast<void>(checkpoint::pin(engine, known_.disk, at, "p" + std::to_string(random_() % 4)));
            break;
        case 1: {
            std::string const name(info.pinned ? info.pin_name() : "old");
            static_cast<void>(checkpoint::unpin(engine, known_.disk, name));
            break;
        }
        default:
            if (!checkpoint::roll_back(engine, known_.disk, at)) break;
            auto const* model = known_.model_of(at.raw());
            if (auto const own = made_.find(at.raw()); own != made_.end()) model = &own->second;
            // Of an empty checkpoint that the store made by itself nothing is known here.
            known_model_ = known_model_ && model != nullptr;
            if (known_model_) model_ = tests::Model(*model);
        }
        boot.check_turns();
    }

    void step(Boot& boot) {
        switch (random_() % 8) {
        case 0: boot.settle(); break;
        case 1: boot.compare_some(known_model_ ? &model_ : nullptr, random_); break;
        case 2: boot.engine().note_idle(); break;
        case 3: travel(boot); break;
        default:
            auto const changes = some_changes(random_);
            if (!boot.commit(changes)) break;
            for (auto const& [frame, facts] : changes) model_[frame] = facts;
        }
    }

    fuzz::KnownStore& known_;
    bool forged_;
    std::mt19937 random_;
    unsigned steps_;
    bool known_model_ = false;
    tests::Model model_;
    std::map<std::uint64_t, tests::Model> made_; // by generation
    checkpoint::Generation newest_;
};

} // namespace

STELE_FUZZ_MUTATOR(shape)

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::Input input(fuzz::bytes_of_input(data, size));
    auto const number = input.take<std::uint8_t>() % fuzz::known_stores().size();
    auto const steps = input.take<std::uint8_t>() % 48;
    auto const seed = input.take<std::uint16_t>();
    input.take<std::uint32_t>();
    auto& known = *fuzz::known_stores()[number];
    auto const forged = fuzz::forges()[number]->apply(fuzz::edits_of(input, edits_at_most));
    Run(known, forged, seed, steps).run(known.disk.has_bad());
    known.disk.reset();
    return 0;
}
