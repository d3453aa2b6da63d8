// SPDX-License-Identifier: Apache-2.0
// The token that says: this unit of operation has passed its point of no return. Every mutation of a frame
// asks for it, so a mutation before the commit does not compile.
#pragma once

namespace kernel {

class Invocation;

class Committed {
public:
    Committed(Committed const&) = delete;
    Committed& operator=(Committed const&) = delete;

    // For work of the kernel itself that is no invocation: `unit` names it
    // ("boot", "drain", "dispatch", ...).
    static Committed for_unit(char const* unit) { return Committed(unit); }
    char const* unit() const { return unit_; }

private:
    friend class Invocation; // Invocation::commit()
    explicit Committed(char const* unit) : unit_(unit) {}
    char const* unit_;
};

} // namespace kernel
