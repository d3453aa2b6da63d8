// SPDX-License-Identifier: Apache-2.0
// The checked-in reference pages are what the interface compiler makes of abi/interfaces. `ninja reference`
// renews them.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace {

std::set<std::string> pages(std::filesystem::path const& folder) {
    std::set<std::string> names;
    for (auto const& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".md") names.insert(entry.path().filename().string());
    return names;
}

std::string content(std::filesystem::path const& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

TEST(Reference, IsWhatTheCompilerMakes) {
    std::filesystem::path const generated = STELE_GENERATED_REFERENCE;
    std::filesystem::path const checked_in = STELE_REFERENCE;
    EXPECT_EQ(pages(generated), pages(checked_in));
    EXPECT_GE(pages(generated).size(), 20u);
    for (auto const& page : pages(generated))
        EXPECT_EQ(content(generated / page), content(checked_in / page)) << page << ": run `ninja reference`";
}

} // namespace
