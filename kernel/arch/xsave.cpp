// SPDX-License-Identifier: Apache-2.0
// XSAVE, or FXSAVE where there is nothing else: enabling, saving, loading with a fix-up for states that the
// processor refuses. Not XSAVEOPT: it leaves unwritten what it takes for unchanged or unused, and a frame is
// also read by processors that do not know how it was saved.
#include <arch/xsave.hpp>

#include <arch/cpuid.hpp>
#include <arch/registers.hpp>

#include <abi/processor_features.hpp>
#include <base/bytes.hpp>
#include <base/contract.hpp>

#include <cstring>

extern "C" bool load_vector_state_checked(void const* area, std::uint64_t features);

namespace kernel::arch {

namespace {

// Standard format (Intel SDM 1, section 13.4): the legacy region is what FXSAVE writes; behind it a header of
// XSTATE_BV, XCOMP_BV and zeros; then the upper halves of the AVX registers.
constexpr std::size_t control_word_offset = 0;
constexpr std::size_t mxcsr_offset = 24;
constexpr std::size_t x87_registers_offset = 32;
constexpr std::size_t sse_registers_offset = 160;
constexpr std::size_t legacy_bytes = 512;
constexpr std::size_t header_offset = legacy_bytes;
constexpr std::size_t avx_offset = 576;
constexpr std::size_t avx_bytes = 256;
static_assert(avx_offset + avx_bytes == abi::xsave_area_size);

constexpr std::uint64_t x87_feature = 0x1;
constexpr std::uint64_t sse_feature = 0x2;

using LegacyState = std::array<std::uint8_t, legacy_bytes>;

constexpr VectorState make_initial_state() {
    VectorState state{};
    state[control_word_offset] = 0x7f; // 0x037f: all x87 exceptions masked
    state[control_word_offset + 1] = 0x03;
    state[mxcsr_offset] = 0x80; // 0x1f80: all SIMD exceptions masked
    state[mxcsr_offset + 1] = 0x1f;
    return state;
}

alignas(64) constinit VectorState const initial_state = make_initial_state();

// Set once at boot, and once more when the store is restored.
struct VectorUnit {
    bool has_xsave = false;
    std::uint64_t available = abi::baseline_features;
    std::uint64_t enabled = abi::baseline_features;
};
constinit VectorUnit unit{};

template <class T>
T read(VectorState const& state, std::size_t offset) {
    return base::read<T>(std::as_bytes(std::span(state)), offset);
}

// Never saved: saving writes a control word and MXCSR that are not both zero.
bool never_used(VectorState const& state) {
    return read<std::uint64_t>(state, header_offset) == 0 &&
           read<std::uint16_t>(state, control_word_offset) == 0 &&
           read<std::uint32_t>(state, mxcsr_offset) == 0;
}

void set_extended_control(std::uint64_t features) {
    asm volatile("xsetbv" : : "c"(0), "a"(static_cast<std::uint32_t>(features)), "d"(0));
}

// Where AVX state stands in an area is disk format: a processor that puts it elsewhere has none for us.
bool has_avx() {
    constexpr std::uint32_t xsave_leaf = 0xd;
    if (!has(Optional::avx) || (cpuid(xsave_leaf).eax & abi::avx_feature) == 0) return false;
    auto const place = cpuid(xsave_leaf, 2);
    return place.eax == avx_bytes && place.ebx == avx_offset;
}

// What XRSTOR would do, by FXRSTOR: refuses the same states, and initialises what is not marked (MXCSR, which
// belongs to no component, is loaded always).
bool load_legacy_state(VectorState const& state) {
    auto const marked = read<std::uint64_t>(state, header_offset);
    if ((marked & ~abi::baseline_features) != 0 || read<std::uint64_t>(state, header_offset + 8) != 0 ||
        read<std::uint64_t>(state, header_offset + 16) != 0)
        return false;
    if (marked == abi::baseline_features) return load_vector_state_checked(state.data(), 0);
    alignas(16) LegacyState completed;
    std::memcpy(completed.data(), state.data(), legacy_bytes);
    if ((marked & x87_feature) == 0) {
        std::memcpy(completed.data(), initial_state.data(), mxcsr_offset);
        std::memset(completed.data() + x87_registers_offset, 0, sse_registers_offset - x87_registers_offset);
    }
    if ((marked & sse_feature) == 0)
        std::memset(completed.data() + sse_registers_offset, 0, legacy_bytes - sse_registers_offset);
    return load_vector_state_checked(completed.data(), 0);
}

bool load(VectorState const& state) {
    return unit.has_xsave ? load_vector_state_checked(state.data(), unit.enabled) : load_legacy_state(state);
}

} // namespace

void start_vector_unit() {
    write_cr0((read_cr0() & ~static_cast<std::uint64_t>(Cr0::emulation)) |
              static_cast<std::uint64_t>(Cr0::monitor_coprocessor) |
              static_cast<std::uint64_t>(Cr0::numeric_error));
    write_cr4(read_cr4() | static_cast<std::uint64_t>(Cr4::fxsave) |
              static_cast<std::uint64_t>(Cr4::simd_exceptions));
    unit.has_xsave = has(Optional::xsave);
    if (unit.has_xsave) {
        write_cr4(read_cr4() | static_cast<std::uint64_t>(Cr4::xsave));
        set_extended_control(unit.enabled);
        if (has_avx()) unit.available |= abi::avx_feature;
    }
    disable_vector_unit();
}

std::uint64_t available_vector_features() { return unit.available; }

void enable_vector_features(std::uint64_t features) {
    expects((features & ~unit.available) == 0);
    unit.enabled |= features;
    if (unit.has_xsave) set_extended_control(unit.enabled);
}

void save_vector_state(VectorState& state) {
    if (unit.has_xsave)
        asm volatile("xsave64 (%0)"
                     :
                     : "r"(state.data()), "a"(static_cast<std::uint32_t>(unit.enabled)), "d"(0)
                     : "memory");
    else asm volatile("fxsave64 (%0)" : : "r"(state.data()) : "memory");
    // All of it was written, though a processor marks what is in use only.
    base::write(std::as_writable_bytes(std::span(state)), header_offset, unit.enabled);
}

bool load_vector_state(VectorState const& state) {
    if (load(never_used(state) ? initial_state : state)) return true;
    load(initial_state);
    return false;
}

void enable_vector_unit() { asm volatile("clts" : : : "memory"); }
void disable_vector_unit() { write_cr0(read_cr0() | static_cast<std::uint64_t>(Cr0::task_switched)); }

} // namespace kernel::arch
