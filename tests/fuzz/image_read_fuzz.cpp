// SPDX-License-Identifier: Apache-2.0
// A whole store, changed: opened for reading, its history, its views and its check. Whatever the bytes are,
// it answers or says what is wrong, reads a bounded number of times, and writes nothing. Damage that no hash
// forgives is never content: every frame that is given is the frame that was committed.
//   Input: u8 store, 7 bytes unused, then edits of 16 bytes (forge.hpp).
#include "forge.hpp"
#include "mutator.hpp"

namespace {

using fuzz::require;

constexpr std::size_t header = 8;
constexpr fuzz::Shape shape{header, sizeof(fuzz::Edit), nullptr};
constexpr std::size_t edits_at_most = 12;

class Views {
public:
    Views(checkpoint::OfflineStore& reader, fuzz::KnownStore const& known, bool forged)
        : reader_(reader), known_(known), forged_(forged) {}

    void all() {
        std::vector<checkpoint::CheckpointInfo> list(256);
        list.resize(std::min(list.size(), reader_.history(list)));
        for (std::size_t i = 0; i < list.size(); ++i) {
            require(i == 0 || list[i].generation < list[i - 1].generation, "history goes back");
            require(reader_.has(list[i].generation), "what history lists is there");
            view(list[i].generation);
        }
    }

private:
    void view(checkpoint::Generation at) {
        std::vector<checkpoint::FrameInfo> frames;
        auto const visited = reader_.for_each(at, [&](checkpoint::FrameInfo const& info) {
            frames.push_back(info);
            return frames.size() < 4096;
        });
        auto const* model = forged_ ? nullptr : known_.model_of(at.raw());
        for (std::size_t i = 0; i < frames.size(); i += frames.size() / 16 + 1) read(at, frames[i], model);
        if (model == nullptr) return;
        auto next = model->begin();
        for (auto const& info : frames) {
            require(next != model->end() && next->first == info.frame.number(), "a view has what was made");
            auto const& facts = next->second;
            require(info.type == facts.type && info.mark.raw() == facts.mark && info.live == facts.live,
                    "its frames are as they were made");
            ++next;
        }
        require(!visited || next == model->end(), "a view that is whole misses nothing");
    }

    void read(checkpoint::Generation at, checkpoint::FrameInfo const& info, tests::Model const* model) {
        std::array<std::byte, abi::frame_size> content{};
        store::Corruption corruption;
        auto const found = reader_.read(at, info.frame, content, &corruption);
        if (!found || model == nullptr) return;
        std::array<std::byte, abi::frame_size> want{};
        auto const facts = model->find(info.frame.number());
        if (facts == model->end()) return;
        tests::fill_content(facts->second.seed, want);
        require(std::memcmp(content.data(), want.data(), want.size()) == 0,
                "content that is given is what was committed");
    }

    checkpoint::OfflineStore& reader_;
    fuzz::KnownStore const& known_;
    bool forged_;
};

} // namespace

STELE_FUZZ_MUTATOR(shape)

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    static auto const limits = fuzz::limits();
    static tests::EngineMemory memory(limits);
    fuzz::Input input(fuzz::bytes_of_input(data, size));
    auto const number = (input.take<std::uint64_t>() & 0xff) % fuzz::known_stores().size();
    auto& known = *fuzz::known_stores()[number];
    auto const edits = fuzz::edits_of(input, edits_at_most);
    auto const forged = fuzz::forges()[number]->apply(edits);
    checkpoint::OfflineStore reader;
    if (reader.open(known.disk, memory.memory(), limits)) {
        Views(reader, known, forged).all();
        auto const live = reader.engine().for_each_live(
            [](abi::FrameId frame) { require(frame.number() != 0, "a live process has a number"); });
        static_cast<void>(live);
        tests::QuietListener quiet;
        auto const checked = reader.check(quiet);
        require(!edits.empty() || (checked && checked->findings == 0 && checked->space_balances),
                "a store as it was made has nothing to find");
    } else {
        require(!edits.empty(), "a store as it was made opens");
    }
    require(known.disk.writes() == 0, "who reads writes nothing");
    require(known.disk.requests() < 200'000, "reading ends");
    known.disk.reset();
    return 0;
}
