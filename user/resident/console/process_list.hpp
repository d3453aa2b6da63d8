// SPDX-License-Identifier: Apache-2.0
// The processes that the store was made with, as its root page lists them (abi::RootSlot::processes): found
// by their names, one at a time.
#pragma once

#include <abi/capability_types.hpp>
#include <runtime/client/process.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace console {

class ProcessList {
public:
    struct Authority {
        runtime::Slot first_page, heap, discrim;
        runtime::Slot scratch; // from here on three slots
    };
    explicit ProcessList(Authority const& authority) : authority_(authority) {}

    // The first, then the next living process; its name, which stands until the next step. None: the end.
    void restart();
    std::optional<std::string_view> next();
    // The process of that name becomes the current one; false: there is none.
    bool find(std::string_view name);

    // The current process.
    runtime::Process process() const { return {slot(Scratch::process)}; }
    // Ends the current process and the endpoints that it was made to receive from: who calls it, or waits for
    // its answer, gets void_capability.
    runtime::Result<> kill();

private:
    enum class Scratch : std::uint64_t { page = 0, item = 1, process = 2 };
    runtime::Slot slot(Scratch name) const {
        return runtime::Slot(authority_.scratch.number + static_cast<std::uint64_t>(name));
    }
    // Answers the calls whose reply entries stand in the process's capability page.
    void answer_callers();
    // The next capability of the list that is not void is in `item`.
    bool step();

    Authority authority_;
    std::uint64_t at_ = 0;         // slot of the page
    std::uint32_t pages_left_ = 0; // a list that bites its tail ends, too
    abi::CapabilityType type_{};   // of `item`
    std::array<char, 32> name_{};
};

} // namespace console
