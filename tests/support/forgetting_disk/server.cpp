// SPDX-License-Identifier: Apache-2.0
// The event loop of the forgetting disk: sockets, the queue of replies to come, the control socket, the cut.
#include "server.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <stdexcept>

namespace tests {

namespace {

int listen_on(std::string const& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) {
        throw std::runtime_error("socket path is too long: " + path);
    }
    std::ranges::copy(path, address.sun_path);
    ::unlink(path.c_str());
    int const listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    auto const* generic = static_cast<sockaddr const*>(static_cast<void const*>(&address));
    if (listener < 0 || ::bind(listener, generic, sizeof(address)) != 0 || ::listen(listener, 4) != 0) {
        throw std::runtime_error("cannot listen on " + path + ": " + std::strerror(errno));
    }
    return listener;
}

void close_socket(int& socket) {
    if (socket >= 0) {
        ::close(socket);
    }
    socket = -1;
}

void print_line(std::string const& line) {
    std::puts(line.c_str());
    std::fflush(stdout);
}

} // namespace

Server::Server(ServerOptions const& options, std::span<std::byte> platter)
    : options_(options), platter_(platter), cache_(platter, options.honest), random_(options.seed) {}

int Server::run() {
    listener_ = listen_on(options_.socket);
    if (!options_.control.empty()) {
        control_listener_ = listen_on(options_.control);
    }
    print_line(R"({"event":"ready"})");
    while (!quit_) {
        wait();
        if (!cut_) {
            complete_due_jobs();
        }
        if (!cut_ && options_.plan.due(counts_)) {
            power_cut();
        }
        write_client();
        if (cut_ && client_ < 0) {
            return 0;
        }
    }
    if (!cut_) { // an orderly end: nothing is forgotten
        for (; !jobs_.empty(); jobs_.pop()) {
            complete(jobs_.top());
        }
        cache_.complete_flush(cache_.begin_flush());
        print_line(counts_json(counts_, cache_.pending_sectors()));
    }
    return 0;
}

// Sleeps until a socket, the next reply or the time of the cut is due, then reads what has come.
void Server::wait() {
    std::array<pollfd, 4> fds{{{listener_, static_cast<short>(client_ < 0 && !cut_ ? POLLIN : 0), 0},
                               {client_, static_cast<short>(output_.empty() ? POLLIN : POLLIN | POLLOUT), 0},
                               {control_listener_, POLLIN, 0},
                               {control_, POLLIN, 0}}};
    Clock::time_point until = Clock::now() + std::chrono::seconds(1);
    if (!cut_ && !jobs_.empty()) {
        until = std::min(until, jobs_.top().due);
    }
    if (!cut_ && options_.plan.time) {
        until = std::min(until, *options_.plan.time);
    }
    auto const rest = std::max(std::chrono::nanoseconds(until - Clock::now()), std::chrono::nanoseconds(0));
    const timespec timeout{.tv_sec = rest.count() / 1'000'000'000, .tv_nsec = rest.count() % 1'000'000'000};
    if (::ppoll(fds.data(), fds.size(), &timeout, nullptr) <= 0) {
        return;
    }
    if ((fds[0].revents & POLLIN) != 0) {
        accept_client();
    }
    if (fds[1].revents != 0 && client_ >= 0) {
        read_client();
    }
    if (fds[2].revents != 0) {
        accept_control();
    }
    if (fds[3].revents != 0 && control_ >= 0) {
        read_control();
    }
}

void Server::accept_client() {
    client_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    phase_ = Phase::greeting;
    input_.clear();
    output_.clear();
    consumed_ = 0;
    nbd::put(output_, nbd::server_magic);
    nbd::put(output_, nbd::option_magic);
    nbd::put(output_, nbd::handshake_flags);
}

// The client is gone, the disk still has power: what it had asked for takes place.
void Server::drop_client() {
    close_socket(client_);
    output_.clear();
    for (; !cut_ && !jobs_.empty(); jobs_.pop()) {
        complete(jobs_.top());
    }
    output_.clear();
}

void Server::read_client() {
    std::array<std::byte, 65536> buffer; // NOLINT: filled by read
    const ssize_t got = ::read(client_, buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0) {
        drop_client();
        return;
    }
    if (cut_) {
        return; // no power: bytes arrive, nobody answers
    }
    input_.insert(input_.end(), buffer.begin(), buffer.begin() + got);
    while (client_ >= 0 && !cut_ && consume()) {}
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(consumed_));
    consumed_ = 0;
}

