// SPDX-License-Identifier: Apache-2.0
// Files as stores. A file that is none is named for what it is, as libblkid sees it.
#include "store_file.hpp"

#include "checkpoint_reference.hpp"
#include "nbd_device.hpp"

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

bool has_root_slot_magic(Device& device) {
    using namespace abi::disk;
    for (std::uint64_t const base :
         {std::uint64_t{0},
          device.capacity() - std::min(device.capacity(), root_slot_count * root_slot_stride)})
        for (std::uint64_t slot = 0; slot < root_slot_count; ++slot) {
            alignas(sector_size) std::array<std::byte, sector_size> sector;
            auto const offset = base + slot * root_slot_stride;
            if (offset + sector_size <= device.capacity() && device.read_at(offset, sector) &&
                std::memcmp(sector.data(), root_magic.data(), root_magic.size()) == 0)
                return true;
        }
    return false;
}

bool is_all_zero(base::ConstBytes bytes) {
    return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

} // namespace

std::string what_it_holds(Device& device, int file) {
    constexpr std::uint64_t looked_at = 64 * 1024; // at each end
    auto const count = static_cast<std::size_t>(std::min(looked_at, device.capacity()));
    std::vector<std::byte> head(count), tail(count);
    if (count == 0 || !device.read_at(0, head) || !device.read_at(device.capacity() - count, tail)) return {};
    if (count >= 4 && std::memcmp(head.data(), "QFI\xfb", 4) == 0) return "a qcow2 image";
    std::string answer;
    if (auto* const probe = file < 0 ? nullptr : ::blkid_new_probe(); probe != nullptr) {
        char const* type = nullptr;
        if (::blkid_probe_set_device(probe, file, 0, 0) == 0 && ::blkid_do_safeprobe(probe) == 0 &&
            ::blkid_probe_lookup_value(probe, "TYPE", &type, nullptr) == 0)
            answer = fmt::format("an {} file system", type);
        ::blkid_free_probe(probe);
    }
    if (answer.empty() && !(is_all_zero(head) && is_all_zero(tail))) return "something else";
    return answer;
}

EngineMemory::EngineMemory(checkpoint::Limits const& limits)
    : table_size_(checkpoint::table_bytes(limits)),
      io_size_(checkpoint::io_bytes(limits)),
      tables_(new (std::align_val_t{4096}) std::byte[table_size_]),
      io_(new (std::align_val_t{4096}) std::byte[io_size_]) {}

StoreFile::StoreFile(std::string path, Access access) : path_(std::move(path)) {
    if (is_nbd_uri(path_)) open_export(access);
    else open_file(access);
    try {
        refuse_what_is_no_store();
    } catch (Problem const&) {
        if (file_ >= 0) ::close(file_);
        throw;
    }
}

StoreFile::~StoreFile() {
    if (file_ >= 0) ::close(file_);
}

void StoreFile::open_file(Access access) {
    auto const fail_io = [&](std::string const& why, std::string const& remedy) {
        throw Problem(ExitCode::failed, "io", path_ + ": " + why, remedy);
    };
    std::error_code ignored;
    if (std::filesystem::is_directory(path_, ignored)) fail_io("is a directory", "name the store's file");
    struct stat status = {};
    bool const is_device = ::stat(path_.c_str(), &status) == 0 && S_ISBLK(status.st_mode);
    // A mounted device, or one that another holds alone, is busy; nothing overrides that.
    int const alone = is_device && access != Access::read_live ? O_EXCL : 0;
    file_ = ::open(path_.c_str(), (access == Access::exclusive ? O_RDWR : O_RDONLY) | O_CLOEXEC | alone);
    if (file_ < 0 && errno == EBUSY) refuse_in_use(path_);
    if (file_ < 0) fail_io(std::strerror(errno), "check the name and its permissions");
    ::fstat(file_, &status);
    size_ = static_cast<std::uint64_t>(status.st_size);
    allocated_ = static_cast<std::uint64_t>(status.st_blocks) * 512;
    if (is_device && ::ioctl(file_, BLKGETSIZE64, &size_) == 0) allocated_ = size_;
    device_ = std::make_unique<FileDevice>(file_, size_);
    if ((access != Access::read_live && is_in_use(file_)) ||
        (access == Access::exclusive && !lock_exclusively(file_))) {
        ::close(file_);
        refuse_in_use(path_);
    }
}

