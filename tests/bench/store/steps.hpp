// SPDX-License-Identifier: Apache-2.0
// The steps of the bench: each makes its files in a folder of its own and returns what it measured.
#pragma once

#include "bench.hpp"

namespace bench {

struct Settings {
    std::string folder;
    bool tiny = false; // few and small: does it work?

    // One of two sizes.
    template <class T>
    T pick(T usual, T small) const {
        return tiny ? small : usual;
    }
};

Json race(Settings const& settings);       // latencies against the host and other stores (P10 to P13)
Json throughput(Settings const& settings); // 1,000 pages and one page a commit over a large set
Json costs(Settings const& settings);      // bytes and flushes (P15, P17, P18), memory (P24)
Json stream(Settings const& settings);     // append bandwidth (P14)
Json migrating(Settings const& settings);  // bandwidth while migrating and not (P25)
Json recovery(Settings const& settings);   // P22
// P23: open_once under a counter of instructions, after each of the others.
Json make_few_entries(Settings const& settings);
Json make_more_entries(Settings const& settings);
Json open_once(Settings const& settings);
Json long_run(Settings const& settings);   // P16
Json make_large(Settings const& settings); // a long store with little in it, for its memory; it stays
Json fill(Settings const& settings);       // a full store, for `stele check`; it stays

} // namespace bench
