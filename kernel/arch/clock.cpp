// SPDX-License-Identifier: Apache-2.0
// Time-stamp counter calibrated against channel 2 of the PIT, and the CMOS clock. Set once at boot.
#include <arch/clock.hpp>

#include <arch/io_ports.hpp>
#include <arch/registers.hpp>

#include <algorithm>

namespace kernel::arch {

namespace {

constexpr std::uint64_t pit_hertz = 1'193'182;
constexpr std::uint64_t calibration_ms = 1;
constexpr unsigned calibration_rounds = 24;
constexpr std::uint16_t pit_channel2 = 0x42;
constexpr std::uint16_t pit_command = 0x43;
constexpr std::uint16_t speaker_port = 0x61;

constinit std::uint64_t start_ticks = 0;
constinit std::uint64_t ticks_per_ms = 1;
constinit std::uint64_t ns_per_tick_scaled = 0; // times 2^32

__extension__ using Wide = unsigned __int128;

// The counter's ticks during one shot of the PIT. A host that stops the machine meanwhile can only make it
// longer: hence many short shots, of which the shortest counts.
std::uint64_t measure_once() {
    constexpr auto count = static_cast<std::uint16_t>(pit_hertz * calibration_ms / 1000);
    // gate on, speaker off
    auto const gate = static_cast<std::uint8_t>((read_port8(speaker_port) & 0xfc) | 1);
    write_port8(speaker_port, gate);
    write_port8(pit_command, 0xb0); // channel 2, both bytes, one shot
    write_port8(pit_channel2, count & 0xff);
    auto const before = timestamp();
    write_port8(pit_channel2, count >> 8);
    while ((read_port8(speaker_port) & 0x20) == 0) {}
    return timestamp() - before;
}

std::uint64_t measure_ticks() {
    auto shortest = measure_once();
    for (unsigned round = 1; round < calibration_rounds; ++round)
        shortest = std::min(shortest, measure_once());
    return shortest;
}

std::uint8_t read_cmos(std::uint8_t index) {
    write_port8(0x70, index);
    return read_port8(0x71);
}

constexpr unsigned from_decimal_digits(std::uint8_t value) { return (value >> 4) * 10u + (value & 0xfu); }

// Days from 1970-01-01 to the first of March 2000 are 11017; years begin in
// March, so that leap days come last.
constexpr std::uint64_t days_since_1970(unsigned year, unsigned month, unsigned day) {
    unsigned const shifted_year = month < 3 ? year - 2001 : year - 2000;
    unsigned const shifted_month = month < 3 ? month + 9 : month - 3;
    return 11017 + std::uint64_t{shifted_year} * 365 + shifted_year / 4 - shifted_year / 100 +
           shifted_year / 400 + (153 * shifted_month + 2) / 5 + day - 1;
}

static_assert(days_since_1970(2000, 3, 1) == 11017);
static_assert(days_since_1970(2026, 11, 24) == 20781);

} // namespace

void start_clock() {
    ticks_per_ms = measure_ticks() / calibration_ms;
    ns_per_tick_scaled = (std::uint64_t{1'000'000} << 32) / ticks_per_ms;
    start_ticks = timestamp();
}

std::uint64_t now_ns() {
    return static_cast<std::uint64_t>(Wide{timestamp() - start_ticks} * ns_per_tick_scaled >> 32);
}

std::uint64_t timestamp_per_ms() { return ticks_per_ms; }

std::uint64_t read_wall_clock() {
    for (int tries = 0; tries < 10'000 && (read_cmos(0x0a) & 0x80) != 0; ++tries) {}
    bool const binary = (read_cmos(0x0b) & 0x04) != 0;
    auto const read = [&](std::uint8_t index) {
        auto const raw = read_cmos(index);
        return binary ? unsigned{raw} : from_decimal_digits(raw);
    };
    unsigned const second = read(0), minute = read(2), hour = read(4), day = read(7), month = read(8);
    unsigned const year = 2000 + read(9);
    if (second > 59 || minute > 59 || hour > 23 || day < 1 || day > 31 || month < 1 || month > 12) return 0;
    return ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
}

} // namespace kernel::arch
