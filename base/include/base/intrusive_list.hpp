// SPDX-License-Identifier: Apache-2.0
// A doubly linked list over an array: links are indices, so that nothing points and any
// table can be moved or audited.
//   Invariant: head == none <=> tail == none;  next(prev(x)) == x for every x with a predecessor.
#pragma once

#include <base/contract.hpp>

#include <cstdint>

namespace base {

struct ListLink {
    static constexpr std::uint32_t none = 0xffffffff;
    std::uint32_t previous = none;
    std::uint32_t next = none;
};

struct ListHead {
    std::uint32_t head = ListLink::none;
    std::uint32_t tail = ListLink::none;
    std::uint32_t count = 0;
    constexpr bool empty() const { return head == ListLink::none; }
};

// `link(index)` gives the ListLink& of an element. An element is in at most one list through one link.
template <class LinkOf>
class IndexList {
public:
    constexpr IndexList(ListHead& head, LinkOf link) : head_(head), link_(link) {}

    constexpr void push_back(std::uint32_t index) {
        auto& link = link_(index);
        link = ListLink{head_.tail, ListLink::none};
        if (head_.tail == ListLink::none) head_.head = index;
        else link_(head_.tail).next = index;
        head_.tail = index;
        ++head_.count;
    }

    constexpr void push_front(std::uint32_t index) {
        auto& link = link_(index);
        link = ListLink{ListLink::none, head_.head};
        if (head_.head == ListLink::none) head_.tail = index;
        else link_(head_.head).previous = index;
        head_.head = index;
        ++head_.count;
    }

    constexpr void remove(std::uint32_t index) {
        expects(head_.count > 0);
        auto& link = link_(index);
        if (link.previous == ListLink::none) head_.head = link.next;
        else link_(link.previous).next = link.next;
        if (link.next == ListLink::none) head_.tail = link.previous;
        else link_(link.next).previous = link.previous;
        link = ListLink{};
        --head_.count;
    }

    // The first element, taken off; ListLink::none when the list is empty.
    constexpr std::uint32_t pop_front() {
        auto const first = head_.head;
        if (first != ListLink::none) remove(first);
        return first;
    }

private:
    ListHead& head_;
    LinkOf link_;
};

} // namespace base
