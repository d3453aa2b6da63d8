# SPDX-License-Identifier: Apache-2.0
"""The long run as an SVG drawing: bytes written per byte dirtied, over bytes dirtied."""

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 360, 60, 50, 30
COLOURS = {"uniform": "#b03030", "skewed": "#3050b0", "hot": "#308040"}
WORDS = {"uniform": "uniform random", "skewed": "nine of ten writes to a tenth", "hot": "hot set of 1/64"}


def long_run_drawing(runs):
    most_x = max(point["dirtied"] for run in runs.values() for point in run["points"])
    most_y = max(1.0, *(point["recent"] for run in runs.values() for point in run["points"])) * 1.1

    def place(dirtied, value):
        return (LEFT + dirtied / most_x * (WIDTH - LEFT - 20),
                HEIGHT - BOTTOM - value / most_y * (HEIGHT - BOTTOM - TOP))

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for step in range(int(most_y * 2) + 1):
        x, y = place(0, step / 2)
        parts.append(f'<line x1="{x:.0f}" y1="{y:.1f}" x2="{WIDTH - 20}" y2="{y:.1f}" stroke="#ddd"/>'
                     f'<text x="{x - 6:.0f}" y="{y + 4:.1f}" text-anchor="end">{step / 2:g}</text>')
    for part in range(5):
        x, y = place(most_x * part / 4, 0)
        parts.append(f'<text x="{x:.0f}" y="{y + 18:.0f}" text-anchor="middle">'
                     f'{most_x * part / 4 / (1 << 30):.1f}</text>')
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 10}" text-anchor="middle">GiB dirtied</text>')
    parts.append('<text x="8" y="18">bytes written per byte dirtied, all counted, 80 % live</text>')
    for row, (name, run) in enumerate(runs.items()):
        points = " ".join("{:.1f},{:.1f}".format(*place(point["dirtied"], point["recent"]))
                          for point in run["points"])
        parts.append(f'<polyline fill="none" stroke="{COLOURS[name]}" stroke-width="1.5" points="{points}"/>')
        parts.append(f'<text x="{WIDTH - 250}" y="{TOP + 16 * (row + 1)}" fill="{COLOURS[name]}">'
                     f'{WORDS[name]}: {run["bytesPerByte"]:.2f}</text>')
    return "\n".join([*parts, "</svg>", ""])
