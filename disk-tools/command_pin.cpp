// SPDX-License-Identifier: Apache-2.0
// pin, unpin, rollback: what is retained, and going back. Each is a checkpoint of its own in a store that
// nobody runs.
#include "checkpoint_reference.hpp"
#include "options.hpp"
#include "report.hpp"
#include "store_writer.hpp"

#include <checkpoint/time_travel.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace tools {
namespace {

// The store as it stands, and the checkpoint that is named; then the same device under a writing engine.
class Traveller {
public:
    explicit Traveller(std::string const& reference) : view_(reference, StoreFile::Access::exclusive) {}

    StoreView& view() { return view_; }
    std::string const& path() { return view_.file().path(); }

    template <class Change>
    checkpoint::Generation change(Change change, std::string const& name) {
        StoreWriter writer(path(), view_.file().device());
        auto const made = change(writer.engine(), view_.file().device());
        if (made.failed()) fail(writer, made.error, name);
        writer.finish();
        return *made;
    }

private:
    [[noreturn]] void fail(StoreWriter const& writer, abi::Error error, std::string const& name) {
        if (error == abi::Error::no_space)
            throw Problem(ExitCode::failed, "no-space", path() + " cannot afford to keep that checkpoint",
                          "let a pin go (stele history --pinned), or free some space in the machine");
        if (error == abi::Error::in_use)
            throw Problem(ExitCode::failed, "exists",
                          fmt::format("{}: the name '{}' or the checkpoint has a pin", path(), name),
                          "see stele history --pinned " + path());
        if (error == abi::Error::limit_reached)
            throw Problem(ExitCode::failed, "no-space",
                          fmt::format("{} has {} pins, and takes no more", path(), abi::disk::pins_at_most),
                          "let one go: stele unpin");
        if (error == abi::Error::no_such_checkpoint && !name.empty())
            throw Problem(ExitCode::failed, "no-such-checkpoint",
                          fmt::format("{} has no pin '{}'", path(), name),
                          "see stele history --pinned " + path());
        writer.fail(error);
    }

    StoreView view_;
};

void check_name(std::string const& name) {
    bool shows = true;
    for (char const c : name) shows = shows && c > ' ' && c < 0x7f && c != '@';
    if (name.empty() || name.size() >= abi::disk::pin_name_size || !shows)
        throw Problem(ExitCode::usage, "usage", "'" + printable(name) + "' is no name for a pin",
                      "a name has 1 to 31 ASCII characters, no blank and no '@'");
    if (is_taken_for_another_reference(name))
        throw Problem(ExitCode::usage, "usage", "'" + name + "' names a checkpoint by itself",
                      "choose a name that is no number, no time and not 'latest'");
}

void print_done(CommonOptions const& common, std::string const& verb, std::string const& text,
                nlohmann::ordered_json document) {
    nlohmann::ordered_json whole = {{"schema", "stele." + verb + "/1"}};
    whole.update(document);
    if (common.json) print_json(whole);
    else if (!common.quiet) fmt::print("{}\n", text);
}

} // namespace

int command_pin(CommonOptions const& common, PinOptions const& options) {
    check_name(options.name);
    Traveller traveller(options.store);
    auto const at = traveller.view().at().generation;
    auto const made = traveller.change(
        [&](auto& engine, auto& device) { return checkpoint::pin(engine, device, at, options.name); },
        options.name);
    print_done(common, "pin",
               fmt::format("{}: checkpoint {} is kept as '{}' (checkpoint {})", traveller.path(),
                           at.counter(), options.name, made.counter()),
               {{"name", options.name}, {"pinned", at.counter()}, {"generation", made.counter()}});
    return 0;
}

int command_unpin(CommonOptions const& common, PinOptions const& options) {
    Traveller traveller(options.store);
    auto const made = traveller.change(
        [&](auto& engine, auto& device) { return checkpoint::unpin(engine, device, options.name); },
        options.name);
    print_done(common, "unpin",
               fmt::format("{}: pin '{}' is let go (checkpoint {})", traveller.path(),
                           printable(options.name), made.counter()),
               {{"name", options.name}, {"generation", made.counter()}});
    return 0;
}

int command_rollback(CommonOptions const& common, RollbackOptions const& options) {
    Traveller traveller(options.store);
    auto const history = traveller.view().history();
    auto const* const found = find_checkpoint(history, options.reference);
    if (found == nullptr) throw traveller.view().no_such_checkpoint(options.reference);
    auto const to = found->generation;
    auto const from = history.front().generation;
    auto const made = traveller.change(
        [&](auto& engine, auto& device) { return checkpoint::roll_back(engine, device, to); }, "");
    print_done(common, "rollback",
               fmt::format("{}: checkpoint {} has the content of {}, and follows {}", traveller.path(),
                           made.counter(), to.counter(), from.counter()),
               {{"restores", to.counter()}, {"before", from.counter()}, {"generation", made.counter()}});
    return 0;
}

} // namespace tools
