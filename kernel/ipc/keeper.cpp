// SPDX-License-Identifier: Apache-2.0
// From a recorded fault to the keeper's message, and back.
#include <ipc/keeper.hpp>

#include <ipc/receive.hpp>
#include <ipc/words.hpp>
#include <mapping/patt_walk.hpp>

namespace kernel {

namespace {

bool is_memory_fault(abi::FaultCode code) {
    using enum abi::FaultCode;
    return code == invalid_data_reference || code == no_execute || code == access_violation ||
           code == type_error || code == malformed_space;
}

Access access_of(abi::FaultCode code) {
    if (code == abi::FaultCode::no_execute) return Access::execute;
    if (code == abi::FaultCode::access_violation) return Access::write;
    return Access::read;
}

// Where the capability of the keeper stands. mended: the walk now ends at a page.
struct KeeperPlace {
    SlotLocation slot;
    bool mended = false;
};
Result<KeeperPlace> find_keeper(Kernel& kernel, ProcessRef process) {
    auto const own = process_slot(process, abi::ProcessSlot::keeper);
    auto const code = static_cast<abi::FaultCode>(process->fault_code);
    if (!is_memory_fault(code) || process->fault_declined != 0) return KeeperPlace{own};
    Walk walk;
    auto const root = process_slot(process, abi::ProcessSlot::address_space);
    if (patt_walk(kernel, root, UserAddress(process->fault_address), access_of(code), walk))
        return KeeperPlace{{}, true};
    if (walk.error == Error::absent) return fail(Error::absent);
    return KeeperPlace{walk.keeper.exists() ? walk.keeper : own};
}

void write_words(abi::Process const& process, abi::Registers& to) {
    auto const code = static_cast<abi::FaultCode>(process.fault_code);
    auto const word = [&to](FaultWord name) -> std::uint64_t& {
        return word_register(to, static_cast<std::size_t>(name));
    };
    word(FaultWord::code) = process.fault_code;
    word(FaultWord::address) = process.fault_address;
    word(FaultWord::program_counter) = process.registers.rip;
    word(FaultWord::access) = static_cast<std::uint64_t>(access_of(code));
}

abi::Process& writable(Kernel& kernel, ProcessRef process, Committed const& committed) {
    return FrameWriter(kernel, process.frame, 0, committed).object<abi::Process>();
}

} // namespace

void record_fault(Kernel& kernel, ProcessRef process, Fault fault, Committed const& committed) {
    auto& object = writable(kernel, process, committed);
    object.state = abi::RunState::faulted;
    object.fault_code = static_cast<std::uint32_t>(fault.code);
    object.fault_address = fault.address;
    object.fault_declined = 0;
}

abi::Capability restart_capability(Kernel const& kernel, ProcessRef process) {
    return capability_to(memory(kernel), abi::CapabilityType::restart, process.target(), {},
                         process->fault_count);
}

Result<KeeperOutcome> tell_keeper(Kernel& kernel, ProcessRef process, Committed const& committed) {
    expects(process->state == abi::RunState::faulted);
    auto const keeper = TRY(find_keeper(kernel, process));
    if (keeper.mended) {
        auto& object = writable(kernel, process, committed);
        object.fault_code = 0;
        go_on(object);
        return KeeperOutcome{KeeperStep::mended};
    }
    if (read_slot(keeper.slot).is_null()) return KeeperOutcome{};
    Delivery delivery;
    delivery.words = fault_words;
    delivery.sent = 1;
    auto found = find_receiver(kernel, keeper.slot, delivery);
    if (found) found = find_places(kernel, delivery);
    if (is_retry(found.error)) return fail(found.error);
    if (found.error == Error::would_block)
        return KeeperOutcome{KeeperStep::waits, delivery.wait,
                             object_id_of(memory(kernel), delivery.endpoint.target())};
    if (found.error == Error::receiver_broken) break_receiver(kernel, delivery, committed);
    if (found.failed()) return KeeperOutcome{};
    delivery.kind = abi::MessageKind::fault;
    auto& object = writable(kernel, process, committed);
    ++object.fault_count; // R5: every earlier restart capability is spent
    object.state = abi::RunState::reported;
    delivery.capabilities[0] = restart_capability(kernel, process);
    write_words(object, begin_delivery(kernel, delivery, committed).registers);
    finish_delivery(kernel, delivery, committed);
    return KeeperOutcome{KeeperStep::told};
}

void end_fault(Kernel& kernel, ProcessRef process, bool cancel_fault, Committed const& committed) {
    auto& object = writable(kernel, process, committed);
    ++object.fault_count;
    if (object.fault_code != 0 && !cancel_fault) {
        object.state = abi::RunState::faulted;
        object.fault_declined = 1;
        return;
    }
    object.fault_code = 0;
    object.fault_declined = 0;
    go_on(object);
}

} // namespace kernel
