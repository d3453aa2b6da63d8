// SPDX-License-Identifier: Apache-2.0
// Requests of one engine between being wanted and being complete.
#include <store/io_queue.hpp>

namespace store {

void IoQueue::submit(Asker asker, Priority priority, Request request) {
    expects(in_use_ < slots_.size());
    expects(request.offset % sector_size == 0 && request.data.size() % sector_size == 0);
    expects((request.kind == RequestKind::flush) == request.data.empty());
    for (std::uint32_t i = 0; i < slots_.size(); ++i) {
        auto& slot = slots_[i];
        if (slot.state != State::unused) continue;
        request.tag = i;
        slot = {State::waiting, priority, asker, request, order_++};
        ++in_use_;
        ++waiting_;
        return;
    }
    unreachable();
}

void IoQueue::emit(RequestList& requests) {
    while (waiting_ > 0 && !requests.full()) {
        Slot* best = nullptr;
        for (auto& slot : slots_) {
            if (slot.state != State::waiting) continue;
            if (best == nullptr || slot.priority < best->priority ||
                (slot.priority == best->priority && slot.order < best->order))
                best = &slot;
        }
        invariant(best != nullptr);
        best->state = State::flying;
        --waiting_;
        requests.push_back(best->request);
    }
}

Asker IoQueue::complete(std::uint32_t tag) {
    expects(tag < slots_.size() && slots_[tag].state == State::flying);
    slots_[tag].state = State::unused;
    --in_use_;
    return slots_[tag].asker;
}

} // namespace store
