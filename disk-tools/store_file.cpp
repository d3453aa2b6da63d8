// SPDX-License-Identifier: Apache-2.0
// Files as stores. A file that is none is named for what it is, as libblkid sees it.
#include "store_file.hpp"

#include "store_lock.hpp"

#include <abi/disk/root_slot.hpp>
#include <abi/disk/segment.hpp>
#include <blkid/blkid.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tools {
namespace {

// "an ext4 file system", "a qcow2 image", or empty.
std::string what_it_holds(int file) {
    std::array<char, 4> magic = {};
    if (::pread(file, magic.data(), magic.size(), 0) == 4 && std::memcmp(magic.data(), "QFI\xfb", 4) == 0)
        return "a qcow2 image";
    auto* probe = ::blkid_new_probe();
    std::string answer;
    char const* type = nullptr;
    if (probe != nullptr && ::blkid_probe_set_device(probe, file, 0, 0) == 0 &&
        ::blkid_do_safeprobe(probe) == 0 && ::blkid_probe_lookup_value(probe, "TYPE", &type, nullptr) == 0)
        answer = fmt::format("an {} file system", type);
    ::blkid_free_probe(probe);
    return answer;
}

bool has_root_slot_magic(int file, std::uint64_t size) {
    using namespace abi::disk;
    for (std::uint64_t const base :
         {std::uint64_t{0}, size - std::min(size, root_slot_count * root_slot_stride)})
        for (std::uint64_t slot = 0; slot < root_slot_count; ++slot) {
            std::array<char, root_magic.size()> magic = {};
            if (::pread(file, magic.data(), magic.size(),
                        static_cast<off_t>(base + slot * root_slot_stride)) ==
                    static_cast<ssize_t>(magic.size()) &&
                magic == root_magic)
                return true;
        }
    return false;
}

} // namespace

void FileDevice::submit(store::Request const& request) {
    auto error = abi::Error::none;
    auto data = request.data;
    auto offset = static_cast<off_t>(request.offset);
    if (request.kind == store::RequestKind::flush && ::fdatasync(file_) != 0) error = abi::Error::io;
    while (request.kind != store::RequestKind::flush && !data.empty()) {
        auto const moved = request.kind == store::RequestKind::read
                               ? ::pread(file_, data.data(), data.size(), offset)
                               : ::pwrite(file_, data.data(), data.size(), offset);
        if (moved < 0 && errno == EINTR) continue;
        if (moved <= 0) {
            error = moved < 0 && errno == ENOSPC ? abi::Error::no_space : abi::Error::io;
            break;
        }
        if (request.kind == store::RequestKind::write) bytes_written_ += static_cast<std::uint64_t>(moved);
        data = data.subspan(static_cast<std::size_t>(moved));
        offset += moved;
    }
    done_.push_back({.tag = request.tag, .error = error});
}

