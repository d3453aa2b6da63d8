// SPDX-License-Identifier: Apache-2.0
// XSAVE: enabling, saving, loading with a fix-up for states that the processor refuses.
#include <arch/xsave.hpp>

#include <arch/cpuid.hpp>
#include <arch/registers.hpp>

#include <base/bytes.hpp>
#include <base/contract.hpp>

extern "C" bool load_vector_state_checked(void const* area, std::uint64_t features);

namespace kernel::arch {

namespace {

// Standard format (Intel SDM 1, section 13.4.1): control word at 0, MXCSR at 24, header at 512.
constexpr std::size_t control_word_offset = 0;
constexpr std::size_t mxcsr_offset = 24;
constexpr std::size_t header_offset = 512;

constexpr VectorState make_initial_state() {
    VectorState state{};
    state[control_word_offset] = 0x7f; // 0x037f: all x87 exceptions masked
    state[control_word_offset + 1] = 0x03;
    state[mxcsr_offset] = 0x80; // 0x1f80: all SIMD exceptions masked
    state[mxcsr_offset + 1] = 0x1f;
    return state;
}

alignas(64) constinit VectorState const initial_state = make_initial_state();

// Never saved: XSAVE writes a control word and MXCSR that are not both zero unless
// the state component is marked.
bool never_used(VectorState const& state) {
    auto const bytes = std::as_bytes(std::span(state));
    return base::read<std::uint64_t>(bytes, header_offset) == 0 &&
           base::read<std::uint16_t>(bytes, control_word_offset) == 0 &&
           base::read<std::uint32_t>(bytes, mxcsr_offset) == 0;
}

} // namespace

void start_vector_unit() {
    write_cr0((read_cr0() & ~static_cast<std::uint64_t>(Cr0::emulation)) |
              static_cast<std::uint64_t>(Cr0::monitor_coprocessor) |
              static_cast<std::uint64_t>(Cr0::numeric_error));
    write_cr4(read_cr4() | static_cast<std::uint64_t>(Cr4::fxsave) |
              static_cast<std::uint64_t>(Cr4::simd_exceptions) | static_cast<std::uint64_t>(Cr4::xsave));
    asm volatile("xsetbv" : : "c"(0), "a"(static_cast<std::uint32_t>(vector_features)), "d"(0));
    // XSAVE area size for the features now enabled: it is disk format, so another size cannot be run with.
    invariant(cpuid(0xd).ebx == abi::xsave_area_size);
    disable_vector_unit();
}

void save_vector_state(VectorState& state) {
    asm volatile("xsave64 (%0)"
                 :
                 : "r"(state.data()), "a"(static_cast<std::uint32_t>(vector_features)), "d"(0)
                 : "memory");
}

bool load_vector_state(VectorState const& state) {
    VectorState const& source = never_used(state) ? initial_state : state;
    if (load_vector_state_checked(source.data(), vector_features)) return true;
    load_vector_state_checked(initial_state.data(), vector_features);
    return false;
}

void enable_vector_unit() { asm volatile("clts" : : : "memory"); }
void disable_vector_unit() { write_cr0(read_cr0() | static_cast<std::uint64_t>(Cr0::task_switched)); }

} // namespace kernel::arch
