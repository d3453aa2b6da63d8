// SPDX-License-Identifier: Apache-2.0
// The boot module: the resident image, and the ELF64 programs in it.
#pragma once

#include <boot/resident_space.hpp>

#include <abi/resident_image.hpp>
#include <base/bytes.hpp>

#include <string_view>

namespace kernel {

// The image's header, when its revision is ours and every program lies in it. Panics by name otherwise (R7).
abi::ResidentImageHeader const& check_resident_image(base::ConstBytes image);

std::string_view name_of(abi::ResidentProgram const& program);

// Loads the segments of a program into new pages of `space`. The entry point.
UserAddress load_program(ResidentObjects& objects, ResidentSpace& space, std::string_view name,
                         base::ConstBytes file);

} // namespace kernel
