// SPDX-License-Identifier: Apache-2.0
// F12 over snapshots, evictions and restarts: wherever the cut falls, a message is with its sender, in the
// endpoint or with its receiver, and nowhere else.
#include "fake_store.hpp"
#include "ipc_buffer_fixture.hpp"

#include <fetch/requests.hpp>
#include <fetch/supply.hpp>

namespace kernel::testing {

class BufferSnapshot : public BufferTest {
protected:
    static constexpr std::uint64_t word = 4711;

    // How many copies of the message the newest checkpoint holds.
    int copies() const {
        auto const& from = stored<abi::Process>(sender.frame);
        auto const& to = stored<abi::Process>(server.frame);
        auto const& between = stored_service();
        bool const listed = to.full_endpoint_count == 1;
        bool const kept = between.buffer_state == abi::BufferState::full;
        EXPECT_EQ(listed, kept);
        EXPECT_EQ(kept, between.buffer_words[0] == word);
        bool const unsent = from.registers.rip == at_invocation;
        bool const has = to.state == abi::RunState::ready && to.registers.rdx == word;
        return (unsent ? 1 : 0) + (kept ? 1 : 0) + (has ? 1 : 0);
    }
    template <class T>
    T const& stored(abi::FrameId frame, unsigned index = 0) const {
        auto const& content = store.committed().at(frame.raw()).content;
        return base::view<T>(base::ConstBytes(content), index * sizeof(T));
    }
    abi::Endpoint const& stored_service() const { return stored<abi::Endpoint>(service_id.frame()); }

    // The sender stands at its invocation, everything is clean.
    void prepare() {
        service_id = object_id_of(world.memory(), service);
        capability_page = world.header(server.capabilities).id;
        world.load(sender, {.slot = entry_slot, .control = send_control(), .words = {word}});
        ASSERT_NO_FATAL_FAILURE(store.checkpoint());
        ASSERT_EQ(copies(), 1);
    }
    enum class Step { send, listen };
    void act(Step step) {
        if (step == Step::send) world.repeat(sender);
        else listen();
    }

    // Another boot from the newest checkpoint: nothing is in memory but the set of live processes.
    void restart() {
        drop_all(world.kernel());
        live_again_.assign(live_processes_max, {});
        auto& queue = queues(world.kernel());
        queue = Queues();
        queue.live().start(live_again_);
        ++core(world.kernel()).boot_number;
        for (auto const& [id, image] : store.committed())
            if (image.image.live) queue.make_ready(*queue.live().enter(abi::FrameId(id)));
        ASSERT_EQ(world.memory().frames.find(server.frame), no_frame);
    }
    // Whoever is ready has its turn, and frames come as they are wanted, until the receiver has a message.
    void run_server() {
        for (int turn = 0; turn < 200; ++turn) {
            auto const frame = world.memory().frames.find(server.frame);
            if (frame != no_frame && object_view<abi::Process>(frame).state == abi::RunState::ready) return;
            world.dispatch();
            for (auto id = requests(world.kernel()).take(); id.raw() != 0;
                 id = requests(world.kernel()).take())
                supply(id);
        }
        FAIL() << "it never gets the message";
    }
    void supply(abi::FrameId id) {
        auto const& [image, content] = store.committed().at(id.raw());
        ASSERT_TRUE(supply_frame(world.kernel(), {image.id, image.type, image.mark}, content));
    }
    // The frames of what this test looks at, where they are now.
    void find_again() {
        auto const& frames = world.memory().frames;
        server.process.frame = frames.find(server.frame);
        service.frame = frames.find(service_id.frame());
        ASSERT_NE(server.process.frame, no_frame);
    }

