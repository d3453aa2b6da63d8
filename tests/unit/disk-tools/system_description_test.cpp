// SPDX-License-Identifier: Apache-2.0
// Descriptions: what is read, and that each mistake is refused with its place and a remedy.
#include "system_description.hpp"

#include "problem.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace {

using namespace tools;

class SystemDescriptionTest : public testing::Test {
protected:
    SystemDescription read(std::string const& text) {
        std::ofstream(file_) << text;
        return read_system_description(file_);
    }
    // The text of the Problem; empty when none was thrown.
    std::string refusal(std::string const& text) {
        try {
            static_cast<void>(read(text));
        } catch (Problem const& problem) {
            EXPECT_EQ(problem.code(), ExitCode::usage);
            EXPECT_FALSE(problem.remedy().empty());
            return problem.what();
        }
        return {};
    }
    std::filesystem::path file_ = testing::TempDir() + "description.toml";
};

std::string process(std::string const& more) { return "[[process]]\nname = \"a\"\nprogram = \"a\"\n" + more; }

TEST_F(SystemDescriptionTest, ReadsWhatItSays) {
    auto const system =
        read("label = \"x\"\n[checkpoint]\ninterval_ms = 5\n[[page]]\nname = \"p\"\n" +
             process("priority = 3\nargument = 7\n"
                     "map = [{ page = \"p\", address = 0x1000, access = \"write\" }]\n"
                     "capabilities = [{ slot = 1, type = \"entry\", target = \"console\" }]\n"));
    EXPECT_EQ(system.label, "x");
    EXPECT_EQ(system.interval_ms, 5u);
    ASSERT_EQ(system.processes.size(), 1u);
    auto const& made = system.processes.front();
    EXPECT_EQ(made.priority, 3u);
    EXPECT_EQ(made.argument, 7u);
    ASSERT_EQ(made.mappings.size(), 1u);
    EXPECT_TRUE(made.mappings.front().writable);
    ASSERT_EQ(made.capabilities.size(), 1u);
    EXPECT_EQ(made.capabilities.front().type, abi::CapabilityType::entry);
}

TEST_F(SystemDescriptionTest, ReadsRangesAndHeaps) {
    auto const system =
        read("[[range]]\nname = \"r\"\nframes = 16\n[[heap]]\nname = \"h\"\ntype = \"patt\"\n" +
             process("capabilities = [{ slot = 1, type = \"frame_range\", target = \"r\" },\n"
                     "{ slot = 2, type = \"heap\", target = \"h\" }]\n"));
    ASSERT_EQ(system.ranges.size(), 1u);
    EXPECT_EQ(system.ranges.front().name, "r");
    EXPECT_EQ(system.ranges.front().frames, 16u);
    ASSERT_EQ(system.heaps.size(), 1u);
    EXPECT_EQ(system.heaps.front().object_type, abi::FrameType::patt);
    auto const& capabilities = system.processes.front().capabilities;
    ASSERT_EQ(capabilities.size(), 2u);
    EXPECT_EQ(capabilities[0].type, abi::CapabilityType::frame_range);
    EXPECT_EQ(capabilities[1].type, abi::CapabilityType::heap);
    EXPECT_EQ(capabilities[1].target, "h");
}

