# SPDX-License-Identifier: Apache-2.0
"""What a program's lines promise over restarts. A new program of a campaign is one entry of the table."""
import re
from dataclasses import dataclass

import system_files


@dataclass(frozen=True)
class Rule:
    """`pattern`, at the begin of a line: group 1 is a number that no restart takes below an acknowledged one.
    Named groups are the same in every line of every boot: sums that must not change. But a group `argument`
    tells processes of one program apart: each has a number of its own.

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
    # Numbered messages, some of which a snapshot finds in the endpoint between two processes.
    "consumer": Rule(re.compile(r"consumer: (\d+) messages, ok"), rises=True),
    # The bank's books; what it buys and gives back; whoever has its stack grown.
    "space-bank": Rule(re.compile(r"space-bank: (\d+) created, (\d+) live, (\d+) freed$"), sum_of=(2, 3)),
    "grower": Rule(re.compile(r"grower: \d+ pages, round (\d+), ok"), rises=True),
    "deep": Rule(re.compile(r"deep: (\d+) descents, ok"), rises=True),
    # The template's program.
    "hello": Rule(re.compile(r"hello: greeting (\d+) of process (?P<argument>\d+)$"), rises=True),
}


def read(line):
    """(who, number, what never changes) of a line of progress, else None. Who: the program, and its argument
    where that is told."""
    program = line.partition(":")[0]
    match = RULES[program].pattern.match(line) if program in RULES else None
    if not match:
        return None
    named = match.groupdict()
    return " ".join([program, *filter(None, [named.pop("argument", None)])]), int(match[1]), named


def rule_of(who):
    return RULES[who.partition(" ")[0]]


def adds_up(line):
    """False: the line breaks its rule by itself."""
    rule = RULES.get(line.partition(":")[0])
    match = rule.pattern.match(line) if rule else None
    return not match or not rule.sum_of or int(match[1]) == sum(int(match[group]) for group in rule.sum_of)


def speakers_of(description):
    """Who shows progress by a rule, of the processes in a system description (a TOML file)."""
    def who(process):
        program = process["program"]
        told = "argument" in RULES[program].pattern.groupindex
        return f"{program} {process.get('argument', 0)}" if told else program
    return tuple(sorted({who(process) for process in system_files.processes_of(description)
                         if process["program"] in RULES}))
