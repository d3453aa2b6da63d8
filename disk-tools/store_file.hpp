// SPDX-License-Identifier: Apache-2.0
// A store in a file, on a block device or on an NBD export: opening with the checks and locks that every verb
// makes.
#pragma once

#include "device.hpp"
#include "problem.hpp"
#include "store_lock.hpp"

#include <checkpoint/offline.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace tools {

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

    // Problems: io (missing, a directory, no permission, no server), not-a-store (with what it is), in-use.
    StoreFile(std::string path, Access access);
    StoreFile(StoreFile const&) = delete;
    ~StoreFile();

    std::string const& path() const { return path_; }
    std::uint64_t size() const { return size_; }
    std::uint64_t allocated() const { return allocated_; } // of a device: its size
    Device& device() { return *device_; }
    // The error of the store that stands here, and why its device fails, if it does.
    Problem problem(abi::Error error) const;
    // For whoever goes on after a bad read: throws when the whole device is gone.
    void expect_alive() const {
        if (!device_->failure().empty()) throw problem(abi::Error::io);
    }

private:
    void open_file(Access access);
    void open_export(Access access);
    void refuse_what_is_no_store();

    std::string path_;
    int file_ = -1;
    std::uint64_t size_ = 0;
    std::uint64_t allocated_ = 0;
    NameLock name_lock_; // of an NBD export
    std::unique_ptr<Device> device_;
};

// What the first and the last bytes hold: "an ext4 file system", "a qcow2 image", "something", or empty:
// nothing. `file` is -1 for an NBD export.
std::string what_it_holds(Device& device, int file);

// Limits under which the tools open the store that stands there.
checkpoint::Limits limits_for(Device& device);

// "STORE@REF" taken apart; a file whose name really contains '@' is tried first. In the part of an NBD URI
// that names the server '@' is the URI's own.
struct StoreReference {
    std::string path;
    std::string checkpoint = "latest";
};
StoreReference parse_store_reference(std::string const& text);

// A store opened for reading at one of its checkpoints: what most verbs work on.
class StoreView {
public:
    StoreView(std::string const& reference, bool live, store::CorruptionSink* findings = nullptr)
        : StoreView(reference, live ? StoreFile::Access::read_live : StoreFile::Access::read, findings) {}
    StoreView(std::string const& reference, StoreFile::Access access,
              store::CorruptionSink* findings = nullptr);
    checkpoint::OfflineStore& store() { return offline_; }
    StoreFile& file() { return file_; }
    checkpoint::CheckpointInfo const& at() const { return at_; }
    std::string const& reference() const { return reference_.checkpoint; } // "latest" if none was named
    std::vector<checkpoint::CheckpointInfo> history() const;               // newest first
    Problem no_such_checkpoint(std::string const& reference) const;

private:
    checkpoint::CheckpointInfo choose(std::string const& reference) const;

    StoreReference reference_;
    StoreFile file_;
    EngineMemory memory_;
    checkpoint::OfflineStore offline_;
    checkpoint::CheckpointInfo at_;
};

} // namespace tools
