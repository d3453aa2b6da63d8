// SPDX-License-Identifier: Apache-2.0
// One of each, and what its capability is worth before and after it is given back.
#include "goods.hpp"

#include "window.hpp"

#include <abi/objects/process.hpp>
#include <runtime/client/capability_page.hpp>
#include <runtime/client/endpoint.hpp>
#include <runtime/client/page.hpp>
#include <runtime/client/process.hpp>

namespace grower {

namespace {

using runtime::Error;
using runtime::Slot;

constexpr Slot item{GrowerSlot::item};
constexpr Slot copy{GrowerSlot::copy};
constexpr runtime::SpaceBank poor{Slot(GrowerSlot::poor_account)};
constexpr runtime::SpaceBank stranger{Slot(GrowerSlot::no_account)};

Error buy_object(abi::FrameType type) {
    return bank.allocate_object(static_cast<std::uint8_t>(type), item).error;
}

// Given back, it is nothing any more, and cannot be given back again.
bool give_back() {
    return !bank.deallocate(item).failed() && bank.deallocate(item).error == Error::no_such_object;
}

std::string_view try_capability_page() {
    constexpr std::uint64_t place = 255;
    runtime::CapabilityPage const page{item};
    if (bank.allocate_capability_page(item).failed()) return "no capability page";
    if (page.store(place, GrowerSlot::bank).failed()) return "a capability page takes nothing";
    if (page.fetch(place, copy).failed() || runtime::SpaceBank{copy}.status().failed())
        return "a capability page does not hold what was stored";
    if (!give_back()) return "a capability page is not taken back";
    if (page.fetch(place, copy).error != Error::void_capability) return "a capability page lives on";
    return {};
}

std::string_view try_endpoint() {
    if (buy_object(abi::FrameType::endpoint) != Error::none) return "no endpoint";
    if (runtime::Endpoint{item}.make_entry(1, copy).failed()) return "an endpoint makes no entry";
    if (bank.deallocate(copy).error != Error::no_such_object) return "an entry passes for its endpoint";
    if (!give_back()) return "an endpoint is not taken back";
    if (runtime::send(copy, runtime::Message(0)).error != Error::void_capability)
        return "an entry outlives its endpoint";
    return {};
}

std::string_view try_process() {
    runtime::Process const process{item};
    if (buy_object(abi::FrameType::process) != Error::none) return "no process";
    auto const state = process.state();
    if (state.failed() || state->state != static_cast<std::uint8_t>(abi::RunState::stopped))
        return "a new process is not stopped";
    if (!give_back()) return "a process is not taken back";
    if (process.state().error != Error::void_capability) return "a process lives on";
    return {};
}

// A page belongs to the account that bought it.
std::string_view try_accounts() {
    if (bank.allocate_page(item).failed()) return "no page";
    if (poor.deallocate(item).error != Error::no_such_object) return "another account gave our page back";
    if (poor.allocate_page(copy).error != Error::limit_reached) return "an account without limit got a page";
    if (stranger.deallocate(item).error != Error::no_right) return "who has no account gave a page back";
    if (stranger.allocate_page(copy).error != Error::no_right) return "who has no account got a page";
    if (runtime::Page{item}.erase().failed()) return "our page is gone";
    return give_back() ? std::string_view{} : "a page is not taken back";
}

std::string_view try_refusals() {
    if (buy_object(abi::FrameType::data_page) != Error::bad_argument) return "a page was sold as an object";
    if (buy_object(abi::FrameType::schedule) != Error::bad_argument) return "an object without heap was sold";
    if (bank.deallocate(Slot()).error != Error::no_such_object) return "nothing was taken back";
    if (bank.deallocate(GrowerSlot::process).error != Error::no_such_object)
        return "a process that was not sold was taken back";
    return {};
}

} // namespace

std::string_view try_goods(bool processes) {
    for (auto const attempt : {try_capability_page, try_endpoint, try_accounts, try_refusals})
        if (auto const wrong = attempt(); !wrong.empty()) return wrong;
    if (processes) return try_process();
    return buy_object(abi::FrameType::process) == Error::bad_argument ? std::string_view{}
                                                                      : "a process without heap was sold";
}

} // namespace grower
