// SPDX-License-Identifier: Apache-2.0
// LMDB as its documentation has it by default: no MDB_WRITEMAP (its pages are then written by the kernel in
// large folios, which would look bad), no MDB_NOSYNC and no MDB_NOMETASYNC: durable.
//   Its page header is 16 bytes: a value of 4080 fits one page, 4096 would take two. It gets 4080.
#include "bench.hpp"

#include <lmdb.h>

namespace bench {
namespace {

constexpr std::size_t value_size = 4080;

class LmdbSide final : public Side {
public:
    LmdbSide(std::string const& folder, std::uint64_t pages) {
        check(::mdb_env_create(&environment_));
        check(::mdb_env_set_mapsize(environment_, (pages * 4096) * 3 + (std::size_t{256} << 20)));
        check(::mdb_env_open(environment_, (folder + "/lmdb").c_str(), MDB_NOSUBDIR, 0644));
        MDB_txn* transaction = nullptr;
        check(::mdb_txn_begin(environment_, nullptr, 0, &transaction));
        check(::mdb_dbi_open(transaction, nullptr, MDB_INTEGERKEY | MDB_CREATE, &database_));
        check(::mdb_txn_commit(transaction));
    }
    LmdbSide(LmdbSide const&) = delete;
    ~LmdbSide() override { ::mdb_env_close(environment_); }

    std::string name() const override { return "lmdb"; }
    void commit(std::span<PageWrite const> pages) override {
        MDB_txn* transaction = nullptr;
        check(::mdb_txn_begin(environment_, nullptr, 0, &transaction));
        for (auto const& page : pages) {
            std::uint64_t number = page.page;
            MDB_val key{sizeof number, &number};
            MDB_val value{value_size, const_cast<std::byte*>(page.content.data())};
            check(::mdb_put(transaction, database_, &key, &value, 0));
        }
        check(::mdb_txn_commit(transaction));
    }

private:
    static void check(int status) {
        if (status != 0) give_up(std::string("lmdb: ") + ::mdb_strerror(status));
    }
    MDB_env* environment_ = nullptr;
    MDB_dbi database_ = 0;
};

} // namespace

std::unique_ptr<Side> make_lmdb(std::string const& folder, std::uint64_t pages) {
    return std::make_unique<LmdbSide>(folder, pages);
}

} // namespace bench
