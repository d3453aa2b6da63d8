// SPDX-License-Identifier: Apache-2.0
// A file that appears under its name only when it is whole: it is written beside it and renamed.
#pragma once

#include <base/bytes.hpp>

#include <cstdint>
#include <string>

namespace tools {

class OutputFile {
public:
    // Problems: exists (and no `force`), in-use, io.
    OutputFile(std::string path, bool force);
    OutputFile(OutputFile const&) = delete;
    // What is not complete goes again.
    ~OutputFile();

    int file() const { return file_; }
    std::string const& temporary() const { return temporary_; }
    void write_at(std::uint64_t offset, base::ConstBytes bytes);
    // What lies between is a hole.
    void set_size(std::uint64_t size);
    // Makes it durable and gives it its name. Problems: exists (somebody was faster), io.
    void complete();

private:
    [[noreturn]] void fail(std::string const& what) const;
    [[noreturn]] void refuse_existing() const;
    void refuse_replacing_what_runs() const;

    std::string path_, temporary_;
    bool force_;
    int file_ = -1;
};

} // namespace tools
