// SPDX-License-Identifier: Apache-2.0
// The forgetting disk as an NBD server: one client at a time, requests in flight
// together, replies out of order.
#pragma once

#include "nbd.hpp"
#include "power.hpp"
#include "volatile_cache.hpp"

#include <queue>
#include <string>
#include <vector>

namespace tests {

struct ServerOptions {
    std::string socket;
    std::string control; // empty: no control socket
    std::uint64_t seed = 1;
    // the usual greatest delay of a reply; one in 64 takes up to eight times as long
    std::uint64_t delay_us = 300;
    bool reorder = true;
    bool honest = false; // a completed write is durable
    std::optional<double> keep_probability;
    CutPlan plan;
};

class Server {
public:
    Server(ServerOptions const& options, std::span<std::byte> platter);

    // Serves until the power is cut (prints the cut's line and keeps the client hanging until it goes) or
    // until it is told to quit (everything visible becomes durable). Returns the process's exit status.
    int run();

private:
    enum class Phase { greeting, options, transmission };

    // A request that has been received and waits for its reply's time.
    struct Job {
        Clock::time_point due;
        std::uint64_t order = 0;
        nbd::Request request;
        VolatileCache::WriteNumber write = 0;
        VolatileCache::Horizon horizon = 0;
        bool refused = false;
        bool operator>(Job const& other) const {
            return due != other.due ? due > other.due : order > other.order;
        }
    };

    void wait();
    void accept_client();
    void drop_client();
    void read_client();
    void write_client();
    [[nodiscard]] bool consume(); // one message of the input; false: more bytes are needed
    [[nodiscard]] bool consume_greeting();
    [[nodiscard]] bool consume_option();
    [[nodiscard]] bool consume_request();
    void answer_option(nbd::Option option);
    void receive(nbd::Request const& request, std::span<const std::byte> payload);
    void complete(Job const& job);
    void complete_due_jobs();
    [[nodiscard]] Clock::time_point reply_time();
    void accept_control();
    void read_control();
    void obey(std::string const& command);
    void tell_control(std::string const& line);
    void power_cut();
    void event();

    ServerOptions options_;
    std::span<std::byte> platter_;
    VolatileCache cache_;
    std::mt19937_64 random_;
    Counts counts_;
    bool cut_ = false;
    bool quit_ = false;

    int listener_ = -1;
    int client_ = -1;
    Phase phase_ = Phase::greeting;
    std::vector<std::byte> input_;
    std::size_t consumed_ = 0;
    std::vector<std::byte> output_;

    int control_listener_ = -1;
    int control_ = -1;
    std::string control_input_;

    std::priority_queue<Job, std::vector<Job>, std::greater<>> jobs_;
    std::uint64_t order_ = 0;
    Clock::time_point last_reply_;
};

} // namespace tests