void StoreFile::open_export(Access access) {
    if (access == Access::exclusive) name_lock_ = NameLock(path_);
    else if (access == Access::read && is_name_locked(path_)) refuse_in_use(path_);
    device_ = std::make_unique<NbdDevice>(path_, access == Access::exclusive ? NbdDevice::Access::write
                                                                             : NbdDevice::Access::read);
    size_ = allocated_ = device_->capacity();
}

void StoreFile::refuse_what_is_no_store() {
    if (has_root_slot_magic(*device_)) return;
    if (!device_->failure().empty()) throw problem(abi::Error::io);
    auto const holds = what_it_holds(*device_, file_);
    throw Problem(ExitCode::failed, "not-a-store",
                  path_ + " is not a Stele store" +
                      (size_ == 0                                   ? ": it is empty"
                       : holds.empty() || holds == "something else" ? ""
                                                                    : ": it holds " + holds),
                  "to make one: stele format " + path_ + " --size 256M --system FILE.toml");
}

Problem StoreFile::problem(abi::Error error) const {
    if (auto const why = device_->failure(); !why.empty())
        return Problem(ExitCode::failed, "io", path_ + ": " + why,
                       "see to the server; what a checkpoint has acknowledged is not lost");
    return problem_of(error, path_);
}

// Large stores have large segments: how many there are is in the root slots.
checkpoint::Limits limits_for(Device& device) {
    checkpoint::Limits limits;
    limits.unmigrated_entries = 1 << 20;
    limits.cached_nodes = 1024;
    limits.commit_chunk = 1 << 20;
    alignas(4096) std::array<std::byte, 4096> buffer{};
    for (auto const& state : checkpoint::OfflineStore::slots(device, buffer))
        if (state.valid() && state.slot.segments <= device.capacity() >> abi::disk::segment_shift_min)
            limits.segments = std::max(limits.segments, static_cast<std::uint32_t>(state.slot.segments));
    return limits;
}

StoreReference parse_store_reference(std::string const& text) {
    auto const at = text.rfind('@');
    if (at == text.npos || std::filesystem::exists(text)) return {.path = text};
    if (is_nbd_uri(text) && at < text.find('/', text.find("//") + 2)) return {.path = text};
    return {.path = text.substr(0, at), .checkpoint = text.substr(at + 1)};
}

StoreView::StoreView(std::string const& reference, StoreFile::Access access, store::CorruptionSink* findings)
    : reference_(parse_store_reference(reference)),
      file_(reference_.path, access),
      memory_(limits_for(file_.device())) {
    auto const opened = offline_.open(file_.device(), memory_.memory(), limits_for(file_.device()), findings);
    if (opened.failed()) throw file_.problem(opened.error);
    at_ = choose(reference_.checkpoint);
}

std::vector<checkpoint::CheckpointInfo> StoreView::history() const {
    std::vector<checkpoint::CheckpointInfo> all(checkpoint::history_at_most);
    all.resize(std::min(offline_.history(all), all.size()));
    return all;
}

checkpoint::CheckpointInfo StoreView::choose(std::string const& reference) const {
    auto const all = history();
    if (auto const* const found = find_checkpoint(all, reference)) return *found;
    throw no_such_checkpoint(reference);
}

Problem StoreView::no_such_checkpoint(std::string const& reference) const {
    return {ExitCode::failed, "no-such-checkpoint",
            fmt::format("{} holds no checkpoint '{}'", reference_.path, reference),
            "see stele history " + reference_.path};
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
    case older_format:
        return make("older-format", "has a format older than this tool reads",
                    "use the stele that made it, or make it anew: stele format");
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
