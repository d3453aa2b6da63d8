// SPDX-License-Identifier: Apache-2.0
// The store's engine as a side: the source that runs in the migrator, over a DirectFile, driven by this
// thread.
#pragma once

#include "bench.hpp"
#include "direct_file.hpp"

#include <checkpoint/engine.hpp>

#include <optional>

namespace bench {

struct EngineSetup {
    std::string path;
    std::uint64_t bytes = 0;
    std::uint32_t unmigrated_entries = 1 << 18;
    bool sparse = false;
};

// Segments grow with the store, so that there are no more than the system's migrator has room for.
std::uint32_t segment_shift_for(std::uint64_t bytes);
checkpoint::Limits bench_limits(std::uint64_t bytes, std::uint32_t unmigrated_entries);

class EngineSide final : public Side {
public:
    // Makes the file, formats and opens it.
    explicit EngineSide(EngineSetup const& setup);

    std::string name() const override { return "stele"; }
    void commit(std::span<PageWrite const> pages) override;
    void settle() override;
    std::uint64_t bytes_written() const override { return device_.bytes_written(); }

    // Frames that are zero; their commit costs no block.
    void commit_zero(std::span<PageWrite const> pages);
    checkpoint::Engine& engine() { return engine_; }
    DirectFile& device() { return device_; }
    checkpoint::Limits const& limits() const { return limits_; }

private:
    void write(std::span<PageWrite const> pages, bool zero);

    struct Free {
        void operator()(std::byte* bytes) const { std::free(bytes); }
    };
    struct Prepared {
        explicit Prepared(EngineSetup const& setup);
    };
    Prepared prepared_;
    DirectFile device_;
    checkpoint::Limits limits_;
    std::unique_ptr<std::byte[], Free> tables_, io_;
    checkpoint::Engine engine_;
};

// Memory of an engine for these limits, its pages touched.
std::byte* aligned_memory(std::size_t bytes);

} // namespace bench
