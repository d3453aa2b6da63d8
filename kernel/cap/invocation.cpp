// SPDX-License-Identifier: Apache-2.0
// Arguments and answers of kernel capabilities, decoded in place.
#include <cap/invocation.hpp>

#include <ipc/words.hpp>

namespace kernel {

using Control = abi::ControlWord;

bool Invocation::answers() const {
    // Reply and wait: whoever answers by invoking a kernel capability wants no answer to that.
    return control_.get<Control::Call>() != 0 || control_.get<Control::ReceivePhase>() == 0;
}

Result<> Invocation::prepare() {
    if (answers()) accepted_ = control_.get<Control::Accepted>();
    if (accepted_ == 0 && capability_count() == 0 && word_count() <= abi::message_register_words) return {};
    page_ = TRY(register_page(kernel_, caller_.ref));
    for (std::size_t i = 0; i < accepted_; ++i) {
        auto const slot = virtual_registers(page_).receive_slots[i];
        places_[i] = TRY(capability_walk(kernel_, caller_.ref, slot, Access::capability_write)).location;
        memory(kernel_).frames.pin(places_[i].frame);
        ++pinned_;
    }
    return {};
}

std::uint64_t Invocation::word(std::size_t index) const {
    expects(index < word_count());
    if (index < abi::message_register_words) return word_register(std::as_const(caller_.registers()), index);
    return virtual_registers(page_).words[index];
}

Result<CapabilitySlot> Invocation::slot(std::size_t position) const {
    expects(position < capability_count());
    return capability_walk(kernel_, caller_.ref, virtual_registers(page_).send_slots[position],
                           Access::capability_read);
}

Result<abi::Capability> Invocation::capability(std::size_t position) const {
    return fetch_capability(TRY(slot(position)));
}

Result<> Invocation::allowed(abi::Capability capability, abi::CapabilityType type, Need need) {
    if (capability.is_null()) return fail(Error::void_capability);
    if (capability.type() != type) return fail(Error::wrong_type);
    if (!need.met_by(capability.rights())) return fail(Error::no_right);
    return {};
}

Result<PageRef> Invocation::page(std::size_t position, abi::CapabilityType type, Need need) const {
    auto const found = TRY(slot(position));
    TRY(allowed(fetch_capability(found), type, need));
    return page_cast(kernel_, found.location, type);
}

Result<> Invocation::need(Need need) const {
    if (!need.met_by(self_.rights())) return fail(Error::no_right);
    return {};
}

Result<Target> Invocation::target(Need needed) const {
    TRY(need(needed));
    return kernel::prepare(kernel_, self_slot_.location);
}

bool Invocation::answers_into(FrameIndex frame) const {
    for (std::size_t i = 0; i < pinned_; ++i)
        if (places_[i].frame == frame) return true;
    return false;
}

Committed Invocation::commit() {
    expects(!committed_);
    committed_ = true;
    return Committed("invocation");
}

void Invocation::set_word(std::size_t index, std::uint64_t value) {
    if (!answers()) return;
    if (index < abi::message_register_words) {
        word_register(caller_.registers(), index) = value;
        return;
    }
    // Results beyond the registers; the generated dispatch of such an operation is only reached when the
    // caller has a register page, which dispatch has checked.
    auto const page = register_page(kernel_, caller_.ref);
    if (page.failed()) return;
    FrameWriter writer(kernel_, page->frame, 0, Committed("answer"));
    writer.object<abi::VirtualRegisters>().words[index] = value;
}

void Invocation::set_capability(std::size_t position, abi::Capability capability) {
    results_[position] = capability;
}

Reply Invocation::answer(std::size_t words, std::size_t capabilities) {
    if (!answers()) return Reply::done();
    Committed const committed("answer");
    for (std::size_t i = 0; i < accepted_; ++i)
        store_capability(kernel_, places_[i], i < capabilities ? results_[i] : abi::Capability::null(),
                         committed);
    auto& registers = caller_.registers();
    registers.rax = 0;
    registers.rdi = Control()
                        .with<Control::Words>(words)
                        .with<Control::Capabilities>(capabilities)
                        .with<Control::Kind>(static_cast<std::uint64_t>(abi::MessageKind::reply))
                        .raw();
    registers.rsi = 0;
    registers.rdx = 0; // word 0: no error
    return Reply::done();
}

void Invocation::answer_error(Error error) {
    if (!answers()) return;
    auto const done = answer(1, 0);
    static_cast<void>(done);
    caller_.registers().rdx = static_cast<std::uint64_t>(error);
}

Reply Invocation::wait_for(WaitKey key) {
    auto& registers = caller_.registers();
    registers.rip -= arch::system_call_length;
    queues(kernel_).block(caller_.live, key);
    return Reply::done();
}

} // namespace kernel
