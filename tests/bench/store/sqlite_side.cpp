// SPDX-License-Identifier: Apache-2.0
// SQLite in WAL mode, synchronous=FULL (durable at each commit), page size 4096, automatic checkpoints as by
// default: its checkpointing is part of its commits.
//   A row of 4040 bytes fits one page, 4096 would take two. It gets 4040.
#include "bench.hpp"

#include <sqlite3.h>

namespace bench {
namespace {

constexpr int value_size = 4040;

class SqliteSide final : public Side {
public:
    explicit SqliteSide(std::string const& folder) {
        check(::sqlite3_open((folder + "/sqlite").c_str(), &database_));
        run("PRAGMA page_size=4096");
        run("PRAGMA journal_mode=WAL");
        run("PRAGMA synchronous=FULL");
        run("PRAGMA cache_size=-262144"); // KiB
        run("PRAGMA locking_mode=EXCLUSIVE");
        run("CREATE TABLE pages(number INTEGER PRIMARY KEY, content BLOB)");
        check(::sqlite3_prepare_v2(database_, "INSERT OR REPLACE INTO pages VALUES(?1, ?2)", -1, &insert_,
                                   nullptr));
    }
    SqliteSide(SqliteSide const&) = delete;
    ~SqliteSide() override {
        ::sqlite3_finalize(insert_);
        ::sqlite3_close(database_);
    }

    std::string name() const override { return "sqlite"; }
    void commit(std::span<PageWrite const> pages) override {
        run("BEGIN");
        for (auto const& page : pages) {
            check(::sqlite3_bind_int64(insert_, 1, static_cast<sqlite3_int64>(page.page)));
            check(::sqlite3_bind_blob(insert_, 2, page.content.data(), value_size, SQLITE_STATIC));
            if (::sqlite3_step(insert_) != SQLITE_DONE) check(SQLITE_ERROR);
            check(::sqlite3_reset(insert_));
        }
        run("COMMIT");
    }

private:
    void check(int status) {
        if (status != SQLITE_OK) give_up(std::string("sqlite: ") + ::sqlite3_errmsg(database_));
    }
    void run(char const* statement) {
        check(::sqlite3_exec(database_, statement, nullptr, nullptr, nullptr));
    }
    sqlite3* database_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
};

} // namespace

std::unique_ptr<Side> make_sqlite(std::string const& folder, std::uint64_t) {
    return std::make_unique<SqliteSide>(folder);
}

} // namespace bench
