// SPDX-License-Identifier: Apache-2.0
// Guest tests: a program that starts in the supervisor's place, with all root authority, and reports in TAP
// on the kernel's log. A second program, the assistant, does on request what a test must not do itself.
#pragma once

#include <runtime/client/log.hpp>
#include <runtime/client/process.hpp>
#include <runtime/print.hpp>

#include <abi/boot_slots.hpp>
#include <abi/fault.hpp>
#include <abi/objects/process.hpp>

#include <cstdint>
#include <string_view>

namespace tests {

// Aligned as the compiler aligns objects of this size, so that the linker lays them out as an array.
struct alignas(32) GuestTest {
    char const* name;
    char const* sentence;
    void (*body)();
};

// Slots of the test program that are free for tests.
inline constexpr std::uint64_t first_free_slot = 64;

// A failed check is reported with its place and fails the running test; the test goes on.
bool check(bool holds, char const* what, char const* file = __builtin_FILE(), int line = __builtin_LINE());
bool check_equal(std::uint64_t expected, std::uint64_t found, char const* what,
                 char const* file = __builtin_FILE(), int line = __builtin_LINE());
bool check_error(abi::Error expected, abi::Error found, char const* what, char const* file = __builtin_FILE(),
                 int line = __builtin_LINE());

// A remark on the log.
template <class... Parts>
void note(Parts const&... parts) {
    static_cast<void>(runtime::print_line(runtime::Log{abi::SupervisorSlot::log}, "# ", parts...));
}

// The capability in a slot of the assistant's kind: program `index` of the image, 1 = the assistant.
constexpr runtime::Slot program_slot(unsigned index, abi::ProgramSlot which) {
    return runtime::Slot(abi::slot(abi::SupervisorSlot::program_base) + 4 * (index - 1) + abi::slot(which));
}

} // namespace tests

// GUEST_TEST(name, "what is true when it passes") { ... } registers a test; the linker collects them.
#define GUEST_TEST(test_name, what) \
    static void test_name(); \
    [[gnu::section("guest_tests"), gnu::used]] static constinit tests::GuestTest const test_name##_entry{ \
        #test_name, what, test_name}; \
    static void test_name()
