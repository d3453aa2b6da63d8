// SPDX-License-Identifier: Apache-2.0
// Reading a write log.
#include "write_log.hpp"

#include <array>
#include <cstring>

namespace tests {

namespace {

constexpr std::uint64_t log_magic = 0x6a736677736872;
constexpr std::uint64_t log_version = 1;

enum Flag : std::uint64_t { flush_before = 1, forced_write = 2, discard = 4, mark = 8, metadata = 16 };
constexpr std::uint64_t flags_known = 31;

struct Super {
    std::uint64_t magic = 0, version = 0, entries = 0;
    std::uint32_t sector_bytes = 0;
};

struct Entry {
    std::uint64_t sector = 0, sectors = 0, flags = 0, data_bytes = 0;
};
static_assert(sizeof(Entry) == 32);

template <class T>
T take(base::ConstBytes file, std::uint64_t offset) {
    T value;
    std::memcpy(&value, file.data() + offset, sizeof value);
    return value;
}

class Reading {
public:
    Reading(base::ConstBytes file, WriteLog& log) : file_(file), log_(log) {}

    bool superblock() {
        if (file_.size() < 28) return problem("shorter than a superblock");
        auto super = Super{take<std::uint64_t>(file_, 0), take<std::uint64_t>(file_, 8),
                           take<std::uint64_t>(file_, 16), take<std::uint32_t>(file_, 24)};
        if (super.magic == 0) return true; // never flushed
        if (super.magic != log_magic) return problem("not a write log");
        if (super.version != log_version) return problem("another version of write logs");
        log_.sector_bytes = super.sector_bytes;
        log_.entries_announced = super.entries;
        auto const size = log_.sector_bytes;
        if (size < 512 || size > 65536 || (size & (size - 1)) != 0) return problem("odd sectors");
        return true;
    }

    void entries() {
        auto const size = log_.sector_bytes;
        for (auto at = size; at + size <= file_.size();) {
            auto const entry = take<Entry>(file_, at);
            at += size;
            if (!plausible(entry)) return;
            auto const payload = payload_of(entry);
            if (payload > file_.size() - at) {
                log_.cut_off = true;
                return;
            }
            add(entry, file_.subspan(at, payload));
            at += (payload + size - 1) / size * size;
        }
    }

private:
    bool problem(char const* text) {
        log_.problem = text;
        return false;
    }

    // A log file may be longer than its log: zeros are no entry.
    static bool plausible(Entry const& entry) {
        return (entry.flags & ~flags_known) == 0 && entry.sectors <= (std::uint64_t{1} << 40) &&
               (entry.flags != 0 || entry.sectors != 0);
    }

    std::uint64_t payload_of(Entry const& entry) const {
        if ((entry.flags & discard) != 0) return 0;
        if ((entry.flags & mark) != 0) return entry.data_bytes;
        return entry.sectors * log_.sector_bytes;
    }

    void add(Entry const& entry, base::ConstBytes payload) {
        ++log_.entries;
        if ((entry.flags & mark) != 0) {
            log_.history.push_back({EventKind::mark, ++log_.marks, 0, {payload.begin(), payload.end()}});
            return;
        }
        if ((entry.flags & discard) != 0) {
            ++log_.discards;
            return;
        }
        if ((entry.flags & flush_before) != 0) {
            ++log_.flushes;
            log_.history.push_back({EventKind::flush_submitted, ++id_, 0, {}});
            log_.history.push_back({EventKind::flush_completed, id_, 0, {}});
        }
        if (entry.sectors == 0) return;
        ++log_.writes;
        if ((entry.flags & forced_write) != 0) ++log_.forced;
        auto const offset = entry.sector * log_.sector_bytes;
        log_.history.push_back({EventKind::write_submitted, ++id_, offset, {payload.begin(), payload.end()}});
        log_.history.push_back({EventKind::write_completed, id_, 0, {}});
    }

    base::ConstBytes file_;
    WriteLog& log_;
    std::uint64_t id_ = 0;
};

} // namespace

WriteLog read_write_log(base::ConstBytes file, std::uint64_t sector_bytes) {
    WriteLog log;
    log.sector_bytes = sector_bytes;
    Reading reading(file, log);
    if (reading.superblock()) reading.entries();
    return log;
}

} // namespace tests
