// SPDX-License-Identifier: Apache-2.0
// Recurses far below the stack that it was given, to a pseudo-random depth; every frame is filled on the way
// down and verified on the way up. It invokes nothing for a page: its keeper does.
#include <apps/self_check.hpp>
#include <apps/stack_keeper.hpp>
#include <runtime/invoke.hpp>
#include <runtime/program.hpp>

namespace {

enum class DeepSlot : std::uint64_t { keeper = 4 };

constexpr std::uint64_t cells = 96; // of a frame, so that one is about 1 KiB
constexpr std::uint64_t depth_max = 64;
constexpr std::uint64_t deepest_max = 400; // one descent of sixteen
constexpr std::uint64_t descents_per_trim = 4;

constinit std::uint64_t descents = 0;
constinit std::uint64_t random_state = 0x5851'f42d'4c95'7f2d;

std::uint64_t next_random() {
    random_state = random_state * 6364136223846793005 + 1442695040888963407;
    return random_state >> 33;
}

std::uint64_t pattern(std::uint64_t depth, std::uint64_t cell) {
    return (descents * 0x10'0000 + depth * 0x100 + cell) * 0x9e37'79b9'7f4a'7c15;
}

// How many cells did not hold what was written.
[[gnu::noinline]] std::uint64_t descend(std::uint64_t depth) {
    std::uint64_t volatile frame[cells];
    for (std::uint64_t i = 0; i < cells; ++i) frame[i] = pattern(depth, i);
    std::uint64_t wrong = depth == 0 ? 0 : descend(depth - 1);
    for (std::uint64_t i = 0; i < cells; ++i)
        if (frame[i] != pattern(depth, i)) ++wrong;
    return wrong;
}

// Lets the keeper take what lies below this frame, so that the next descent faults again.
void trim() {
    runtime::Message message(stack_keeper::trim_operation);
    auto const trimmed = runtime::call(runtime::Slot(DeepSlot::keeper), message);
    if (trimmed.failed()) apps::self_check_failed("deep", "trim: ", abi::describe(trimmed.error).name);
}

} // namespace

extern "C" int main(std::uint64_t) {
    for (;;) {
        auto const depth = next_random() % (descents % 16 == 15 ? deepest_max : depth_max);
        auto const wrong = descend(depth);
        if (wrong != 0)
            apps::self_check_failed("deep", wrong, " cells in descent ", descents, " of depth ", depth);
        ++descents;
        if (descents % descents_per_trim != 0) continue;
        trim();
        apps::say("deep: ", descents, " descents, ok");
    }
}
