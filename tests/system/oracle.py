# SPDX-License-Identifier: Apache-2.0
"""What a restart must show, known from outside: from what the machine printed before its power was cut.

A line printed before the acknowledgement of generation K was true in memory before the snapshot of K + 2 was
taken: one snapshot is in flight at most, and the console prints in the order in which it handles things. So
after a
restart at generation R every fact with K + 2 <= R must still hold; a fact that came later may be lost."""
import re
from dataclasses import dataclass, field

import rules

ACKNOWLEDGED = re.compile(r"^\[stele\] generation (\d+) committed, (\d+) frames, age (\d+) ms")
RESTORED = re.compile(r"^\[stele\] restored generation (\d+), (\d+) processes(, after a torn newer record)?")
BOOT = re.compile(r"^\[stele\] boot (\d+), (\d+) MiB memory")
NOTE = re.compile(r"^notepad: (\d+): (.*)$")
SELF_CHECK = re.compile(r"self-check FAILED|^[\w-]+: .* is gone: ")  # nobody is killed in a campaign
FAULT = re.compile(r"\[kernel\] process \w+ '([^']*)' faulted")
# Their faults are trouble, not a wrong state.
RESIDENTS = {"supervisor", "block-driver", "migrator", "console"}
NOTES_END = re.compile(r"^notepad: end, (\d+) lines")
SNAPSHOTS_BETWEEN = 2


class LostState(Exception):
    """A restart broke the promise: something acknowledged is gone."""


class WrongState(Exception):
    """What was restored is wrong: a program found its memory or registers so, faulted, or stands still."""


@dataclass
class Oracle:
    acknowledged: int = 0  # newest generation whose commit the console has announced, over all boots
    restored: int = 0  # generation of the current boot's start
    boot: int = 0  # number of the current boot
    durable_boot: int = 0  # newest boot number that got as far as restoring: it is never used again
    processes: int = 0  # in the store; the live ones among them change with what they wait for
    stored: tuple = (0, 0)  # newest generation when the machine was last off, and its live processes
    floors: dict = field(default_factory=dict)  # program -> value that no restart may fall below
    notes: list = field(default_factory=list)  # texts that may be in the notepad's memory, in order
    certain_notes: int = 0  # how many of them must be
    notes_known: bool = True  # False after a restart, until the notepad has listed them
    facts: list = field(default_factory=list)  # (program, value, generation that contains it, or None)
    seen: dict = field(default_factory=dict)  # program -> newest value of this boot
    constants: dict = field(default_factory=dict)  # program -> what its lines never change
    moved: list = field(default_factory=list)  # programs that made progress in this boot
    acknowledgements: int = 0  # of this boot
    listed: dict = field(default_factory=dict)

    def begin_boot(self):
        """Power is on again; nothing has been printed yet."""
        self.restored = 0
        self.seen = {}
        self.moved = []
        self.acknowledgements = 0
        self.notes_known = False
        self.listed = {}

    def observe(self, line):
        """Takes one line of the console; raises LostState or WrongState when it breaks a promise."""
        fault = FAULT.search(line)
        if SELF_CHECK.search(line) or fault and fault[1] not in RESIDENTS or not rules.adds_up(line):
            raise WrongState(line)
        if match := RESTORED.match(line):
            self._restore(int(match[1]), int(match[2]))
        elif match := ACKNOWLEDGED.match(line):
            self._acknowledge(int(match[1]))
        elif found := rules.read(line):
            self._progress(*found)
        elif match := NOTE.match(line):
            self._note(int(match[1]), match[2])
        elif match := NOTES_END.match(line):
            self._notes_end(int(match[1]))
        elif match := BOOT.match(line):
            self._boot(int(match[1]))

    def will_type(self, text):
        """A line is about to be sent to the notepad: it may or may not be stored."""
        self.notes.append(text)

    def check_store(self, newest, processes=None, live=None):
        """What readers find in the image of a machine that is off: newest generation, and who is in it."""
        if newest < self.acknowledged:
            raise LostState(f"newest in the store is {newest}, but {self.acknowledged} was acknowledged")
        self._settle_facts(newest)
        if processes is None:
            return
        if self.processes and processes != self.processes:
            raise LostState(f"the store has {processes} processes, there were {self.processes}")
        self.processes = processes
        self.stored = (newest, live)

    def _boot(self, number):
        if number <= self.durable_boot:
            raise LostState(f"boot number {number} after {self.durable_boot} had restored a checkpoint")
        self.boot = number

    def _restore(self, generation, live):
        if generation < self.acknowledged:
            raise LostState(f"restored generation {generation}, but {self.acknowledged} was acknowledged")
        if generation == self.stored[0] and live != self.stored[1]:
            raise LostState(f"restored {live} live processes, the store has {self.stored[1]}")
        self.restored = generation
        self.durable_boot = self.boot
        self._settle_facts(generation)

    def _settle_facts(self, generation):
        """What was said in a boot whose last checkpoint is this one; the rest went with the power. A later
        boot may give a generation that this one would have come to."""
        for program, value, certain in self.facts:
            if certain is not None and certain <= generation:
                if program == "notepad":
                    self.certain_notes = max(self.certain_notes, value)
                else:
                    self.floors[program] = max(self.floors.get(program, 0), value)
        self.facts = []

    def _acknowledge(self, generation):
        if self.restored and generation < self.restored or generation < self.acknowledged:
            newest = max(self.restored, self.acknowledged)
            raise LostState(f"acknowledged generation {generation} after {newest}")
        self.acknowledged = generation
        self.acknowledgements += 1
        self.facts = [(program, value, generation + SNAPSHOTS_BETWEEN if certain is None else certain)
                      for program, value, certain in self.facts]

    def _progress(self, program, value, constants):
        if constants != self.constants.setdefault(program, constants):
            raise WrongState(f"{program} shows {constants}, before {self.constants[program]}")
        if value == self.seen.get(program) and rules.rule_of(program).rises:
            raise WrongState(f"{program} shows {value} twice")
        floor = max(self.floors.get(program, 0), self.seen.get(program, 0))
        if value < floor:
            raise LostState(f"{program} shows {value} after {floor}, in generation {self.restored}")
        if program not in self.moved and value > self.seen.get(program, value):
            self.moved.append(program)
        self.seen[program] = value
        self.facts = [fact for fact in self.facts if fact[0] != program or fact[2] is not None]
        self.facts.append((program, value, None))

    def _note(self, number, text):
        if number > len(self.notes) or self.notes[number - 1] != text:
            typed = self.notes[number - 1] if number <= len(self.notes) else None
            raise LostState(f"notepad line {number} is {text!r}, typed was {typed!r}")
        self.listed[number] = text
        if self.notes_known:
            self.facts.append(("notepad", number, None))

    def _notes_end(self, count):
        if count < self.certain_notes:
            raise LostState(f"notepad has {count} lines, {self.certain_notes} were committed")
        # A listing that the snapshot caught half way ends first, with some lines only; ours follows it.
        if not self.notes_known and all(number in self.listed for number in range(1, count + 1)):
            del self.notes[count:]
            self.notes_known = True
            self.facts.append(("notepad", count, None))
