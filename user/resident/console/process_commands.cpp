// SPDX-License-Identifier: Apache-2.0
// What is typed to handle one process: stop, resume, inspect, kill and its name.
#include "driver.hpp"

#include <abi/fault.hpp>
#include <abi/object_id.hpp>
#include <abi/objects/process.hpp>

namespace console {

namespace {

using Text = base::TextBuffer<240>;
using base::Hex;
using base::print;

constexpr std::size_t list_width = 100;
constexpr std::uint64_t microseconds = 1'000;

void put_object(Text& text, std::uint64_t raw) {
    abi::ObjectId const object(raw);
    print(text, Hex{object.frame().number()}, ".", object.index());
}
void put_frame(Text& text, std::uint64_t raw) { print(text, Hex{abi::ObjectId(raw).frame().number()}); }

// ", waits for ...", in the words of `stele ps` where there are any.
void put_wait(Text& text, runtime::Process::WaitsResult const& wait) {
    using enum abi::WaitCause;
    switch (static_cast<abi::WaitCause>(wait.cause)) {
    case nothing: return;
    case message: return print(text, ", waits for a message");
    case message_from: print(text, ", waits on endpoint "); return put_object(text, wait.object);
    case time: return print(text, ", sleeps until ", wait.wake_time / microseconds, " us");
    case receiver:
        print(text, ", waits until process ");
        put_frame(text, wait.object);
        return print(text, " receives");
    case no_receiver:
        print(text, ", waits until somebody receives on endpoint ");
        return put_object(text, wait.object);
    case frame: print(text, ", waits for frame "); return put_frame(text, wait.object);
    case memory: return print(text, ", waits for memory");
    case hold: return print(text, ", held");
    case commit: return print(text, ", waits for a commit");
    }
}

// The first word of a line; what is left begins behind the blanks after it.
std::string_view take_word(std::string_view& line) {
    std::size_t size = 0;
    while (size < line.size() && line[size] != ' ') ++size;
    std::string_view const word(line.data(), size);
    while (size < line.size() && line[size] == ' ') ++size;
    line.remove_prefix(size);
    return word;
}

std::string_view name_of(std::uint8_t state) {
    return state < abi::run_state_names.size() ? abi::run_state_names[state] : "unknown";
}

bool may_be_resumed(std::uint8_t state) {
    auto const run = static_cast<abi::RunState>(state);
    return run == abi::RunState::stopped || run == abi::RunState::faulted || run == abi::RunState::reported;
}

} // namespace

bool Driver::take_process_command(std::string_view line) {
    auto name = line;
    auto const verb = take_word(name);
    if (verb != "stop" && verb != "resume" && verb != "inspect" && verb != "kill") return false;
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (name.empty() || !processes_.find(name)) list_processes(verb, name);
    else if (verb == "stop") stop_process(name);
    else if (verb == "resume") resume_process(name);
    else if (verb == "inspect") inspect_process(name);
    else told(name, "killed", processes_.kill().error);
    return true;
}

// Of what somebody tried on a process.
void Driver::told(std::string_view name, std::string_view done, runtime::Error error) {
    if (error == runtime::Error::none) screen_.line("[stele] ", name, " ", done);
    else screen_.line("[stele] ", name, " is not ", done, ": ", abi::describe(error).name);
}

void Driver::list_processes(std::string_view verb, std::string_view wrong) {
    Text text;
    if (wrong.empty()) print(text, "[stele] ", verb, " which process?");
    else print(text, "[stele] no process '", wrong, "'");
    std::string_view between = wrong.empty() ? " There are " : ", there are ";
    processes_.restart();
    while (auto const name = processes_.next()) {
        if (text.view().size() + between.size() + name->size() > list_width) {
            screen_.output(text.view());
            text.clear();
            print(text, "[stele]  ");
            between = " ";
        }
        print(text, between, *name);
        between = ", ";
    }
    screen_.output(text.view());
}

void Driver::stop_process(std::string_view name) {
    auto const state = processes_.process().state();
    if (!state.failed() && static_cast<abi::RunState>(state->state) == abi::RunState::stopped)
        return screen_.line("[stele] ", name, " is stopped already");
    told(name, "stopped", processes_.process().stop().error);
}

// A fault is tried again: whoever resumes from the console has seen it, or wants to.
void Driver::resume_process(std::string_view name) {
    auto const state = processes_.process().state();
    if (!state.failed() && !may_be_resumed(state->state))
        return screen_.line("[stele] ", name, " is not stopped: ", name_of(state->state));
    told(name, "resumed", processes_.process().resume(true).error);
}

void Driver::inspect_process(std::string_view name) {
    auto const process = processes_.process();
    auto const state = process.state();
    auto const wait = process.waits();
    auto const found = process.registers();
    if (state.failed() || wait.failed() || found.failed()) return told(name, "there", state.error);
    Text text;
    print(text, "[stele] ", name, ": ", name_of(state->state));
    put_wait(text, *wait);
    if (state->fault_code != 0 && state->fault_code < abi::fault_names.size())
        print(text, ", ", abi::fault_names[state->fault_code], " at ", Hex{state->fault_address});
    screen_.output(text.view());
    auto const& r = *found;
    auto const row = [&](auto const&... parts) { screen_.line("[stele]   ", parts...); };
    row("rip ", Hex{r.rip}, " rflags ", Hex{r.rflags}, " fs ", Hex{r.fs_base}, " gs ", Hex{r.gs_base});
    row("rax ", Hex{r.rax}, " rbx ", Hex{r.rbx}, " rcx ", Hex{r.rcx}, " rdx ", Hex{r.rdx});
    row("rsi ", Hex{r.rsi}, " rdi ", Hex{r.rdi}, " rbp ", Hex{r.rbp}, " rsp ", Hex{r.rsp});
    row("r8 ", Hex{r.r8}, " r9 ", Hex{r.r9}, " r10 ", Hex{r.r10}, " r11 ", Hex{r.r11});
    row("r12 ", Hex{r.r12}, " r13 ", Hex{r.r13}, " r14 ", Hex{r.r14}, " r15 ", Hex{r.r15});
}

} // namespace console
