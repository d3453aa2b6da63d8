// SPDX-License-Identifier: Apache-2.0
// Every capability of a checkpoint against the frame that it names.
#include "object_check.hpp"

#include "held_capabilities.hpp"

#include <memory>
#include <unordered_map>

namespace tools {
namespace {

// Mark and type of every frame, by its number: four bytes each, in pieces that exist where frames do.
class Marks {
public:
    struct Entry {
        abi::Version mark;
        abi::FrameType type = abi::FrameType::free;
    };

    void note(checkpoint::FrameInfo const& info) {
        auto& piece = pieces_[info.frame.number() / piece_frames];
        if (!piece) piece = std::make_unique<Piece>();
        (*piece)[info.frame.number() % piece_frames] =
            info.mark.raw() << 8 | static_cast<std::uint32_t>(info.type);
    }
    // Of a frame that the checkpoint does not have: no mark, free.
    Entry of(abi::FrameId frame) const {
        auto const at = pieces_.find(frame.number() / piece_frames);
        auto const packed = at == pieces_.end() ? 0 : (*at->second)[frame.number() % piece_frames];
        return {abi::Version(packed >> 8), static_cast<abi::FrameType>(packed & 0xff)};
    }

private:
    static constexpr std::uint64_t piece_frames = 4096;
    using Piece = std::array<std::uint32_t, piece_frames>;
    std::unordered_map<std::uint64_t, std::unique_ptr<Piece>> pieces_;
};

class ObjectCheck {
public:
    ObjectCheck(StoreView& view, std::function<void(ObjectFinding const&)> const& report)
        : view_(view), objects_(view), report_(report) {}

    ObjectCounts run() {
        std::vector<abi::FrameId> with_capabilities;
        auto const done =
            view_.store().for_each(view_.at().generation, [&](checkpoint::FrameInfo const& info) {
                marks_.note(info);
                if (abi::shape_of(info.type).capability_count != 0) with_capabilities.push_back(info.frame);
                return true;
            });
        view_.file().expect_alive();
        if (done.failed()) return {};
        for (auto const frame : with_capabilities)
            if (auto const read = visit_capabilities(
                    view_, frame, [&](HeldCapability const& held) { check_capability(held); });
                read && *read == abi::FrameType::process)
                ++counts_.processes;
        return counts_;
    }

private:
    void check_capability(HeldCapability const& held) {
        ++counts_.capabilities;
        auto const frame = held.frame;
        auto const slot = held.slot;
        auto const capability = held.capability;
        auto const report = [&](std::string const& code, std::string const& text) {
            report_({frame, code, text});
        };
        if (capability.is_prepared())
            return report("prepared-capability",
                          "slot " + std::to_string(slot) + " is a prepared capability");
        if (!abi::is_known(capability.type()))
            return report("capability-type",
                          "slot " + std::to_string(slot) + " has an " + objects_.text(capability));
        auto const& row = abi::row_of(capability.type());
        if (!row.allowed.has(capability.rights()))
            return report("capability-rights", "rights outside the type's: " + objects_.text(capability));
        if (!abi::names_object(capability.type()) || !capability.object().frame().is_persistent()) return;
        auto const target = marks_.of(capability.object().frame());
        if (capability.version() > target.mark)
            return report("capability-version",
                          "version above the object's mark: " + objects_.text(capability));
        if (capability.version() == target.mark && target.type != row.frame_type &&
            target.type != abi::FrameType::free)
            report("capability-type", "names an object of another type: " + objects_.text(capability));
    }

    StoreView& view_;
    Objects objects_;
    std::function<void(ObjectFinding const&)> const& report_;
    Marks marks_;
    ObjectCounts counts_;
};

} // namespace

ObjectCounts check_objects(StoreView& view, std::function<void(ObjectFinding const&)> const& report) {
    return ObjectCheck(view, report).run();
}

} // namespace tools
