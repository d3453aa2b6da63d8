// SPDX-License-Identifier: Apache-2.0
// One poll loop over terminal, machine and control clients. A client sends one byte for the console and gets
// the console's next matching line as its answer; who asked for the end gets more, and last that it came.
#include "console_relay.hpp"

#include "problem.hpp"
#include "store_lock.hpp"

#include <fmt/core.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utility>

namespace tools {
namespace {

// Ctrl-P: the console takes a checkpoint without disturbing the line being typed
constexpr char checkpoint_byte = 0x10;
constexpr char off_byte = 0x0f;    // Ctrl-O: a checkpoint, then off
constexpr char escape_byte = 0x01; // Ctrl-A, as in QEMU
constexpr std::string_view checkpoint_failed = "[stele] checkpoint failed";
constexpr int exit_status_off = 0x21; // isa-debug-exit: (0x10 << 1) | 1

class Descriptor {
public:
    explicit Descriptor(int value = -1) : value_(value) {}
    Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept { return std::swap(value_, other.value_), *this; }
    ~Descriptor() {
        if (value_ >= 0) ::close(value_);
    }
    int get() const { return value_; }
    bool open() const { return value_ >= 0; }

private:
    int value_;
};

class RawTerminal {
public:
    RawTerminal() : active_(::isatty(STDIN_FILENO) && ::tcgetattr(STDIN_FILENO, &saved_) == 0) {
        if (!active_) return;
        auto raw = saved_;
        ::cfmakeraw(&raw);
        ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    RawTerminal(RawTerminal const&) = delete;
    ~RawTerminal() {
        if (active_) ::tcsetattr(STDIN_FILENO, TCSANOW, &saved_);
    }
    bool active() const { return active_; }

private:
    termios saved_ = {};
    bool active_;
};

std::pair<sockaddr_un, socklen_t> abstract_address(std::string const& name) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), std::min(name.size(), sizeof address.sun_path - 1));
    return {address, static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size())};
}

