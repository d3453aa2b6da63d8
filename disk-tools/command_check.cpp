// SPDX-License-Identifier: Apache-2.0
// check: verifies everything reachable. The exit code follows from the list of findings and nothing else.
#include "object_check.hpp"
#include "options.hpp"
#include "parallel_verifier.hpp"
#include "report.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <unistd.h>

namespace tools {
namespace {

struct Finding {
    std::string code;
    std::string text;
    nlohmann::ordered_json document;
};

// Collects findings; shows progress on a terminal only.
class Listener final : public checkpoint::CheckListener {
public:
    explicit Listener(bool progress) : progress_(progress) {}

    void report(store::Corruption const& corruption) override {
        if (!corruption.is_damage()) return;
        auto const name = std::string(store::finding_names[static_cast<std::size_t>(corruption.finding)]);
        auto const part =
            corruption.finding == store::Finding::single_copy
                ? " of a " + std::string(store::finding_names[static_cast<std::size_t>(corruption.part)])
                : "";
        Finding finding;
        finding.code = name;
        finding.text =
            corruption.frame.number() != 0 ? fmt::format("frame {:#x}: ", corruption.frame.number()) : "";
        finding.text += fmt::format("{}{} at byte {}: want {:016x}, got {:016x}", name, part,
                                    corruption.offset, corruption.want, corruption.got);
        finding.document = {{"code", name},
                            {"offset", corruption.offset},
                            {"want", format_hex(corruption.want)},
                            {"got", format_hex(corruption.got)}};
        if (!part.empty())
            finding.document["part"] = store::finding_names[static_cast<std::size_t>(corruption.part)];
        if (corruption.frame.number() != 0) finding.document["frame"] = format_hex(corruption.frame.number());
        if (corruption.last_good != 0) {
            auto const good = checkpoint::Generation(corruption.last_good).counter();
            finding.document["lastGood"] = good;
            finding.text += fmt::format("\n  newest good version: checkpoint {}", good);
        }
        findings.push_back(std::move(finding));
    }

    void progress(checkpoint::CheckPhase phase, std::uint64_t done, std::uint64_t total) override {
        static constexpr std::array names = {"root slots", "log", "object map", "frames", "space"};
        auto const now = std::chrono::steady_clock::now();
        if (!progress_ || (done != total && now - shown_ < std::chrono::milliseconds(100))) return;
        shown_ = now;
        std::fprintf(stderr, "\r\x1b[K[%d/6] %s %llu/%llu", static_cast<int>(phase) + 1,
                     names[static_cast<std::size_t>(phase)], static_cast<unsigned long long>(done),
                     static_cast<unsigned long long>(total));
    }
    void clear() const {
        if (progress_) std::fputs("\r\x1b[K", stderr);
    }

    std::vector<Finding> findings;

private:
    bool progress_;
    std::chrono::steady_clock::time_point shown_{};
};

nlohmann::ordered_json documents(std::vector<Finding> const& findings) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (auto const& finding : findings) list.push_back(finding.document);
    return list;
}

} // namespace

int command_check(CommonOptions const& common, CheckOptions const& options) {
    auto const started = std::chrono::steady_clock::now();
    Listener listener(!common.json && ::isatty(STDERR_FILENO) != 0);
    StoreView view(options.store, common.live, &listener);
    // What opening found, checking finds again.
    listener.findings.clear();
    ParallelVerifier verifier(view.file().device(), options.jobs, listener);
    auto const checked = view.store().check(listener, options.jobs == 1 ? nullptr : &verifier);
    // A device that is gone says nothing about the store.
    view.file().expect_alive();
    if (checked.failed()) throw view.file().problem(checked.error);
    auto const& result = *checked;
    auto const counts = check_objects(view, [&](ObjectFinding const& finding) {
        auto const frame = format_hex(finding.frame.number());
        listener.findings.push_back({finding.code,
                                     fmt::format("frame {}: {}", frame, finding.text),
                                     {{"code", finding.code}, {"frame", frame}, {"text", finding.text}}});
    });
    listener.clear();
    auto const& findings = listener.findings;
    bool const clean = findings.empty() && result.space_balances && result.findings == 0;
    auto const code = clean ? ExitCode::done : ExitCode::damaged;
    auto const store = fmt::format("{:016x}", view.store().superblock().store.low);
    nlohmann::ordered_json warnings = nlohmann::ordered_json::array();
    if (result.torn_commit) warnings.push_back("the newest commit was torn and is ignored");
    if (common.json) {
        print_json({{"schema", "stele.check/1"},
                    {"store", store},
                    {"clean", clean},
                    {"exit", static_cast<int>(code)},
                    {"generation", view.store().recovery().generation.counter()},
                    {"checkpoints", result.checkpoints},
                    {"checkpointsReadable", result.checkpoints_readable},
                    {"frames", result.frames},
                    {"processes", counts.processes},
                    {"capabilities", counts.capabilities},
                    {"spaceBalances", result.space_balances},
                    {"tornNewest", result.torn_commit},
                    {"findings", documents(findings)},
                    {"warnings", warnings}});
        return static_cast<int>(code);
    }
    auto const path = view.file().path();
    auto const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    if (!common.quiet) {
        fmt::print("  [1/6] root slots    read\n  [2/6] log           {} checkpoints, {} directories\n",
                   result.checkpoints, result.directories);
        fmt::print("  [3/6] object map    {} nodes\n  [4/6] frames        {} frames, {} blocks verified\n",
                   result.map_nodes, result.frames, result.blocks_verified);
        fmt::print("  [5/6] space         {}\n",
                   result.space_balances ? "accounts balance" : "accounts DO NOT BALANCE");
        fmt::print("  [6/6] objects       {} processes, {} capabilities\n", counts.processes,
                   counts.capabilities);
    }
    for (auto const& finding : findings) fmt::print("  {}\n", finding.text);
    for (auto const& warning : warnings) fmt::print("  note: {}\n", warning.get<std::string>());
    auto const generation = view.store().recovery().generation.counter();
    if (clean) fmt::print("{}: clean, checkpoint {}, {:.2f} s\n", path, generation, seconds);
    else
        fmt::print("{}: damaged, {} findings; {} of {} checkpoints readable\n", path, findings.size(),
                   result.checkpoints_readable, result.checkpoints);
    return static_cast<int>(code);
}

} // namespace tools
