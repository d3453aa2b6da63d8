// SPDX-License-Identifier: Apache-2.0
// The part of the network block device protocol that the forgetting disk speaks: fixed newstyle handshake,
// simple replies, read, write and flush. Numbers from the protocol's public description (doc/proto.md of
// NetworkBlockDevice).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tests::nbd {

inline constexpr std::uint64_t server_magic = 0x4e42444d41474943; // "NBDMAGIC"
inline constexpr std::uint64_t option_magic = 0x49484156454f5054; // "IHAVEOPT"
inline constexpr std::uint64_t option_reply_magic = 0x0003e889045565a9;
inline constexpr std::uint32_t request_magic = 0x25609513;
inline constexpr std::uint32_t reply_magic = 0x67446698;

inline constexpr std::uint16_t handshake_flags = 3;  // fixed newstyle, no zeroes
inline constexpr std::uint16_t export_flags = 1 | 4; // flags are valid, flush is understood; no FUA, no trim

enum class Option : std::uint32_t { export_name = 1, abort = 2, info = 6, go = 7 };
enum class OptionReply : std::uint32_t { ack = 1, info = 3, unsupported = 0x80000001 };
enum class Command : std::uint16_t { read = 0, write = 1, disconnect = 2, flush = 3 };
enum class Status : std::uint32_t { ok = 0, invalid = 22 };

inline constexpr std::size_t request_bytes = 28;
inline constexpr std::size_t option_bytes = 16;
inline constexpr std::uint32_t largest_payload = 32U << 20;

struct Request {
    std::uint32_t magic = 0;
    Command command = Command::read;
    std::uint64_t handle = 0;
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
};

// Big-endian integers out of and into bytes.
template <typename T>
T take(std::span<const std::byte> bytes, std::size_t offset) {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value = static_cast<T>(value << 8) | static_cast<T>(bytes[offset + i]);
    }
    return value;
}

template <typename T>
void put(std::vector<std::byte>& out, T value) {
    for (std::size_t i = sizeof(T); i-- > 0;) {
        out.push_back(static_cast<std::byte>(value >> (8 * i)));
    }
}

inline Request read_request(std::span<const std::byte> bytes) {
    return {.magic = take<std::uint32_t>(bytes, 0),
            .command = Command{take<std::uint16_t>(bytes, 6)},
            .handle = take<std::uint64_t>(bytes, 8),
            .offset = take<std::uint64_t>(bytes, 16),
            .length = take<std::uint32_t>(bytes, 24)};
}

inline void put_reply(std::vector<std::byte>& out, Status status, std::uint64_t handle) {
    put(out, reply_magic);
    put(out, static_cast<std::uint32_t>(status));
    put(out, handle);
}

inline void put_option_reply(std::vector<std::byte>& out, std::uint32_t option, OptionReply reply,
                             std::span<const std::byte> data) {
    put(out, option_reply_magic);
    put(out, option);
    put(out, static_cast<std::uint32_t>(reply));
    put(out, static_cast<std::uint32_t>(data.size()));
    out.insert(out.end(), data.begin(), data.end());
}

} // namespace tests::nbd