void write_all(int file, std::string_view text) {
    while (!text.empty()) {
        auto const written = ::write(file, text.data(), text.size());
        if (written <= 0) return; // the other side is gone; the loop sees it at its next poll
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

pid_t start_qemu(std::vector<std::string> const& command, int console) {
    auto const pid = ::fork();
    if (pid != 0) return pid;
    ::dup2(console, STDIN_FILENO);
    ::dup2(console, STDOUT_FILENO);
    ::setpgid(0, 0); // Ctrl-C belongs to the relay
    // Without its relay the machine would run on unseen and keep the store in use.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::vector<char*> argv;
    for (auto const& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
}

// A line as the console wrote it, without the prompt that it wiped away; empty: not one of the console's own.
std::string_view console_line(std::string_view line) {
    auto const start = line.rfind("[stele] ");
    if (start == line.npos) return {};
    line.remove_prefix(start);
    return line.substr(0, line.find('\r'));
}

bool is_requested_commit(std::string_view line) {
    return line.find("committed,") != line.npos && line.find(", requested") != line.npos;
}

class Relay {
public:
    Relay(MachineOptions const& options, Descriptor console, pid_t machine)
        : console_(std::move(console)),
          machine_(machine),
          started_(std::chrono::steady_clock::now()),
          kill_after_ms_(options.kill_after_ms) {
        listener_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        auto const [address, length] = abstract_address(socket_name_of(options.store));
        if (::bind(listener_.get(), reinterpret_cast<sockaddr const*>(&address), length) != 0 ||
            ::listen(listener_.get(), 4) != 0)
            listener_ = Descriptor();
    }

    // Until the machine ends; true when the plug was pulled here.
    bool run() {
        while (console_.open()) {
            std::array<pollfd, 4> polls = {{{console_.get(), POLLIN, 0},
                                            {input_open_ ? STDIN_FILENO : -1, POLLIN, 0},
                                            {listener_.get(), POLLIN, 0},
                                            {client_.get(), POLLIN, 0}}};
            if (::poll(polls.data(), polls.size(), remaining_ms()) < 0 && errno != EINTR) break;
            if (remaining_ms() == 0) pull_plug();
            if (polls[0].revents != 0) from_machine();
            if (polls[1].revents != 0) from_terminal();
            if (polls[2].revents != 0)
                client_ = Descriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (polls[3].revents != 0) from_client();
        }
        return pulled_;
    }

    // Everything is on the disk and the store is free: whoever asked for the end may hear of it.
    void machine_ended(bool orderly) {
        if (client_.open() && client_wants_off_ && orderly) write_all(client_.get(), "[stele] off\n");
    }

private:
    int remaining_ms() const {
        if (kill_after_ms_ == 0 || pulled_) return -1;
        auto const passed =
            std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started_)
                .count();
        auto const left = static_cast<std::int64_t>(kill_after_ms_) - passed;
        return left > 0 ? static_cast<int>(left) : 0;
    }

    void pull_plug() {
        pulled_ = true;
        ::kill(machine_, SIGKILL);
    }

    void from_machine() {
        std::array<char, 4096> buffer;
        auto const count = ::read(console_.get(), buffer.data(), buffer.size());
        if (count <= 0) {
            console_ = Descriptor();
            return;
        }
        std::string_view const text(buffer.data(), static_cast<std::size_t>(count));
        write_all(STDOUT_FILENO, text);
        for (char const c : text) {
            if (c != '\n') {
                line_ += c;
                continue;
            }
            tell_client(console_line(line_));
            line_.clear();
        }
    }

    void tell_client(std::string_view line) {
        console_speaks_ = console_speaks_ || line.starts_with("[stele] ");
        forward_request();
        bool const failed = client_wants_off_ && line.starts_with(checkpoint_failed);
        if (!client_.open() || (!is_requested_commit(line) && !failed)) return;
        write_all(client_.get(), std::string(line) + '\n');
        if (!client_wants_off_ || failed) client_ = Descriptor();
    }

    void from_terminal() {
        std::array<char, 512> buffer;
        auto const count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (count <= 0) {
            input_open_ = false;
            return;
        }
        std::string forward;
        for (char const c : std::string_view(buffer.data(), static_cast<std::size_t>(count))) {
            if (escaped_ && (c == 'x' || c == 'X')) pull_plug();
            else if (escaped_ || c != escape_byte) forward += c;
            escaped_ = !escaped_ && c == escape_byte;
        }
        write_all(console_.get(), forward);
    }

    void from_client() {
        char byte = 0;
        if (::read(client_.get(), &byte, 1) != 1) {
            client_ = Descriptor();
            return;
        }
        client_wants_off_ = byte == off_byte;
        if (byte == checkpoint_byte || byte == off_byte) request_ = byte;
        forward_request();
    }

    // A console that is only being started empties the serial line's buffer, and the request with it.
    void forward_request() {
        if (request_ == 0 || !console_speaks_) return;
        write_all(console_.get(), {&request_, 1});
        request_ = 0;
    }

    Descriptor console_, listener_, client_;
    pid_t machine_;
    std::chrono::steady_clock::time_point started_;
    std::uint64_t kill_after_ms_;
    std::string line_;
    char request_ = 0; // the client's, until the console can hear it; 0: none
    bool console_speaks_ = false;
    bool client_wants_off_ = false;
    bool input_open_ = true;
    bool escaped_ = false;
    bool pulled_ = false;
};

} // namespace

int run_machine(MachineOptions const& options) {
    auto const command = qemu_command(options);
    std::array<int, 2> ends = {};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw Problem(ExitCode::failed, "io", "no socket pair can be made", "close some files");
    Descriptor ours(ends[0]);
    Descriptor theirs(ends[1]);
    std::signal(SIGPIPE, SIG_IGN);
    auto const machine = start_qemu(command, theirs.get());
    theirs = Descriptor();
    Relay relay(options, std::move(ours), machine);
    bool pulled = false;
    {
        RawTerminal const terminal;
        if (terminal.active()) std::fputs("leave with Ctrl-A X (pulls the plug)\r\n", stderr);
        pulled = relay.run();
    }
    int status = 0;
    ::waitpid(machine, &status, 0);
    relay.machine_ended(WIFEXITED(status) && WEXITSTATUS(status) == exit_status_off);
    if (pulled) return std::fputs("\nthe plug is pulled\n", stderr), static_cast<int>(ExitCode::done);
    if (WIFSIGNALED(status))
        return std::fputs("\nthe machine was killed\n", stderr), static_cast<int>(ExitCode::done);
    if (WIFEXITED(status) && WEXITSTATUS(status) == exit_status_off) return static_cast<int>(ExitCode::done);
    throw Problem(ExitCode::failed, "io",
                  fmt::format("{}: the machine ended with status {}", options.store, WEXITSTATUS(status)),
                  "its last lines say why; stele check tells whether the store is whole");
}

namespace {

// Sends one byte to the console of a running machine: all that the relay answers, without its last line end.
std::string ask(std::string const& store, char byte) {
    Descriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto const [address, length] = abstract_address(socket_name_of(store));
    if (::connect(client.get(), reinterpret_cast<sockaddr const*>(&address), length) != 0)
        throw Problem(ExitCode::failed, "not-running", store + " is not running under stele boot",
                      "start it: stele boot " + store);
    write_all(client.get(), {&byte, 1});
    std::string answer;
    std::array<char, 256> buffer;
    for (;;) {
        auto const count = ::read(client.get(), buffer.data(), buffer.size());
        if (count <= 0) break;
        answer.append(buffer.data(), static_cast<std::size_t>(count));
    }
    while (!answer.empty() && (answer.back() == '\r' || answer.back() == '\n')) answer.pop_back();
    return answer;
}

Problem ended_before(std::string const& store) {
    return {ExitCode::failed, "io", store + ": the machine ended before the checkpoint was committed",
            "boot it again; it goes on from its last committed checkpoint"};
}

} // namespace

std::string request_checkpoint(std::string const& store) {
    auto answer = ask(store, checkpoint_byte);
    if (answer.empty()) throw ended_before(store);
    return answer;
}

std::string request_shutdown(std::string const& store) {
    auto answer = ask(store, off_byte);
    if (answer.find(checkpoint_failed) != answer.npos)
        throw Problem(ExitCode::failed, "io", store + " runs on: " + answer,
                      "its console says more; stele kill pulls the plug");
    if (!answer.ends_with("[stele] off")) throw ended_before(store);
    return answer;
}

} // namespace tools
