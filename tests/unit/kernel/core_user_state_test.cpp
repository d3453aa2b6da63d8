// SPDX-License-Identifier: Apache-2.0
// Which register contents may be loaded into user mode; page-table entries and their
// geometry; command-line options.
#include <arch/page_entry.hpp>
#include <arch/user_state.hpp>
#include <boot/options.hpp>

#include <gtest/gtest.h>

namespace kernel {
namespace {

TEST(UserState, FlagsKeepNoPrivilege) {
    EXPECT_EQ(arch::loadable_flags(~std::uint64_t{0}), 0x240dd5u | 0x202u);
    EXPECT_EQ(arch::loadable_flags(0), 0x202u);
    EXPECT_EQ(arch::loadable_flags(0x3000) & 0x3000, 0u) << "I/O privilege";
}

TEST(UserState, OnlyCanonicalUserAddressesAreReturnedTo) {
    abi::Registers registers{};
    EXPECT_TRUE(arch::can_return(registers));
    registers.rip = user_address_end - 1;
    EXPECT_TRUE(arch::can_return(registers));
    for (std::uint64_t const address :
         {user_address_end, std::uint64_t{0x8000'0000'0000}, ~std::uint64_t{0}}) {
        registers = {};
        registers.rip = address;
        EXPECT_FALSE(arch::can_return(registers));
        registers = {};
        registers.fs_base = address;
        EXPECT_FALSE(arch::can_return(registers));
        registers = {};
        registers.gs_base = address;
        EXPECT_FALSE(arch::can_return(registers));
    }
}

TEST(PageEntry, CarriesAddressAndBitsApart) {
    using Bit = PageEntry::Bit;
    PageEntry const entry(PhysicalAddress(0x000f'ffff'ffff'f000), Bit::present | Bit::no_execute);
    EXPECT_EQ(entry.target().raw(), 0x000f'ffff'ffff'f000u);
    EXPECT_TRUE(entry.present() && entry.has(Bit::no_execute) && !entry.has(Bit::writable));
    EXPECT_EQ(entry.without(Bit::present).with(Bit::dirty).raw(), 0x800f'ffff'ffff'f040u);
}

TEST(PageEntry, IndicesDivideAnAddress) {
    UserAddress const address(0x0000'7f12'3456'7000);
    std::uint64_t rebuilt = 0;
    for (unsigned level = 1; level <= page_table_levels; ++level)
        rebuilt |= std::uint64_t{table_index(address, level)} << level_shift(level);
    EXPECT_EQ(rebuilt, address.raw());
}

TEST(PageTableSlot, ExchangeAndClearReturnWhatStoodThere) {
    using Bit = PageEntry::Bit;
    PageTableSlot slot;
    slot.store(PageEntry(PhysicalAddress(0x5000), Bit::present | Bit::writable | Bit::dirty));
    EXPECT_TRUE(slot.clear(Bit::dirty).has(Bit::dirty));
    EXPECT_FALSE(slot.load().has(Bit::dirty));
    EXPECT_EQ(slot.exchange(PageEntry()).target().raw(), 0x5000u);
    EXPECT_FALSE(slot.load().present());
}

TEST(Options, AmnesiaTakesWholeNumbersOnly) {
    EXPECT_EQ(parse_options("").amnesia_interval, 0u);
    EXPECT_EQ(parse_options("a=b amnesia=12").amnesia_interval, 12u);
    EXPECT_EQ(parse_options("amnesia=").amnesia_interval, 0u);
    EXPECT_EQ(parse_options("amnesia=-1").amnesia_interval, 0u);
    EXPECT_EQ(parse_options("amnesia=12345678901").amnesia_interval, 0u);
    EXPECT_EQ(parse_options("  amnesia=3  x").amnesia_interval, 3u);
}

} // namespace
} // namespace kernel
