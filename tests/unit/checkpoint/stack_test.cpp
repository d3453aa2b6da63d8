// SPDX-License-Identifier: Apache-2.0
// The stack that the engine needs, measured on a painted one: a resident program has four pages in all.
#include "reference_store.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <pthread.h>

namespace tests {
namespace {

constexpr std::uint32_t shift = 14;
constexpr std::uint32_t segments = 64;

// A disk that needs no stack of its own to speak of: completes at once, in order.
class PlainDisk final : public store::BlockDevice {
public:
    std::uint64_t capacity() const override { return image_.size(); }
    void submit(store::Request const& request) override {
        auto* const place = image_.data() + request.offset;
        if (request.kind == store::RequestKind::read)
            std::memcpy(request.data.data(), place, request.data.size());
        if (request.kind == store::RequestKind::write)
            std::memcpy(place, request.data.data(), request.data.size());
        done_[count_++] = {request.tag, store::Error::none};
    }
    std::size_t poll(std::span<store::Completion> done, bool) override {
        auto const count = std::min(done.size(), count_);
        for (std::size_t i = 0; i < count; ++i) done[i] = done_[i];
        for (std::size_t i = count; i < count_; ++i) done_[i - count] = done_[i];
        count_ -= count;
        return count;
    }

private:
    std::vector<std::byte> image_ = std::vector<std::byte>(std::size_t{segments} << shift);
    std::array<store::Completion, store::requests_at_most> done_{};
    std::size_t count_ = 0;
};

struct Work {
    PlainDisk disk;
    EngineMemory memory{small_limits(segments)};
    std::array<std::byte, abi::frame_size> content{};
    checkpoint::Engine engine;
    std::uint64_t round = 0;
    bool good = true;
};

void* nothing(void*) { return nullptr; }

void* open(void* argument) {
    auto& work = *static_cast<Work*>(argument);
    checkpoint::OpenOptions options{.limits = small_limits(segments), .nonce = {1, ++work.round}};
    work.good = work.good && work.engine.open(work.disk, work.memory.memory(), options);
    return nullptr;
}

void* live(void* argument) {
    auto& work = *static_cast<Work*>(argument);
    std::uint64_t found = 0;
    work.good = work.good && work.engine.for_each_live([&](abi::FrameId) { ++found; }) && found > 0;
    return nullptr;
}

// Commits with folds between them, and a fetch after each.
void* commit(void* argument) {
    auto& work = *static_cast<Work*>(argument);
    for (std::uint64_t i = 0; i < 60; ++i) {
        for (;;) {
            auto const begun = work.engine.begin_commit(1);
            if (begun) break;
            work.good = work.good && begun.error == abi::Error::busy;
            checkpoint::turn(work.engine, work.disk, true);
        }
        work.content[0] = static_cast<std::byte>(i + 1);
        checkpoint::FrameImage const image{
            abi::FrameId::persistent(2 + i % 40), abi::FrameType::process, {}, true, work.content};
        while (work.engine.add(image).error == abi::Error::busy)
            checkpoint::turn(work.engine, work.disk, true);
        work.good = work.good && work.engine.finish_commit({});
        while (work.engine.commit_state() == checkpoint::CommitState::writing)
            checkpoint::turn(work.engine, work.disk, true);
        work.good = work.good && work.engine.take_commit();
        auto const ticket = work.engine.fetch(abi::FrameId::persistent(2 + i / 2));
        auto fetched = work.engine.take_fetched();
        for (; !fetched; fetched = work.engine.take_fetched()) checkpoint::turn(work.engine, work.disk, true);
        work.engine.release(*ticket);
    }
    return nullptr;
}

// Bytes of its own stack that `body` touched, with what a thread needs anyway.
std::size_t touched(void* (*body)(void*), void* argument) {
    constexpr std::size_t size = 256 * 1024;
    constexpr auto paint = std::byte{0xa5};
    std::unique_ptr<std::byte[], decltype(&std::free)> stack(
        static_cast<std::byte*>(std::aligned_alloc(4096, size)), &std::free);
    std::fill_n(stack.get(), size, paint);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    EXPECT_EQ(pthread_attr_setstack(&attributes, stack.get(), size), 0);
    pthread_t thread{};
    EXPECT_EQ(pthread_create(&thread, &attributes, body, argument), 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
    std::size_t untouched = 0;
    while (untouched < size && stack[untouched] == paint) ++untouched;
    return size - untouched;
}

TEST(Stack, the_engine_fits_in_four_pages) {
    Work work;
    ASSERT_TRUE(checkpoint::format(work.disk, work.memory.memory().io,
                                   {.store = {1, 2}, .nonce = {3, 4}, .label = "s", .segment_shift = shift}));
    // Once before, so that the dynamic linker has bound what is called.
    for (auto* const body : {&open, &commit, &live}) touched(body, &work);
    auto const idle = touched(&nothing, &work);
    auto const opening = touched(&open, &work) - idle;
    auto const committing = touched(&commit, &work) - idle;
    auto const visiting = touched(&live, &work) - idle;
    EXPECT_TRUE(work.good);
    EXPECT_GT(work.engine.counters().folds, 2u);
    std::printf("open %zu bytes, commits, folds and fetches %zu, visit of live processes %zu\n", opening,
                committing, visiting);
    EXPECT_LE(opening, 8u * 1024);
    EXPECT_LE(committing, 6u * 1024);
    EXPECT_LE(visiting, 6u * 1024);
}

} // namespace
} // namespace tests
