// SPDX-License-Identifier: Apache-2.0
// The table of alarms: few, so that a search in line is the simplest correct thing.
#include <ipc/kernel_events.hpp>

#include <abi/error.hpp>

namespace kernel {

namespace {

std::uint64_t earliest(std::array<Alarm, KernelEvents::alarms_max> const& alarms) {
    std::uint64_t time = 0;
    for (auto const& alarm : alarms)
        if (alarm.event.bound() && (time == 0 || alarm.time < time)) time = alarm.time;
    return time;
}

} // namespace

base::Result<> KernelEvents::set_alarm(BoundEvent event, std::uint64_t time) {
    Alarm* place = nullptr;
    for (auto& alarm : alarms) {
        if (alarm.event.bound() && alarm.event.endpoint == event.endpoint) {
            place = &alarm;
            break;
        }
        if (!alarm.event.bound() && place == nullptr) place = &alarm;
    }
    bool const set = time != 0 && event.bound();
    if (place == nullptr) {
        if (set) return base::fail(abi::Error::limit_reached);
        return {};
    }
    *place = set ? Alarm{event, time} : Alarm{};
    next_alarm = earliest(alarms);
    return {};
}

BoundEvent KernelEvents::take_due(std::uint64_t now) {
    if (next_alarm == 0 || next_alarm > now) return {};
    for (auto& alarm : alarms) {
        if (!alarm.event.bound() || alarm.time > now) continue;
        auto const event = alarm.event;
        alarm = {};
        next_alarm = earliest(alarms);
        return event;
    }
    return {};
}

} // namespace kernel
