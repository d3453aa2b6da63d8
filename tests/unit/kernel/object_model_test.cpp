// SPDX-License-Identifier: Apache-2.0
// Versions, retyping and collection against objects by age (R2, R3, R4, R6): random creations, copies of
// capabilities into the slots of every kind of object, destructions, retyping, collections, snapshots,
// evictions and restarts. After each step no capability designates an object of another age, and every
// capability to a living one does.
//   STELE_WORLDS=N   worlds (a million steps are 500)
//   STELE_SEED=S     the seed of the first world; a failure prints the line that replays its world alone
#include "model_replay.hpp"
#include "object_model.hpp"

#include <cstdio>

namespace kernel::testing {

namespace {

constexpr int steps_per_world = 2000;
constexpr int steps_per_full_check = 50;
constexpr std::size_t persistent_frames = 22;
constexpr std::size_t transient_frames = 3;
constexpr std::uint32_t table_sizes[] = {12, 24, 64};

struct Counts {
    std::size_t steps = 0, asked = 0, living = 0, absent = 0, created = 0, ended = 0, restarts = 0,
                commits = 0;
    std::size_t passes = 0, freed = 0, evictions = 0, retired = 0;
};

class Ages {
public:
    Ages(std::uint64_t seed, Counts& counts) : random_(seed), counts_(counts) {
        table_entries_ = table_sizes[pick(std::size(table_sizes))];
        for (std::size_t i = 0; i < persistent_frames; ++i) {
            frames_.emplace_back();
            frames_[i].id = abi::FrameId::persistent(100 + i);
        }
        start({});
        // Some frames are near their last version.
        for (std::size_t i = 0; i < persistent_frames; i += 7)
            static_cast<void>(install_absent(kernel(), frames_[i].id, abi::Version(abi::Version::last - 8)));
    }
    ~Ages() { end(); }
    Ages(Ages const&) = delete;
    Ages& operator=(Ages const&) = delete;

    void run() {
        for (int step = 0; step < steps_per_world; ++step) {
            Replay::step = step;
            ASSERT_NO_FATAL_FAILURE(change()) << Replay::line() << ", step " << step;
            ASSERT_NO_FATAL_FAILURE(check_some()) << Replay::line() << ", step " << step;
            ++counts_.steps;
            if (step % steps_per_full_check != 0) continue;
            ASSERT_NO_FATAL_FAILURE(check_all()) << Replay::line() << ", step " << step;
        }
    }

private:
    Kernel& kernel() { return boot_->world.kernel(); }
    World& world() { return boot_->world; }
    std::uint64_t pick(std::uint64_t count) { return random_() % count; }
    bool one_in(std::uint64_t count) { return pick(count) == 0; }

    // --- Boots.

    void start(FakeStore::Images images) {
        boot_.emplace(++boot_number_, table_entries_, std::move(images));
        frames_.resize(persistent_frames);
        for (std::size_t i = 0; i < transient_frames; ++i) frames_.push_back(new_transient());
    }
    void end() {
        counts_.passes += objects(kernel()).collector.passes;
        counts_.freed += objects(kernel()).collector.freed;
    }
    // The power goes: what the newest commit took along is all there is.
    void restart() {
        if (!committed_) return;
        end();
        auto images = boot_->store.committed();
        boot_.reset();
        frames_ = *committed_;
        at_take_.reset();
        start(std::move(images));
        ++counts_.restarts;
    }
    AgedFrame new_transient() {
        constexpr abi::FrameType types[] = {abi::FrameType::capability_page, abi::FrameType::endpoint,
                                            abi::FrameType::process, abi::FrameType::data_page};
        AgedFrame frame;
        frame.type = types[pick(std::size(types))];
        auto const index = world().transient(frame.type);
        auto const name = world().header(index).id;
        frame.id = abi::FrameId::non_persistent(boot_number_, name.physical_frame());
        if (!abi::is_heap_frame(frame.type)) frame.ages[0] = ++last_age_;
        return frame;
    }