// Two files that both include a third, below the file that is read.
class IncludeTest : public SystemDescriptionTest {
protected:
    IncludeTest() {
        write("third.toml", "label = \"third\"\n[[page]]\nname = \"p\"\n" + process(""));
        write("parts/one.toml",
              "include = [\"../third.toml\"]\n[[endpoint]]\nname = \"e\"\nreceiver = \"a\"\n");
        write("parts/two.toml", "include = [\"../third.toml\"]\nlabel = \"two\"\n[checkpoint]\nretain = 99\n"
                                "[[process]]\nname = \"b\"\nprogram = \"b\"\n"
                                "map = [{ page = \"p\", address = 0x1000 }]\n");
    }
    static void write(std::string const& name, std::string const& text) {
        auto const file = std::filesystem::path(testing::TempDir()) / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
};

TEST_F(IncludeTest, EachFileOnceAndBeforeWhoIncludesIt) {
    auto const system = read("include = [\"parts/one.toml\", \"parts/two.toml\", \"description.toml\"]\n"
                             "label = \"all\"\n[checkpoint]\ninterval_ms = 7\n"
                             "[[process]]\nname = \"c\"\nprogram = \"c\"\n");
    EXPECT_EQ(system.label, "all");
    EXPECT_EQ(system.interval_ms, 7u);
    EXPECT_EQ(system.retain, 16u) << "not that of a file that is included";
    ASSERT_EQ(system.processes.size(), 3u);
    EXPECT_EQ(system.processes[0].name, "a");
    EXPECT_EQ(system.processes[1].name, "b");
    EXPECT_EQ(system.processes[2].name, "c");
    EXPECT_EQ(system.pages.size(), 1u);
    EXPECT_EQ(system.endpoints.size(), 1u);
}

TEST_F(IncludeTest, MistakesAreNamedWhereTheyStand) {
    auto const twice = refusal("include = [\"third.toml\"]\n" + process(""));
    EXPECT_NE(twice.find("description.toml:2:1: two of kind process are named 'a'"), std::string::npos)
        << twice;
    auto const missing = refusal("include = [\"third.toml\", \"fourth.toml\"]\n");
    EXPECT_NE(missing.find("description.toml:1:"), std::string::npos) << missing;
    EXPECT_NE(missing.find("there is no file"), std::string::npos) << missing;
    EXPECT_NE(refusal("include = \"third.toml\"\n").find("'include' is not a list"), std::string::npos);
    EXPECT_NE(refusal("include = [1]\n").find("is not a string"), std::string::npos);
    write("wrong.toml", "lable = 1\n");
    auto const inside = refusal("include = [\"wrong.toml\"]\n");
    EXPECT_NE(inside.find("wrong.toml:1:"), std::string::npos) << inside;
}

TEST_F(SystemDescriptionTest, HeapsHoldObjectsOnly) {
    for (auto const* type : {"patt", "process", "endpoint", "schedule", "heap"}) {
        auto const heap = std::string("[[heap]]\nname = \"h\"\ntype = \"") + type + "\"\n";
        EXPECT_EQ(refusal(heap), "") << type;
    }
}

TEST_F(SystemDescriptionTest, NamesEachMistakeAndItsPlace) {
    std::vector<std::pair<std::string, std::string>> const mistakes = {
        {"lable = \"x\"\n", "unknown key 'lable'"},
        {"[checkpoint]\ninterval_ms = 4\n", "interval_ms is below 5"},
        {"[checkpoint]\nretain = 1\n", "'retain' is not a number from"},
        {"[[process]]\nprogram = \"a\"\n", "'name' is missing"},
        {process("priority = 24\n"), "'priority' is not a number from 0 to 23"},
        {process("map = [{ address = 0x1001 }]\n"), "not a multiple of 4096"},
        {process("map = [{ address = 0x1000, access = \"rw\" }]\n"), "access is neither"},
        {process("map = [{ page = \"q\", address = 0x1000 }]\n"), "nothing here is named 'q'"},
        {process("capabilities = [{ slot = 1, type = \"irq\" }]\n"),
         "not a type that a description can hand out"},
        {process("capabilities = [{ slot = 1, type = \"clock\", target = \"a\" }]\n"), "has no target"},
        {process("capabilities = [{ slot = 1, type = \"clock\", rights = [\"send\"] }]\n"),
         "does not belong to this type"},
        {process("capabilities = [{ slot = 1, type = \"clock\" }, { slot = 1, type = \"log\" }]\n"),
         "filled twice"},
        {process("") + process(""), "two of kind process are named 'a'"},
        {"[[range]]\nframes = 1\n", "'name' is missing"},
        {"[[range]]\nname = \"r\"\n", "'frames' is missing"},
        {"[[range]]\nname = \"r\"\nframes = 0\n", "'frames' is not a number from 1 to"},
        {"[[range]]\nname = \"r\"\nframes = 1\nfirst = 2\n", "unknown key 'first'"},
        {"[[range]]\nname = \"r\"\nframes = 1\n[[range]]\nname = \"r\"\nframes = 1\n",
         "two of kind range are named 'r'"},
        {"[[heap]]\nname = \"h\"\n", "'type' is missing"},
        {"[[heap]]\nname = \"h\"\ntype = \"data page\"\n", "a heap cannot hold objects of type 'data page'"},
        {"[[heap]]\nname = \"h\"\ntype = \"free\"\n", "a heap cannot hold objects of type 'free'"},
        {"heap = [1]\n", "an item of 'heap' is not a table"},
        {process("capabilities = [{ slot = 1, type = \"frame_range\", target = \"a\" }]\n"),
         "nothing here is named 'a'"},
        {process("capabilities = [{ slot = 1, type = \"heap\" }]\n"), "nothing here is named ''"},
        {process("capabilities = [{ slot = 1, type = \"restart\", target = \"a\" }]\n"),
         "not a type that a description can hand out"},
        {"x = [", "description.toml:1:"},
    };
    for (auto const& [text, expected] : mistakes) {
        auto const refused = refusal(text);
        EXPECT_NE(refused.find(expected), std::string::npos) << text << "\nsaid: " << refused;
        EXPECT_NE(refused.find("description.toml:"), std::string::npos) << refused;
    }
}

} // namespace
