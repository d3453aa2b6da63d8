// SPDX-License-Identifier: Apache-2.0
// Severity of a cut and the JSON lines of the forgetting disk.
#include "power.hpp"

#include <array>
#include <sstream>

namespace tests {

double draw_keep_probability(std::mt19937_64& random) {
    constexpr std::array<double, 8> shares{0.0, 0.1, 0.3, 0.5, 0.5, 0.7, 0.9, 0.98};
    return shares[random() % shares.size()];
}

namespace {

void write_counts(std::ostream& out, Counts const& counts) {
    out << R"("events":)" << counts.events << R"(,"reads":)" << counts.reads << R"(,"writes":)"
        << counts.writes << R"(,"flushes":)" << counts.flushes << R"(,"completed_writes":)"
        << counts.completed_writes << R"(,"completed_flushes":)" << counts.completed_flushes;
}

} // namespace

std::string counts_json(Counts const& counts, std::size_t pending_sectors) {
    std::ostringstream out;
    out << R"({"event":"stats",)";
    write_counts(out, counts);
    out << R"(,"pending_sectors":)" << pending_sectors << "}";
    return out.str();
}

std::string cut_json(Counts const& counts, CutReport const& report, std::uint64_t seed,
                     double keep_probability) {
    std::ostringstream out;
    out << R"({"event":"cut","seed":)" << seed << R"(,"keep_probability":)" << keep_probability << ",";
    write_counts(out, counts);
    out << R"(,"pending_writes":)" << report.pending_writes << R"(,"in_flight_writes":)"
        << report.in_flight_writes << R"(,"pending_sectors":)" << report.pending_sectors
        << R"(,"kept_sectors":)" << report.kept_sectors << R"(,"dropped_sectors":)" << report.dropped_sectors
        << R"(,"dropped_writes":)" << report.dropped_writes << R"(,"torn_writes":)" << report.torn_writes
        << R"(,"reordered_writes":)" << report.reordered_writes << "}";
    return out.str();
}

} // namespace tests