    // --- Frames in memory.

    FrameIndex find(std::size_t frame) {
        return world().memory().frames.find(in_memory(kernel(), frames_[frame].id));
    }
    FrameIndex at_hand(std::size_t frame) {
        auto const at = find(frame);
        return at != no_frame ? at : boot_->store.supply(frames_[frame].id);
    }
    void admit() {
        for (int i = 0; i < 3 && !admit_writes(kernel(), Urgency::normal); ++i) {
            if (!world().memory().epoch.in_flight) begin();
            boot_->store.drain_all();
            commit();
        }
    }
    void begin() {
        boot_->store.begin();
        at_take_ = frames_;
        at_take_->resize(persistent_frames);
    }
    void commit() {
        boot_->store.commit();
        committed_ = at_take_;
        ++counts_.commits;
    }
    void snapshot_step() {
        auto& epoch = world().memory().epoch;
        if (!epoch.in_flight) return begin();
        if (!drained(kernel())) return one_in(60) ? boot_->store.abandon() : boot_->store.drain_one();
        if (one_in(6)) return boot_->store.abandon();
        commit();
    }

    // --- Objects.

    std::optional<ObjectPlace> random_object(bool in_use) {
        for (int i = 0; i < 30; ++i) {
            auto const frame = pick(frames_.size());
            auto const count = AgedFrame::objects(frames_[frame].type);
            if (count == 0) continue;
            auto const object = static_cast<std::uint32_t>(pick(count));
            if ((frames_[frame].ages[object] != 0) == in_use) return ObjectPlace{frame, object};
        }
        return {};
    }
    void create() {
        auto const place = random_object(false);
        if (!place) return retype();
        auto& frame = frames_[place->frame];
        Target const target{at_hand(place->frame), place->object};
        use_object(kernel(), target, world().committed);
        if (frame.type == abi::FrameType::patt) world().shape(target, 16, 12);
        frame.ages[place->object] = ++last_age_;
        ++counts_.created;
    }
    void destroy(bool keep_content) {
        auto const place = random_object(true);
        if (!place) return;
        auto& frame = frames_[place->frame];
        Target const target{at_hand(place->frame), place->object};
        if (!versions_left(kernel(), target.frame)) return static_cast<void>(++counts_.retired);
        // A page ends with its frame; what it is goes on under another version.
        keep_content = keep_content || !abi::is_heap_frame(frame.type);
        if (keep_content) {
            raise_version(kernel(), target, world().committed);
            frame.ages[place->object] = ++last_age_;
        } else {
            destroy_object(kernel(), target, world().committed);
            frame.ages[place->object] = 0;
            frame.clear_object(place->object);
        }
        ++counts_.ended;
    }
    void retype() {
        auto const at = pick(persistent_frames);
        auto& frame = frames_[at];
        auto const index = at_hand(at);
        if (!versions_left(kernel(), index)) return static_cast<void>(++counts_.retired);
        auto const type = static_cast<abi::FrameType>(pick(abi::frame_type_count));
        retype_frame(kernel(), index, type, world().committed);
        auto const id = frame.id;
        frame = AgedFrame{};
        frame.id = id;
        frame.type = type;
        if (type == abi::FrameType::data_page || type == abi::FrameType::capability_page)
            frame.ages[0] = ++last_age_;
        ++counts_.ended;
    }
    void replace_transient() {
        auto const at = persistent_frames + pick(transient_frames);
        free_transient(kernel(), find(at));
        frames_[at] = new_transient();
        ++counts_.ended;
    }

    // --- Slots.

