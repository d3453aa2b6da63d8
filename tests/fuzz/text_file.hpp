// SPDX-License-Identifier: Apache-2.0
// Inputs of parsers that read files: one file in a folder of its own, written anew for each input.
#pragma once

#include "harness.hpp"

#include <filesystem>
#include <fstream>
#include <string>

namespace fuzz {

class InputFile {
public:
    InputFile() {
        auto pattern = (std::filesystem::temp_directory_path() / "stele-fuzz-XXXXXX").string();
        require(::mkdtemp(pattern.data()) != nullptr, "a folder can be made");
        folder_ = pattern;
        // By a name that is the same in every run.
        std::filesystem::current_path(folder_);
    }
    InputFile(InputFile const&) = delete;
    InputFile& operator=(InputFile const&) = delete;
    ~InputFile() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    std::filesystem::path const& write(std::uint8_t const* data, std::size_t size) const {
        std::ofstream(path_, std::ios::binary | std::ios::trunc)
            .write(static_cast<char const*>(static_cast<void const*>(data)),
                   static_cast<std::streamsize>(size));
        return path_;
    }

private:
    std::filesystem::path folder_;
    std::filesystem::path path_ = "input";
};

} // namespace fuzz
