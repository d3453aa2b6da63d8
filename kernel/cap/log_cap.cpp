// SPDX-License-Identifier: Apache-2.0
// The kernel's log, for residents below the console and for programs that have nothing else.
#include <cap/kinds.hpp>
#include <core/log.hpp>

#include <kernel/dispatch/log.hpp>

namespace kernel {

namespace {

using namespace log_interface;

struct LogOperations {
    Reply write(Invocation& call, WriteArguments const& arguments) {
        std::array<char, abi::message_words_max * sizeof(std::uint64_t)> text;
        auto const size = arguments.text.copy(call, text);
        // Nobody writes control characters into the machine's log.
        for (std::size_t i = 0; i < size; ++i)
            if (static_cast<unsigned char>(text[i]) < ' ' || text[i] == '\x7f') text[i] = '?';
        kernel_log().line({text.data(), size});
        return call.answer();
    }
};

} // namespace

Reply invoke_log(Invocation& call) {
    LogOperations handlers;
    return dispatch_log(handlers, call);
}

} // namespace kernel
