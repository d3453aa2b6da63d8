// SPDX-License-Identifier: Apache-2.0
// Decoding a message at the sender, and its transfer into the receiver.
#include <ipc/send.hpp>

#include <ipc/buffer.hpp>
#include <ipc/reply.hpp>
#include <ipc/words.hpp>
#include <mapping/capability_walk.hpp>

namespace kernel {

namespace {

// What the sender's register page says: the capabilities to send, and where words 8 and above stand. Each
// slot number is read once: the page may be shared with somebody who rewrites it (R36).
Result<> decode(Kernel& kernel, Caller const& caller, abi::ControlWord control, SendPlan& plan) {
    auto& delivery = plan.delivery;
    std::size_t const explicit_count = control.get<abi::ControlWord::Capabilities>();
    std::size_t const first = plan.call ? 1 : 0;
    delivery.words = control.get<abi::ControlWord::Words>();
    delivery.sent = first + explicit_count;
    if (delivery.sent > abi::message_capabilities_max) return fail(Error::malformed_message);
    if (explicit_count == 0 && delivery.words <= abi::message_register_words) return {};
    delivery.from_page = TRY(register_page(kernel, caller.ref));
    for (std::size_t i = 0; i < explicit_count; ++i) {
        auto const slot = virtual_registers(delivery.from_page).send_slots[i];
        auto const found = TRY(capability_walk(kernel, caller.ref, slot, Access::capability_read));
        delivery.capabilities[first + i] = fetch_capability(found);
    }
    return {};
}

} // namespace

Result<> plan_send(Kernel& kernel, Caller const& caller, abi::ControlWord control, SlotLocation entry,
                   SendPlan& plan) {
    plan.call = control.get<abi::ControlWord::Call>() != 0;
    TRY(decode(kernel, caller, control, plan));
    if (plan.call) plan.reply = TRY(reply_endpoint(kernel, caller.ref));
    auto const found = find_receiver(kernel, entry, plan.delivery);
    if (found.error == Error::would_block && !plan.call) {
        plan.kept = TRY(may_put(kernel, plan.delivery));
        if (plan.kept) return {};
    }
    if (found.failed()) return found;
    return find_places(kernel, plan.delivery);
}

void commit_send(Kernel& kernel, Caller const& caller, SendPlan const& plan, Committed const& committed) {
    if (plan.kept) return put_message(kernel, plan.delivery, caller.registers(), committed);
    auto delivery = plan.delivery;
    if (plan.call) {
        delivery.capabilities[0] = make_reply_entry(kernel, caller.ref, plan.reply, committed);
        bool const of_this_boot = !frame_id(kernel, delivery.receiver.frame).is_persistent();
        caller.object.wait_boot = of_this_boot ? core(kernel).boot_number : 0;
    }
    auto& receiver = begin_delivery(kernel, delivery, committed);
    copy_word_registers(caller.registers(), receiver.registers, delivery.words);
    copy_page_words(kernel, delivery, committed);
    finish_delivery(kernel, delivery, committed);
}

} // namespace kernel
