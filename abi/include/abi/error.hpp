// SPDX-License-Identifier: Apache-2.0
// The one enumeration of errors of kernel, servers, store and tools. Numbers are ABI: append, never renumber.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace abi {

enum class Error : std::uint32_t {
    none = 0,
    // Invocation and messages.
    void_capability = 1,
    bad_operation = 2,
    bad_argument = 3,
    malformed_message = 4,
    would_block = 5,
    receiver_broken = 6,
    restarted = 7,
    no_right = 8,
    wrong_type = 9,
    not_supported = 10,
    // Memory and address spaces.
    absent = 16,
    invalid_address = 17,
    malformed_space = 18,
    access_violation = 19,
    no_memory = 20,
    limit_reached = 21,
    in_use = 22,
    retired = 23,
    // Store and checkpoint.
    corrupt = 32,
    io = 33,
    no_space = 34,
    not_a_store = 35,
    truncated = 36,
    newer_format = 37,
    bad_superblock = 38,
    no_such_checkpoint = 39,
    no_such_object = 40,
    foreign_boot = 41,
    audit_failed = 42,
    busy = 43,
    wrong_revision = 44,
    device_failed = 45,
    older_format = 46,
};

struct ErrorText {
    Error error;
    std::string_view name;
    std::string_view sentence;
};

inline constexpr std::array error_texts = {
    ErrorText{Error::none, "none", "No error."},
    ErrorText{Error::void_capability, "void_capability",
              "The capability is null, stale or of an earlier boot."},
    ErrorText{Error::bad_operation, "bad_operation", "The object has no operation of this code."},
    ErrorText{Error::bad_argument, "bad_argument", "An argument lies outside its range."},
    ErrorText{Error::malformed_message, "malformed_message",
              "The message has a wrong shape for its operation."},
    ErrorText{Error::would_block, "would_block", "A non-blocking phase would have had to wait."},
    ErrorText{Error::receiver_broken, "receiver_broken",
              "The receiver cannot take messages; it was faulted."},
    ErrorText{Error::restarted, "restarted", "The driver that held the request ended with an earlier boot."},
    ErrorText{Error::no_right, "no_right", "The capability lacks the right for this operation."},
    ErrorText{Error::wrong_type, "wrong_type", "A capability of another type was expected."},
    ErrorText{Error::not_supported, "not_supported", "The operation is reserved and not supported."},
    ErrorText{Error::absent, "absent", "The object is not in memory; it is being fetched."},
    ErrorText{Error::invalid_address, "invalid_address", "Nothing is mapped at the address."},
    ErrorText{Error::malformed_space, "malformed_space", "The address space breaks a rule of its nodes."},
    ErrorText{Error::access_violation, "access_violation", "The mapping does not allow this access."},
    ErrorText{Error::no_memory, "no_memory", "No free frame or table entry is left for this."},
    ErrorText{Error::limit_reached, "limit_reached", "The limit of the capability is used up."},
    ErrorText{Error::in_use, "in_use", "The object is in use."},
    ErrorText{Error::retired, "retired", "The frame has used up its versions and is retired."},
    ErrorText{Error::corrupt, "corrupt", "Content does not match its hash or its structure."},
    ErrorText{Error::io, "io", "The device reported an error."},
    ErrorText{Error::no_space, "no_space", "The store has no space left for this."},
    ErrorText{Error::not_a_store, "not_a_store", "This is not a Stele store."},
    ErrorText{Error::truncated, "truncated", "The store is shorter than it says."},
    ErrorText{Error::newer_format, "newer_format", "The store has a format newer than this program."},
    ErrorText{Error::bad_superblock, "bad_superblock", "No root slot of the store is valid."},
    ErrorText{Error::no_such_checkpoint, "no_such_checkpoint", "The store holds no such checkpoint."},
    ErrorText{Error::no_such_object, "no_such_object", "The checkpoint holds no such object."},
    ErrorText{Error::foreign_boot, "foreign_boot", "The store was written by another machine meanwhile."},
    ErrorText{Error::audit_failed, "audit_failed", "An object of the snapshot breaks a rule."},
    ErrorText{Error::busy, "busy", "Another operation of this kind is under way."},
    ErrorText{Error::wrong_revision, "wrong_revision", "ABI revisions differ."},
    ErrorText{Error::device_failed, "device_failed", "The device does not answer or lacks a needed feature."},
    ErrorText{Error::older_format, "older_format",
              "The store has a format that this program no longer reads."},
};

// The text of an error; an unknown number gets a text that says so.
constexpr ErrorText describe(Error error) {
    for (auto const& text : error_texts)
        if (text.error == error) return text;
    return {error, "unknown", "An error number that this program does not know."};
}

} // namespace abi
