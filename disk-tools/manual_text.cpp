// SPDX-License-Identifier: Apache-2.0
// What a manual page says of a verb beyond its options, in scdoc's language.
#include "option_tree.hpp"

#include <algorithm>
#include <array>

namespace tools {
namespace {

struct Description {
    char const* verb;
    char const* text;
};

constexpr std::array descriptions = {
    Description{"cat", R"(
Writes the 4096 bytes of a frame, the bytes of an object in a heap frame, or, with *--range* and a
process, bytes of its memory. A range in which an address is not mapped is refused before the first
byte is written. A terminal is spared unless *--force* is given.
)"},
    Description{"extract",
                R"(
The file is an ELF core: *gdb* PROGRAM FILE, *readelf -l* and *objdump* read it. Zero pages are
holes in it. It appears under its name only when it is whole. The ranges are printed.
)"},
    Description{"install", R"(
Makes one new checkpoint in which the process begins with another program.

Anew: every page that PROGRAM has, with its content and rights; the registers, as at a start, with
*--argument* in rdi; the register page. Pages of the old program's code that the new one does not
have are gone. With *--keep-data*, writable pages of the program that are there already keep their
content: that is right when the variables of the new program stand where those of the old one did.

Kept: all other memory that is mapped, the stack included; the capabilities of the process, its
name, keeper, priority and endpoints, with the events and messages that wait in them. What the old
program asked for and was not answered is void. A stopped process stays stopped.

Frames: a page that only this process has is overwritten; one that others hold a capability to is
left to them, and the process gets a frame of its own. New frames are those of code that has gone,
and then frames behind the last that the store has, a capability names or a range covers: nobody has
those. When the store has no space, a node of the address space is shared or full, or the process
has no stack where programs begin, it is refused and nothing is changed.
)"},
    Description{"pin", R"(
A checkpoint without a pin stays as long as its age gives it: see *--retain* of *stele-format*(1). A
pin is refused when the store could not hold all that it keeps beside a newest checkpoint that is
written anew from end to end.
)"},
    Description{"rollback",
                R"(
What lies between stays in history, and going back to it is one more rollback. To look at an older
checkpoint without a trace: *stele boot --at*.
)"},
    Description{"boot",
                R"(
With *STORE@REF* or *--at* the machine goes on from an older checkpoint, on a layer that is thrown
away: the store is not written. With *--fork* a new store is made of the checkpoint first, with an
identifier of its own and no history, and the machine runs on that.

Ctrl-A X pulls the plug. An NBD export is waited for, for a minute, when its server is started
again.
)"},
    Description{"check",
                R"(
Reads and verifies root slots, records, directories and nodes in both copies, every block of every
retained checkpoint, the accounts of space, and the objects of the newest checkpoint. What it finds
does not depend on *--jobs*.
)"},
};

} // namespace

std::string manual_description(std::string const& verb) {
    auto const at = std::find_if(descriptions.begin(), descriptions.end(),
                                 [&](auto const& description) { return description.verb == verb; });
    return at == descriptions.end() ? "" : "# DESCRIPTION\n" + std::string(at->text) + "\n";
}

} // namespace tools
