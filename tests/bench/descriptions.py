# SPDX-License-Identifier: Apache-2.0
"""System descriptions for the figures, as text: load of a chosen size, and things that stand still."""

CLOCK_AND_CONSOLE = '{ slot = 1, type = "entry", target = "console" }, { slot = 2, type = "clock" }'
CHECKPOINT = '{ slot = 4, type = "checkpoint" }'
SYSTEM_CONTROL = '{ slot = 5, type = "system_control" }'
PAGES_ADDRESS = 0x20_0000_0000
PROGRESS_ADDRESS = 0x10_0000_0000


def process(name, program, *, argument=0, priority=8, maps=(), capabilities=()):
    lines = ["[[process]]", f'name = "{name}"', f'program = "{program}"', f"priority = {priority}",
             f"argument = {argument}"]
    if maps:
        lines.append(f"map = [{', '.join(maps)}]")
    if capabilities:
        lines.append(f"capabilities = [{', '.join(capabilities)}]")
    return "\n".join(lines) + "\n"


def pages(count, address=PAGES_ADDRESS, access="write"):
    return f'{{ address = {address:#x}, pages = {count}, access = "{access}" }}'


def named_page(name, address, access):
    return f'{{ page = "{name}", address = {address:#x}, access = "{access}" }}'


def spinner(index, count):
    """The first one's first page, in which it counts its rounds, is shared with the program that measures."""
    if index > 0:
        maps = [pages(count)]
    else:
        maps = [named_page("progress", PAGES_ADDRESS, "write")]
        if count > 1:
            maps.append(pages(count - 1, PAGES_ADDRESS + 4096))
    return process(f"spinner{index}", "bench-spinner", argument=count, priority=4, maps=maps)


def header(interval_ms, named=()):
    text = f'label = "bench"\n\n[checkpoint]\ninterval_ms = {interval_ms}\nretain = 16\n'
    return text + "".join(f'\n[[page]]\nname = "{name}"\n' for name in named)


def sleeper(index, count, shared=()):
    """The last of its pages are those named in `shared`."""
    own = count - len(shared)
    maps = [pages(own), *(named_page(name, PAGES_ADDRESS + (own + place) * 4096, "read")
                          for place, name in enumerate(shared))]
    return process(f"sleeper{index}", "bench-sleeper", argument=count, maps=maps,
                   capabilities=[CLOCK_AND_CONSOLE])


def checkpoints(dirty, *, spaces=8, count=20, pause_us=10_000, sleepers=0, sleeper_pages=1, shared_pages=0):
    """`dirty` hot pages over `spaces` address spaces, `count` checkpoints wanted; `sleepers` are still. Each
    maps the same `shared_pages`, which keeps the store small."""
    spaces = min(spaces, dirty)
    share = [dirty // spaces + (index < dirty % spaces) for index in range(spaces)]
    shared = [f"shared{index}" for index in range(shared_pages)]
    parts = [header(0, ["progress", *shared])]
    parts += [spinner(index, count_of_pages) for index, count_of_pages in enumerate(share)]
    parts += [sleeper(index, sleeper_pages, shared) for index in range(sleepers)]
    parts.append(process("checkpoints", "bench-checkpoints", argument=count | pause_us << 16, priority=12,
                         maps=[named_page("progress", PROGRESS_ADDRESS, "read")],
                         capabilities=[CLOCK_AND_CONSOLE, CHECKPOINT]))
    return "\n".join(parts)


def gap(dirty, run_ms, until_checkpoint=False):
    """One process that writes `dirty` pages and watches the clock, under periodic checkpoints."""
    argument = dirty | run_ms << 16 | until_checkpoint << 48
    return "\n".join([header(20),
                      process("gap", "bench-gap", argument=argument, maps=[pages(dirty)],
                              capabilities=[CLOCK_AND_CONSOLE, CHECKPOINT])])


def filler(count):
    return "\n".join([header(50), process("filler", "bench-filler", argument=count, maps=[pages(count)],
                                          capabilities=[CLOCK_AND_CONSOLE, SYSTEM_CONTROL])])


def sleepers(count):
    """Processes that say that they run, and do nothing else."""
    return "\n".join([header(20), *(sleeper(index, 1) for index in range(count))])


def age(dirty, run_ms):
    """One process that writes `dirty` pages and asks how old the newest commit is."""
    return "\n".join([header(20),
                      process("age", "bench-age", argument=dirty | run_ms << 16, maps=[pages(dirty)],
                              capabilities=[CLOCK_AND_CONSOLE, CHECKPOINT])])
