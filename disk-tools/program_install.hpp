// SPDX-License-Identifier: Apache-2.0
// Another program in the place of a process's own: which frames that changes, and how.
#pragma once

#include "frame_edits.hpp"
#include "program_file.hpp"
#include "space_editor.hpp"

namespace tools {

struct InstallPlan {
    bool keep_data = false;     // writable pages that are there stay as they are
    std::uint64_t argument = 0; // in rdi when it starts
    std::uint64_t processor_features = 0;
};

struct InstallResult {
    std::uint64_t pages_new = 0;      // of the program, at addresses where nothing was
    std::uint64_t pages_replaced = 0; // content anew
    std::uint64_t pages_kept = 0;     // of its data, by keep_data
    std::uint64_t pages_gone = 0;     // of the old program's code
    std::uint64_t frames_new = 0;     // that the store did not have
    std::vector<checkpoint::FrameImage> images;
};

class ProgramInstall {
public:
    ProgramInstall(StoreView& view, Objects& objects, abi::FrameId process);

    // Problems: no-room (see SpaceEditor; or no stack), io or damage. `images` is valid while this lives.
    InstallResult apply(ProgramFile const& program, InstallPlan const& plan);

private:
    void scan();
    bool is_own(abi::Capability page);
    void put(ProgramPage const& page, SpacePage const* there, bool keep_data, InstallResult& result);
    abi::FrameId frame_for(SpacePage const* there, InstallResult& result);
    void start(ProgramFile const& program, InstallPlan const& plan);
    abi::Capability slot_of(abi::ProcessSlot slot);

    StoreView& view_;
    Objects& objects_;
    abi::FrameId process_;
    std::map<std::uint64_t, unsigned> page_uses_;  // of a data page: capabilities that name it
    std::map<std::uint64_t, unsigned> space_uses_; // of a node: slots of nodes and processes that have it
    std::uint64_t first_free_ = 0;
    std::optional<FrameEdits> edits_;
    std::optional<SpaceEditor> space_;
    std::vector<abi::FrameId> spare_; // of this process, and named by nobody any more
};

} // namespace tools
