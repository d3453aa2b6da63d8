// SPDX-License-Identifier: Apache-2.0
// Reading objects out of verified frames. Content was hashed, not trusted: every index is checked before it
// is used.
#include "objects.hpp"

#include <abi/boot_slots.hpp>
#include <abi/fault.hpp>
#include <abi/objects/frame_shape.hpp>
#include <base/bytes.hpp>
#include <fmt/core.h>

#include <charconv>
#include <cstring>

namespace tools {
namespace {

constexpr std::array<std::pair<abi::Right, std::string_view>, 8> right_names = {{
    {abi::Right::read_only, "read_only"},
    {abi::Right::weak, "weak"},
    {abi::Right::no_execute, "no_execute"},
    {abi::Right::opaque, "opaque"},
    {abi::Right::no_call, "no_call"},
    {abi::Right::send, "send"},
    {abi::Right::receive, "receive"},
    {abi::Right::manage, "manage"},
}};

std::string rights_text(abi::Rights rights) {
    std::string text;
    for (auto const& [right, name] : right_names)
        if (rights.has(right)) text += (text.empty() ? "" : ",") + std::string(name);
    return text.empty() ? "" : "(" + text + ")";
}

template <class Object>
Object const* object_in(FrameContent const* frame, abi::FrameType type, unsigned index) {
    if (frame == nullptr || frame->info.type != type || index >= abi::shape_of(type).objects) return nullptr;
    return &base::view<Object>(base::ConstBytes(frame->bytes), index * sizeof(Object));
}

} // namespace

std::string process_name(abi::Process const& process) {
    return {process.name.data(), ::strnlen(process.name.data(), process.name.size())};
}

Objects::Objects(StoreView& view) : view_(view) {
    auto const done = view_.store().for_each(view_.at().generation, [&](checkpoint::FrameInfo const& info) {
        if (info.type == abi::FrameType::process) names_[info.frame.number()] = "";
        return true;
    });
    if (done.failed()) throw problem_of(done.error, view_.file().path());
    for (auto& [number, name] : names_)
        if (auto const* process =
                object_in<abi::Process>(find(abi::FrameId::persistent(number)), abi::FrameType::process, 0))
            name = process_name(*process);
}

FrameContent const* Objects::find(abi::FrameId id) {
    auto const [at, fresh] = frames_.try_emplace(id.number());
    if (!fresh) return at->second.get();
    auto content = std::make_unique<FrameContent>();
    auto const read = view_.store().read(view_.at().generation, id, content->bytes);
    if (read.failed()) return nullptr;
    content->info = *read;
    return (at->second = std::move(content)).get();
}

FrameContent const& Objects::frame(abi::FrameId id) {
    if (auto const* content = find(id)) return *content;
    FrameContent ignored;
    throw problem_of(view_.store().read(view_.at().generation, id, ignored.bytes).error, view_.file().path());
}

std::vector<ProcessInfo> Objects::processes() {
    std::vector<ProcessInfo> all;
    for (auto const& [number, name] : names_)
        if (auto const* content = find(abi::FrameId::persistent(number))) all.push_back(describe(*content));
    return all;
}

ProcessInfo Objects::describe(FrameContent const& content) {
    auto const& process = base::view<abi::Process>(base::ConstBytes(content.bytes));
    ProcessInfo info{.frame = content.info.frame,
                     .name = process_name(process),
                     .state = process.state,
                     .state_text = {},
                     .live = process.is_live()};
    auto const state = static_cast<std::size_t>(process.state);
    info.state_text =
        state < abi::run_state_names.size() ? std::string(abi::run_state_names[state]) : "unknown";
    if (process.state == abi::RunState::receiving && process.open_wait == 0)
        info.state_text +=
            " on endpoint " + text(abi::ObjectId(process.receive_endpoint), abi::FrameType::endpoint);
    if (process.fault_code != 0 && process.fault_code < abi::fault_names.size())
        info.state_text +=
            fmt::format(" ({} at {:#x})", abi::fault_names[process.fault_code], process.fault_address);
    auto const slot = [&](abi::ProcessSlot name) { return process.slots[static_cast<std::size_t>(name)]; };
    info.space_pages = space(slot(abi::ProcessSlot::address_space)).size();
    for (auto const& capability : process.slots) info.capabilities += capability.is_null() ? 0u : 1u;
    auto const capabilities = slot(abi::ProcessSlot::capability_space);
    if (auto const* page = object_in<abi::CapabilityPage>(find(capabilities.object().frame()),
                                                          abi::FrameType::capability_page, 0))
        for (auto const& capability : page->slots) info.capabilities += capability.is_null() ? 0u : 1u;
    return info;
}

std::vector<SpacePage> Objects::space(abi::Capability root) {
    std::vector<SpacePage> pages;
    walk(root, 0, {}, 64, pages);
    return pages;
}

// A child is no larger than its parent's residual, so the walk ends.
void Objects::walk(abi::Capability node, std::uint64_t base, abi::Rights path, unsigned size,
                   std::vector<SpacePage>& pages) {
    path |= node.rights();
    if (node.type() == abi::CapabilityType::data_page) pages.push_back({base, node, path});
    if (node.type() != abi::CapabilityType::patt) return;
    auto const* patt =
        object_in<abi::Patt>(find(node.object().frame()), abi::FrameType::patt, node.object().index());
    if (patt == nullptr || patt->size > size || patt->residual > patt->size ||
        patt->residual < abi::frame_bits)
        return;
    if (patt->header.version != node.version().raw()) return;
    for (std::size_t i = 0; i < abi::patt_slots; ++i)
        if ((patt->prefixes[i] & 1) == 0) {
            auto const below = patt->residual == size ? patt->residual - 1u : patt->residual;
            walk(patt->capabilities[i], base + patt->prefixes[i], path, below, pages);
        }
}

abi::ObjectId Objects::parse(std::string const& text) {
    for (auto const& [number, name] : names_)
        if (name == text) return {abi::FrameId::persistent(number), 0};
    auto const unknown = [&] {
        return Problem(ExitCode::failed, "no-such-object",
                       fmt::format("{} holds no object '{}'", view_.file().path(), text),
                       "name a process, a PID, 0xFRAME or 0xFRAME.INDEX; see stele ps");
    };
    bool const hex = text.starts_with("0x");
    auto const* first = text.data() + (hex ? 2 : 0);
    auto const* last = text.data() + text.size();
    std::uint64_t number = 0;
    unsigned index = 0;
    auto [end, error] = std::from_chars(first, last, number, hex ? 16 : 10);
    if (error != std::errc{} || end == first) throw unknown();
    if (end != last && *end == '.') {
        auto const [index_end, index_error] = std::from_chars(end + 1, last, index);
        if (index_error != std::errc{} || index > 0x7f) throw unknown();
        end = index_end;
    }
    auto const id = abi::FrameId::persistent(number);
    if (end != last || (!hex && !names_.contains(number)) || find(id) == nullptr) throw unknown();
    if (index >= abi::shape_of(find(id)->info.type).objects) throw unknown();
    return {id, index};
}

std::string Objects::text(abi::ObjectId object, abi::FrameType type) {
    auto const frame =
        fmt::format("{}{:#x}", object.frame().is_persistent() ? "" : "np:", object.frame().number());
    return abi::shape_of(type).objects > 1 ? fmt::format("{}.{}", frame, object.index()) : frame;
}

std::string Objects::text(abi::Capability capability) {
    auto const& row = abi::row_of(capability.type());
    if (!abi::is_known(capability.type()))
        return fmt::format("unknown-type-{}", static_cast<int>(capability.type()));
    std::string out(row.name);
    if (capability.is_null()) return out;
    if (abi::names_object(capability.type())) out += ":" + text(capability.object(), row.frame_type);
    else if (capability.type() == abi::CapabilityType::number)
        out += fmt::format(":{:#x}", capability.data());
    out += rights_text(capability.rights());
    if (capability.payload() != 0) out += fmt::format(" payload {}", capability.payload());
    if (abi::names_object(capability.type())) {
        if (auto const at = names_.find(capability.object().frame().number());
            at != names_.end() && row.frame_type == abi::FrameType::process)
            out += fmt::format(" \"{}\"", at->second);
        auto const* root =
            object_in<abi::CapabilityPage>(find(abi::root_frame), abi::FrameType::capability_page, 0);
        if (row.frame_type == abi::FrameType::endpoint && root != nullptr &&
            root->slots[abi::slot(abi::RootSlot::console)].object() == capability.object())
            out += " \"console\"";
    }
    return out;
}

} // namespace tools
