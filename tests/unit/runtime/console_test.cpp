// SPDX-License-Identifier: Apache-2.0
// The console driver over a fake kernel: what stands on the serial line for what
// is typed, printed and committed.
#include "console_machine.hpp"

namespace tests {

namespace {

constexpr std::uint64_t op_write = abi::op::console::write;
constexpr std::uint64_t op_write_now = abi::op::console::write_now;

TEST_F(Console, FirstLinesAndReadiness) {
    status.boot_number = 3;
    driver->start();
    EXPECT_EQ(output(), "[stele] boot 3, 64 MiB memory\r\n");
    EXPECT_EQ(posted, abi::ready_event(3));
    status.restored_generation = 12;
    status.processes = 5;
    event(ConsoleEvent::restored);
    EXPECT_EQ(output(), "[stele] restored generation 12, 5 processes\r\n");
    status.torn_newer = true;
    event(ConsoleEvent::restored);
    EXPECT_EQ(output(), "[stele] restored generation 12, 5 processes, after a torn newer record\r\n");
    status.torn_newer = false;
    status.held = true;
    event(ConsoleEvent::restored);
    EXPECT_EQ(output(), "[stele] held generation 12, 5 processes\r\n");
}

TEST_F(Console, BootsThatCommittedNothingAreTold) {
    status.boot_number = 9;
    status.boots_since_commit = 1;
    driver->start();
    EXPECT_EQ(output(), "[stele] boot 9, 64 MiB memory\r\n");
    status.boots_since_commit = 2;
    driver->start();
    EXPECT_EQ(output(), "[stele] boot 9, 64 MiB memory, 2 boots since the last commit\r\n");
}

TEST_F(Console, WhatTheProcessorLacksIsNamed) {
    driver->start();
    output();
    status.last_error = static_cast<std::uint32_t>(Error::not_supported);
    status.features_missing = 0x1'0000'0000'00e4;
    event(ConsoleEvent::failed);
    EXPECT_EQ(output(), "[stele] cannot restore: not-supported, the store needs avx avx512 "
                        "unknown features 0x1000000000000\r\n");
    EXPECT_EQ(off_status, 0x11);
}

TEST_F(Console, TheKernelsLogComesInWholeLines) {
    logged = "[kernel] printed before there was a console\n";
    start_and_restore();
    logged += "[kernel] a line that is longer than one answer of the kernel can hold\n[kernel] half a";
    event(ConsoleEvent::logged);
    EXPECT_EQ(output(), "[kernel] a line that is longer than one answer of the kernel can hold\r\n");
    logged += " line\n";
    event(ConsoleEvent::logged);
    EXPECT_EQ(output(), "[kernel] half a line\r\n");
    event(ConsoleEvent::logged);
    EXPECT_EQ(output(), "");
}

TEST_F(Console, AFailedRestoreTurnsTheMachineOff) {
    driver->start();
    output();
    status.last_error = static_cast<std::uint32_t>(Error::not_a_store);
    event(ConsoleEvent::failed);
    EXPECT_EQ(output(), "[stele] cannot restore: not-a-store\r\n");
    EXPECT_EQ(off_status, 0x11);
}

TEST_F(Console, ALineGoesToTheReaderAndTheOthersDoNot) {
    start_and_restore();
    call_read_line();
    EXPECT_EQ(output(), "[generation 7 survives] notepad> ");
    type("helo\x7flo\r");
    EXPECT_EQ(output(), "helo\r\x1b[K[generation 7 survives] notepad> hello\r\n");
    ASSERT_EQ(kernel.sent.size(), 1u);
    EXPECT_EQ(kernel.sent[0].to, "notepad's reply");
    EXPECT_EQ(text_of_last_reply(), "hello");

    status.committed_generation = 9;
    event(ConsoleEvent::committed);
    EXPECT_EQ(output(), "[stele] generation 9 committed, 0 frames, age 1000 ms\r\n");
    call_read_line();
    EXPECT_EQ(output(), "[generation 9 survives] notepad> ");
    type("\r\n\x01\x1b");
    EXPECT_EQ(output(), "\r\n[generation 9 survives] notepad> ");
    type("checkpoint\r");
    EXPECT_EQ(checkpoint_calls, 1);
    EXPECT_EQ(kernel.sent.size(), 1u);
}

TEST_F(Console, LinesTypedAheadWaitForTheirReader) {
    start_and_restore();
    type("one\rtwo\r");
    call_read_line();
    EXPECT_EQ(text_of_last_reply(), "one");
    call_read_line();
    EXPECT_EQ(text_of_last_reply(), "two");
    for (int i = 0; i < 17; ++i) type("x\r");
    EXPECT_NE(output().find("[stele] line dropped: nobody reads"), std::string::npos);
}

TEST_F(Console, OneReaderAtATime) {
    start_and_restore();
    call_read_line("first", 4);
    call_read_line("second", 5);
    EXPECT_EQ(kernel.sent.back().to, "second");
    EXPECT_EQ(kernel.sent.back().words.at(0), static_cast<std::uint64_t>(Error::busy));
    call_read_line("first again", 4);
    type("hello\r");
    EXPECT_EQ(kernel.sent.back().to, "first again");
}

TEST_F(Console, OutputKeepsWhatIsBeingTyped) {
    start_and_restore();
    call_read_line();
    type("hel");
    output();
    call_write("notepad: 1: a\x1b[2Jb", "r", op_write_now);
    EXPECT_EQ(output(), "\r\x1b[Knotepad: 1: a?[2Jb\r\n[generation 7 survives] notepad> hel");
    EXPECT_TRUE(answered("r"));
}

TEST_F(Console, PrintCallsArePaced) {
    build("interval=10 lines=20 ack");
    start_and_restore();
    call_write("counter: 5", "counter's reply", op_write);
    EXPECT_EQ(output(), "counter: 5\r\n");
    EXPECT_FALSE(answered("counter's reply"));
    EXPECT_EQ(alarm, time + 20 * millisecond);
    time += 19 * millisecond;
    event(ConsoleEvent::alarm);
    EXPECT_FALSE(answered("counter's reply"));
    time += millisecond;
    event(ConsoleEvent::alarm);
    EXPECT_TRUE(answered("counter's reply"));
}

TEST_F(Console, CommitsAreAcknowledgedOnceASecondUnlessAllAreWanted) {
    start_and_restore();
    time = 5'000 * millisecond;
    status.committed_generation = 8;
    status.frames = 11;
    status.taken_at = time - 4 * millisecond;
    event(ConsoleEvent::committed);
    EXPECT_EQ(output(), "[stele] generation 8 committed, 11 frames, age 4 ms\r\n");
    status.committed_generation = 9;
    event(ConsoleEvent::committed);
    EXPECT_EQ(output(), "");
    EXPECT_EQ(alarm, time + 1'000 * millisecond);
    status.committed_generation = 10;
    time += 1'000 * millisecond;
    event(ConsoleEvent::alarm);
    EXPECT_EQ(output(), "[stele] generation 10 committed, 11 frames, age 1004 ms\r\n");
    event(ConsoleEvent::alarm);
    EXPECT_EQ(output(), "");

    build("ack");
    start_and_restore();
    for (int i = 0; i < 3; ++i) {
        ++status.committed_generation;
        event(ConsoleEvent::committed);
    }
    auto const text = output();
    EXPECT_NE(text.find("generation 8 committed"), std::string::npos);
    EXPECT_NE(text.find("generation 9 committed"), std::string::npos);
    EXPECT_NE(text.find("generation 10 committed"), std::string::npos);
}

TEST_F(Console, RequestsAreAnsweredWhenTheirCommitIsDone) {
    start_and_restore();
    time = 2'000 * millisecond;
    type("\x10");
    EXPECT_EQ(checkpoint_calls, 1);
    EXPECT_EQ(output(), "");
    status.committed_generation = 8;
    status.taken_at = time;
    status.requests_served = 1;
    event(ConsoleEvent::committed);
    EXPECT_EQ(output(), "[stele] generation 8 committed, 0 frames, age 0 ms, requested\r\n");
    type("\x14");
    EXPECT_EQ(output(), "[stele] generation 8 committed, 0 frames, age 0 ms\r\n");
    type("status\r");
    EXPECT_EQ(output(), "status\r\n[stele] generation 8 committed, 0 frames, age 0 ms\r\n");
}

// The machine is quick: the commit is done before the console looks at its first event.
TEST_F(Console, ARequestMadeBeforeTheRestoreIsAnswered) {
    driver->start();
    type("\x10");
    output();
    status.restored_generation = 7;
    status.committed_generation = 8;
    status.requests_served = 1;
    status.taken_at = time;
    event(ConsoleEvent::restored);
    EXPECT_EQ(output(), "[stele] restored generation 7, 0 processes\r\n");
    event(ConsoleEvent::committed);
    EXPECT_EQ(output(), "[stele] generation 8 committed, 0 frames, age 0 ms, requested\r\n");
}

TEST_F(Console, OffWaitsForItsOwnCheckpoint) {
    start_and_restore();
    time = 2'000 * millisecond;
    type("off\r");
    EXPECT_EQ(checkpoint_calls, 1);
    status.committed_generation = 8;
    status.requests_served = 1;
    status.taken_at = time - millisecond; // was under way already
    event(ConsoleEvent::committed);
    EXPECT_EQ(off_status, -1);
    status.committed_generation = 9;
    status.requests_served = 2;
    status.taken_at = time + millisecond;
    output();
    event(ConsoleEvent::committed);
    EXPECT_EQ(output(), "[stele] generation 9 committed, 0 frames, age 0 ms, requested\r\n[stele] off\r\n");
    EXPECT_EQ(off_status, 0x10);
}

// What is being typed is not disturbed by the byte that asks from outside.
TEST_F(Console, AByteTurnsTheMachineOff) {
    start_and_restore();
    call_read_line();
    type("half a li\x0f");
    EXPECT_EQ(checkpoint_calls, 1);
    EXPECT_EQ(off_status, -1);
    status.requests_served = 1;
    status.taken_at = time + millisecond;
    event(ConsoleEvent::committed);
    EXPECT_EQ(off_status, 0x10);
    EXPECT_EQ(kernel.sent.size(), 0u);
}

TEST_F(Console, AFailedCheckpointKeepsTheMachineOn) {
    start_and_restore();
    type("off\r");
    output();
    status.last_error = static_cast<std::uint32_t>(Error::no_space);
    event(ConsoleEvent::failed);
    EXPECT_EQ(output(), "[stele] checkpoint failed: no-space, generation 7 stays\r\n");
    status.requests_served = 1;
    status.taken_at = time + millisecond;
    event(ConsoleEvent::committed);
    EXPECT_EQ(off_status, -1);
}

} // namespace

} // namespace tests
