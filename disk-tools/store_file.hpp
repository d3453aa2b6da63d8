// SPDX-License-Identifier: Apache-2.0
// A store in a file: opening with the checks and locks that every verb makes, and the store's door to it.
#pragma once

#include "problem.hpp"

#include <checkpoint/offline.hpp>
#include <store/block_device.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace tools {

// The store's door over an open file. Requests complete in order, at poll.
class FileDevice final : public store::BlockDevice {
public:
    FileDevice(int file, std::uint64_t capacity) : file_(file), capacity_(capacity) {}
    std::uint64_t capacity() const override { return capacity_; }
    void submit(store::Request const& request) override;
    std::size_t poll(std::span<store::Completion> done, bool wait) override;
    std::uint64_t bytes_written() const { return bytes_written_; }

private:
    int file_;
    std::uint64_t capacity_;
    std::uint64_t bytes_written_ = 0;
    std::deque<store::Completion> done_;
};

// Memory for the store's engine, aligned as it asks.
class EngineMemory {
public:
    explicit EngineMemory(checkpoint::Limits const& limits);
    checkpoint::Memory memory() { return {table_bytes(), io_bytes()}; }
    base::Bytes io_bytes() { return {io_.get(), io_size_}; }

private:
    struct Free {
        void operator()(std::byte* bytes) const { ::operator delete[](bytes, std::align_val_t{4096}); }
    };
    base::Bytes table_bytes() { return {tables_.get(), table_size_}; }
    std::size_t table_size_, io_size_;
    std::unique_ptr<std::byte[], Free> tables_, io_;
};

class StoreFile {
public:
    enum class Access {
        read,      // refuses a store in use
        read_live, // reads the committed past of a store in use
        exclusive, // for verbs that write or start a machine: refuses, and locks others out while this object
                   // lives
    };

    // Problems: io (missing, a directory, no permission), not-a-store (with what it is), in-use.
    StoreFile(std::string path, Access access);
    StoreFile(StoreFile const&) = delete;
    ~StoreFile();

    std::string const& path() const { return path_; }
    int file() const { return file_; }
    std::uint64_t size() const { return size_; }
    std::uint64_t allocated() const { return allocated_; }
    FileDevice& device() { return device_; }

private:
    std::string path_;
    int file_ = -1;
    std::uint64_t size_ = 0;
    std::uint64_t allocated_ = 0;
    FileDevice device_{-1, 0};
};

// Limits under which the tools open any store of this size.
checkpoint::Limits limits_for(std::uint64_t bytes);

// "STORE@REF" taken apart; a file whose name really contains '@' is tried first.
struct StoreReference {
    std::string path;
    std::string checkpoint = "latest";
};
StoreReference parse_store_reference(std::string const& text);

// A store opened for reading at one of its checkpoints: what most verbs work on.
class StoreView {
public:
    StoreView(std::string const& reference, bool live, store::CorruptionSink* findings = nullptr);
    checkpoint::OfflineStore& store() { return offline_; }
    StoreFile& file() { return file_; }
    checkpoint::CheckpointInfo const& at() const { return at_; }
    std::vector<checkpoint::CheckpointInfo> history() const;

private:
    checkpoint::CheckpointInfo choose(std::string const& reference) const;

    StoreReference reference_;
    StoreFile file_;
    EngineMemory memory_;
    checkpoint::OfflineStore offline_;
    checkpoint::CheckpointInfo at_;
};

} // namespace tools
