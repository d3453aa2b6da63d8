// SPDX-License-Identifier: Apache-2.0
// Every schema in refused/ is refused with the sentence in its `# expect:` line,
// which names file and interface.
#include "check.hpp"

#include "compile_schema.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

namespace {

std::string const folder = STELE_TEST_FOLDER;

std::string expectation(std::filesystem::path const& path) {
    std::ifstream stream(path);
    std::string const mark = "# expect: ";
    for (std::string line; std::getline(stream, line);)
        if (line.rfind(mark, 0) == 0) return line.substr(mark.size());
    return "";
}

TEST(Check, RefusesWhatAMessageCannotCarry) {
    std::vector<std::filesystem::path> paths;
    std::string names;
    for (auto const& entry : std::filesystem::directory_iterator(folder + "/refused")) {
        paths.push_back(entry.path());
        names += entry.path().string() + " ";
    }
    ASSERT_GE(paths.size(), 18u);
    auto const problems = idl::check(tests::compile_schema(names));
    std::size_t expected = 0;
    for (auto const& path : paths) {
        auto const sentence = expectation(path);
        ASSERT_FALSE(sentence.empty()) << path;
        if (sentence.rfind("nothing", 0) == 0) continue;
        ++expected;
        auto const told = [&](std::string const& problem) {
            return problem.find(path.filename().string() + ": ") != std::string::npos &&
                   problem.find(sentence) != std::string::npos;
        };
        EXPECT_TRUE(std::any_of(problems.begin(), problems.end(), told)) << path << " wants: " << sentence;
    }
    // twice_a or twice_b is named, whichever comes second; nothing else is refused.
    std::set<std::string> refused;
    for (auto const& problem : problems) refused.insert(problem.substr(0, problem.find(':')));
    EXPECT_EQ(refused.size(), expected);
    if (::testing::Test::HasFailure())
        for (auto const& problem : problems) std::cerr << problem << '\n';
}

TEST(Check, AcceptsTheInterfacesOfTheSystem) {
    std::string names;
    std::size_t count = 0;
    for (auto const& entry : std::filesystem::directory_iterator(STELE_SCHEMAS)) {
        if (entry.path().extension() != ".capnp" || entry.path().stem() == "stele") continue;
        names += entry.path().string() + " ";
        ++count;
    }
    auto const files = tests::compile_schema(names);
    EXPECT_EQ(files.size(), count);
    for (auto const& problem : idl::check(files)) ADD_FAILURE() << problem;
}

} // namespace
