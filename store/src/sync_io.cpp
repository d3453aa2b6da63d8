// SPDX-License-Identifier: Apache-2.0
// One request at a time, waited for.
#include <store/sync_io.hpp>

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

} // namespace store
