// SPDX-License-Identifier: Apache-2.0
// A loop that computes in vector registers for ever and never invokes anything: if it goes on after the plug
// was pulled, its registers came back bit for bit (rounds.S checks them in each round, and avx_rounds.S where
// the store was made for AVX).
#include <apps/compute_result.hpp>

#include <abi/processor_features.hpp>

#include <array>
#include <cstdint>

namespace {

struct alignas(4096) Mirror {
    compute::Result result;
};
constinit Mirror mirror{};

// Patterns that stand in registers 5 to 15 for the whole run.
alignas(32) constinit std::array<std::uint64_t, 44> patterns{};

} // namespace

extern "C" [[noreturn]] void compute_rounds(std::uint64_t result_address, compute::Result* mirror,
                                            std::uint64_t const* patterns);
extern "C" [[noreturn]] void compute_avx_rounds(std::uint64_t result_address, compute::Result* mirror,
                                                std::uint64_t const* patterns);

// Of the two numbers that a program starts with this one needs the second, too.
extern "C" int main(std::uint64_t argument, std::uint64_t processor_features);

int main(std::uint64_t, std::uint64_t processor_features) {
    std::uint64_t value = 0x9e3779b97f4a7c15;
    for (auto& pattern : patterns) {
        value ^= value << 13;
        value ^= value >> 7;
        value ^= value << 17;
        pattern = value;
    }
    if ((processor_features & abi::avx_feature) != 0)
        compute_avx_rounds(compute::result_address, &mirror.result, patterns.data());
    compute_rounds(compute::result_address, &mirror.result, patterns.data());
}
