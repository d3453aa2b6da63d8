// SPDX-License-Identifier: Apache-2.0
// Structure of frame contents.
#include <object/structure.hpp>

#include <abi/message.hpp>
#include <abi/objects/frame_shape.hpp>

#include <algorithm>

namespace kernel {

namespace {

using abi::FrameType;
using abi::PattPrefix;

constexpr std::uint8_t smallest_span = abi::frame_bits;
constexpr std::uint8_t largest_span = 64;

template <class Words>
bool zero(Words const& words) {
    return std::ranges::all_of(words, [](auto word) { return word == 0; });
}

constexpr std::uint64_t low_bits(unsigned bits) {
    return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
}

Finding check_process(abi::Process const& process) {
    if (static_cast<std::uint8_t>(process.state) >= abi::run_state_names.size()) return {"unknown run state"};
    if (process.open_wait > 1) return {"open_wait is neither 0 nor 1"};
    // Counts that the kernel goes by.
    if (process.event_endpoint_count > abi::process_event_endpoints) return {"too many event endpoints"};
    if (process.full_endpoint_count > abi::process_full_endpoints) return {"too many full endpoints"};
    if (!abi::ControlWord(process.receive_control).well_formed()) return {"malformed receive control word"};
    if (!zero(process.reserved1) || !zero(process.reserved2) || !zero(process.reserved3))
        return {"reserved bits are set"};
    return {};
}

// What stands in a buffer beyond these counts.
bool is_empty_beyond(abi::Endpoint const& endpoint, std::size_t words, std::size_t capabilities) {
    for (std::size_t i = words; i < abi::message_register_words; ++i)
        if (endpoint.buffer_words[i] != 0) return false;
    for (std::size_t i = capabilities; i < abi::message_capabilities_max; ++i)
        if (!endpoint.buffer_capabilities[i].is_null()) return false;
    return true;
}

// The kernel goes by the counts of a full buffer, and delivers what it holds.
Finding check_full_buffer(abi::Endpoint const& endpoint) {
    using Control = abi::ControlWord;
    constexpr auto counts = Control::Words::mask | Control::Capabilities::mask;
    Control const control(endpoint.buffer_control);
    bool const others = (control.raw() & ~(counts | Control::Payload::mask)) != 0;
    if (others || !control.well_formed()) return {"malformed control word in the buffer", 224};
    auto const words = control.get<Control::Words>();
    if (words > abi::message_register_words && endpoint.buffer_page.is_null())
        return {"buffer of a long message without a page", 224};
    if (!is_empty_beyond(endpoint, words, control.get<Control::Capabilities>()))
        return {"buffer holds more than its message", 224};
    return {};
}

Finding check_buffer(abi::Endpoint const& endpoint) {
    auto const page = endpoint.buffer_page.type();
    bool const paged = page != abi::CapabilityType::null;
    if (paged && page != abi::CapabilityType::data_page) return {"buffer page is not a data page", 64};
    // An old reply must not answer a later call.
    if (endpoint.payload_match != 0 && endpoint.buffer_state != abi::BufferState::off)
        return {"single-use endpoint with a buffer", 40};
    bool const holds = endpoint.buffer_control != 0 || !is_empty_beyond(endpoint, 0, 0);
    switch (endpoint.buffer_state) {
    case abi::BufferState::off:
        if (holds || paged) return {"buffer is off and not empty", 40};
        return {};
    case abi::BufferState::empty:
        if (holds) return {"empty buffer with content", 40};
        return {};
    case abi::BufferState::full: return check_full_buffer(endpoint);
    }
    return {"unknown buffer state", 40};
}

Finding check_endpoint(abi::Endpoint const& endpoint) {
    if (endpoint.payload_match > 1) return {"payload_match is neither 0 nor 1"};
    if (endpoint.reserved0 != 0 || !zero(endpoint.reserved1)) return {"reserved bits are set"};
    return check_buffer(endpoint);
}

Finding check_schedule(abi::Schedule const& schedule) {
    if (schedule.priority >= abi::priority_count) return {"priority out of range"};
    if (schedule.reserved0 != 0 || !zero(schedule.reserved1)) return {"reserved bits are set"};
    return {};
}

Finding check_heap(abi::Heap const& heap) {
    auto const type = static_cast<FrameType>(heap.object_type);
    if (heap.object_type >= abi::frame_type_count || !abi::is_heap_frame(type))
        return {"unknown object type"};
    if (heap.persistent > 1 || heap.resident > 1) return {"heap attribute is neither 0 nor 1"};
    if (heap.persistent == 0 && heap.resident == 0) return {"non-persistent heap is not resident (R38)"};
    if (heap.reserved0 != 0 || heap.reserved1 != 0 || heap.reserved2 != 0 || !zero(heap.reserved3))
        return {"reserved bits are set"};
    return {};
}

Finding check_object(FrameType type, base::ConstBytes object) {
    switch (type) {
    case FrameType::patt: return check_patt(base::view<abi::Patt>(object));
    case FrameType::process: return check_process(base::view<abi::Process>(object));
    case FrameType::endpoint: return check_endpoint(base::view<abi::Endpoint>(object));
    case FrameType::schedule: return check_schedule(base::view<abi::Schedule>(object));
    case FrameType::heap: return check_heap(base::view<abi::Heap>(object));
    case FrameType::free:
    case FrameType::data_page:
    case FrameType::capability_page: break;
    }
    return {};
}

Finding check_capabilities(abi::FrameShape shape, base::ConstBytes object) {
    for (std::uint32_t i = 0; i < shape.capability_count; ++i) {
        std::uint32_t const offset =
            shape.capability_offset + i * static_cast<std::uint32_t>(sizeof(abi::Capability));
        if (auto finding = check_capability(base::read<abi::Capability>(object, offset)); !finding.clean())
            return {finding.rule, offset + finding.offset};
    }
    return {};
}

// An object of a heap frame, with its header.
Finding check_heap_object(FrameType type, abi::Version mark, base::ConstBytes object) {
    auto const header = base::read<abi::ObjectHeader>(object);
    if (header.version > mark.raw()) return {"version above the frame's mark"};
    if (header.flags > abi::ObjectHeader::in_use) return {"reserved bits are set", 4};
    if (header.flags == 0) {
        if (!base::all_zero(object.subspan(sizeof header))) return {"unused object is not zero"};
        return {};
    }
    if (auto finding = check_object(type, object); !finding.clean()) return finding;
    return check_capabilities(abi::shape_of(type), object);
}

} // namespace

Finding check_capability(abi::Capability capability) {
    if (capability.is_prepared()) return {"prepared form outside memory"};
    if (!abi::is_known(capability.type())) return {"unknown capability type"};
    auto const& row = abi::row_of(capability.type());
    if (!row.allowed.has(capability.rights())) return {"rights outside the type's mask", 15};
    if (capability.is_null() && capability != abi::Capability::null())
        return {"null capability with content"};
    if (!abi::names_object(capability.type()) && capability.version() != abi::Version())
        return {"version without an object"};
    return {};
}

bool prefix_fits(abi::Patt const& patt, std::uint64_t prefix) {
    if ((prefix & 1) != 0)
        return prefix == static_cast<std::uint64_t>(PattPrefix::invalid) ||
               prefix == static_cast<std::uint64_t>(PattPrefix::keeper) ||
               prefix == static_cast<std::uint64_t>(PattPrefix::background);
    return (prefix & ~low_bits(patt.size)) == 0 && (prefix & low_bits(patt.residual)) == 0;
}

Finding check_patt(abi::Patt const& patt) {
    if (patt.residual < smallest_span || patt.size < patt.residual || patt.size > largest_span)
        return {"size and residual do not fit", 8};
    if (patt.reserved0 != 0 || patt.reserved1 != 0 || !zero(patt.reserved2))
        return {"reserved bits are set", 10};
    for (std::size_t i = 0; i < abi::patt_slots; ++i) {
        auto const prefix = patt.prefixes[i];
        auto const offset = static_cast<std::uint32_t>(offsetof(abi::Patt, prefixes) + 8 * i);
        if (!prefix_fits(patt, prefix)) return {"prefix outside size and residual", offset};
        if (prefix == static_cast<std::uint64_t>(PattPrefix::invalid)) {
            if (!patt.capabilities[i].is_null()) return {"capability in an empty slot", offset};
            continue;
        }
        for (std::size_t j = 0; j < i; ++j)
            if (patt.prefixes[j] == prefix) return {"two slots with one prefix", offset};
    }
    return {};
}

Finding check_structure(FrameType type, abi::Version mark, base::ConstBytes content) {
    expects(content.size() == abi::frame_size);
    if (static_cast<std::uint8_t>(type) >= abi::frame_type_count) return {"unknown frame type"};
    auto const shape = abi::shape_of(type);
    if (type == FrameType::free && !base::all_zero(content)) return {"free frame is not zero"};
    for (std::uint32_t index = 0; index < shape.objects; ++index) {
        std::uint32_t const offset = index * shape.object_size;
        auto const object = content.subspan(offset, shape.object_size);
        auto const finding =
            shape.has_header ? check_heap_object(type, mark, object) : check_capabilities(shape, object);
        if (!finding.clean()) return {finding.rule, offset + finding.offset};
    }
    return {};
}

} // namespace kernel
