// SPDX-License-Identifier: Apache-2.0
// The place of a store that is being made: a file, a block device or an NBD export, locked while this lives.
#pragma once

#include "device.hpp"
#include "store_lock.hpp"

#include <memory>
#include <string>

namespace tools {

// What is there already, as what_it_holds says it; empty: nothing is in the way. A file that has any bytes
// holds something.
std::string what_a_store_would_replace(std::string const& place);

class NewStore {
public:
    // A file is made, or cut to nothing and given `size`. A device or export must have at least that, and is
    // not changed yet but for the root slots of an older store at its end. Problems: io, no-space, in-use.
    NewStore(std::string const& place, std::uint64_t size);
    NewStore(NewStore const&) = delete;
    // A file that was made here and is not complete goes again.
    ~NewStore();

    // Of exactly the size that was asked for.
    Device& device() { return *device_; }
    std::uint64_t allocated() const;
    void complete() { complete_ = true; }

private:
    void open_export(std::uint64_t size);
    void open_file(std::uint64_t size);
    void adopt(std::unique_ptr<Device> whole, std::uint64_t size);
    [[noreturn]] void fail(std::string const& what) const;
    [[noreturn]] void refuse_size(std::uint64_t has) const;

    std::string place_;
    bool existed_ = false;
    bool complete_ = false;
    int file_ = -1;
    NameLock name_lock_;
    std::unique_ptr<Device> whole_, device_;
};

} // namespace tools
