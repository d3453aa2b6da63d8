# SPDX-License-Identifier: Apache-2.0
"""One trial of the campaign: power on, work under load, a cut, a look at what is left."""
import random
import time
from dataclasses import dataclass

from forgetting_disk import ForgettingDisk
from machine import Machine
from oracle import LostState, WrongState

BOOT_SECONDS, STEP_SECONDS = 60, 30
WORDS = "stele keeps every page that was committed even when the plug is pulled amid a write".split()


@dataclass
class Plan:
    """When the power goes. `recovery`: counted from power on; others: armed after some commits."""
    kind: str  # "recovery", "events", "time", or "none" (a last boot, to verify)
    amount: int = 0
    acknowledgements: int = 0
    seed: int = 0

    @staticmethod
    def draw(random_source, share_in_recovery=0.25):
        choice = random_source.random()
        seed = random_source.randrange(1 << 31)
        if choice < share_in_recovery:
            return Plan("recovery", random_source.randint(1, 8), 0, seed)
        acknowledgements = random_source.choice((1, 2, 3, 5, 8, 13, 21))
        if choice < 0.85:
            return Plan("events", random_source.randint(1, 120), acknowledgements, seed)
        return Plan("time", random_source.randint(0, 60), acknowledgements, seed)

    def disk_arguments(self):
        return ["--cut-after-writes", self.amount] if self.kind == "recovery" else []

    def __str__(self):
        unit = {"recovery": "writes", "events": "events", "time": "ms", "none": ""}[self.kind]
        return f"{self.kind} {self.amount} {unit}".strip()


class Trial:
    """Runs one plan on `image`; everything the console prints goes to the oracle, in order."""
    poll_seconds = 1

    def __init__(self, world, program, image, oracle, plan, folder):
        self.world, self.program, self.image, self.oracle = world, program, image, oracle
        self.plan, self.folder = plan, folder
        self.random = random.Random(plan.seed)
        self.observed = 0
        self.start = time.monotonic()
        self.report = {}
        self.newest, self.torn_record = 0, False

    def run(self):
        """Returns the facts of the trial; raises LostState, WrongState, StoreDamaged or MachineError."""
        self.oracle.begin_boot()
        self.disk = self._power_on()
        command, arguments = self.world.machine(self.disk.machine_disk)
        self.machine = None
        try:
            self.machine = Machine(command, self.folder, arguments=arguments)
            self._work()
            self._power_off()
        finally:
            if self.machine is not None:
                self.machine.close()
            self.disk.close()
        self.newest, self.torn_record = self.world.check(self.image)
        self.oracle.check_store(self.newest)
        return self.facts()

    def _power_on(self):
        arguments = self.plan.disk_arguments()
        return ForgettingDisk(self.program, self.image, self.folder, self.plan.seed, arguments)

    # The cut may come at any step: each step returns False then.
    def _work(self):
        oracle = self.oracle
        return (self._follow(lambda: oracle.restored, "the restored checkpoint", BOOT_SECONDS)
                and self._list_notes()
                and self._load()
                and self._await_cut())

    def _list_notes(self):
        self.machine.send_line("list")
        return self._follow(lambda: self.oracle.notes_known, "the notepad's complete list")

    def _type_note(self):
        text = " ".join(self.random.choice(WORDS) for _ in range(self.random.randint(2, 16)))
        self.oracle.will_type(text)
        self.machine.send_line(text)

    def _load(self):
        """Some commits under load, with lines typed between them."""
        goal = self.oracle.acknowledgements + max(1, self.plan.acknowledgements)
        while self.oracle.acknowledgements < goal:
            if self.random.random() < 0.3:
                self._type_note()
            seen = self.oracle.acknowledgements
            if not self._follow(lambda before=seen: self.oracle.acknowledgements > before, "a commit"):
                return False
        return True

    def _await_cut(self):
        if self.plan.kind == "none":
            return True
        if self.plan.kind == "events":
            self._arm(f"cut-after-events {self.plan.amount}")
        else:  # also a recovery plan whose number of writes has not come together yet
            self._arm(f"cut-after-ms {self.plan.amount}")
        self._type_note()
        return self._follow(lambda: False, "the cut")

    def _arm(self, command):
        self.disk.tell(command)

    def _cut_happened(self):
        return self.disk.cut_report is not None

    def _follow(self, done, what, seconds=STEP_SECONDS):
        """Reads the console until `done()`; False when the power was cut before."""
        end = time.monotonic() + seconds
        while True:
            self._observe()
            if done():
                return True
            if self._cut_happened():
                return False
            if self.machine.closed:
                raise self.machine.error(f"ended while waiting for {what}")
            if time.monotonic() > end:
                raise self.machine.error(f"waited {seconds} s for {what}")
            if self.machine.pump(min(self.poll_seconds, end - time.monotonic()), self._sources()):
                self.disk.next_line(1)

    def _sources(self):
        return [self.disk]

    def _observe(self):
        lines = self.machine.lines
        while self.observed < len(lines):
            self.observed += 1
            try:
                self.oracle.observe(lines[self.observed - 1])
            except (LostState, WrongState) as problem:
                raise type(problem)(str(self.machine.error(str(problem)))) from None
        if self.machine.trouble is not None:
            raise self.machine.error(f"trouble: {self.machine.trouble}")

    def _power_off(self):
        self.machine.kill()
        self._observe()
        if self.plan.kind == "none":
            self.disk.quit()
        else:
            self.report = self.disk.wait_for_cut(10)

    def facts(self):
        oracle = self.oracle
        return {"plan": str(self.plan), "report": self.report, "newest": self.newest,
                "torn_record": self.torn_record,
                "first_commit": self.plan.kind != "none" and oracle.acknowledgements == 0,
                "acknowledged": oracle.acknowledged, "restored": oracle.restored,
                "seconds": round(time.monotonic() - self.start, 2)}


class KillTrial(Trial):
    """The weak baseline: SIGKILL of the machine; the host keeps every write that the machine had made."""
    poll_seconds = 0.005

    def _power_on(self):
        self.kill_time = float("inf")
        if self.plan.kind == "recovery":
            self.kill_time = time.monotonic() + self.plan.amount / 10
        return HostDisk(self.image)

    def _arm(self, command):
        self.kill_time = min(self.kill_time, time.monotonic() + self.plan.amount / 1000)

    def _cut_happened(self):
        return time.monotonic() >= self.kill_time

    def _sources(self):
        return []


class HostDisk:
    """Stands in the forgetting disk's place: the image file itself, and nothing to report."""

    def __init__(self, image):
        self.machine_disk = image

    def wait_for_cut(self, _):
        return {}

    def quit(self):
        pass

    def close(self):
        pass
