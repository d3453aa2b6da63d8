// SPDX-License-Identifier: Apache-2.0
// Whole files only.
#include "output_file.hpp"

#include "problem.hpp"
#include "store_lock.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace tools {

OutputFile::OutputFile(std::string path, bool force)
    : path_(std::move(path)), temporary_(path_ + ".XXXXXX"), force_(force) {
    std::error_code ignored;
    if (!force_ && std::filesystem::exists(std::filesystem::symlink_status(path_, ignored)))
        refuse_existing();
    if (std::filesystem::is_directory(path_, ignored)) errno = EISDIR, fail("cannot be replaced");
    refuse_replacing_what_runs();
    file_ = ::mkostemp(temporary_.data(), O_CLOEXEC);
    if (file_ < 0) fail("cannot be made");
    auto const mask = ::umask(0);
    ::umask(mask);
    ::fchmod(file_, 0666 & ~mask);
}

// A machine whose store is unlinked would go on, and lose everything at its end.
void OutputFile::refuse_replacing_what_runs() const {
    int const there = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (there < 0) return;
    bool const in_use = is_in_use(there);
    ::close(there);
    if (in_use) refuse_in_use(path_);
}

OutputFile::~OutputFile() {
    if (file_ < 0) return;
    ::close(file_);
    ::unlink(temporary_.c_str());
}

void OutputFile::write_at(std::uint64_t offset, base::ConstBytes bytes) {
    while (!bytes.empty()) {
        auto const written = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) fail("cannot be written");
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        offset += static_cast<std::uint64_t>(written);
    }
}

void OutputFile::set_size(std::uint64_t size) {
    if (::ftruncate(file_, static_cast<off_t>(size)) != 0) fail("cannot be made that large");
}

void OutputFile::complete() {
    if (::fsync(file_) != 0) fail("cannot be written");
    auto const renamed =
        ::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), force_ ? 0U : RENAME_NOREPLACE);
    if (renamed != 0 && errno == EEXIST) refuse_existing();
    if (renamed != 0) fail("cannot be given its name");
    ::close(file_);
    file_ = -1;
}

void OutputFile::fail(std::string const& what) const {
    throw Problem(ExitCode::failed, errno == ENOSPC ? "no-space" : "io",
                  fmt::format("{}: {}: {}", path_, what, std::strerror(errno)),
                  "check the folder, its permissions and its free space");
}

void OutputFile::refuse_existing() const {
    throw Problem(ExitCode::failed, "exists", path_ + " is there already", "to replace it: --force");
}

} // namespace tools
