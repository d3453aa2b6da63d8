// SPDX-License-Identifier: Apache-2.0
// The resident programs as processes, before any of them runs.
#pragma once

#include <boot/program_file.hpp>

#include <base/fixed_vector.hpp>

namespace kernel {

struct Resident {
    std::string_view name;
    Target process;
    Target endpoint;
    Target space;
    FrameIndex capability_page = no_frame;
};

using Residents = base::FixedVector<Resident, abi::resident_programs_max>;

// Makes the process of every program of the image; the first is ready, the others are stopped. `boot_info` is
// mapped read-only into each.
void make_residents(ResidentObjects& objects, base::ConstBytes image, FrameIndex boot_info,
                    Residents& residents);

} // namespace kernel
