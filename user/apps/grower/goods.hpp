// SPDX-License-Identifier: Apache-2.0
// Everything else that the bank sells, and everything that it must refuse.
#pragma once

#include <string_view>

namespace grower {

// Buys, uses and gives back one of each; needs room for one item in the account. What went wrong; empty:
// nothing. `processes`: whether the bank has a heap for them.
std::string_view try_goods(bool processes);

} // namespace grower
