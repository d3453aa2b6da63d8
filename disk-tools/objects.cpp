// SPDX-License-Identifier: Apache-2.0
// Reading objects out of verified frames. Content was hashed, not trusted: every
// index is checked before it is used.
#include "objects.hpp"

#include "report.hpp"

#include <abi/boot_slots.hpp>
#include <abi/fault.hpp>
#include <abi/objects/frame_shape.hpp>
#include <base/bytes.hpp>
#include <fmt/core.h>

#include <algorithm>
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
    return printable({process.name.data(), ::strnlen(process.name.data(), process.name.size())});
}

std::string state_name(abi::RunState state) {
    auto const index = static_cast<std::size_t>(state);
    return index < abi::run_state_names.size() ? std::string(abi::run_state_names[index]) : "unknown";
}

Objects::Objects(StoreView& view) : view_(view) {
    auto const done = view_.store().for_each(view_.at().generation, [&](checkpoint::FrameInfo const& info) {
        if (info.type == abi::FrameType::process) names_[info.frame.number()] = "";
        return true;
    });
    if (done.failed()) throw view_.file().problem(done.error);
    for (auto at = names_.begin(); at != names_.end();) {
        auto const* process =
            object_in<abi::Process>(find(abi::FrameId::persistent(at->first)), abi::FrameType::process, 0);
        if (process != nullptr && process->header.flags != abi::ObjectHeader::in_use) {
            at = names_.erase(at);
            continue;
        }
        if (process != nullptr) {
            at->second = process_name(*process);
            note_owner(*process);
        }
        ++at;
    }
}

void Objects::note_owner(abi::Process const& process) {
    using enum abi::ProcessSlot;
    for (auto const slot : {address_space, capability_space, schedule, virtual_registers, reply_endpoint}) {
        auto const& capability = process.slots[static_cast<std::size_t>(slot)];
        if (abi::names_object(capability.type()))
            owners_.try_emplace(capability.object().raw(), process_name(process));
    }
}

FrameContent const* Objects::find(abi::FrameId id) {
    if (!id.is_persistent()) return nullptr;
    auto const [at, fresh] = frames_.try_emplace(id.number());
    if (!fresh) return at->second.get();
    auto content = std::make_unique<FrameContent>();
    auto const read = view_.store().read(view_.at().generation, id, content->bytes);
    if (read.failed()) return view_.file().expect_alive(), nullptr;
    content->info = *read;
    return (at->second = std::move(content)).get();
}

FrameContent const& Objects::frame(abi::FrameId id) {
    if (auto const* content = find(id)) return *content;
    FrameContent empty;
    auto const error = view_.store().read(view_.at().generation, id, empty.bytes).error;
    if (error != abi::Error::absent || !is_unused(id)) throw view_.file().problem(error);
    empty.info.frame = id;
    empty.info.zero = true;
    return *(frames_[id.number()] = std::make_unique<FrameContent>(empty));
}

// Nothing is stored of a frame that was never used; that it exists is said by the ranges that hold it.
bool Objects::is_unused(abi::FrameId id) {
    for (auto const& [number, name] : names_)
        for (auto const& capability : held_by(abi::FrameId::persistent(number))) {
            if (capability.type() != abi::CapabilityType::frame_range) continue;
            auto const first = abi::FrameId(capability.data()).number();
            if (id.number() >= first && id.number() - first < capability.payload()) return true;
        }
    return false;
}

std::vector<abi::Capability> Objects::held_by(abi::FrameId id) {
    std::vector<abi::Capability> held;
    auto const add = [&](auto const& slots) {
        for (auto const& capability : slots)
            if (!capability.is_null()) held.push_back(capability);
    };
    auto const* process = object_in<abi::Process>(find(id), abi::FrameType::process, 0);
    if (process == nullptr) return held;
    add(process->slots);
    auto const space = process->slots[static_cast<std::size_t>(abi::ProcessSlot::capability_space)];
    if (auto const* page =
            object_in<abi::CapabilityPage>(find(space.object().frame()), abi::FrameType::capability_page, 0))
        add(page->slots);
    return held;
}

abi::Capability Objects::keeper_of(abi::FrameId id) {
    auto const* process = object_in<abi::Process>(find(id), abi::FrameType::process, 0);
    return process == nullptr ? abi::Capability::null()
                              : process->slots[static_cast<std::size_t>(abi::ProcessSlot::keeper)];
}

std::optional<abi::FrameId> Objects::receiver_of(abi::Capability capability) {
    if (abi::row_of(capability.type()).frame_type != abi::FrameType::endpoint || is_stale(capability))
        return {};
    auto const* endpoint = object_in<abi::Endpoint>(find(capability.object().frame()),
                                                    abi::FrameType::endpoint, capability.object().index());
    if (endpoint == nullptr || endpoint->receiver.type() != abi::CapabilityType::process) return {};
    if (is_stale(endpoint->receiver)) return {};
    return endpoint->receiver.object().frame();
}

bool Objects::is_stale(abi::Capability capability) {
    auto const type = abi::row_of(capability.type()).frame_type;
    auto const object = capability.object();
    auto const* frame = find(object.frame());
    if (frame == nullptr) return false; // lost or never stored: nothing is known
    auto const shape = abi::shape_of(type);
    if (frame->info.type != type || object.index() >= shape.objects) return true;
    auto const version = shape.has_header
                             ? base::read<abi::ObjectHeader>(base::ConstBytes(frame->bytes),
                                                             std::size_t{object.index()} * shape.object_size)
                                   .version
                             : frame->info.mark.raw();
    return capability.version().raw() != version;
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
    info.state_text = state_name(process.state);
    if (process.state == abi::RunState::receiving && process.open_wait == 0)
        info.state_text +=
            " on endpoint " + text(abi::ObjectId(process.receive_endpoint), abi::FrameType::endpoint);
    if (process.fault_code != 0 && process.fault_code < abi::fault_names.size())
        info.state_text +=
            fmt::format(" ({} at {:#x})", abi::fault_names[process.fault_code], process.fault_address);
    auto const slot = [&](abi::ProcessSlot name) { return process.slots[static_cast<std::size_t>(name)]; };
    info.space_pages = space(slot(abi::ProcessSlot::address_space)).size();
    info.capabilities = held_by(content.info.frame).size();
    return info;
}

