# SPDX-License-Identifier: Apache-2.0
"""One trial of the campaign: power on, work under load, a cut, a look at what is left."""
import random
import time
from dataclasses import dataclass

from forgetting_disk import ForgettingDisk
from machine import Machine, MachineError
from oracle import LostState, WrongState
from worlds import StoreDamaged

BOOT_SECONDS, STEP_SECONDS = 60, 30
STANDSTILL_COMMITS = 20
WORDS = "stele keeps every page that was committed even when the plug is pulled amid a write".split()


@dataclass
class Plan:
    """When the power goes: `amount` of `unit` after power on, or after so many commits of this boot.

    A cut at a flush finds the newest commit all written and nothing of it durable, one at a write finds it
    half written. Events (a request or a completion) and time fall anywhere, also where nothing is pending."""
    unit: str  # "writes", "flushes", "events", "ms", or "none" (a last boot, to verify)
    amount: int = 0
    acknowledgements: int = 0  # 0: counted from power on, so it falls into recovery or the first commit
    seed: int = 0
    start: str = "direct"  # how the machine gets its kernel: from QEMU, or from GRUB by "bios" or "uefi"

    @staticmethod
    def deck(random_source, starts=("direct",)):
        """Ten plans, mixed: chance decides instants, not how many cuts are of which kind. One of the ten
        starts in each of the ways but the first."""
        plans = [Plan("flushes", random_source.randint(1, 4)), Plan("writes", random_source.randint(6, 20))]
        units = ["flushes"] * 3 + ["writes"] * 4 + [random_source.choice(("events", "ms"))]
        most = {"flushes": 12, "writes": 40, "events": 120, "ms": 60}
        commits = (1, 2, 3, 5, 8, 13, 21)
        plans += [Plan(unit, random_source.randint(1, most[unit]), random_source.choice(commits))
                  for unit in units]
        for plan in plans:
            plan.seed = random_source.randrange(1 << 31)
        random_source.shuffle(plans)
        for plan, start in zip(plans, starts[1:]):
            plan.start = start
        random_source.shuffle(plans)
        return plans

    @staticmethod
    def last_boot(random_source):
        return Plan("none", 0, 3, random_source.randrange(1 << 31))

    @property
    def cuts(self):
        return self.unit != "none"

    def disk_arguments(self):
        in_recovery = self.cuts and self.acknowledgements == 0
        return [f"--cut-after-{self.unit}", self.amount] if in_recovery else []

    def __str__(self):
        if not self.cuts:
            return "none"
        how = "" if self.start == "direct" else f"{self.start}: "
        return f"{how}{self.amount} {self.unit} after {self.acknowledgements or 'power on'}"


class Trial:
    """Runs one plan on `image`; everything the console prints goes to the oracle, in order."""
    poll_seconds = 1

    def __init__(self, world, program, image, oracle, plan, folder, patience=1.0):
        self.world, self.program, self.image, self.oracle = world, program, image, oracle
        self.patience = patience  # factor of the times that a step may take
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
        self.machine, trouble = None, None
        try:
            command, arguments = self.world.machine(self.disk.machine_disk, self.plan.start)
            self.machine = Machine(command, self.folder, arguments=arguments)
            self._work()
            self._power_off()
        except MachineError as problem:  # does its store say why?
            trouble = problem
            self._end_in_trouble()
        finally:
            if self.machine is not None:
                self.machine.close()
            self.disk.close()
        try:
            state = self.world.check(self.image)
            self.newest, self.torn_record = state.newest, state.torn
        except StoreDamaged as problem:
            if problem.newest is not None:
                self.oracle.check_store(problem.newest)
            raise
        if trouble is not None:
            raise trouble
        self.oracle.check_store(state.newest, state.processes, state.live)
        return self.facts()

    def _end_in_trouble(self):
        """Not a cut: what the disk had taken stays."""
        if self.machine is not None:
            self.machine.kill()
        if not self._cut_happened():
            self.disk.quit()

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

    def _await_progress(self):
        """Every program goes on."""
        speakers, oracle = self.world.speakers, self.oracle
        return self._await_all(lambda: [name for name in speakers if name not in oracle.moved], "progress")

    def _list_notes(self):
        self.machine.send_line("list")
        return self._await_all(lambda: [] if self.oracle.notes_known else ["notepad"],
                               "the notepad's complete list")

    def _await_all(self, still, what):
        """Until `still` names nobody. Where commits go on and a program does not, it was not restored."""
        before = self.oracle.acknowledgements
        try:
            return self._follow(lambda: not still(), what)
        except MachineError as problem:
            if self.oracle.acknowledgements - before < STANDSTILL_COMMITS or not still():
                raise
            text = f"restored {self.oracle.restored}, {', '.join(still())} does not go on: {problem}"
            raise WrongState(text) from None

    def _type_note(self):
        text = " ".join(self.random.choice(WORDS) for _ in range(self.random.randint(2, 16)))
        self.oracle.will_type(text)
        self.machine.send_line(text)

    def _load(self):
        """Some commits under load, with lines typed between them."""
        if not self._await_progress():
            return False
        goal = self.oracle.acknowledgements + max(1, self.plan.acknowledgements)
        while self.oracle.acknowledgements < goal:
            if self.random.random() < 0.3:
                self._type_note()
            seen = self.oracle.acknowledgements
            if not self._follow(lambda before=seen: self.oracle.acknowledgements > before, "a commit"):
                return False
        return True

    def _await_cut(self):
        if not self.plan.cuts:
            return True
        if self.plan.acknowledgements > 0:
            self._arm(f"cut-after-{self.plan.unit} {self.plan.amount}")
        self._type_note()
        return self._follow(lambda: False, "the cut")

    def _arm(self, command):
        self.disk.tell(command)

    def _cut_happened(self):
        return self.disk.cut_report is not None

    def _follow(self, done, what, seconds=STEP_SECONDS):
        """Reads the console until `done()`; False when the power was cut before."""
        seconds *= self.patience
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
                raise self.machine.error(f"waited {seconds:.0f} s for {what}")
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
        if not self.plan.cuts:
            self.disk.quit()
        else:
            self.report = self.disk.wait_for_cut(10)

    def facts(self):
        oracle = self.oracle
        return {"plan": str(self.plan), "report": self.report, "newest": self.newest,
                "torn_record": self.torn_record,
                "first_commit": self.plan.cuts and oracle.acknowledgements == 0,
                "acknowledged": oracle.acknowledged, "restored": oracle.restored,
                "seconds": round(time.monotonic() - self.start, 2)}


class KillTrial(Trial):
    """The weak baseline: SIGKILL of the machine; the host keeps every write that the machine had made."""
    poll_seconds = 0.005

    def _power_on(self):
        self.kill_time = float("inf")
        if self.plan.cuts and self.plan.acknowledgements == 0:
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
