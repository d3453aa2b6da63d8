// SPDX-License-Identifier: Apache-2.0
// Judging what a store makes of damage.
#include "verdict.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace tests {

void Counts::add(Verdict const& verdict) {
    ++of[static_cast<std::size_t>(verdict.outcome)];
    booted += verdict.booted ? 1 : 0;
}

Counts& Counts::operator+=(Counts const& other) {
    for (std::size_t i = 0; i < of.size(); ++i) of[i] += other.of[i];
    booted += other.booted;
    return *this;
}

void Counts::print(std::string const& name) const {
    std::printf("%-16s", name.c_str());
    for (std::size_t i = 0; i < of.size(); ++i)
        std::printf(" %s %lu,", std::string(outcome_names[i]).c_str(), of[i]);
    std::printf(" crash 0, hang 0; booted %lu\n", booted);
}

class Judge::Listener final : public checkpoint::CheckListener {
public:
    void report(store::Corruption const& corruption) override {
        if (corruption.is_damage()) ++damage;
        else ++notes;
    }
    void progress(checkpoint::CheckPhase, std::uint64_t, std::uint64_t) override {}
    std::uint64_t damage = 0, notes = 0;
};

Judge::Judge(Scene const& scene, UndoDisk& disk)
    : scene_(scene), disk_(disk), memory_(small_limits(scene_segments)), live_(LiveRanges::of(scene.image)) {
    checkpoint::OfflineStore reader;
    if (reader.open(disk_, memory_.memory(), small_limits(scene_segments))) views_ = views_of(reader);
}

std::vector<Judge::View> Judge::views_of(checkpoint::OfflineStore& reader) {
    std::vector<checkpoint::CheckpointInfo> list(checkpoint::history_at_most);
    list.resize(reader.history(list));
    std::vector<View> views;
    for (auto const& info : list) {
        View view{info.generation, {}};
        auto const walked = reader.for_each(info.generation, [&](checkpoint::FrameInfo const& frame) {
            view.frames.push_back(frame);
            return true;
        });
        if (walked) views.push_back(std::move(view));
    }
    return views;
}

std::string Judge::compare_with_models() {
    std::vector<std::byte> want(abi::frame_size);
    for (auto const& view : views_) {
        auto const name = "checkpoint " + std::to_string(view.at.counter());
        auto const content = scene_.contents.find(view.at.raw());
        if (content == scene_.contents.end()) return name + " was never made";
        auto const& model = scene_.models[content->second];
        if (view.frames.size() != model.size()) return name + " has other frames";
        for (auto const& frame : view.frames) {
            auto const facts = model.find(frame.frame.number());
            if (facts == model.end()) return name + " has other frames";
            fill_content(facts->second.seed, want);
            auto const right =
                frame.zero ? facts->second.seed == 0
                           : std::memcmp(want.data(), scene_.image.data() + frame.offset, want.size()) == 0;
            if (!right || facts->second.type != frame.type || facts->second.mark != frame.mark.raw() ||
                facts->second.live != frame.live)
                return name + " has another frame " + std::to_string(frame.frame.number());
        }
    }
    if (views_.empty() || scene_.contents.at(views_.front().at.raw()) != scene_.number)
        return "another checkpoint is in force";
    return {};
}

std::string Judge::compare_view(checkpoint::OfflineStore& reader, View const& view, bool& damaged) {
    auto const name = "checkpoint " + std::to_string(view.at.counter());
    auto next = view.frames.begin();
    bool same = true;
    auto const walked = reader.for_each(view.at, [&](checkpoint::FrameInfo const& frame) {
        same = next != view.frames.end() && next->frame == frame.frame && next->type == frame.type &&
               next->mark == frame.mark && next->live == frame.live && next->zero == frame.zero &&
               next->offset == frame.offset && next->hash == frame.hash;
        ++next;
        return same;
    });
    if (!walked) {
        damaged = true;
        return {};
    }
    if (!same || next != view.frames.end()) return name + " has other frames";
    std::vector<std::byte> content(abi::frame_size);
    for (auto const& frame : view.frames) {
        if (frame.zero || !spoilt_.contains(frame.offset)) continue;
        auto const read = reader.read(view.at, frame.frame, std::span<std::byte, abi::frame_size>(content));
        if (read.error != abi::Error::corrupt) return name + " gives a spoilt frame";
        damaged = true;
    }
    return {};
}

// Into the checkpoint before, where the newest is not whole and no root slot knows it; and from what is lost
// in both its places to what is readable, told as damage.
bool Judge::told_of_step_back(checkpoint::RecoveryReport const& report, std::size_t back, bool reported,
                              Damage const& damage) const {
    if (back == 0 || (report.torn && !scene_.noted && back == 1)) return true;
    return damage.both && report.lost_acknowledged && reported;
}