    std::optional<SlotPlace> random_slot() {
        for (int i = 0; i < 30; ++i) {
            auto const frame = pick(frames_.size());
            auto const each = AgedFrame::slots_each(frames_[frame].type);
            if (each == 0) continue;
            auto const object = pick(AgedFrame::objects(frames_[frame].type));
            if (frames_[frame].ages[object] != 0) return SlotPlace{frame, object * each + pick(each)};
        }
        return {};
    }
    SlotLocation location(SlotPlace place) {
        auto const type = frames_[place.frame].type;
        auto const each = AgedFrame::slots_each(type);
        Target const object{at_hand(place.frame), static_cast<std::uint32_t>(place.slot / each)};
        return object_slot(type, object, static_cast<std::uint32_t>(place.slot % each));
    }
    AgedSlot& naive(SlotPlace place) { return frames_[place.frame].slots[place.slot]; }

    // `form` is what the kernel stores: prepared or not.
    void put(SlotPlace place, abi::Capability form, AgedSlot meant) {
        auto const type = frames_[place.frame].type;
        if (type != abi::FrameType::patt) {
            world().store(location(place), form);
        } else {
            // A child as large as its parent has no place in a slot of a page.
            if (form.type() == abi::CapabilityType::patt) return;
            auto const each = AgedFrame::slots_each(type);
            auto const slot = static_cast<unsigned>(place.slot % each);
            auto const object = static_cast<std::uint32_t>(place.slot / each);
            world().set_pair({at_hand(place.frame), object}, slot,
                             form.is_null() ? 1 : std::uint64_t{slot} << 12, form);
        }
        naive(place) = meant;
    }
    void make_capability() {
        auto const to = random_slot();
        auto const object = random_object(true);
        if (!to || !object) return create();
        auto const& frame = frames_[object->frame];
        Target const target{at_hand(object->frame), object->object};
        auto const type = capability_type_for(frame.type, one_in(2));
        auto const capability =
            world().capability(type, target).with_payload(static_cast<std::uint32_t>(pick(3)));
        put(*to, capability, {on_disk(kernel(), capability), frame.ages[object->object]});
    }
    void copy() {
        auto const from = random_slot();
        auto const to = random_slot();
        if (!from || !to) return create();
        auto const source = location(*from);
        auto const target = at_hand(to->frame); // may evict the source's frame
        static_cast<void>(target);
        if (find(from->frame) != source.frame) return;
        auto form = read_slot(source);
        if (one_in(4)) form = unprepared(kernel(), form);
        put(*to, form, naive(*from));
    }

    // --- Questions.

    bool lives(AgedSlot const& slot) const {
        if (slot.age == 0) return false;
        auto const object = slot.capability.object();
        for (auto const& frame : frames_)
            if (frame.id == object.frame()) return frame.ages[object.index()] == slot.age;
        return false;
    }
    void expect_answer(AgedSlot const& slot, Result<Target> const& answer) {
        if (!slot.capability.is_null()) ++counts_.asked;
        if (!lives(slot)) {
            ASSERT_EQ(answer.error, Error::void_capability) << "a capability to what is no more";
            return;
        }
        ++counts_.living;
        ASSERT_EQ(answer.error, Error::none) << "a capability to a living object";
        auto const& header = world().header(answer->frame);
        ASSERT_EQ(header.id, in_memory(kernel(), slot.capability.object().frame()));
        ASSERT_EQ(answer->index, slot.capability.object().index());
        ASSERT_EQ(header.type, abi::row_of(slot.capability.type()).frame_type);
    }
    // As an invocation asks: what is absent is fetched, and the slot is prepared.
    void ask(SlotPlace place) {
        for (int attempt = 0; attempt < 6; ++attempt) {
            auto const answer = prepare(kernel(), location(place));
            if (answer.error != Error::absent) return expect_answer(naive(place), answer);
            ++counts_.absent;
            boot_->store.supply(core(kernel()).absent);
        }
        FAIL() << "a frame does not stay";
    }
    // Without a change of anything: the form is the slot's business, the capability is not.
    void look(SlotPlace place) {
        if (find(place.frame) == no_frame) return;
        auto const form = read_slot(location(place));
        auto const& meant = naive(place);
        ASSERT_EQ(on_disk(kernel(), unprepared(kernel(), form)), meant.capability);
        auto const answer = resolve(kernel(), form);
        if (answer.error != Error::absent) return expect_answer(meant, answer);
        ASSERT_EQ(core(kernel()).absent, meant.capability.object().frame());
    }
    void look_at_object(std::size_t frame) {
        auto const each = AgedFrame::slots_each(frames_[frame].type);
        for (std::size_t i = 0; i < each * AgedFrame::objects(frames_[frame].type); ++i)
            ASSERT_NO_FATAL_FAILURE(look({frame, i}));
    }
    // After each step: two frames' worth of slots, one after the other.
    void check_some() {
        for (int i = 0; i < 2; ++i) {
            cursor_ = (cursor_ + 1) % frames_.size();
            ASSERT_NO_FATAL_FAILURE(look_at_object(cursor_));
        }
    }
    void check_all() {
        for (std::size_t frame = 0; frame < frames_.size(); ++frame)
            ASSERT_NO_FATAL_FAILURE(look_at_object(frame));
        auto const finding = audit_caches(kernel());
        ASSERT_TRUE(finding.clean()) << finding.rule << " at " << finding.offset;
    }