std::vector<SpacePage> Objects::space(abi::Capability root) {
    std::vector<SpacePage> pages;
    walk_left_ = walk_nodes_max;
    walk(root, {.base = 0, .first = 0, .last = ~std::uint64_t{0}, .size = 64, .depth = 0, .path = {}}, pages);
    std::sort(pages.begin(), pages.end(), [](auto const& a, auto const& b) { return a.address < b.address; });
    return pages;
}

// As the machine translates: the first slot whose prefix matches, and the background where none does. Nodes
// that many others name could make it as long as a life, so the walk has a limit.
void Objects::walk(abi::Capability node, Window window, std::vector<SpacePage>& pages) {
    window.path |= node.rights();
    if (node.type() == abi::CapabilityType::data_page && window.first < abi::frame_size)
        pages.push_back({window.base, node, window.path});
    if (node.type() != abi::CapabilityType::patt || walk_left_ == 0 || window.depth == walk_depth_max) return;
    --walk_left_;
    ++window.depth;
    auto const* patt =
        object_in<abi::Patt>(find(node.object().frame()), abi::FrameType::patt, node.object().index());
    if (patt == nullptr || patt->size > window.size || patt->residual > patt->size ||
        patt->residual < abi::frame_bits)
        return;
    if (patt->header.version == node.version().raw()) walk_slots(*patt, window, pages);
}

void Objects::walk_slots(abi::Patt const& node, Window window, std::vector<SpacePage>& pages) {
    auto const spans = [](unsigned bits) { return ~std::uint64_t{0} >> (64 - bits); };
    window.last = std::min(window.last, spans(node.size));
    std::map<std::uint64_t, abi::Capability> slots; // by prefix, the first of each
    std::optional<abi::Capability> background;
    for (std::size_t i = 0; i < abi::patt_slots; ++i) {
        auto const prefix = node.prefixes[i];
        if ((prefix & spans(node.residual)) == 0) slots.try_emplace(prefix, node.capabilities[i]);
        else if (prefix == static_cast<std::uint64_t>(abi::PattPrefix::background) && !background)
            background = node.capabilities[i];
    }
    // `from` is where the part begins that no slot has covered yet; `left`: there is one.
    auto from = window.first;
    bool left = window.first <= window.last;
    auto const show_background = [&](std::uint64_t last) {
        if (!background || from > last) return;
        Window part = window;
        part.first = from, part.last = last, part.size = node.size;
        walk(*background, part, pages);
    };
    for (auto const& [prefix, child] : slots) {
        auto const end = prefix + spans(node.residual);
        if (!left || end < window.first || prefix > window.last) continue;
        if (prefix > from) show_background(prefix - 1);
        Window below = window;
        below.base += prefix;
        below.first = std::max(window.first, prefix) - prefix;
        below.last = std::min(window.last, end) - prefix;
        below.size = node.residual;
        walk(child, below, pages);
        left = end < window.last;
        from = end + 1;
    }
    if (left) show_background(window.last);
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
    if (end != last || number > abi::FrameId::number_mask || (!hex && !names_.contains(number)))
        throw unknown();
    // A damaged frame is not unknown: frame() says what it is.
    if (view_.store().find(view_.at().generation, id).error == abi::Error::absent && !is_unused(id))
        throw unknown();
    auto const type = frame(id).info.type;
    if (index >= std::max<unsigned>(abi::shape_of(type).objects, 1)) throw unknown();
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
    else if (capability.type() == abi::CapabilityType::frame_range) {
        // Its payload is a count: the range is shown as first frame and number of frames.
        auto const first = abi::FrameId(capability.data());
        return out + fmt::format(":{}{:#x}+{}", first.is_persistent() ? "" : "np:", first.number(),
                                 capability.payload());
    }
    out += rights_text(capability.rights());
    if (capability.payload() != 0) out += fmt::format(" payload {}", capability.payload());
    if (!abi::names_object(capability.type())) return out;
    if (is_stale(capability)) return out + " stale";
    if (auto const name = name_of(capability); !name.empty()) out += fmt::format(" \"{}\"", name);
    return out;
}

std::string Objects::name_of(abi::Capability capability) {
    auto const object = capability.object();
    auto const named = [&](abi::FrameId frame) {
        auto const at = names_.find(frame.number());
        return at == names_.end() ? std::string() : at->second;
    };
    if (abi::row_of(capability.type()).frame_type == abi::FrameType::process) return named(object.frame());
    auto const* root =
        object_in<abi::CapabilityPage>(find(abi::root_frame), abi::FrameType::capability_page, 0);
    if (abi::row_of(capability.type()).frame_type == abi::FrameType::endpoint) {
        if (root != nullptr && root->slots[abi::slot(abi::RootSlot::console)].object() == object)
            return "console";
        if (auto const receiver = receiver_of(capability)) return named(*receiver);
    }
    auto const owner = owners_.find(object.raw());
    return owner == owners_.end() ? std::string() : owner->second;
}

} // namespace tools
