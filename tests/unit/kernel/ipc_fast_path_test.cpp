// SPDX-License-Identifier: Apache-2.0
// The fast path against the long way: the same exchanges, once with each, leave the same objects behind after
// every step.
#include "fake_store.hpp"
#include "ipc_fixture.hpp"

#include <core/log.hpp>
#include <ipc/event.hpp>
#include <ipc/fast_path.hpp>
#include <mapping/evict.hpp>
#include <mapping/retire.hpp>

namespace kernel::testing {

namespace {

// What is left of a step: a digest of every object that messages go through.
using Digest = std::uint64_t;

constexpr std::uint64_t mix(std::uint64_t digest, std::uint64_t word) {
    return (digest ^ word) * 0x100'0000'01b3u + (digest >> 29);
}

constexpr std::size_t party_count = 4;
constexpr std::uint32_t first_entry = 8; // slots of a party's entries to all parties, then what is no entry
constexpr std::uint32_t reply_slot = 32;
constexpr std::uint64_t beyond = 4000;

// Parties of equal priority that send to each other whatever a random number says.
class Exchanges : public IpcWorld {
public:
    Exchanges(std::uint64_t seed, bool fast) : random_(seed), fast_(fast) {
        for (std::size_t i = 0; i < party_count; ++i)
            parties_.push_back(i == party_count - 1 ? transient_party() : party());
        for (auto const& party : parties_) {
            endpoints_.push_back(endpoint(&party));
            queues(kernel()).make_ready(queues(kernel()).live().find(party.frame));
        }
        for (auto const& holder : parties_)
            for (std::size_t i = 0; i < party_count; ++i)
                give_entry(holder, first_entry + static_cast<std::uint32_t>(i), endpoints_[i],
                           static_cast<std::uint32_t>(100 + i));
        core(kernel()).boot_number = 7;
    }

    // One system call of somebody who is ready; when nobody is, somebody gives up.
    Digest step() {
        if (below(40) == 0) disturb();
        std::vector<std::size_t> ready;
        for (std::size_t i = 0; i < party_count; ++i)
            if (place(parties_[i]) == Place::ready) ready.push_back(i);
        if (ready.empty()) give_up(below(party_count));
        else run(ready[below(ready.size())]);
        return digest();
    }

    std::size_t passed() const { return passed_; }

private:
    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

    void run(std::size_t who) {
        auto const& party = parties_[who];
        if (!put_on(party)) return;
        // Whoever was called mostly answers.
        bool const owes = control(party).get<Control::Capabilities>() != 0 && below(8) != 0;
        if (!pending_[who]) load(party, request(owes ? 4 : below(8)));
        auto const before = registers(party).rip;
        invoke_as(party);
        pending_[who] = registers(party).rip == before;
        auto& queue = queues(kernel());
        if (queue.running() != no_process) queue.make_ready(queue.running());
    }
    // It waits no longer, as if its registers had been set.
    void give_up(std::size_t who) {
        auto& process = object_of(parties_[who]);
        process.state = abi::RunState::ready;
        process.receive_control = process.wait_boot = 0;
        pending_[who] = false;
        queues(kernel()).make_ready(queues(kernel()).live().find(parties_[who].frame));
    }
    void post(std::size_t which) {
        static_cast<void>(post_event(kernel(), at(endpoints_[which]), 1 + below(7), committed));
    }

    Request request(std::uint64_t form) {
        Request request;
        request.control = Control().with<Control::ReceivePhase>(1);
        if (form < 3) request.control = request.control.with<Control::SendPhase>(1).with<Control::Call>(1);
        else if (form < 6) request.control = request.control.with<Control::SendPhase>(1);
        else if (form == 6) request.control = send_control();
        request.slot = form >= 3 && below(8) != 0 ? reply_slot : first_entry + below(party_count);
        if (below(20) == 0) request.slot = below(2) == 0 ? beyond : first_entry + party_count;
        if (below(3) == 0) request.control = request.control.with<Control::SendNonBlocking>(1);
        if (below(12) == 0) request.control = request.control.with<Control::ReceiveNonBlocking>(1);
        request.words.resize(below(10));
        for (auto& word : request.words) word = random_();
        if (below(10) == 0) request.send_slots.push_back(first_entry + below(party_count));
        auto const accepted = below(8) == 0 ? 0 : 1 + below(3);
        for (std::uint64_t i = 0; i < accepted; ++i) request.receive_slots.push_back(reply_slot + i);
        if (accepted != 0 && below(30) == 0) request.receive_slots[0] = beyond;
        return request;
    }

    // What goes on beside messages: events, ends of objects, forgotten caches.
    void disturb() {
        auto const which = below(party_count);
        switch (below(7)) {
        case 0:
            static_cast<void>(post_event(kernel(), at(endpoints_[which]), 1 + below(7), committed));
            break;
        case 1: forget_caches(kernel()); break;
        case 2:
            wake_senders(kernel(), at(endpoints_[which]));
            raise_version(kernel(), endpoints_[which], committed);
            for (auto const& holder : parties_)
                give_entry(holder, first_entry + static_cast<std::uint32_t>(which), endpoints_[which]);
            break;
        case 3: bind(endpoints_[which], parties_[below(party_count)]); break;
        case 4: give(parties_[which], reply_slot, abi::Capability::number(1, 2)); break;
        case 5: raise_version(kernel(), parties_[which].reply, committed); break;
        case 6:
            set_process_slot(
                parties_[which].process, abi::ProcessSlot::reply_endpoint,
                capability(abi::CapabilityType::endpoint, parties_[which].reply, abi::endpoint_permissions));
            break;
        }
    }

