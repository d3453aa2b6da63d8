// SPDX-License-Identifier: Apache-2.0
// Commit records in a row, oldest first, while recovery follows them forward from a root slot and then back
// to the base. Grows at both ends, in memory that it is given.
#pragma once

#include <abi/disk/commit_record.hpp>
#include <base/contract.hpp>

#include <span>

namespace checkpoint {

using abi::disk::CommitRecord;

class RecordChain {
public:
    void init(std::span<CommitRecord> memory) { ring_ = memory; }
    void clear() { size_ = 0; }
    std::size_t size() const { return size_; }
    bool full() const { return size_ == ring_.size(); }
    CommitRecord& operator[](std::size_t i) const { return ring_[(first_ + i) % ring_.size()]; }
    CommitRecord& oldest() const { return (*this)[0]; }
    CommitRecord& newest() const { return (*this)[size_ - 1]; }

    // Its oldest is forgotten if there is no room: it can be read again.
    void add_newer(CommitRecord const& record) {
        if (full()) drop_oldest();
        ++size_;
        newest() = record;
    }
    void add_older(CommitRecord const& record) {
        expects(!full());
        first_ = (first_ + ring_.size() - 1) % ring_.size();
        ++size_;
        oldest() = record;
    }
    void drop_oldest() {
        expects(size_ > 0);
        first_ = (first_ + 1) % ring_.size();
        --size_;
    }
    void drop_newest() {
        expects(size_ > 0);
        --size_;
    }

private:
    std::span<CommitRecord> ring_;
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

} // namespace checkpoint
