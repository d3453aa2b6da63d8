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


def checkpoints(dirty, *, spaces=8, count=20, pause_us=10_000, sleepers=0, sleeper_pages=1):
    """`dirty` hot pages over `spaces` address spaces, `count` checkpoints wanted; `sleepers` are still."""
    spaces = min(spaces, dirty)
    share = [dirty // spaces + (index < dirty % spaces) for index in range(spaces)]
    parts = [header(0, ["progress"])]
    parts += [spinner(index, count_of_pages) for index, count_of_pages in enumerate(share)]
    parts += [process(f"sleeper{index}", "bench-sleeper", argument=sleeper_pages, maps=[pages(sleeper_pages)],
                      capabilities=[CLOCK_AND_CONSOLE]) for index in range(sleepers)]
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
