// SPDX-License-Identifier: Apache-2.0
// Movement of processes between run queues, wait queues and the queue of sleepers.
#include <sched/queues.hpp>

#include <bit>

namespace kernel {

namespace {

// Sixteen bits of an endpoint's identifier: enough to leave most other senders asleep; a false match only
// makes a sender try once more.
std::uint16_t fold(abi::ObjectId endpoint) {
    auto const mixed = endpoint.raw() * 0x9e37'79b9'7f4a'7c15u;
    return static_cast<std::uint16_t>(mixed >> 48);
}

} // namespace

std::uint32_t Queues::bucket_of(WaitKey key) {
    return static_cast<std::uint32_t>((key.raw() * 0x9e37'79b9'7f4a'7c15u) >> 54) % wait_bucket_count;
}

void Queues::unlink(LiveIndex index) {
    auto& entry = live_[index];
    switch (entry.place) {
    case Place::free: unreachable();
    case Place::idle: return;
    case Place::running:
        running_ = no_process;
        reschedule_ = true;
        break;
    case Place::ready: {
        auto& head = ready_[entry.priority];
        list(head).remove(index);
        if (head.empty()) ready_mask_ &= ~(1u << entry.priority);
        break;
    }
    case Place::waiting: list(waiting_[bucket_of(WaitKey::from_raw(entry.key))]).remove(index); break;
    case Place::sleeping: list(sleeping_).remove(index); break;
    }
    entry.place = Place::idle;
    entry.key = 0;
}

void Queues::make_ready(LiveIndex index) {
    auto& entry = live_[index];
    if (entry.place == Place::ready) return;
    unlink(index);
    entry.place = Place::ready;
    list(ready_[entry.priority]).push_back(index);
    ready_mask_ |= 1u << entry.priority;
    if (running_ == no_process || entry.priority > live_[running_].priority) reschedule_ = true;
}

void Queues::preempt_running() {
    expects(running_ != no_process);
    auto const index = running_;
    auto& entry = live_[index];
    unlink(index);
    entry.place = Place::ready;
    list(ready_[entry.priority]).push_front(index);
    ready_mask_ |= 1u << entry.priority;
}

void Queues::end_slice() {
    if (running_ == no_process || !has_ready_at(live_[running_].priority)) return;
    make_ready(running_);
    reschedule_ = true;
}

void Queues::block(LiveIndex index, WaitKey key, abi::ObjectId endpoint) {
    expects(!key.empty());
    unlink(index);
    auto& entry = live_[index];
    entry.place = Place::waiting;
    entry.key = key.raw();
    entry.endpoint = fold(endpoint);
    list(waiting_[bucket_of(key)]).push_back(index);
}

void Queues::sleep(LiveIndex index, std::uint64_t wake_time) {
    unlink(index);
    auto& entry = live_[index];
    entry.place = Place::sleeping;
    entry.key = wake_time;
    // Late sleepers are usually the last to wake: the search starts at the end.
    auto after = sleeping_.tail;
    while (after != no_process && live_[after].key > wake_time) after = live_[after].link.previous;
    if (after == no_process) return list(sleeping_).push_front(index);
    auto const next = live_[after].link.next;
    if (next == no_process) return list(sleeping_).push_back(index);
    entry.link = {after, next};
    live_[after].link.next = index;
    live_[next].link.previous = index;
    ++sleeping_.count;
}

void Queues::set_priority(LiveIndex index, std::uint8_t priority) {
    expects(priority < abi::priority_count);
    bool const queued = live_[index].place == Place::ready;
    if (queued) unlink(index);
    live_[index].priority = priority;
    if (queued) make_ready(index);
}

void Queues::forget_priorities() {
    for (LiveIndex index = 0; index < live_.end(); ++index)
        if (live_[index].place != Place::free) forget_priority(index);
    reschedule_ = true;
}

void Queues::retire(LiveIndex index) { unlink(index); }

template <class Matches>
void Queues::wake_matching(WaitKey key, Matches matches) {
    auto& head = waiting_[bucket_of(key)];
    for (auto at = head.head; at != no_process;) {
        auto const next = live_[at].link.next;
        if (live_[at].key == key.raw() && matches(live_[at])) make_ready(at);
        at = next;
    }
}

void Queues::wake_all(WaitKey key) {
    wake_matching(key, [](LiveProcess const&) { return true; });
}

void Queues::wake_senders_through(abi::FrameId receiver, abi::ObjectId endpoint) {
    wake_matching(WaitKey::receiver(receiver),
                  [tag = fold(endpoint)](LiveProcess const& sender) { return sender.endpoint == tag; });
}

bool Queues::anybody_waits(WaitKey key) const {
    auto at = waiting_[bucket_of(key)].head;
    while (at != no_process && live_[at].key != key.raw()) at = live_[at].link.next;
    return at != no_process;
}

void Queues::wake_sleepers(std::uint64_t now) {
    while (!sleeping_.empty() && live_[sleeping_.head].key <= now) make_ready(sleeping_.head);
}

std::uint64_t Queues::first_wake_time() const { return sleeping_.empty() ? 0 : live_[sleeping_.head].key; }

LiveIndex Queues::take_next() {
    expects(running_ == no_process);
    if (ready_mask_ == 0) return no_process;
    auto const priority = static_cast<unsigned>(std::bit_width(ready_mask_) - 1);
    auto const index = list(ready_[priority]).pop_front();
    if (ready_[priority].empty()) ready_mask_ &= ~(1u << priority);
    live_[index].place = Place::running;
    running_ = index;
    return index;
}

void Queues::switch_to(LiveIndex next) {
    expects(running_ != no_process && live_[next].place == Place::idle);
    live_[running_].place = Place::idle;
    live_[next].place = Place::running;
    running_ = next;
}

void Queues::drop() {
    for (LiveIndex index = 0; index < live_.end(); ++index) {
        auto const place = live_[index].place;
        if (place == Place::waiting || place == Place::sleeping) make_ready(index);
    }
}

} // namespace kernel
