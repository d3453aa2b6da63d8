// SPDX-License-Identifier: Apache-2.0
// Result: a value or an error, without exceptions, allocation or a flag. Error 0
// (Error::none) means the value counts.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

namespace abi {
// The one enumeration of errors, defined in abi/error.hpp; base knows only that 0 is "none".
enum class Error : std::uint32_t;
} // namespace abi

namespace base {

using abi::Error;

// What fail() makes; converts to any Result.
struct Failure {
    Error error;
};

struct Nothing {
    friend constexpr bool operator==(Nothing, Nothing) = default;
};

template <class T = Nothing>
struct [[nodiscard]] Result {
    T value{};
    Error error{};

    constexpr Result() = default;
    constexpr Result(T v) : value(std::move(v)) {}
    constexpr Result(Failure failure) : error(failure.error) {}

    constexpr explicit operator bool() const { return error == Error{}; }
    constexpr bool failed() const { return error != Error{}; }
    constexpr T& operator*() { return value; }
    constexpr T const& operator*() const { return value; }
    constexpr T* operator->() { return &value; }
    constexpr T const* operator->() const { return &value; }
};

[[nodiscard]] constexpr Failure fail(Error error) { return Failure{error}; }

} // namespace base

// TRY(expression): the value of a Result, or return its error from the enclosing function.
#define STELE_JOIN_(a, b) a##b
#define STELE_JOIN(a, b) STELE_JOIN_(a, b)
#define STELE_TRY(name, expression) \
    __extension__({ \
        auto name = (expression); \
        if (name.failed()) [[unlikely]] \
            return ::base::fail(name.error); \
        std::move(name.value); \
    })
#define TRY(expression) STELE_TRY(STELE_JOIN(try_result_, __COUNTER__), expression)
