// SPDX-License-Identifier: Apache-2.0
// QEMU's command line: q35 under TCG, modern virtio-blk, exit by isa-debug-exit.
#include "machine.hpp"

#include "nbd_device.hpp"
#include "problem.hpp"

#include <fmt/core.h>

#include <filesystem>

namespace tools {
namespace {

namespace fs = std::filesystem;

// Boot files stand in the build beside the tool: <build>/disk-tools/stele, <build>/images/...,
// <build>/kernel/...
fs::path boot_file(std::string const& name) {
    auto const build = fs::read_symlink("/proc/self/exe").parent_path().parent_path();
    auto const file = build / name;
    if (!fs::exists(file))
        throw Problem(ExitCode::failed, "io", file.string() + " is missing", "build it: ./run build");
    return file;
}

// A comma separates QEMU's options; doubled, it is a comma.
std::string escaped(std::string const& text) {
    std::string out;
    for (char const c : text) out += c == ',' ? std::string(",,") : std::string(1, c);
    return out;
}

// Both halves of Debian's firmware in one file, which forgets its variables at the end of the machine.
std::string uefi_firmware() {
    std::string const file = "/usr/share/ovmf/OVMF.fd";
    if (!fs::exists(file))
        throw Problem(ExitCode::failed, "io", file + " is missing", "install it: sudo apt-get install ovmf");
    return file;
}

// An NBD server may be started again within a minute: requests wait for it.
constexpr unsigned reconnect_seconds = 60;

std::string store_drive(MachineOptions const& options) {
    auto place = "file=" + escaped(options.store);
    if (is_nbd_uri(options.store)) place += fmt::format(",file.reconnect-delay={}", reconnect_seconds);
    if (options.throw_away_at) return place + ",format=raw,if=none,id=store,snapshot=on";
    return place + ",format=raw,if=none,id=store,cache=writeback";
}

} // namespace

std::string kernel_words(MachineOptions const& options) {
    std::string words;
    auto const add = [&](std::string const& word) { words += (words.empty() ? "" : " ") + word; };
    if (options.interval_ms >= 0) add(fmt::format("interval={}", options.interval_ms));
    if (options.amnesia != 0) add(fmt::format("amnesia={}", options.amnesia));
    if (options.hold) add("hold");
    if (options.previous) add("previous");
    if (options.throw_away_at)
        add(fmt::format("at={}.{}", options.throw_away_at->boot(), options.throw_away_at->counter()));
    if (!options.words.empty()) add(options.words);
    return words;
}

std::vector<std::string> qemu_command(MachineOptions const& options) {
    std::vector<std::string> command = {"qemu-system-x86_64"};
    auto const add = [&](std::initializer_list<std::string> more) { command.insert(command.end(), more); };
    add({"-M", "q35", "-accel", "tcg", "-cpu", options.processor, "-m", std::to_string(options.memory_mib)});
    add({"-nodefaults", "-no-reboot", "-display", "none"});
    add({"-device", "isa-debug-exit,iobase=0xf4,iosize=4"});
    add({"-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial"});
    add({"-drive", store_drive(options)});
    add({"-device", "virtio-blk-pci,drive=store,disable-legacy=on"});
    auto const words = kernel_words(options);
    if (options.direct) {
        add({"-kernel", boot_file("kernel/stele-kernel.elf").string()});
        add({"-initrd", boot_file("images/resident.img").string()});
        if (!words.empty()) add({"-append", words});
    } else {
        add({"-drive", fmt::format("file={},format=raw,if=none,id=boot,readonly=on",
                                   escaped(boot_file("images/stele.iso").string()))});
        add({"-device", "ide-cd,drive=boot,bootindex=0"});
        // GRUB reads the words from the machine's OEM strings; the first one is for itself.
        add({"-smbios", fmt::format("type=11,value={}{}{}", options.menu ? "stele-menu" : "stele-boot",
                                    words.empty() ? "" : " ", escaped(words))});
        if (options.uefi) add({"-bios", uefi_firmware()});
    }
    if (options.gdb) {
        add({"-chardev",
             fmt::format("socket,path={}.gdb,server=on,wait=off,id=gdb", escaped(options.store))});
        add({"-gdb", "chardev:gdb", "-S"});
    }
    return command;
}

} // namespace tools
