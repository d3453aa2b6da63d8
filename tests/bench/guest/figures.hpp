// SPDX-License-Identifier: Apache-2.0
// The figures of the kernel's own paths. Each prints its lines; one that cannot be taken prints why.
#pragma once

#include "samples.hpp"

namespace bench {

class Nodes;

// Exactly 1000 instructions: shows that what is counted are instructions.
void measure_known(Samples& samples);
void measure_round_trip(Samples& samples);
void measure_passing_figures(Samples& samples);
void measure_kernel_call(Samples& samples);
void measure_copies(Samples& samples);
void measure_page_faults(Samples& samples, Nodes& nodes);
void measure_kept_faults(Samples& samples, Nodes& nodes);
void measure_process_creation(Samples& samples);
void measure_page_hash(Samples& samples);
// The last: it takes the migrator's place.
void measure_mutations(Samples& samples);

} // namespace bench
