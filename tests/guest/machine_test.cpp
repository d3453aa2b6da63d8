// SPDX-License-Identifier: Apache-2.0
// The edge of the kernel: every mistake of user mode is a recorded fault of that process, and nothing of a
// process's registers is lost when it is interrupted.
#include <harness/assistant.hpp>
#include <harness/vector_loop.hpp>

#include <runtime/client/clock.hpp>
#include <runtime/client/object_source.hpp>

#include <abi/boot_info.hpp>
#include <abi/processor_features.hpp>
#include <abi/virtual_registers.hpp>

#include <bit>

namespace {

using abi::FaultCode;
using tests::Action;
using tests::check;
using tests::check_equal;

constexpr runtime::Slot root(64);

void expect_fault(Action action, FaultCode code) {
    tests::start_assistant(action);
    auto const state = tests::wait_for_fault();
    check_equal(static_cast<std::uint64_t>(code), state.fault_code, "the fault code tells what happened");
}

void expect_fault_at(Action action, FaultCode code, std::uint64_t address) {
    expect_fault(action, code);
    auto const state = tests::wait_for_fault();
    check_equal(address, state.fault_address, "the fault address is the one that was touched");
}

// Asked of the processor itself: XSAVE and AVX.
bool processor_has_avx() {
    constexpr std::uint32_t both = 1u << 26 | 1u << 28;
    std::uint32_t eax = 1;
    std::uint32_t ecx = 0;
    asm volatile("cpuid" : "+a"(eax), "=c"(ecx) : : "ebx", "edx");
    return (ecx & both) == both;
}

// The assistant computes and is interrupted by this program, which computes, too.
void expect_vectors_kept_apart(Action action, bool (*survive)(std::uint64_t, std::uint64_t)) {
    tests::start_assistant(action);
    runtime::Clock const clock{abi::SupervisorSlot::clock};
    auto const start = clock.now();
    check(!start.failed(), "the clock answers");
    constexpr std::uint64_t duration = 60'000'000;
    bool survived = true;
    for (auto now = start; survived && !now.failed() && now->nanoseconds - start->nanoseconds < duration;
         now = clock.now()) {
        survived = survive(0x0fed'cba9'8765'4321, 200'000);
        runtime::yield();
    }
    check(survived, "own vectors survive preemption");
    auto const state = tests::assistant().state();
    check(!state.failed(), "state");
    check_equal(static_cast<std::uint64_t>(abi::RunState::ready), state->state, "the assistant computes on");
    tests::stop_assistant();
}

} // namespace

GUEST_TEST(boot_info_is_there, "the boot information page is mapped and says what it is") {
    auto const* info = std::bit_cast<abi::BootInfo const*>(abi::boot_info_address);
    check_equal(abi::boot_info_magic, info->magic, "magic");
    check(info->memory_bytes > 0 && info->frames_free > 0, "memory is reported");
    check(info->timestamp_per_ms > 1000, "the clock is calibrated");
    check_equal(abi::baseline_features | (processor_has_avx() ? abi::avx_feature : 0),
                info->processor_features, "x87 and SSE, and AVX where the processor has it");
}

GUEST_TEST(memory_faults, "bad addresses are faults with code and address") {
    expect_fault_at(Action::read_unmapped, FaultCode::invalid_data_reference, tests::unmapped_address);
    expect_fault_at(Action::write_code, FaultCode::access_violation, 0x400000);
    expect_fault(Action::execute_stack, FaultCode::no_execute);
    expect_fault(Action::read_kernel, FaultCode::invalid_data_reference);
    expect_fault(Action::read_non_canonical, FaultCode::general_protection);
}

GUEST_TEST(instruction_faults, "instructions that user mode must not execute are faults") {
    expect_fault(Action::halt, FaultCode::general_protection);
    expect_fault(Action::port_input, FaultCode::general_protection);
    expect_fault(Action::software_interrupt, FaultCode::general_protection);
    expect_fault(Action::divide_by_zero, FaultCode::divide_error);
    expect_fault(Action::bad_opcode, FaultCode::bad_opcode);
    expect_fault(Action::break_point, FaultCode::break_point);
    expect_fault(Action::single_step, FaultCode::debug);
    expect_fault(Action::unknown_system_call, FaultCode::foreign_system_call);
}

GUEST_TEST(bad_register_state,
           "registers that user mode cannot have are the process's fault, not the kernel's") {
    for (std::uint64_t const address : {0x8000'0000'0000ull, 0xffff'8000'0000'0000ull, 0x7fff'ffff'f000ull}) {
        tests::stop_assistant();
        auto const set = tests::assistant().set_registers(address, abi::virtual_registers_address, 0);
        if (set.failed()) continue;
        check(!tests::assistant().resume(true).failed(), "resume");
        auto const state = tests::wait_for_fault();
        check_equal(static_cast<std::uint64_t>(FaultCode::bad_register_state), state.fault_code,
                    "fault code");
    }
}

GUEST_TEST(non_canonical_stack, "a stack pointer of any value does no harm to the kernel") {
    for (std::uint64_t const stack : {0x8000'0000'0000ull, 0xffff'ffff'ffff'fff8ull, 0ull, 1ull}) {
        tests::stop_assistant();
        check(!tests::assistant()
                   .set_registers(0x400000, stack, static_cast<std::uint64_t>(Action::spin))
                   .failed(),
              "set");
        check(!tests::assistant().resume(true).failed(), "resume");
        tests::wait_for_fault();
    }
}

GUEST_TEST(vector_state, "two processes that compute with vectors never see each other's registers") {
    expect_vectors_kept_apart(Action::compute_vectors, tests::vectors_survive);
}

GUEST_TEST(avx_is_the_stores,
           "AVX is a bad opcode on every processor until a store that needs it is restored") {
    expect_fault(Action::compute_avx_vectors, FaultCode::bad_opcode);
    runtime::ObjectSource const source{abi::SupervisorSlot::object_source};
    auto const restored = source.restore(1, 0, abi::baseline_features | abi::avx_feature, root);
    if (!processor_has_avx()) {
        tests::check_error(abi::Error::not_supported, restored.error, "there is no AVX");
        tests::check_error(abi::Error::none, source.restore(1, 0, abi::baseline_features, root).error,
                           "a store that needs none");
        expect_fault(Action::compute_avx_vectors, FaultCode::bad_opcode);
        expect_vectors_kept_apart(Action::compute_vectors, tests::vectors_survive);
        return;
    }
    tests::check_error(abi::Error::none, restored.error, "restore");
    expect_vectors_kept_apart(Action::compute_avx_vectors, tests::avx_vectors_survive);
    expect_vectors_kept_apart(Action::compute_vectors, tests::vectors_survive);
}

GUEST_TEST(clock_is_monotonic, "the clock never goes back and goes on while others spin") {
    tests::start_assistant(Action::spin);
    runtime::Clock const clock{abi::SupervisorSlot::clock};
    std::uint64_t last = 0;
    for (int i = 0; i < 100; ++i) {
        auto const now = clock.now();
        check(!now.failed() && now->nanoseconds >= last, "monotonic");
        last = now->nanoseconds;
        runtime::yield();
    }
    tests::stop_assistant();
}
