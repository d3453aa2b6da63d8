// SPDX-License-Identifier: Apache-2.0
// What a store makes of silent damage, judged from outside: by its models, and by the independent reader's
// word on what is referred to.
#pragma once

#include "live_ranges.hpp"
#include "recorded_disk.hpp"
#include "scenes.hpp"

#include <array>
#include <set>
#include <string_view>

namespace tests {

enum class Outcome : std::uint8_t {
    no_difference, // the bytes are the same
    repaired,      // all is right, read from the other copy, and the damage is told
    reported,      // an error, or frames that nobody gets; all else is right
    fell_back,     // the checkpoint before an unacknowledged newest one, called torn
    rewritten,     // all is right, nothing is told of a copy that a cut may leave so; a boot writes it anew
    harmless,      // nothing refers to it
    never_noted,   // both records of a checkpoint that no root slot knows: as if it had never been made
    silent,        // none of these
};
inline constexpr std::array<std::string_view, 8> outcome_names = {
    "no difference", "repaired",    "reported", "fell back and reported", "rewritten by the next boot",
    "harmless",      "never noted", "silent"};

// What was done: to one place, or to both places of a structure that stands twice.
struct Damage {
    std::vector<std::uint64_t> bytes; // that differ, in order
    bool both = false;
    // Both records of this checkpoint, newer than any root slot says: its parent may be in force, untold, for
    // nothing on the disk says that it was ever made.
    checkpoint::Generation never_noted;
};

struct Verdict {
    Outcome outcome = Outcome::silent;
    std::string text; // why it is silent
    bool booted = false;
};

struct Counts {
    std::array<std::uint64_t, outcome_names.size()> of{};
    std::uint64_t booted = 0;
    std::uint64_t operator[](Outcome outcome) const { return of[static_cast<std::size_t>(outcome)]; }
    void add(Verdict const& verdict);
    Counts& operator+=(Counts const& other);
    void print(std::string const& name) const;
};

class Judge {
public:
    // `disk` has the scene's image, and is given damaged to judge().
    Judge(Scene const& scene, UndoDisk& disk);

    LiveRanges const& live() const { return live_; }
    // The undamaged scene against its models, every retained checkpoint; text of the first difference.
    std::string compare_with_models();
    // With `boot`, it is booted, committed to and booted again.
    Verdict judge(Damage const& damage, bool boot);

private:
    struct View {
        checkpoint::Generation at;
        std::vector<checkpoint::FrameInfo> frames;
    };
    class Listener;

    std::vector<View> views_of(checkpoint::OfflineStore& reader);
    Verdict silent(std::string text) const { return {Outcome::silent, std::move(text), false}; }
    Verdict read(Damage const& damage);
    bool told_of_step_back(checkpoint::RecoveryReport const& report, std::size_t back, bool reported,
                           Damage const& damage) const;
    // Empty: the view is as it was, but for frames that are spoilt.
    std::string compare_view(checkpoint::OfflineStore& reader, View const& view, bool& damaged);
    std::string live_on(bool both);
    std::string compare_newest(ReferenceStore& store, bool both);
    bool written_anew(std::vector<std::uint64_t> const& bytes);

    Scene const& scene_;
    UndoDisk& disk_;
    EngineMemory memory_;
    LiveRanges live_;
    std::vector<View> views_;        // newest first
    std::set<std::uint64_t> spoilt_; // offsets of blocks that have a spoilt byte
};

} // namespace tests
