// SPDX-License-Identifier: Apache-2.0
// usage: bench-store STEP FOLDER [tiny]: measures one step with files in FOLDER, and prints one JSON value.
#include "steps.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace {

struct Step {
    std::string_view name;
    bench::Json (*run)(bench::Settings const&);
};

constexpr std::array steps{Step{"race", bench::race},
                           Step{"throughput", bench::throughput},
                           Step{"costs", bench::costs},
                           Step{"stream", bench::stream},
                           Step{"migrating", bench::migrating},
                           Step{"recovery", bench::recovery},
                           Step{"make-few-entries", bench::make_few_entries},
                           Step{"make-more-entries", bench::make_more_entries},
                           Step{"open-once", bench::open_once},
                           Step{"make-large", bench::make_large},
                           Step{"long-run", bench::long_run},
                           Step{"fill", bench::fill}};

} // namespace

int main(int count, char** arguments) {
    std::string_view const name = count > 2 ? arguments[1] : "";
    auto const* const step =
        std::find_if(steps.begin(), steps.end(), [&](Step const& each) { return each.name == name; });
    if (step == steps.end()) bench::give_up("usage: bench-store STEP FOLDER [tiny]");
    fmt::print("{}\n", step->run({.folder = arguments[2], .tiny = count > 3}).dump());
}
