// SPDX-License-Identifier: Apache-2.0
// The names are those of the ABI's structures.
#include "process_document.hpp"

#include "report.hpp"

#include <abi/fault.hpp>

namespace tools {

nlohmann::ordered_json state_document(abi::Process const& process) {
    nlohmann::ordered_json out = {{"version", process.header.version},
                                  {"inUse", process.header.flags == abi::ObjectHeader::in_use},
                                  {"state", state_name(process.state)},
                                  {"live", process.is_live()},
                                  {"fault", process.fault_code < abi::fault_names.size()
                                                ? std::string(abi::fault_names[process.fault_code])
                                                : "unknown"},
                                  {"faultAddress", format_hex(process.fault_address)}};
    if (process.receive_endpoint != 0 && process.state == abi::RunState::receiving)
        out["receivesOn"] = process.open_wait != 0 ? "any endpoint"
                                                   : Objects::text(abi::ObjectId(process.receive_endpoint),
                                                                   abi::FrameType::endpoint);
    out["wakeTime"] = process.wake_time;
    return out;
}

nlohmann::ordered_json registers_document(abi::Registers const& r) {
    return {{"rip", format_hex(r.rip)},         {"rsp", format_hex(r.rsp)},
            {"rflags", format_hex(r.rflags)},   {"rax", format_hex(r.rax)},
            {"rbx", format_hex(r.rbx)},         {"rcx", format_hex(r.rcx)},
            {"rdx", format_hex(r.rdx)},         {"rsi", format_hex(r.rsi)},
            {"rdi", format_hex(r.rdi)},         {"rbp", format_hex(r.rbp)},
            {"r8", format_hex(r.r8)},           {"r9", format_hex(r.r9)},
            {"r10", format_hex(r.r10)},         {"r11", format_hex(r.r11)},
            {"r12", format_hex(r.r12)},         {"r13", format_hex(r.r13)},
            {"r14", format_hex(r.r14)},         {"r15", format_hex(r.r15)},
            {"fs_base", format_hex(r.fs_base)}, {"gs_base", format_hex(r.gs_base)}};
}

} // namespace tools
