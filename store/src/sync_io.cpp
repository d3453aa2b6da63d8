// SPDX-License-Identifier: Apache-2.0
// Requests that are waited for.
#include <store/sync_io.hpp>

#include <array>

namespace store {

Result<> SyncIo::run(Request const& request) {
    device_.submit(request);
    Completion done;
    auto const count = device_.poll({&done, 1}, true);
    expects(count == 1 && done.tag == request.tag);
    if (request.kind == RequestKind::read)
        sectors_read_ += static_cast<std::uint32_t>(request.data.size() / sector_size);
    if (done.error != Error::none) return base::fail(Error::io);
    return {};
}

void SyncIo::read_all(std::span<ReadPart> parts) {
    expects(parts.size() <= requests_at_most);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        device_.submit({RequestKind::read, static_cast<std::uint32_t>(i), parts[i].offset, parts[i].into});
        sectors_read_ += static_cast<std::uint32_t>(parts[i].into.size() / sector_size);
    }
    std::array<Completion, requests_at_most> done;
    for (std::size_t left = parts.size(); left > 0;) {
        auto const count = device_.poll(std::span(done).first(left), true);
        for (std::size_t i = 0; i < count; ++i) parts[done[i].tag].good = done[i].error == Error::none;
        left -= count;
    }
}

} // namespace store
