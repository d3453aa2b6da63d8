// SPDX-License-Identifier: Apache-2.0
// The kernel as a program sees it, for hosted tests: a capability space of named objects, an inbox, a record
// of what was sent. Objects answer through the kernel's own generated dispatch. One at a time: it stands
// behind the system call.
#pragma once

#include <abi/capability.hpp>
#include <abi/error.hpp>
#include <abi/message.hpp>
#include <runtime/invoke.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace tests {

// An invocation of an object: what kernel/dispatch/*.hpp needs.
struct FakeCall {
    std::vector<std::uint64_t> words;
    std::vector<std::string> capabilities; // names of the objects sent
    std::vector<std::uint64_t> replied = {0};
    std::map<std::size_t, std::string> given = {}; // names of the objects in the reply, by position

    std::uint64_t word(std::size_t index) const { return words.at(index); }
    std::size_t word_count() const { return words.size(); }
    std::size_t capability_count() const { return capabilities.size(); }
    void set_word(std::size_t index, std::uint64_t value) {
        if (replied.size() <= index) replied.resize(index + 1);
        replied[index] = value;
    }
    // The position counts; the test names the object with `given`.
    void set_capability(std::size_t, abi::Capability) {}
    abi::Error answer(std::size_t word_count = 1, std::size_t = 0) {
        replied.resize(word_count);
        return abi::Error::none;
    }
    abi::Error refuse(abi::Error error) {
        replied = {static_cast<std::uint64_t>(error)};
        return error;
    }
};

struct Delivery {
    std::vector<std::uint64_t> words;
    std::vector<std::string> capabilities = {};
    abi::MessageKind kind = abi::MessageKind::message;
    std::uint32_t payload = 0;
};

struct Sent {
    std::string to;
    std::vector<std::uint64_t> words;
    std::vector<std::string> capabilities;
};

class FakeKernel {
public:
    using Object = std::function<void(FakeCall&)>;

    FakeKernel();
    ~FakeKernel();
    FakeKernel(FakeKernel const&) = delete;
    FakeKernel& operator=(FakeKernel const&) = delete;

    std::map<std::uint64_t, std::string> slots;  // the program's capability space
    std::map<std::string, Object> objects;       // what answers calls
    std::map<std::string, abi::Error> transport; // sends to these fail
    std::deque<Delivery> inbox;                  // what the next receive phases get
    std::vector<Sent> sent;                      // everything sent without a call
    int yields = 0;

    void system_call(runtime::SystemCallRegisters& registers);

private:
    abi::Error invoke(runtime::SystemCallRegisters& registers);
    abi::Error receive(runtime::SystemCallRegisters& registers, abi::ControlWord control);
    void deliver(runtime::SystemCallRegisters& registers, abi::ControlWord control, Delivery const& delivery);
};

} // namespace tests