std::size_t FileDevice::poll(std::span<store::Completion> done, bool) {
    auto const count = std::min(done.size(), done_.size());
    std::copy_n(done_.begin(), count, done.begin());
    done_.erase(done_.begin(), done_.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
}

EngineMemory::EngineMemory(checkpoint::Limits const& limits)
    : table_size_(checkpoint::table_bytes(limits)),
      io_size_(checkpoint::io_bytes(limits)),
      tables_(new (std::align_val_t{4096}) std::byte[table_size_]),
      io_(new (std::align_val_t{4096}) std::byte[io_size_]) {}

StoreFile::StoreFile(std::string path, Access access) : path_(std::move(path)) {
    auto const fail_io = [&](std::string const& why, std::string const& remedy) {
        throw Problem(ExitCode::failed, "io", path_ + ": " + why, remedy);
    };
    std::error_code ignored;
    if (std::filesystem::is_directory(path_, ignored)) fail_io("is a directory", "name the store's file");
    file_ = ::open(path_.c_str(), (access == Access::exclusive ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (file_ < 0) fail_io(std::strerror(errno), "check the name and its permissions");
    struct stat status = {};
    ::fstat(file_, &status);
    size_ = static_cast<std::uint64_t>(status.st_size);
    allocated_ = static_cast<std::uint64_t>(status.st_blocks) * 512;
    if (S_ISBLK(status.st_mode)) ::ioctl(file_, BLKGETSIZE64, &size_);
    if (access != Access::read_live && is_in_use(file_)) refuse_in_use(path_);
    if (access == Access::exclusive && !lock_exclusively(file_)) refuse_in_use(path_);
    if (!has_root_slot_magic(file_, size_)) {
        auto const holds = what_it_holds(file_);
        throw Problem(ExitCode::failed, "not-a-store",
                      path_ + " is not a Stele store" +
                          (size_ == 0      ? ": it is empty"
                           : holds.empty() ? ""
                                           : ": it holds " + holds),
                      "to make one: stele format " + path_ + " --size 256M --system FILE.toml");
    }
    device_ = FileDevice(file_, size_);
}

StoreFile::~StoreFile() { ::close(file_); }

checkpoint::Limits limits_for(std::uint64_t bytes) {
    checkpoint::Limits limits;
    limits.segments = std::max<std::uint32_t>(
        limits.segments, static_cast<std::uint32_t>(bytes >> abi::disk::segment_shift_min));
    limits.unmigrated_entries = 1 << 20;
    limits.cached_nodes = 1024;
    limits.commit_chunk = 1 << 20;
    return limits;
}

StoreReference parse_store_reference(std::string const& text) {
    auto const at = text.rfind('@');
    if (at == text.npos || std::filesystem::exists(text)) return {.path = text};
    return {.path = text.substr(0, at), .checkpoint = text.substr(at + 1)};
}

StoreView::StoreView(std::string const& reference, bool live, store::CorruptionSink* findings)
    : reference_(parse_store_reference(reference)),
      file_(reference_.path, live ? StoreFile::Access::read_live : StoreFile::Access::read),
      memory_(limits_for(file_.size())) {
    auto const opened = offline_.open(file_.device(), memory_.memory(), limits_for(file_.size()), findings);
    if (opened.failed()) throw problem_of(opened.error, reference_.path);
    at_ = choose(reference_.checkpoint);
}

std::vector<checkpoint::CheckpointInfo> StoreView::history() const {
    std::vector<checkpoint::CheckpointInfo> all(128);
    all.resize(std::min(offline_.history(all), all.size()));
    return all;
}

// 'latest', '-N' before it, or a generation's counter.
checkpoint::CheckpointInfo StoreView::choose(std::string const& reference) const {
    auto const all = history();
    std::int64_t number = 0;
    auto const [end, error] = std::from_chars(reference.data(), reference.data() + reference.size(), number);
    bool const is_number = error == std::errc{} && end == reference.data() + reference.size();
    if (reference == "latest" && !all.empty()) return all.front();
    if (is_number && number <= 0 && static_cast<std::size_t>(-number) < all.size())
        return all[static_cast<std::size_t>(-number)];
    if (is_number && number > 0)
        for (auto const& info : all)
            if (info.generation.counter() == static_cast<std::uint64_t>(number)) return info;
    throw Problem(ExitCode::failed, "no-such-checkpoint",
                  fmt::format("{} holds no checkpoint '{}'", reference_.path, reference),
                  "see stele history " + reference_.path);
}

Problem problem_of(abi::Error error, std::string const& store) {
    using enum abi::Error;
    auto const make = [&](std::string word, std::string const& text, std::string remedy) {
        return Problem(ExitCode::failed, std::move(word), store + ": " + text, std::move(remedy));
    };
    switch (error) {
    case not_a_store: return make("not-a-store", "is not a Stele store", "to make one: stele format");
    case truncated:
        return make("truncated", "is shorter than its superblock says", "restore the whole file from a copy");
    case bad_superblock:
        return make("bad-superblock", "no root slot is valid",
                    "see stele info --super; restore the file from a copy");
    case newer_format: return make("newer-format", "has a format newer than this tool", "use a newer stele");
    case no_such_checkpoint:
        return make("no-such-checkpoint", "there is no such checkpoint", "see stele history " + store);
    case no_such_object:
    case absent:
        return make("no-such-object", "the checkpoint holds no such object", "see stele ps " + store);
    case no_space:
        return make("no-space", "there is no space left", "make the store larger, or free some space");
    case corrupt: return Problem(ExitCode::damaged, "io", store + ": is damaged", "see stele check " + store);
    default: return make("io", std::string(abi::describe(error).sentence), "see stele check " + store);
    }
}

} // namespace tools