    void change() {
        auto const kind = pick(1000);
        admit();
        if (kind < 100) return create();
        if (kind < 300) return make_capability();
        if (kind < 480) return copy();
        if (kind < 490) return clear();
        if (kind < 680) return ask_any();
        if (kind < 700) return destroy(false);
        if (kind < 712) return destroy(true);
        if (kind < 722) return retype();
        if (kind < 728) return replace_transient();
        if (kind < 788) return collect_step(kernel(), static_cast<std::uint32_t>(pick(600)));
        if (kind < 920) return snapshot_step();
        if (kind < 985) return evict();
        if (kind < 988) return collect_all(kernel());
        if (kind < 990) return drop_all(kernel());
        if (one_in(8)) restart();
    }
    void clear() {
        if (auto const place = random_slot()) put(*place, {}, {});
    }
    void ask_any() {
        if (auto const place = random_slot()) ask(*place);
    }
    void evict() {
        auto const at = find(pick(persistent_frames));
        if (at != no_frame && evict_frame(kernel(), at)) ++counts_.evictions;
    }

    std::mt19937_64 random_;
    Counts& counts_;
    std::uint32_t table_entries_ = 0;
    std::uint32_t boot_number_ = 0;
    Age last_age_ = 0; // never goes back, not even over a restart
    AgedFrames frames_;
    std::optional<AgedFrames> at_take_;
    std::optional<AgedFrames> committed_;
    std::optional<ObjectBoot> boot_;
    std::size_t cursor_ = 0;
};

} // namespace

TEST(ObjectModel, NothingOutlivesItsAge) {
    Counts counts;
    auto const first = seed();
    Replay replay("kernel_object_model_test", "ObjectModel.*");
    for (std::uint64_t i = 0; i < Replay::worlds(700) && !HasFailure(); ++i) {
        replay.world(first + i);
        Ages ages(first + i, counts);
        ages.run();
    }
    std::printf(
        "%zu steps, %zu created, %zu ended, %zu asked (%zu living, %zu fetched), %zu commits, %zu restarts, "
        "%zu evictions, %zu passes, %zu entries freed, %zu refused for the last version\n",
        counts.steps, counts.created, counts.ended, counts.asked, counts.living, counts.absent,
        counts.commits, counts.restarts, counts.evictions, counts.passes, counts.freed, counts.retired);
    EXPECT_GT(counts.living, counts.steps / 2);
    EXPECT_GT(counts.asked - counts.living, counts.steps / 4);
    EXPECT_GT(counts.freed, counts.steps / 150);
    EXPECT_GT(counts.restarts, counts.steps / 2000);
}

} // namespace kernel::testing