    static EndpointRef at(Target endpoint) { return {endpoint.frame, endpoint.index}; }

    // As leave() chooses it.
    bool put_on(Party const& party) {
        auto& queue = queues(kernel());
        auto const live = queue.live().find(party.frame);
        std::vector<LiveIndex> others;
        for (auto taken = queue.take_next(); taken != live; taken = queue.take_next()) {
            queue.retire(taken);
            others.push_back(taken);
        }
        for (auto const other : others) queue.make_ready(other);
        Dispatched next;
        bool const runs = prepare_running(kernel(), next);
        queue.clear_reschedule();
        static_cast<void>(kernel_log().take_news());
        return runs;
    }

    void invoke_as(Party const& party) {
        auto& object = object_of(party);
        object.registers.rip += 2;
        object.registers.rcx = object.registers.rip;
        Caller const caller{party.process, object, queues(kernel()).live().find(party.frame)};
        Dispatched next;
        if (!fast_ || !pass_message(kernel(), caller, next)) return system_call(kernel(), caller);
        ++passed_;
        EXPECT_EQ(queues(kernel()).live().frame(queues(kernel()).running()),
                  frame_id(kernel(), next.process.frame));
        EXPECT_EQ(next.object, &next.process.get());
    }

    Digest add(Digest digest, base::ConstBytes bytes) {
        for (std::size_t i = 0; i < bytes.size(); i += 8)
            digest = mix(digest, base::read<std::uint64_t>(bytes, i));
        return digest;
    }
    Digest digest() {
        Digest digest = 0;
        for (auto const& party : parties_) {
            auto process = party.process.get();
            for (auto& slot : process.slots) slot = unprepared(kernel(), slot);
            digest = add(digest, base::bytes_of(process));
            for (std::uint32_t slot = 0; slot < 64; ++slot)
                digest = mix(mix(digest, held(party, slot).word0), held(party, slot).word1);
            digest = add(digest, arch::frame_bytes(party.registers_page));
            digest = add_endpoint(digest, party.reply);
            digest = mix(digest, static_cast<std::uint64_t>(place(party)));
        }
        for (auto const endpoint : endpoints_) digest = add_endpoint(digest, endpoint);
        return digest;
    }
    Digest add_endpoint(Digest digest, Target target) {
        auto endpoint = view(target);
        endpoint.receiver = unprepared(kernel(), endpoint.receiver);
        return add(digest, base::bytes_of(endpoint));
    }

    std::mt19937_64 random_;
    bool fast_;
    std::vector<Party> parties_;
    std::vector<Target> endpoints_;
    std::array<bool, party_count> pending_{};
    std::size_t passed_ = 0;
};

} // namespace

TEST(FastPath, LeavesWhatTheLongWayLeaves) {
    constexpr std::size_t runs = 100;
    constexpr std::size_t steps = 400;
    std::size_t passed = 0;
    for (std::size_t run = 0; run < runs; ++run) {
        std::vector<Digest> digests;
        Exchanges slow(seed() + run, false);
        for (std::size_t i = 0; i < steps; ++i) digests.push_back(slow.step());
        Exchanges fast(seed() + run, true);
        for (std::size_t i = 0; i < steps; ++i)
            ASSERT_EQ(fast.step(), digests[i]) << "STELE_SEED=" << seed() + run << ", step " << i;
        passed += fast.passed();
        fast.expect_sound();
    }
    // It is not the long way in disguise.
    EXPECT_GT(passed, runs * steps / 50);
}

// A process whose reply endpoint is not in memory is not asked about at each dispatch; it is once it has
// called.
TEST(FastPath, WhatWasNotInMemoryAtADispatchIsFoundAfterACall) {
    IpcWorld world;
    FakeStore store(world);
    auto& kernel = world.kernel();
    auto const caller = world.party();
    auto const server = world.party();
    world.give_entry(caller, first_entry, world.endpoint(&server));
    ASSERT_TRUE(prepare(kernel, page_slot(caller.capabilities, first_entry)));
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    auto const reply = frame_id(kernel, caller.reply.frame);
    ASSERT_TRUE(evict_frame(kernel, caller.reply.frame));
    auto const live = queues(kernel).live().find(caller.frame);
    auto const standing = [&] { return standings(kernel).find(kernel, live, caller.process.frame); };
    queues(kernel).make_ready(live);
    EXPECT_EQ(world.dispatch(), caller.frame);
    ASSERT_NE(standing(), nullptr);
    EXPECT_TRUE(standing()->incomplete);

    auto const call = [&] {
        auto const control = call_control().with<Control::SendPhase>(1).with<Control::ReceivePhase>(1);
        world.load(caller, {.slot = first_entry, .control = control});
        queues(kernel).clear_reschedule();
        static_cast<void>(kernel_log().take_news());
        Dispatched next;
        return pass_message(kernel, {caller.process, world.object_of(caller), live}, next);
    };
    EXPECT_FALSE(call());
    EXPECT_EQ(standing(), nullptr);
    store.supply(reply);
    EXPECT_EQ(world.dispatch(), caller.frame);
    ASSERT_NE(standing(), nullptr);
    EXPECT_FALSE(standing()->incomplete);
    EXPECT_NE(standing()->reply.frame, no_frame);
    EXPECT_FALSE(call()); // the server does not wait for it
    EXPECT_NE(standing(), nullptr);
}

} // namespace kernel::testing
