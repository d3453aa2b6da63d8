// SPDX-License-Identifier: Apache-2.0
// Commits by the engine, one loop over its device.
#include "store_writer.hpp"

#include <abi/revision.hpp>

#include <algorithm>
#include <ctime>
#include <sys/random.h>

namespace tools {
namespace {

// What is left unfolded has to find room in the machine's tables, which are smaller than the tool's.
checkpoint::Limits writing_limits(Device& device) {
    auto limits = limits_for(device);
    limits.unmigrated_entries = checkpoint::Limits{}.unmigrated_entries;
    return limits;
}

} // namespace

abi::disk::Random128 random_bits() {
    abi::disk::Random128 bits;
    if (::getrandom(&bits, sizeof bits, 0) != sizeof bits)
        throw Problem(ExitCode::failed, "io", "the system gives no random bits", "try again");
    return bits;
}

std::uint64_t wall_clock_ns() {
    std::timespec now = {};
    std::timespec_get(&now, TIME_UTC);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

StoreWriter::StoreWriter(std::string name, Device& device, abi::disk::Random128 nonce)
    : name_(std::move(name)), device_(device), limits_(writing_limits(device)), memory_(limits_) {
    checkpoint::OpenOptions options;
    options.limits = limits_;
    options.nonce = nonce;
    options.abi_revision = abi::abi_revision;
    auto const opened = engine_.open(device, memory_.memory(), options);
    if (opened.failed()) fail(opened.error);
}

void StoreWriter::fail(abi::Error error) const {
    if (auto const why = device_.failure(); !why.empty())
        throw Problem(ExitCode::failed, "io", name_ + ": " + why,
                      "see to the server; what a checkpoint has acknowledged is not lost");
    throw problem_of(error, name_);
}

checkpoint::Generation StoreWriter::commit(std::size_t count,
                                           std::function<checkpoint::FrameImage(std::size_t)> const& frame,
                                           checkpoint::CommitInfo info) {
    if (info.time_ns == 0) info.time_ns = wall_clock_ns();
    if (info.abi_revision == 0) info.abi_revision = abi::abi_revision;
    checkpoint::Generation made;
    for (std::size_t next = 0; next < count;) {
        auto const batch = std::min<std::size_t>(count - next, engine_.frames_at_most());
        insist([&] { return engine_.begin_commit(static_cast<std::uint32_t>(batch)); });
        for (std::size_t i = 0; i < batch; ++i, ++next) {
            auto const image = frame(next);
            insist([&] { return engine_.add(image); });
        }
        if (auto const asked = engine_.finish_commit(info); asked.failed()) fail(asked.error);
        run_until([&] {
            return engine_.commit_state() == checkpoint::CommitState::committed ||
                   engine_.commit_state() == checkpoint::CommitState::failed;
        });
        auto const taken = engine_.take_commit();
        if (taken.failed()) fail(taken.error);
        made = *taken;
    }
    return made;
}

void StoreWriter::finish() {
    engine_.note_idle();
    do checkpoint::turn(engine_, device_, true);
    while (!engine_.quiet() || engine_.runnable());
    if (!device_.failure().empty()) fail(abi::Error::io);
}

} // namespace tools
