// SPDX-License-Identifier: Apache-2.0
// The other side of the IPC figures, in an address space of its own: answers every message at once with as
// many words, word 0 zero.
#include "bare_call.hpp"

#include <runtime/invoke.hpp>
#include <runtime/program.hpp>

namespace {

constexpr std::uint64_t reply_slot = 32;

using Control = abi::ControlWord;

} // namespace

extern "C" int main(std::uint64_t) {
    runtime::runtime_virtual_registers->receive_slots[0] = reply_slot;
    bench::BareMessage message{0, bench::receive_control(1).raw(), 0, 0};
    for (;;) {
        bench::invoke(message);
        auto const words = Control::Words::get(message.control);
        message = message.result == 0
                      ? bench::BareMessage{0, bench::reply_control(words, 1).raw(), reply_slot, 0}
                      : bench::BareMessage{0, bench::receive_control(1).raw(), 0, 0};
    }
}