void Server::write_client() {
    while (client_ >= 0 && !output_.empty()) {
        const ssize_t sent = ::send(client_, output_.data(), output_.size(), MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (sent < 0) {
            drop_client();
            return;
        }
        output_.erase(output_.begin(), output_.begin() + sent);
    }
}

void Server::event() {
    ++counts_.events;
    if (options_.plan.due(counts_)) {
        power_cut();
    }
}

// A reply's time: most come soon, a few late, so that later requests overtake earlier ones.
Clock::time_point Server::reply_time() {
    if (!options_.reorder) {
        return Clock::now();
    }
    const std::uint64_t scale = random_() % 64 == 0 ? 8 : 1;
    return Clock::now() + std::chrono::nanoseconds(random_() % (options_.delay_us * scale * 1000 + 1));
}

void Server::receive(nbd::Request const& request, std::span<const std::byte> payload) {
    Job job{.due = reply_time(), .order = ++order_, .request = request};
    bool const in_range =
        request.offset <= platter_.size() && request.length <= platter_.size() - request.offset;
    job.refused = !in_range || request.offset % sector_bytes != 0 || request.length % sector_bytes != 0;
    if (request.command == nbd::Command::flush) {
        ++counts_.flushes;
        job.refused = false;
        job.horizon = cache_.begin_flush();
    } else if (request.command == nbd::Command::write) {
        ++counts_.writes;
        if (!job.refused) {
            job.write = cache_.begin_write(request.offset / sector_bytes, {payload.begin(), payload.end()});
        }
    } else {
        ++counts_.reads;
        job.refused = job.refused || request.command != nbd::Command::read;
    }
    jobs_.push(job);
    event();
}

void Server::complete(Job const& job) {
    nbd::Request const& request = job.request;
    nbd::put_reply(output_, job.refused ? nbd::Status::invalid : nbd::Status::ok, request.handle);
    if (request.command == nbd::Command::flush) {
        cache_.complete_flush(job.horizon);
        ++counts_.completed_flushes;
    } else if (job.write != 0) {
        cache_.complete_write(job.write);
        ++counts_.completed_writes;
    } else if (!job.refused) {
        const std::size_t start = output_.size();
        output_.resize(start + request.length);
        cache_.read(request.offset / sector_bytes, std::span(output_).subspan(start));
    }
}

void Server::complete_due_jobs() {
    while (!cut_ && !jobs_.empty() && jobs_.top().due <= Clock::now()) {
        const Job job = jobs_.top();
        jobs_.pop();
        complete(job);
        event();
    }
}

void Server::power_cut() {
    cut_ = true;
    write_client(); // replies given before the cut are on their way
    double const keep = options_.keep_probability.value_or(draw_keep_probability(random_));
    const CutReport report = cache_.cut(random_, keep);
    const std::string line = cut_json(counts_, report, options_.seed, keep);
    print_line(line);
    tell_control(line);
}

void Server::accept_control() {
    close_socket(control_);
    control_input_.clear();
    control_ = ::accept4(control_listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

void Server::tell_control(std::string const& line) {
    const std::string text = line + "\n";
    if (control_ >= 0 && ::send(control_, text.data(), text.size(), MSG_NOSIGNAL) < 0) {
        close_socket(control_);
    }
}

void Server::read_control() {
    std::array<char, 512> buffer; // NOLINT: filled by read
    const ssize_t got = ::read(control_, buffer.data(), buffer.size());
    if (got <= 0) {
        close_socket(control_);
        return;
    }
    control_input_.append(buffer.data(), static_cast<std::size_t>(got));
    for (std::size_t end = 0; (end = control_input_.find('\n')) != std::string::npos;) {
        const std::string command = control_input_.substr(0, end);
        control_input_.erase(0, end + 1);
        obey(command);
    }
}

void Server::obey(std::string const& command) {
    std::istringstream words(command);
    std::string verb;
    std::uint64_t number = 0;
    words >> verb >> number;
    if (verb == "stats") {
        tell_control(counts_json(counts_, cache_.pending_sectors()));
    } else if (verb == "quit") {
        quit_ = true;
    } else if (cut_) {
        tell_control(R"({"event":"error","text":"the power is off"})");
    } else if (verb == "cut") {
        power_cut();
    } else if (verb == "cut-after-events") {
        options_.plan.events = counts_.events + number;
    } else if (verb == "cut-after-writes") {
        options_.plan.writes = counts_.writes + number;
    } else if (verb == "cut-after-flushes") {
        options_.plan.flushes = counts_.flushes + number;
    } else if (verb == "cut-after-ms") {
        options_.plan.time = Clock::now() + std::chrono::milliseconds(number);
    } else {
        tell_control(R"({"event":"error","text":"unknown command"})");
    }
}

} // namespace tests