    FakeStore store{world};
    abi::ObjectId service_id;
    abi::FrameId capability_page;

private:
    std::vector<LiveProcess> live_again_;
};

// The snapshot's instant before, between and after the two steps, its drain after them.
TEST_F(BufferSnapshot, R11_EverySnapshotHoldsExactlyOneCopy) {
    ASSERT_NO_FATAL_FAILURE(prepare());
    for (auto const step : {Step::send, Step::listen}) {
        ASSERT_NO_FATAL_FAILURE(store.begin());
        act(step);
        ASSERT_NO_FATAL_FAILURE(store.drain_all());
        ASSERT_NO_FATAL_FAILURE(store.commit());
        EXPECT_EQ(copies(), 1) << "its instant was before the step";
        ASSERT_NO_FATAL_FAILURE(store.checkpoint());
        EXPECT_EQ(copies(), 1) << "its instant is after the step";
    }
    expect_received(server, word);
    EXPECT_EQ(stored<abi::Process>(server.frame).registers.rdx, word);
}

TEST_F(BufferSnapshot, R11_BothStepsWithinASnapshot) {
    ASSERT_NO_FATAL_FAILURE(prepare());
    ASSERT_NO_FATAL_FAILURE(store.begin());
    act(Step::send);
    act(Step::listen);
    ASSERT_NO_FATAL_FAILURE(store.drain_all());
    ASSERT_NO_FATAL_FAILURE(store.commit());
    EXPECT_EQ(copies(), 1);
    EXPECT_EQ(stored_service().buffer_state, abi::BufferState::empty);
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    EXPECT_EQ(copies(), 1);
    EXPECT_EQ(stored<abi::Process>(server.frame).registers.rdx, word);
}

// R9: the words beyond the registers stand in the buffer's page, which is mapped nowhere.
TEST_F(BufferSnapshot, WordsInTheBuffersPageAreInTheNextSnapshot) {
    auto const page = world.page();
    world.give(owner, page_slot, world.to_page(page));
    ASSERT_EQ(switch_buffer(false), Error::none);
    ASSERT_EQ(switch_buffer(true, page_slot), Error::none);
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    std::vector<std::uint64_t> words(abi::message_register_words + 4);
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = word + i;
    send(sender, words);
    expect_kept(service, word);
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    auto const& kept = stored<abi::VirtualRegisters>(world.header(page).id);
    for (auto i = abi::message_register_words; i < words.size(); ++i) EXPECT_EQ(kept.words[i], words[i]);
}

// A failed commit leaves nothing behind, and loses nothing.
TEST_F(BufferSnapshot, AnAbandonedSnapshotIsMadeUpFor) {
    ASSERT_NO_FATAL_FAILURE(prepare());
    act(Step::send);
    ASSERT_NO_FATAL_FAILURE(store.begin());
    act(Step::listen);
    ASSERT_NO_FATAL_FAILURE(store.drain_all());
    store.abandon();
    EXPECT_EQ(copies(), 1);
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    EXPECT_EQ(copies(), 1);
}

// R1: on disk they are unprepared, and the audit has seen them.
TEST_F(BufferSnapshot, R1_KeptCapabilitiesAreStoredAsEverywhere) {
    ASSERT_NO_FATAL_FAILURE(prepare());
    auto const page = world.page();
    world.give(sender, 20, world.to_page(page));
    ASSERT_TRUE(page_cast(world.kernel(), kernel::page_slot(sender.capabilities, 20),
                          abi::CapabilityType::data_page));
    send(sender, {word}, {20});
    ASSERT_TRUE(IpcWorld::view(service).buffer_capabilities[0].is_prepared());
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    EXPECT_EQ(stored_service().buffer_capabilities[0], world.to_page(page));
}

TEST_F(BufferSnapshot, TheEndpointIsEvictedWhileItIsFull) {
    ASSERT_NO_FATAL_FAILURE(prepare());
    act(Step::send);
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    ASSERT_TRUE(evict_frame(world.kernel(), service.frame));
    listen();
    ASSERT_EQ(world.state(server), abi::RunState::receiving);
    ASSERT_EQ(world.place(server), Place::waiting) << "for the frame of the endpoint";
    ASSERT_NO_FATAL_FAILURE(run_server());
    expect_received(server, word);
    ASSERT_NO_FATAL_FAILURE(find_again());
    expect_empty(service);
}

// While the receiver waits for the frame of one endpoint, nobody overtakes the message in another.
TEST_F(BufferSnapshot, NobodyOvertakesAMessageWhoseReceiverWaitsForAFrame) {
    ASSERT_NO_FATAL_FAILURE(prepare());
    auto const second = world.endpoint(&server);
    manage(second);
    ASSERT_EQ(switch_buffer(true), Error::none);
    act(Step::send);
    world.give_entry(other, entry_slot, second);
    send(other, {1});
    ASSERT_TRUE(went_on(other));
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    ASSERT_TRUE(evict_frame(world.kernel(), service.frame));
    listen();
    ASSERT_EQ(world.state(server), abi::RunState::receiving);
    send(other, {2});
    EXPECT_TRUE(waits(other));
    ASSERT_NO_FATAL_FAILURE(run_server());
    expect_received(server, word);
    listen();
    expect_received(server, 1);
    world.repeat(other);
    listen();
    expect_received(server, 2);
}

TEST_F(BufferSnapshot, R16_ARestartWithAFullBufferAndABusyReceiver) {
    ASSERT_NO_FATAL_FAILURE(prepare());
    act(Step::send);
    world.load(server, {.control = receive_control()});
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    ASSERT_NO_FATAL_FAILURE(restart());
    ASSERT_NO_FATAL_FAILURE(run_server()); // it is where it was
    for (auto const id : {server.frame, capability_page, service_id.frame()})
        if (world.memory().frames.find(id) == no_frame) supply(id);
    ASSERT_NO_FATAL_FAILURE(find_again());
    world.repeat(server);
    expect_received(server, word);
    expect_empty(service);
}

// The snapshot falls while the receiver waits for the frame of the full endpoint: nobody else would wake it.
TEST_F(BufferSnapshot, R16_ARestartWhileTheReceiverFetchesTheEndpoint) {
    ASSERT_NO_FATAL_FAILURE(prepare());
    act(Step::send);
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    ASSERT_TRUE(evict_frame(world.kernel(), service.frame));
    listen();
    ASSERT_EQ(world.state(server), abi::RunState::receiving);
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    EXPECT_TRUE(store.committed().at(server.frame.raw()).image.live);
    ASSERT_NO_FATAL_FAILURE(restart());
    ASSERT_NO_FATAL_FAILURE(run_server());
    ASSERT_NO_FATAL_FAILURE(find_again());
    expect_received(server, word);
    expect_empty(service);
    EXPECT_FALSE((world.object_of(server).state = abi::RunState::receiving, server.process->is_live()));
}

// Queues, tables and clean frames are thrown away after every step.
TEST_F(BufferSnapshot, AmnesiaLosesNothing) {
    send(sender, {word});
    forget_caches(world.kernel());
    send(other, {2});
    ASSERT_TRUE(waits(other));
    forget_caches(world.kernel());
    listen();
    expect_received(server, word);
    world.repeat(other);
    forget_caches(world.kernel());
    listen();
    expect_received(server, 2);
    world.expect_sound();
}

// R15: what the kernel would go by or deliver must be what it could have written.
TEST_F(BufferSnapshot, R15_ForgedBuffersAreRefused) {
    ASSERT_NO_FATAL_FAILURE(prepare());
    ASSERT_EQ(switch_buffer(true), Error::none);
    auto const full_of = [](std::uint64_t words, std::uint64_t capabilities) {
        return Control().with<Control::Words>(words).with<Control::Capabilities>(capabilities).raw();
    };
    using State = abi::BufferState;
    auto const page = world.to_page(world.page());
    struct {
        std::string_view rule;
        void (*forge)(abi::Endpoint&, std::uint64_t control, abi::Capability page);
        std::uint64_t control;
    } const cases[] = {
        {"", [](auto& e, auto c, auto) { e.buffer_state = State::full, e.buffer_control = c; },
         full_of(8, 4)},
        {"", [](auto& e, auto, auto p) { e.buffer_page = p; }, 0},
        {"unknown buffer state", [](auto& e, auto, auto) { e.buffer_state = static_cast<State>(3); }, 0},
        {"empty buffer with content", [](auto& e, auto c, auto) { e.buffer_control = c; }, full_of(1, 0)},
        {"empty buffer with content", [](auto& e, auto, auto) { e.buffer_words[7] = 1; }, 0},
        {"empty buffer with content", [](auto& e, auto, auto p) { e.buffer_capabilities[3] = p; }, 0},
        {"buffer is off and not empty",
         [](auto& e, auto, auto p) { e.buffer_state = State::off, e.buffer_page = p; }, 0},
        {"buffer is off and not empty",
         [](auto& e, auto, auto) { e.buffer_state = State::off, e.buffer_words[0] = 1; }, 0},
        {"single-use endpoint with a buffer", [](auto& e, auto, auto) { e.payload_match = 1; }, 0},
        {"buffer page is not a data page",
         [](auto& e, auto, auto) { e.buffer_page = abi::Capability::number(0, 1); }, 0},
        {"buffer holds more than its message",
         [](auto& e, auto c, auto) {
             e.buffer_state = State::full, e.buffer_control = c, e.buffer_words[2] = 1;
         },
         full_of(2, 0)},
        {"buffer holds more than its message",
         [](auto& e, auto c, auto p) {
             e.buffer_state = State::full, e.buffer_control = c, e.buffer_capabilities[1] = p;
         },
         full_of(2, 1)},
        {"buffer of a long message without a page",
         [](auto& e, auto c, auto) { e.buffer_state = State::full, e.buffer_control = c; }, full_of(9, 0)},
        {"malformed control word in the buffer",
         [](auto& e, auto c, auto p) {
             e.buffer_state = State::full, e.buffer_control = c, e.buffer_page = p;
         },
         full_of(65, 0)},
        {"malformed control word in the buffer",
         [](auto& e, auto c, auto) { e.buffer_state = State::full, e.buffer_control = c; }, full_of(1, 5)},
        {"malformed control word in the buffer",
         [](auto& e, auto c, auto) { e.buffer_state = State::full, e.buffer_control = c; },
         Control().with<Control::Kind>(3).raw()},
        {"reserved bits are set", [](auto& e, auto, auto) { e.reserved1[2] = 1; }, 0},
    };
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    auto const mark = store.committed().at(service_id.frame().raw()).image.mark;
    for (auto const& [rule, forge, control] : cases) {
        auto content = store.committed().at(service_id.frame().raw()).content;
        forge(base::view<abi::Endpoint>(base::Bytes(content), 0), control, page);
        EXPECT_EQ(check_structure(abi::FrameType::endpoint, mark, content).rule, rule);
    }
    auto content = store.committed().at(server.frame.raw()).content;
    base::view<abi::Process>(base::Bytes(content), 0).full_endpoint_count = abi::process_full_endpoints + 1;
    EXPECT_EQ(check_structure(abi::FrameType::process, mark, content).rule, "too many full endpoints");
}

} // namespace kernel::testing
