// SPDX-License-Identifier: Apache-2.0
// The reader of write logs, on logs made by hand and on one that a store's own writes make.
#include "scenes.hpp"
#include "write_log.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace tests {
namespace {

constexpr std::uint64_t flush_flag = 1, forced_flag = 2, discard_flag = 4, mark_flag = 8;

// Writes a log as the format says.
class LogMaker {
public:
    explicit LogMaker(std::uint32_t sector_bytes = 512) : sector_(sector_bytes), file_(sector_bytes) {}

    LogMaker& entry(std::uint64_t sector, std::uint64_t sectors, std::uint64_t flags,
                    std::vector<std::byte> const& payload, std::uint64_t data_bytes = 0) {
        std::uint64_t const words[4] = {sector, sectors, flags, data_bytes};
        put(words, sizeof words);
        if (!payload.empty()) put(payload.data(), payload.size());
        ++entries_;
        return *this;
    }

    LogMaker& write(std::uint64_t sector, std::uint64_t sectors, std::byte value, std::uint64_t flags = 0) {
        return entry(sector, sectors, flags, std::vector<std::byte>(sectors * sector_, value));
    }

    LogMaker& flush() { return entry(0, 0, flush_flag, {}); }

    std::vector<std::byte> file(std::uint64_t magic = 0x6a736677736872, std::uint64_t version = 1) const {
        auto result = file_;
        std::memcpy(result.data(), &magic, 8);
        std::memcpy(result.data() + 8, &version, 8);
        std::memcpy(result.data() + 16, &entries_, 8);
        std::memcpy(result.data() + 24, &sector_, 4);
        return result;
    }
    std::vector<std::byte> const& without_superblock() const { return file_; }

private:
    void put(void const* data, std::size_t size) {
        auto const at = file_.size();
        file_.resize(at + (size + sector_ - 1) / sector_ * sector_);
        std::memcpy(file_.data() + at, data, size);
    }

    std::uint32_t sector_;
    std::uint64_t entries_ = 0;
    std::vector<std::byte> file_;
};

std::string kinds(History const& history) {
    std::string text;
    for (auto const& event : history) text += "wcxdfFeM"[static_cast<std::size_t>(event.kind)];
    return text;
}

std::string expected(std::initializer_list<EventKind> list) {
    History history;
    for (auto const kind : list) history.push_back({kind, 0, 0, {}});
    return kinds(history);
}

TEST(WriteLog, writes_flushes_and_marks_become_a_history) {
    using enum EventKind;
    auto const file = LogMaker()
                          .write(8, 2, std::byte{0xaa})
                          .flush()
                          .entry(0, 0, mark_flag, {std::byte{'h'}, std::byte{'i'}}, 2)
                          .write(3, 1, std::byte{0xbb}, flush_flag)
                          .entry(100, 50, discard_flag, {})
                          .write(4, 1, std::byte{0xcc}, forced_flag)
                          .file();
    auto const log = read_write_log(file);
    ASSERT_EQ(log.problem, "");
    EXPECT_FALSE(log.cut_off);
    EXPECT_EQ(log.entries, 6u);
    EXPECT_EQ(log.entries_announced, 6u);
    EXPECT_EQ(log.writes, 3u);
    EXPECT_EQ(log.flushes, 2u);
    EXPECT_EQ(log.discards, 1u);
    EXPECT_EQ(log.forced, 1u);
    EXPECT_EQ(
        kinds(log.history),
        expected({write_submitted, write_completed, flush_submitted, flush_completed, mark, flush_submitted,
                  flush_completed, write_submitted, write_completed, write_submitted, write_completed}));
    EXPECT_EQ(log.history[0].offset, 4096u);
    EXPECT_EQ(log.history[0].data, std::vector<std::byte>(1024, std::byte{0xaa}));
    EXPECT_EQ(log.history[7].offset, 1536u);
    EXPECT_EQ(log.history[4].data.size(), 2u);
}

TEST(WriteLog, sectors_may_be_longer) {
    auto const log = read_write_log(LogMaker(4096).write(2, 3, std::byte{1}).flush().file());
    ASSERT_EQ(log.problem, "");
    EXPECT_EQ(log.history[0].offset, 8192u);
    EXPECT_EQ(log.history[0].data.size(), 12288u);
    EXPECT_EQ(log.flushes, 1u);
}

// The writer was killed: entries after the superblock's count stand there, the last of them perhaps in part.
TEST(WriteLog, a_log_that_was_cut_off_is_read_up_to_there) {
    LogMaker maker;
    maker.write(1, 1, std::byte{1}).flush().write(2, 4, std::byte{2});
    auto file = maker.without_superblock();
    EXPECT_EQ(read_write_log(file).entries, 3u);
    file.resize(file.size() - 512);
    auto const log = read_write_log(file);
    EXPECT_EQ(log.problem, "");
    EXPECT_TRUE(log.cut_off);
    EXPECT_EQ(log.entries, 2u);
    EXPECT_EQ(log.writes, 1u);
    // Zeros behind it are no entries.
    file = maker.file();
    file.resize(file.size() + 8192);
    EXPECT_EQ(read_write_log(file).entries, 3u);
}

TEST(WriteLog, other_files_are_refused) {
    LogMaker maker;
    maker.flush();
    EXPECT_NE(read_write_log(maker.file(0x6a736677736873)).problem, "");
    EXPECT_NE(read_write_log(maker.file(0x6a736677736872, 2)).problem, "");
    EXPECT_NE(read_write_log(LogMaker(768).file()).problem, "");
    EXPECT_NE(read_write_log(std::vector<std::byte>(20)).problem, "");
}

} // namespace
} // namespace tests
