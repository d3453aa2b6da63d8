// SPDX-License-Identifier: Apache-2.0
// PATTs: store and fetch of pairs, shape, reduce.
#include <cap/kinds.hpp>

#include <mapping/invalidate.hpp>
#include <object/structure.hpp>

#include <kernel/dispatch/patt.hpp>

namespace kernel {

namespace {

using namespace patt_interface;

constexpr auto empty_prefix = static_cast<std::uint64_t>(abi::PattPrefix::invalid);

bool is_taken(abi::Patt const& patt, std::uint64_t slot, std::uint64_t prefix) {
    if (prefix == empty_prefix) return false;
    for (std::size_t i = 0; i < abi::patt_slots; ++i)
        if (i != slot && patt.prefixes[i] == prefix) return true;
    return false;
}

bool is_empty(abi::Patt const& patt) {
    for (auto const prefix : patt.prefixes)
        if (prefix != empty_prefix) return false;
    return true;
}

struct PattOperations {
    Reply store(Invocation& call, StoreArguments const& arguments) {
        if (arguments.slot >= abi::patt_slots) return call.refuse(Error::bad_argument);
        auto const node = TRY(call.target_as<abi::Patt>(need_edit));
        if (!prefix_fits(node.get(), arguments.prefix) ||
            is_taken(node.get(), arguments.slot, arguments.prefix))
            return call.refuse(Error::bad_argument);
        auto capability = TRY(call.capability(arguments.capability));
        // An empty slot holds nothing: the audit would refuse the snapshot.
        if (arguments.prefix == empty_prefix) capability = abi::Capability::null();
        auto const committed = call.commit();
        auto& kernel = call.kernel();
        auto const slot = static_cast<std::uint32_t>(arguments.slot);
        invalidate_slot(kernel, node, slot, arguments.prefix);
        FrameWriter writer(kernel, node.frame, node.index, committed);
        writer.object<abi::Patt>().prefixes[slot] = arguments.prefix;
        store_capability(kernel, object_slot(abi::FrameType::patt, node.target(), slot), capability,
                         committed);
        return call.answer();
    }

    Reply fetch(Invocation& call, FetchArguments const& arguments) {
        if (arguments.slot >= abi::patt_slots) return call.refuse(Error::bad_argument);
        auto const node = TRY(call.target_as<abi::Patt>({.none = abi::Right::opaque}));
        auto const found = node->capabilities[arguments.slot];
        bool const weak = call.self().rights().has(abi::Right::weak);
        return answer(call, FetchResult{node->prefixes[arguments.slot], weak ? diminish(found) : found});
    }

    Reply set_shape(Invocation& call, SetShapeArguments const& arguments) {
        auto const node = TRY(call.target_as<abi::Patt>(need_edit));
        if (arguments.residual < abi::frame_bits || arguments.residual > arguments.size ||
            arguments.size > 64)
            return call.refuse(Error::bad_argument);
        if (!is_empty(node.get())) return call.refuse(Error::in_use);
        auto const committed = call.commit();
        invalidate_node(call.kernel(), node);
        FrameWriter writer(call.kernel(), node.frame, node.index, committed);
        writer.object<abi::Patt>().size = arguments.size;
        writer.object<abi::Patt>().residual = arguments.residual;
        return call.answer();
    }

    Reply shape(Invocation& call) {
        auto const node = TRY(call.target_as<abi::Patt>());
        return answer(call, ShapeResult{node->size, node->residual});
    }

    Reply reduce(Invocation& call, ReduceArguments const& arguments) {
        auto const added = abi::Rights::from_raw(arguments.restrictions);
        if (!abi::memory_restrictions.has(added)) return call.refuse(Error::bad_argument);
        auto const self = call.self();
        return answer(call, ReduceResult{self.with_rights(self.rights() | added)});
    }
};

} // namespace

Reply invoke_patt(Invocation& call) {
    PattOperations handlers;
    return dispatch_patt(handlers, call);
}

} // namespace kernel
