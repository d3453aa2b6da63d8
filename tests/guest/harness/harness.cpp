// SPDX-License-Identifier: Apache-2.0
// Runs all registered guest tests, writes TAP, and ends the machine with the result.
#include <harness/harness.hpp>

#include <runtime/client/system_control.hpp>
#include <runtime/program.hpp>

extern "C" {
// Made by the linker around the section that GUEST_TEST fills.
extern tests::GuestTest const __start_guest_tests[];
extern tests::GuestTest const __stop_guest_tests[];
}

namespace tests {

namespace {

constinit unsigned failed_checks = 0;

constexpr std::uint8_t exit_success = 0x10;
constexpr std::uint8_t exit_failure = 0x11;

template <class... Parts>
void say(Parts const&... parts) {
    static_cast<void>(runtime::print_line(runtime::Log{abi::SupervisorSlot::log}, parts...));
}

} // namespace

bool check(bool holds, char const* what, char const* file, int line) {
    if (!holds) {
        ++failed_checks;
        say("# ", std::string_view(file), ":", line, ": ", std::string_view(what));
    }
    return holds;
}

bool check_equal(std::uint64_t expected, std::uint64_t found, char const* what, char const* file, int line) {
    if (expected != found) note("expected ", base::Hex{expected}, ", found ", base::Hex{found});
    return check(expected == found, what, file, line);
}

bool check_error(abi::Error expected, abi::Error found, char const* what, char const* file, int line) {
    if (expected != found) note("expected ", describe(expected).name, ", found ", describe(found).name);
    return check(expected == found, what, file, line);
}

} // namespace tests

int main(std::uint64_t) {
    using namespace tests;
    auto const count = static_cast<std::size_t>(__stop_guest_tests - __start_guest_tests);
    say("TAP version 13");
    say("1..", count);
    unsigned failed = 0;
    for (std::size_t i = 0; i < count; ++i) {
        auto const& test = __start_guest_tests[i];
        failed_checks = 0;
        test.body();
        bool const passed = failed_checks == 0;
        if (!passed) ++failed;
        say(std::string_view(passed ? "ok " : "not ok "), i + 1, " - ", std::string_view(test.name), ": ",
            std::string_view(test.sentence));
    }
    runtime::SystemControl const power{abi::SupervisorSlot::system_control};
    static_cast<void>(power.power_off(failed == 0 && count > 0 ? exit_success : exit_failure));
    for (;;) runtime::yield();
}
