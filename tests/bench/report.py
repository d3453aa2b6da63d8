# SPDX-License-Identifier: Apache-2.0
"""The table and its JSON form."""
from figures import verdict
from stand import NotMeasured


def short(number):
    if number == int(number):
        return f"{int(number)}"
    return f"{number:.4g}" if abs(number) < 1000 else f"{number:.0f}"


def target(number, at_least):
    if number is None:
        return ""
    if at_least:
        return f">= {short(number)}" if number > 1e-6 else "> 0"
    return f"<= {short(number)}"


def evaluate(row, values):
    """A dictionary: what the table and the JSON file tell of one figure."""
    found = {"figure": row.number, "what": row.what, "unit": row.unit, "bar": row.bar, "summit": row.summit,
             "atLeast": row.at_least, "note": row.note, "command": f"./run bench --only {row.step}"}
    try:
        measured = row.measured(values)
    except NotMeasured as error:
        return found | {"measured": None, "why": str(error), "reached": "not measured"}
    median, p99 = measured if isinstance(measured, tuple) else (measured, None)
    return found | {"measured": median, "p99": p99, "reached": verdict(row, median)}


def cell(entry):
    if entry["measured"] is None:
        return f"not measured: {entry['why']}"
    text = short(entry["measured"])
    if entry["p99"] is not None:
        text += f" (p99 {short(entry['p99'])})"
    return f"{text} {entry['unit']}".strip()


def table(entries):
    lines = [["FIGURE", "WHAT", "MEASURED", "BAR", "SUMMIT", "REACHED", "COMMAND"]]
    for entry in entries:
        lines.append([entry["figure"], entry["what"], cell(entry), target(entry["bar"], entry["atLeast"]),
                      target(entry["summit"], entry["atLeast"]), entry["reached"], entry["command"]])
    # A reason may be long: it does not widen its column.
    widths = [max(len(line[column]) for line in lines if not line[column].startswith("not measured: "))
              for column in range(len(lines[0]))]
    padded = [[text.ljust(width) for text, width in zip(line, widths)] for line in lines]
    return "\n".join("  ".join(line).rstrip() for line in padded)


def markdown(entries):
    """The same as a table of docs/performance.md."""
    lines = ["| | what | measured | bar | summit | reached |", "|---|---|---|---|---|---|"]
    for entry in entries:
        lines.append("| " + " | ".join([entry["figure"].replace("-", ""), entry["what"], cell(entry),
                                        target(entry["bar"], entry["atLeast"]),
                                        target(entry["summit"], entry["atLeast"]), entry["reached"]]) + " |")
    return "\n".join(lines)


def summary(entries):
    count = {word: sum(entry["reached"] == word for entry in entries)
             for word in ("summit", "bar", "no", "not measured")}
    return (f"{count['summit']} at the summit, {count['bar']} over the bar, {count['no']} not reached, "
            f"{count['not measured']} not measured, "
            f"{len(entries) - sum(count.values())} without a target")
