// SPDX-License-Identifier: Apache-2.0
// RocksDB with synchronous writes, and the options that its tuning guide names for new applications: levels
// sized from the bottom, background jobs for the processors, files synced as they grow, logs recycled (so
// that a write changes no metadata of the file system). No compression: the pages do not compress.
#include "bench.hpp"

#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <thread>

namespace bench {
namespace {

class RocksdbSide final : public Side {
public:
    explicit RocksdbSide(std::string const& folder) {
        rocksdb::Options options;
        options.create_if_missing = true;
        options.level_compaction_dynamic_level_bytes = true;
        options.max_background_jobs = 4;
        options.bytes_per_sync = 1 << 20;
        options.recycle_log_file_num = 4;
        options.compaction_pri = rocksdb::kMinOverlappingRatio;
        options.compression = rocksdb::kNoCompression;
        rocksdb::BlockBasedTableOptions table;
        table.block_size = 16 << 10;
        table.cache_index_and_filter_blocks = true;
        table.pin_l0_filter_and_index_blocks_in_cache = true;
        table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
        options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
        rocksdb::DB* database = nullptr;
        check(rocksdb::DB::Open(options, folder + "/rocksdb", &database));
        database_.reset(database);
    }

    std::string name() const override { return "rocksdb"; }
    void commit(std::span<PageWrite const> pages) override {
        rocksdb::WriteBatch batch;
        for (auto const& page : pages) {
            std::array<char, 8> key;
            for (std::size_t i = 0; i < key.size(); ++i) // big-endian: in order of the page
                key[i] = static_cast<char>(page.page >> (56 - 8 * i));
            check(batch.Put({key.data(), key.size()},
                            {reinterpret_cast<char const*>(page.content.data()), page.content.size()}));
        }
        rocksdb::WriteOptions options;
        options.sync = true;
        check(database_->Write(options, &batch));
    }
    void settle() override {
        auto const busy = [&](char const* property) {
            std::uint64_t value = 0;
            return database_->GetIntProperty(property, &value) && value != 0;
        };
        while (busy("rocksdb.num-running-compactions") || busy("rocksdb.num-running-flushes") ||
               busy("rocksdb.compaction-pending") || busy("rocksdb.mem-table-flush-pending"))
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

private:
    static void check(rocksdb::Status const& status) {
        if (!status.ok()) give_up("rocksdb: " + status.ToString());
    }
    std::unique_ptr<rocksdb::DB> database_;
};

} // namespace

std::unique_ptr<Side> make_rocksdb(std::string const& folder, std::uint64_t) {
    return std::make_unique<RocksdbSide>(folder);
}

} // namespace bench