Verdict Judge::read(Damage const& damage) {
    Listener listener;
    checkpoint::OfflineStore reader;
    auto const opened = reader.open(disk_, memory_.memory(), small_limits(scene_segments), &listener);
    if (opened.error == abi::Error::corrupt) return {Outcome::reported, {}, false};
    if (!opened) return silent("open: " + std::string(abi::describe(opened.error).name));
    auto const report = reader.recovery();
    auto const checked = reader.check(listener);
    if (!checked) return silent("check: " + std::string(abi::describe(checked.error).name));
    auto const force = report.generation;
    auto first = std::find_if(views_.begin(), views_.end(), [&](auto const& one) { return one.at == force; });
    if (first == views_.end()) return silent("a checkpoint is in force that was never made");
    auto const back = static_cast<std::size_t>(first - views_.begin());
    auto const never_noted = back > 0 && damage.never_noted == std::prev(first)->at;
    if (!never_noted && !told_of_step_back(report, back, listener.damage > 0, damage))
        return silent("an older checkpoint is in force");
    bool damaged = false;
    for (; first != views_.end(); ++first) {
        if (!reader.has(first->at)) {
            // Their table is one of the things that stand twice.
            if (!damage.both) return silent("a retained checkpoint is gone");
            damaged = true;
            continue;
        }
        if (auto const text = compare_view(reader, *first, damaged); !text.empty()) return silent(text);
    }
    if (damaged && listener.damage == 0) return silent("damage was found only by who looked at it");
    if (back != 0 && listener.damage == 0 && !report.torn) return {Outcome::never_noted, {}, false};
    if (back != 0) return {Outcome::fell_back, {}, false};
    // Who only reads may do without what stood there; it is not there twice all the same.
    if (damaged || (damage.both && listener.damage > 0)) return {Outcome::reported, {}, false};
    if (listener.damage > 0) return {Outcome::repaired, {}, false};
    auto const& bytes = damage.bytes;
    auto const live = std::any_of(bytes.begin(), bytes.end(), [&](auto byte) { return live_.covers(byte); });
    return {live ? Outcome::rewritten : Outcome::harmless, {}, false};
}

// The newest checkpoint as it should be, but for frames that are spoilt, or whose node of the map is.
std::string Judge::compare_newest(ReferenceStore& store, bool both) {
    std::vector<std::byte> want(abi::frame_size);
    auto const& before = views_.front().frames;
    for (auto const& [frame, facts] : store.models()[store.acknowledged()]) {
        auto const found = fetch_frame(store.engine(), disk_, frame);
        auto const name = "boot: frame " + std::to_string(frame);
        if (found.error == abi::Error::corrupt) {
            auto const was = std::find_if(before.begin(), before.end(),
                                          [&](auto const& one) { return one.frame.number() == frame; });
            if (both || (was != before.end() && spoilt_.contains(was->offset))) continue;
            return name + " is corrupt";
        }
        fill_content(facts.seed, want);
        if (found.error != abi::Error::none || found.content != want || found.facts.type != facts.type ||
            found.facts.mark != facts.mark || found.facts.live != facts.live)
            return name + " differs";
    }
    return {};
}

// Boots, commits until it folds, boots again.
std::string Judge::live_on(bool both) {
    ReferenceStore store(disk_, small_limits(scene_segments));
    Listener listener;
    auto const opened = store.open(500, &listener);
    if (opened.error == abi::Error::corrupt) return {};
    if (!opened) return "boot: " + std::string(abi::describe(opened.error).name);
    auto const content = scene_.contents.find(store.engine().newest().raw());
    if (content == scene_.contents.end()) return "boot: a checkpoint that was never made is in force";
    store.adopt(scene_.models, content->second);
    if (auto const text = compare_newest(store, both); !text.empty()) return text;
    std::mt19937_64 random(disk_.digest());
    for (int i = 0; i < 10; ++i)
        if (auto const done = store.commit(scene_changes(random, 20, 3)); !done)
            return both && done.error == abi::Error::corrupt
                       ? ""
                       : "commit: " + std::string(abi::describe(done.error).name);
    store.settle();
    if (!store.open(501, &listener)) return "second boot";
    return compare_newest(store, both);
}

bool Judge::written_anew(std::vector<std::uint64_t> const& bytes) {
    auto const bad = disk_.image();
    {
        ReferenceStore store(disk_, small_limits(scene_segments));
        if (!store.open(500)) return false;
    }
    for (auto const byte : bytes)
        if (live_.covers(byte) && disk_.image()[byte] != bad[byte]) return true;
    return false;
}

Verdict Judge::judge(Damage const& damage, bool boot) {
    auto const& bytes = damage.bytes;
    if (bytes.empty()) return {Outcome::no_difference, {}, false};
    spoilt_.clear();
    for (auto const& view : views_)
        for (auto const& frame : view.frames) {
            auto const at = std::lower_bound(bytes.begin(), bytes.end(), frame.offset);
            if (!frame.zero && at != bytes.end() && *at < frame.offset + abi::frame_size)
                spoilt_.insert(frame.offset);
        }
    auto const level = disk_.level();
    auto verdict = read(damage);
    if (verdict.outcome == Outcome::rewritten && !written_anew(bytes))
        verdict = silent("nothing is told of what is referred to, and a boot leaves it");
    disk_.undo_to(level);
    if (verdict.outcome == Outcome::silent || !boot) return verdict;
    if (auto text = live_on(damage.both); !text.empty()) verdict = silent(std::move(text));
    verdict.booted = true;
    disk_.undo_to(level);
    return verdict;
}

} // namespace tests
