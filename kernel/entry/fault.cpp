// SPDX-License-Identifier: Apache-2.0
// Exceptions of user mode: page faults are mapped or waited for; the rest is told to a keeper.
#include <core/entries.hpp>
#include <core/panic.hpp>
#include <core/processor.hpp>
#include <entry/leave.hpp>
#include <entry/unit.hpp>
#include <entry/wait.hpp>
#include <ipc/keeper.hpp>
#include <mapping/patt_walk.hpp>

#include <mapping/map_fault.hpp>

namespace kernel {

namespace {

abi::FaultCode code_of(Vector vector) {
    using enum abi::FaultCode;
    switch (vector) {
    case Vector::divide_error: return divide_error;
    case Vector::debug: return debug;
    case Vector::break_point: return break_point;
    case Vector::bad_opcode: return bad_opcode;
    case Vector::no_vector_unit: return bad_register_state;
    case Vector::floating_point:
    case Vector::vector_floating_point: return floating_point;
    case Vector::alignment: return alignment;
    case Vector::overflow:
    case Vector::bound:
    case Vector::bad_task_segment:
    case Vector::segment_not_present:
    case Vector::stack_segment:
    case Vector::general_protection: return general_protection;
    case Vector::page_fault: return invalid_data_reference;
    case Vector::non_maskable:
    case Vector::double_fault:
    case Vector::machine_check: break;
    }
    panic("exception ", static_cast<std::uint64_t>(vector), " in user mode");
}

Access access_of(std::uint64_t error_code) {
    if ((error_code & page_fault_fetch) != 0) return Access::execute;
    return (error_code & page_fault_write) != 0 ? Access::write : Access::read;
}

void fault(Kernel& kernel, Caller const& caller, Fault what) {
    record_fault(kernel, caller.ref, what, Committed::for_unit("fault"));
    queues(kernel).make_ready(caller.live);
}

void page_fault(Kernel& kernel, Caller const& caller, std::uint64_t error_code, std::uint64_t address) {
    auto const outcome = map_fault(kernel, caller.ref, UserAddress(address), access_of(error_code));
    if (outcome.error == Error::none) return;
    if (!is_retry(outcome.error)) return fault(kernel, caller, {outcome.fault, address});
    if (!wait_for_retry(kernel, caller.live, outcome.error))
        fault(kernel, caller, {abi::FaultCode::content_lost, address});
}

} // namespace

void entry_fault(std::uint64_t vector, std::uint64_t error_code, std::uint64_t address) {
    auto& processor = this_processor();
    auto& kernel = kernel_state();
    begin_unit(kernel);
    ++processor.faults;
    auto const caller = running_caller(kernel, processor);
    auto const name = static_cast<Vector>(vector);
    if (name == Vector::page_fault) page_fault(kernel, caller, error_code, address);
    else fault(kernel, caller, {code_of(name), caller.registers().rip});
    leave(kernel, processor);
}

} // namespace kernel
