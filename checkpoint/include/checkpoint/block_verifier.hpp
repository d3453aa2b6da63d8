// SPDX-License-Identifier: Apache-2.0
// What `check` may hand its blocks to, so that many are read and hashed at once. First it adds every block
// that it will verify, in the order of its walk, and calls finish(); then it makes its walk as it would
// without help, and asks is_good() before it reads a block. A block that is not good it reads itself: so
// findings and their order are the same whoever helps.
#pragma once

#include <abi/disk/directory.hpp>

namespace checkpoint {

class BlockVerifier {
public:
    // An entry with a block (no zero frame). The same block may be added twice. May wait for the device.
    virtual void add(abi::disk::DirectoryEntry const& entry) = 0;
    // Waits until all that was added is verified.
    virtual void finish() = 0;
    // After finish(), of an entry that was added: its block was read and has its hash.
    virtual bool is_good(abi::disk::DirectoryEntry const& entry) const = 0;

protected:
    ~BlockVerifier() = default;
};

} // namespace checkpoint
