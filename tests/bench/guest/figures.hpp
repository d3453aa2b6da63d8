// SPDX-License-Identifier: Apache-2.0
// The figures of the kernel's own paths. Each prints its lines; one that cannot be taken prints why.
#pragma once

#include "samples.hpp"

namespace bench {

// Exactly 1000 instructions: shows that what is counted are instructions.
void measure_known(Samples& samples);
void measure_round_trip(Samples& samples);
void measure_kernel_call(Samples& samples);
void measure_page_faults(Samples& samples);
void measure_page_hash(Samples& samples);

} // namespace bench
