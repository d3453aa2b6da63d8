# SPDX-License-Identifier: Apache-2.0
"""What a program's lines promise over restarts. A new program of a campaign is one entry of the table."""
import re
import tomllib
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """`pattern`, at the begin of a line: group 1 is a number that no restart takes below an acknowledged one.
    Named groups are the same in every line of every boot: sums that must not change.

    `rises`: every line of a boot shows a greater number than the line before.
    `sum_of`: group 1 is the sum of these groups."""
    pattern: re.Pattern
    rises: bool = False
    sum_of: tuple = ()


RULES = {
    "counter": Rule(re.compile(r"counter: (\d+)"), rises=True),
    "compute": Rule(re.compile(r"compute: (\d+) rounds")),
    "churn": Rule(re.compile(r"churn: (\d+) rounds"), rises=True),
    # Handed to and fro by two processes; whoever prints it has it.
    "token": Rule(re.compile(r"token: (\d+)$"), rises=True),
    # Money of two tellers, in three processes.
    "clearing": Rule(re.compile(r"clearing: (\d+) transfers, total (?P<total>-?\d+), ok"), rises=True),
    # Two writers of one page.
    "sharer": Rule(re.compile(r"sharer: (\d+) turns, ok"), rises=True),
    # The bank's books; what it buys and gives back; whoever has its stack grown.
    "space-bank": Rule(re.compile(r"space-bank: (\d+) created, (\d+) live, (\d+) freed$"), sum_of=(2, 3)),
    "grower": Rule(re.compile(r"grower: \d+ pages, round (\d+), ok"), rises=True),
    "deep": Rule(re.compile(r"deep: (\d+) descents, ok"), rises=True),
}


def read(line):
    """(program, number, what never changes) of a line of progress, else None."""
    program = line.partition(":")[0]
    match = RULES[program].pattern.match(line) if program in RULES else None
    return (program, int(match[1]), match.groupdict()) if match else None


def adds_up(line):
    """False: the line breaks its rule by itself."""
    rule = RULES.get(line.partition(":")[0])
    match = rule.pattern.match(line) if rule else None
    return not match or not rule.sum_of or int(match[1]) == sum(int(match[group]) for group in rule.sum_of)


def programs_of(description):
    """The programs with a rule in a system description (a TOML file)."""
    with open(description, "rb") as file:
        processes = tomllib.load(file)["process"]
    return tuple(sorted({process["program"] for process in processes} & set(RULES)))
