// SPDX-License-Identifier: Apache-2.0
// The console's pure parts: what typing makes of a line, and its words of the kernel command line.
#include "line_editor.hpp"

#include "boot_words.hpp"

#include <gtest/gtest.h>

namespace {

TEST(BootWords, OthersWordsArePassedOver) {
    auto const words = console::parse_boot_words("interval=10 ack lines=10 hold");
    EXPECT_TRUE(words.acknowledge_each);
    EXPECT_EQ(words.pace_ms, 10u);
    auto const none = console::parse_boot_words("lines=x acknowledge");
    EXPECT_FALSE(none.acknowledge_each);
    EXPECT_EQ(none.pace_ms, 500u);
}

TEST(LineEditor, KeepsAtMostItsRoom) {
    console::LineEditor editor;
    for (std::size_t i = 0; i < console::typed_max; ++i)
        EXPECT_EQ(editor.type('a'), console::Typed::character);
    EXPECT_EQ(editor.type('b'), console::Typed::nothing);
    EXPECT_EQ(editor.type('\r'), console::Typed::line);
    EXPECT_EQ(editor.line().size(), console::typed_max);
    EXPECT_EQ(editor.type('\n'), console::Typed::nothing);
    EXPECT_EQ(editor.type('\n'), console::Typed::line);
    EXPECT_EQ(editor.line(), "");
    EXPECT_EQ(editor.type(0x08), console::Typed::nothing);
}

} // namespace
