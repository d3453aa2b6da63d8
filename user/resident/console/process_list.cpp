// SPDX-License-Identifier: Apache-2.0
// Steps over the pages of the list. What is void is passed over: processes that were killed stay listed.
#include "process_list.hpp"

#include <abi/boot_slots.hpp>
#include <abi/objects/capability_page.hpp>
#include <abi/objects/process.hpp>
#include <runtime/client/capability_page.hpp>
#include <runtime/client/discrim.hpp>
#include <runtime/client/endpoint.hpp>
#include <runtime/client/heap.hpp>
#include <runtime/request.hpp>

#include <bit>

namespace console {

namespace {

constexpr std::uint32_t pages_max = 256;
constexpr std::uint64_t first_slot = 1;

} // namespace

void ProcessList::restart() {
    static_cast<void>(runtime::copy_capability(slot(Scratch::page), authority_.first_page));
    at_ = first_slot;
    pages_left_ = pages_max;
}

bool ProcessList::step() {
    runtime::CapabilityPage const page{slot(Scratch::page)};
    runtime::Discrim const discrim{authority_.discrim};
    while (pages_left_ != 0) {
        if (at_ == abi::process_list_end) {
            --pages_left_;
            at_ = first_slot;
            if (page.fetch(abi::process_list_end, slot(Scratch::page)).failed()) break;
            continue;
        }
        if (page.fetch(at_++, slot(Scratch::item)).failed()) break;
        auto const found = discrim.classify(slot(Scratch::item));
        if (found.failed()) continue;
        type_ = static_cast<abi::CapabilityType>(found->type);
        if (type_ != abi::CapabilityType::null) return true;
    }
    pages_left_ = 0;
    return false;
}

std::optional<std::string_view> ProcessList::next() {
    while (step()) {
        if (type_ != abi::CapabilityType::process) continue;
        auto const told = runtime::Process{slot(Scratch::item)}.name();
        if (told.failed()) continue;
        name_ = std::bit_cast<std::array<char, 32>>(
            std::array{told->text0, told->text1, told->text2, told->text3});
        std::size_t length = 0;
        while (length < name_.size() && name_[length] != 0) ++length;
        return std::string_view(name_.data(), length);
    }
    return {};
}

bool ProcessList::find(std::string_view name) {
    restart();
    while (auto const found = next()) {
        if (*found != name) continue;
        return !runtime::copy_capability(slot(Scratch::process), slot(Scratch::item)).failed();
    }
    return false;
}

// A cut between two of these steps leaves a process that is stopped and can be killed again.
runtime::Result<> ProcessList::kill() {
    TRY(process().stop());
    while (step() && type_ != abi::CapabilityType::process) {
        if (type_ != abi::CapabilityType::endpoint) continue;
        TRY(runtime::Endpoint{slot(Scratch::item)}.revoke());
    }
    answer_callers();
    return runtime::Heap{authority_.heap}.destroy(slot(Scratch::process));
}

// A capability space of several pages is not searched: no program that a description makes has one.
void ProcessList::answer_callers() {
    constexpr auto space = static_cast<std::uint64_t>(abi::ProcessSlot::capability_space);
    runtime::CapabilityPage const page{slot(Scratch::page)};
    if (process().get_slot(space, slot(Scratch::page)).failed()) return;
    for (std::uint64_t at = first_slot; at < abi::capabilities_per_page; ++at) {
        if (page.fetch(at, slot(Scratch::item)).failed()) return;
        auto const found = runtime::Discrim{authority_.discrim}.awaited(slot(Scratch::item));
        if (found.failed() || !found->awaited) continue;
        runtime::answer(slot(Scratch::item),
                        runtime::Result<>(runtime::fail(runtime::Error::void_capability)));
    }
}

} // namespace console
