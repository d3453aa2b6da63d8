// SPDX-License-Identifier: Apache-2.0
// Files made or cut, devices and exports taken as they are.
#include "new_store.hpp"

#include "nbd_device.hpp"
#include "report.hpp"
#include "store_file.hpp"

#include <abi/disk/root_slot.hpp>
#include <fmt/core.h>
#include <store/sync_io.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/fs.h>
#include <optional>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tools {
namespace {

// The front of a larger device.
class FrontOfDevice final : public Device {
public:
    FrontOfDevice(Device& whole, std::uint64_t capacity) : whole_(whole), capacity_(capacity) {}
    std::uint64_t capacity() const override { return capacity_; }
    void submit(store::Request const& request) override { whole_.submit(request); }
    std::size_t poll(std::span<store::Completion> done, bool wait) override {
        return whole_.poll(done, wait);
    }
    bool read_at(std::uint64_t offset, base::Bytes into) override { return whole_.read_at(offset, into); }
    std::string failure() const override { return whole_.failure(); }

private:
    Device& whole_;
    std::uint64_t capacity_;
};

// Of a device open at `file`; nothing when that is none.
std::optional<std::uint64_t> size_of_block_device(int file) {
    struct stat status = {};
    std::uint64_t size = 0;
    if (::fstat(file, &status) != 0 || !S_ISBLK(status.st_mode)) return {};
    return ::ioctl(file, BLKGETSIZE64, &size) == 0 ? size : 0;
}

} // namespace

std::string what_a_store_would_replace(std::string const& place) {
    if (is_nbd_uri(place)) {
        if (is_name_locked(place)) refuse_in_use(place);
        NbdDevice device(place, NbdDevice::Access::read);
        return what_it_holds(device, -1);
    }
    int const file = ::open(place.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return {};
    struct stat status = {};
    ::fstat(file, &status);
    auto const device_size = size_of_block_device(file);
    FileDevice device(file, device_size.value_or(static_cast<std::uint64_t>(status.st_size)));
    auto holds = what_it_holds(device, file);
    ::close(file);
    // A file of zero bytes may be somebody's; a device has nothing else before it is used.
    return holds.empty() && !device_size && status.st_size != 0 ? "something else" : holds;
}

NewStore::NewStore(std::string const& place, std::uint64_t size) : place_(place) {
    try {
        if (is_nbd_uri(place)) open_export(size);
        else open_file(size);
    } catch (Problem const&) {
        if (file_ >= 0) ::close(file_);
        throw;
    }
}

NewStore::~NewStore() {
    if (file_ >= 0) ::close(file_);
    if (!complete_ && !existed_) ::unlink(place_.c_str());
}

void NewStore::open_export(std::uint64_t size) {
    existed_ = true;
    name_lock_ = NameLock(place_);
    adopt(std::make_unique<NbdDevice>(place_, NbdDevice::Access::write), size);
}

void NewStore::open_file(std::uint64_t size) {
    struct stat status = {};
    existed_ = ::stat(place_.c_str(), &status) == 0;
    bool const is_device = existed_ && S_ISBLK(status.st_mode);
    file_ = ::open(place_.c_str(), O_RDWR | O_CLOEXEC | (is_device ? O_EXCL : O_CREAT), 0644);
    if (file_ < 0 && errno == EBUSY) refuse_in_use(place_);
    if (file_ < 0) fail("cannot be created");
    if (is_in_use(file_) || !lock_exclusively(file_)) refuse_in_use(place_);
    if (is_device) return adopt(std::make_unique<FileDevice>(file_, *size_of_block_device(file_)), size);
    // Cut to nothing first: no byte of what was there can be taken for the new store's.
    if (::ftruncate(file_, 0) != 0 || ::ftruncate(file_, static_cast<off_t>(size)) != 0)
        fail("cannot be made that large");
    device_ = std::make_unique<FileDevice>(file_, size);
}

// A store that was longer has root slots at the end of the device, where they would be looked for when those
// of the new one are lost.
void NewStore::adopt(std::unique_ptr<Device> whole, std::uint64_t size) {
    constexpr auto slots = abi::disk::root_slot_count * abi::disk::root_slot_stride;
    whole_ = std::move(whole);
    if (whole_->capacity() < size) refuse_size(whole_->capacity());
    if (whole_->capacity() >= size + slots) {
        alignas(4096) std::array<std::byte, slots> zero{};
        store::SyncIo io(*whole_);
        if (!io.write(whole_->capacity() - slots, zero) || !io.flush()) fail("cannot be written");
    }
    device_ = std::make_unique<FrontOfDevice>(*whole_, size);
}

std::uint64_t NewStore::allocated() const {
    struct stat status = {};
    if (whole_ || ::fstat(file_, &status) != 0) return device_->capacity();
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

void NewStore::fail(std::string const& what) const {
    if (whole_ && !whole_->failure().empty())
        throw Problem(ExitCode::failed, "io", place_ + ": " + whole_->failure(), "see to the server");
    throw Problem(ExitCode::failed, errno == ENOSPC ? "no-space" : "io",
                  fmt::format("{}: {}: {}", place_, what, std::strerror(errno)),
                  "check the folder, its permissions and its free space");
}

void NewStore::refuse_size(std::uint64_t has) const {
    throw Problem(ExitCode::failed, "no-space",
                  fmt::format("{} has {} only", place_, format_size(has, Units::automatic)),
                  "name a --size that it has");
}

} // namespace tools
