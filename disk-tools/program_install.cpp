// SPDX-License-Identifier: Apache-2.0
// The rules of `stele install`; its manual page says them.
#include "program_install.hpp"

#include "held_capabilities.hpp"
#include "problem.hpp"
#include "process_start.hpp"

#include <abi/virtual_registers.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <set>

namespace tools {
namespace {

SpacePage const* page_at(std::vector<SpacePage> const& pages, std::uint64_t address) {
    auto const at = std::ranges::find(pages, address, &SpacePage::address);
    return at == pages.end() ? nullptr : &*at;
}

bool is_executable(SpacePage const& page) {
    return !page.page.rights().has(abi::Right::no_execute) && !page.restrictions.has(abi::Right::no_execute);
}

bool is_writable(SpacePage const& page) {
    auto const rights = page.page.rights() | page.restrictions;
    return !rights.has(abi::Right::read_only) && !rights.has(abi::Right::weak);
}

} // namespace

ProgramInstall::ProgramInstall(StoreView& view, Objects& objects, abi::FrameId process)
    : view_(view), objects_(objects), process_(process) {
    scan();
    edits_.emplace(objects_, abi::FrameId::persistent(first_free_));
    space_.emplace(*edits_, slot_of(abi::ProcessSlot::address_space),
                   [this](abi::ObjectId node) { return space_uses_[node.raw()] > 1; });
}

// Frames that the store does not have, and that no capability in it names, are nobody's: those behind the
// last frame and behind the last of every range.
void ProgramInstall::scan() {
    std::vector<abi::FrameId> holders;
    auto const done = view_.store().for_each(view_.at().generation, [&](checkpoint::FrameInfo const& info) {
        first_free_ = std::max(first_free_, info.frame.number() + 1);
        if (may_hold_capabilities(info.type)) holders.push_back(info.frame);
        return true;
    });
    if (done.failed()) throw view_.file().problem(done.error);
    auto const look = [&](HeldCapability const& held) {
        auto const& capability = held.capability;
        if (capability.type() == abi::CapabilityType::frame_range) {
            auto const first = abi::FrameId(capability.data());
            if (first.is_persistent())
                first_free_ = std::max(first_free_, first.number() + capability.payload());
        }
        if (abi::names_object(capability.type()) && capability.object().frame().is_persistent())
            first_free_ = std::max(first_free_, capability.object().frame().number() + 1);
        if (capability.type() == abi::CapabilityType::data_page)
            ++page_uses_[capability.object().frame().number()];
        bool const is_space = held.type == abi::FrameType::patt ||
                              (held.type == abi::FrameType::process &&
                               held.slot == static_cast<unsigned>(abi::ProcessSlot::address_space));
        if (capability.type() == abi::CapabilityType::patt && is_space)
            ++space_uses_[capability.object().raw()];
    };
    for (auto const frame : holders)
        if (!visit_capabilities(view_, frame, look)) throw view_.file().problem(abi::Error::corrupt);
}

abi::Capability ProgramInstall::slot_of(abi::ProcessSlot slot) {
    return edits_->object<abi::Process>({process_, 0}).slots[static_cast<std::size_t>(slot)];
}

// Nobody else sees what is written there.
bool ProgramInstall::is_own(abi::Capability page) {
    auto const uses = page_uses_.find(page.object().frame().number());
    return uses != page_uses_.end() && uses->second == 1 && !objects_.is_stale(page);
}

abi::FrameId ProgramInstall::frame_for(SpacePage const* there, InstallResult& result) {
    if (there != nullptr && is_own(there->page)) return there->page.object().frame();
    if (!spare_.empty()) {
        auto const frame = spare_.back();
        spare_.pop_back();
        return frame;
    }
    ++result.frames_new;
    return edits_->arena().frame(abi::FrameType::data_page).id;
}

void ProgramInstall::put(ProgramPage const& page, SpacePage const* there, bool keep_data,
                         InstallResult& result) {
    if (keep_data && there != nullptr && page.writable && is_writable(*there)) {
        ++result.pages_kept;
        return;
    }
    ++(there == nullptr ? result.pages_new : result.pages_replaced);
    auto const frame = frame_for(there, result);
    abi::Version version = FrameArena::first_version;
    if (auto* const made = edits_->arena().find(frame)) {
        made->content = page.content;
    } else {
        auto& content = edits_->frame(frame);
        content.bytes = page.content;
        version = content.info.mark;
    }
    abi::Rights rights;
    if (!page.writable) rights |= abi::Right::read_only;
    if (!page.executable) rights |= abi::Right::no_execute;
    space_->map(page.address, abi::Capability::to_object(abi::CapabilityType::data_page,
                                                         abi::ObjectId(frame, 0), version, rights));
}

InstallResult ProgramInstall::apply(ProgramFile const& program, InstallPlan const& plan) {
    InstallResult result;
    auto const pages = objects_.space(slot_of(abi::ProcessSlot::address_space));
    auto const* const stack = page_at(pages, stack_top - abi::frame_size);
    if (stack == nullptr || !is_writable(*stack))
        throw Problem(ExitCode::failed, "no-room",
                      fmt::format("the process has no stack below {:#x}", stack_top),
                      "only a process that began with a stack there can begin anew");
    std::set<std::uint64_t> addresses;
    for (auto const& page : program.pages) addresses.insert(page.address);
    for (auto const& page : pages) {
        if (!is_executable(page) || addresses.contains(page.address)) continue;
        space_->unmap(page.address);
        ++result.pages_gone;
        if (is_own(page.page)) spare_.push_back(page.page.object().frame());
    }
    for (auto const& page : program.pages) put(page, page_at(pages, page.address), plan.keep_data, result);
    if (auto const* const registers = page_at(pages, abi::virtual_registers_address);
        registers != nullptr && is_own(registers->page))
        edits_->frame(registers->page.object().frame()).bytes = {};
    for (auto const frame : spare_) edits_->free(frame);
    start(program, plan);
    result.frames_new = edits_->arena().frames().size();
    result.images = edits_->images();
    return result;
}

// As the process began, with what it holds and what is underway towards it: events and messages of its
// endpoints wait for the new program. Answers to what the old one asked, and restarts of its faults, are void
// (R5).
void ProgramInstall::start(ProgramFile const& program, InstallPlan const& plan) {
    auto& process = edits_->object<abi::Process>({process_, 0});
    start_at(process, program.entry, plan.argument, plan.processor_features);
    if (process.state != abi::RunState::stopped) process.state = abi::RunState::ready;
    process.open_wait = process.fault_declined = 0;
    ++process.fault_count;
    process.fault_code = process.wait_boot = 0;
    process.fault_address = process.wake_time = process.receive_endpoint = process.receive_control = 0;
    std::ranges::fill(process.receive_slots, std::uint64_t{0});
    auto const reply = slot_of(abi::ProcessSlot::reply_endpoint);
    if (reply.type() != abi::CapabilityType::endpoint || objects_.is_stale(reply)) return;
    auto& endpoint = edits_->object<abi::Endpoint>(reply.object());
    if (endpoint.payload_match != 0) ++endpoint.reply_count;
}

} // namespace tools
