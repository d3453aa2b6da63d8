// SPDX-License-Identifier: Apache-2.0
// Start, Console's methods, typing, time.
#include "driver.hpp"

#include <abi/resident_events.hpp>

#include <array>
#include <bit>

namespace console {

namespace {

constexpr std::uint32_t program_index = 3; // in the resident image
constexpr std::uint64_t millisecond = 1'000'000;

std::string_view command_line(abi::BootInfo const& boot) {
    std::size_t const length = boot.command_line_length;
    return {boot.command_line.data(), length < boot.command_line.size() ? length : boot.command_line.size()};
}

} // namespace

Driver::Driver(Authority const& authority, abi::BootInfo const& boot)
    : authority_(authority),
      boot_(boot),
      words_(parse_boot_words(command_line(boot))),
      serial_(runtime::IoPorts{authority.io_ports}, runtime::Irq{authority.irq}),
      screen_(serial_, editor_),
      paced_(authority.paced),
      processes_(authority.processes) {}

void Driver::start() {
    static_cast<void>(serial_.start(authority_.endpoint, abi::bits(abi::ConsoleEvent::interrupt)));
    auto const attached =
        runtime::Log{authority_.log}.attach(authority_.endpoint, abi::bits(abi::ConsoleEvent::logged));
    if (!attached.failed()) log_position_ = attached->position;
    print_boot();
    static_cast<void>(runtime::Endpoint{authority_.supervisor}.post(abi::ready_event(program_index)));
}

void Driver::event(std::uint64_t bits) {
    auto const has = [&](abi::ConsoleEvent event) { return (bits & abi::bits(event)) != 0; };
    if (has(abi::ConsoleEvent::restored)) restored();
    if (has(abi::ConsoleEvent::failed)) failed();
    if (has(abi::ConsoleEvent::committed)) committed();
    if (has(abi::ConsoleEvent::alarm)) alarm_ = PacedReplies::never;
    if (has(abi::ConsoleEvent::interrupt)) take_input();
    if (has(abi::ConsoleEvent::logged)) print_log();
    work_off_due();
}

Result<> Driver::write(runtime::Request& request, runtime::console_server::WriteArguments const& arguments) {
    screen_.output(arguments.text);
    if (auto const slot = paced_.hold(now() + words_.pace_ms * millisecond))
        static_cast<void>(request.hold(*slot));
    set_alarm();
    return {};
}

Result<> Driver::write_now(runtime::Request&, runtime::console_server::WriteNowArguments const& arguments) {
    screen_.output(arguments.text);
    return {};
}

Result<runtime::console_server::ReadLineResult> Driver::read_line(runtime::Request& request) {
    if (!typed_ahead_.empty()) return runtime::console_server::ReadLineResult{typed_ahead_.pop()};
    if (reader_waits_ && reader_payload_ != request.payload()) return runtime::fail(runtime::Error::busy);
    // The same reader asks again: its former wait is over, whatever ended it.
    TRY(request.hold(authority_.reader));
    reader_waits_ = true;
    reader_payload_ = request.payload();
    draw_prompt();
    return {};
}

void Driver::print_log() {
    for (;;) {
        auto const piece = runtime::Log{authority_.log}.read(log_position_);
        if (piece.failed() || piece->bytes == 0) return;
        log_position_ = piece->next;
        std::array const words{piece->text0, piece->text1, piece->text2, piece->text3, piece->text4};
        auto const text = std::bit_cast<std::array<char, sizeof words>>(words);
        for (std::size_t i = 0; i < piece->bytes && i < text.size(); ++i) {
            if (text[i] != '\n') {
                log_line_.put(text[i]);
                continue;
            }
            screen_.output(log_line_.view());
            log_line_.clear();
        }
    }
}

void Driver::take_input() {
    serial_.acknowledge();
    while (auto const byte = serial_.read()) {
        auto const typed = editor_.type(*byte);
        screen_.echo(typed);
        if (typed == Typed::checkpoint) request_checkpoint();
        if (typed == Typed::status) print_committed(status(), "");
        if (typed == Typed::counters) print_counters();
        if (typed == Typed::off) request_off();
        if (typed == Typed::line) take_line(editor_.line());
    }
}

void Driver::take_line(std::string_view line) {
    screen_.hide_prompt(); // Enter has left it behind
    if (line == "status") print_committed(status(), "");
    else if (line == "checkpoint") request_checkpoint();
    else if (line == "off") request_off();
    else if (!line.empty() && !take_process_command(line)) return give_to_reader(line);
    if (reader_waits_) draw_prompt();
}

void Driver::give_to_reader(std::string_view line) {
    if (!reader_waits_) {
        if (!typed_ahead_.push(line)) screen_.line("[stele] line dropped: nobody reads");
        return;
    }
    reader_waits_ = false;
    runtime::answer(authority_.reader, Result(runtime::console_server::ReadLineResult{line}));
}

void Driver::draw_prompt() {
    generation_known_ = status().committed_generation;
    screen_.show_prompt(generation_known_);
}

// Replies whose time has come, and the committed line that was put off.
void Driver::work_off_due() {
    std::uint64_t const time = now();
    while (auto const slot = paced_.take_due(time)) runtime::answer(*slot, Result<>());
    if (generation_known_ > generation_printed_ && time >= print_after_) print_committed(status(), "");
    set_alarm();
}

// The endpoint has one alarm; it is set again only when a nearer time is wanted.
void Driver::set_alarm() {
    std::uint64_t wanted = paced_.next_due();
    if (generation_known_ > generation_printed_ && print_after_ < wanted) wanted = print_after_;
    if (wanted >= alarm_) return;
    alarm_ = wanted;
    static_cast<void>(
        runtime::Endpoint{authority_.endpoint}.set_alarm(wanted, abi::bits(abi::ConsoleEvent::alarm)));
}

std::uint64_t Driver::now() const {
    auto const time = runtime::Clock{authority_.clock}.now();
    return time.failed() ? 0 : time->nanoseconds;
}

Driver::Status Driver::status() const {
    auto const result = runtime::Migrator{authority_.migrator}.status();
    return result.failed() ? Status{.last_error = static_cast<std::uint32_t>(result.error)} : result.value;
}

} // namespace console
