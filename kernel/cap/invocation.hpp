// SPDX-License-Identifier: Apache-2.0
// Typed view of a caller that invokes a kernel capability: arguments where they stand, refusal, commit,
// answer. The generated dispatch (<kernel/dispatch/NAME.hpp>) checks counts and ranges, then calls a handler.
//   Order in every handler: check, find, commit, change, answer. Nothing is changed before commit(); after it
//   nothing can be refused.
#pragma once

#include <arch/user_state.hpp>
#include <ipc/party.hpp>
#include <mapping/capability_walk.hpp>

#include <abi/capability.hpp>
#include <abi/message.hpp>

#include <array>

namespace kernel {

// How a handler ended; TRY works in handlers. `absent` and `no_memory` of the machine make the invocation
// wait and start anew.
struct [[nodiscard]] Reply {
    Error error = Error::none;
    bool answered = false; // or: the process waits on its own account (sleep, a commit)
    constexpr Reply() = default;
    constexpr Reply(base::Failure failure) : error(failure.error) {}
    static constexpr Reply done() {
        Reply reply;
        reply.answered = true;
        return reply;
    }
};

class Invocation {
public:
    Invocation(Kernel& kernel, Caller const& caller, abi::ControlWord control, CapabilitySlot invoked)
        : kernel_(kernel),
          caller_(caller),
          control_(control),
          self_slot_(invoked),
          self_(fetch_capability(invoked)) {}
    ~Invocation() {
        for (std::size_t i = 0; i < pinned_; ++i) memory(kernel_).frames.unpin(places_[i].frame);
    }
    Invocation(Invocation const&) = delete;
    Invocation& operator=(Invocation const&) = delete;

    // Finds the register page and the places of results, as far as the control word asks for them, and pins
    // the latter: an operation may evict. Before the dispatch; the same errors as register_page() and
    // capability_walk().
    Result<> prepare();

    Kernel& kernel() const { return kernel_; }
    Caller const& caller() const { return caller_; }

    // Request.
    std::size_t word_count() const { return control_.get<abi::ControlWord::Words>(); }
    std::size_t capability_count() const { return control_.get<abi::ControlWord::Capabilities>(); }
    std::uint64_t word(std::size_t index) const;
    // The slot of a capability that was sent, and a copy of what stands there (diminished if it is read
    // through a weak capability).
    Result<CapabilitySlot> slot(std::size_t position) const;
    Result<abi::Capability> capability(std::size_t position) const;
    // A capability argument that must be an object of this type.
    template <base::WireType T>
    Result<ObjectRef<T>> object(std::size_t position, abi::CapabilityType type, Need need = {}) const {
        auto const found = TRY(slot(position));
        TRY(allowed(fetch_capability(found), type, need));
        return capability_cast<T>(kernel_, found.location, type);
    }
    Result<PageRef> page(std::size_t position, abi::CapabilityType type, Need need = {}) const;

    // The invoked capability, diminished if it was reached through a weak one.
    abi::Capability self() const { return self_; }
    Result<> need(Need need) const;
    // Its object.
    Result<Target> target(Need need = {}) const;
    template <base::WireType T>
    Result<ObjectRef<T>> target_as(Need needed = {}) const {
        auto const found = TRY(target(needed));
        return ObjectRef<T>{found.frame, found.index};
    }

    // Do results go into this frame? Then it must outlive the operation.
    bool answers_into(FrameIndex frame) const;

    // The point of no return; once.
    Committed commit();

    // Answer: words 1.. and capabilities, then the counts.
    void set_word(std::size_t index, std::uint64_t value);
    void set_capability(std::size_t position, abi::Capability capability);
    Reply answer(std::size_t words, std::size_t capabilities);
    Reply answer() { return answer(1, 0); }
    Reply refuse(Error error) const {
        expects(!committed_);
        return base::fail(error);
    }
    // The process waits; its state says for what, and completes the invocation.
    Reply waits() const { return Reply::done(); }
    // The process waits for a key and then invokes anew.
    Reply wait_for(WaitKey key);

    // Of a refused invocation: word 0 is the error.
    void answer_error(Error error);

private:
    static Result<> allowed(abi::Capability capability, abi::CapabilityType type, Need need);
    bool answers() const;

    Kernel& kernel_;
    Caller const& caller_;
    abi::ControlWord control_;
    CapabilitySlot self_slot_;
    abi::Capability self_;
    PageRef page_;
    std::size_t accepted_ = 0;
    std::size_t pinned_ = 0; // of places_
    std::array<SlotLocation, abi::message_capabilities_max> places_{};
    std::array<abi::Capability, abi::message_capabilities_max> results_{};
    bool committed_ = false;
};

} // namespace kernel
