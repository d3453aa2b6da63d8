# SPDX-License-Identifier: Apache-2.0
"""What the independent reader found, as one JSON object or as lines."""
import json

from stele_format import HOUSEKEEPING, LIVE, TYPES, ZERO, counter_of


def describe(reader, frames, verified, with_frames):
    processes = [frame for frame, (entry, _) in sorted(frames.items()) if entry[0] >> 48 & 255 == 4]
    result = {
        "schema": "stele.reader/1",
        "store": "%016x%016x" % reader.slot.store[::-1],
        "label": reader.slot.label.rstrip(b"\0").decode("utf-8", "replace"),
        "generation": reader.newest.counter(),
        "boot": reader.slot.boot,
        "settings": {
            "formatRevision": reader.slot.revision, "abiRevision": reader.slot.abi,
            "createdNs": reader.slot.created, "segments": reader.slot.segments,
            "segmentBytes": 1 << reader.slot.shift, "intervalMs": reader.slot.interval,
            "retain": [reader.slot.retain, reader.slot.retain_tenths, reader.slot.retain_seconds],
            "migrationKibS": reader.slot.migration_kib_s, "processorFeatures": "0x%x" % reader.slot.features,
        },
        "identity": "%016x%016x" % reader.newest.hash[::-1],
        "tornNewest": reader.torn.counter() if reader.torn else None,
        "frames": len(frames),
        "verified": verified,
        "liveProcesses": ["0x%x" % f for f in processes if frames[f][0][0] >> 56 & LIVE],
        "processFrames": ["0x%x" % f for f in processes],
        "mapNodes": reader.nodes,
        "checkpoints": [{
            "generation": one.counter(), "boot": one.boot(), "timeNs": one.time, "stopNs": one.stop,
            "frames": one.frames, "entries": one.directory_entries, "bytesWritten": one.written,
            "processes": one.processes, "housekeeping": bool(one.flags & HOUSEKEEPING),
            "restores": counter_of(one.restores) if one.restores else None, "pin": one.name or None,
            "identity": "%016x%016x" % one.hash[::-1],
        } for one in reader.retained()],
        "clean": not reader.findings,
        "findings": reader.findings,
    }
    if with_frames:
        result["frameList"] = [{
            "frame": "0x%x" % frame, "type": TYPES[entry[0] >> 48 & 255], "mark": entry[1] >> 40,
            "live": bool(entry[0] >> 56 & LIVE), "zero": bool(entry[0] >> 56 & ZERO),
            "hash": "%016x" % entry[2],
            "birth": birth & ((1 << 42) - 1)} for frame, (entry, birth) in sorted(frames.items())]
    return result


def print_lines(result, findings):
    for key in ("store", "label", "generation", "tornNewest", "frames", "verified", "mapNodes"):
        print("%-12s %s" % (key, result[key]))
    print("settings     " + ", ".join("%s %s" % pair for pair in result["settings"].items()))
    for checkpoint in result["checkpoints"]:
        print("checkpoint   %(generation)d  frames %(frames)d  written %(bytesWritten)d  "
              "processes %(processes)d" % checkpoint)
    for frame in result.get("frameList", ()):
        print("frame        %(frame)s  %(type)s  mark %(mark)d  born %(birth)d  %(hash)s" % frame)
    for offset, length, what in result.get("ranges", ()):
        print("range        %d  %d  %s" % (offset, length, what))
    for finding in findings:
        print("damage       " + json.dumps(finding))
    print("clean" if not findings else "DAMAGED")
