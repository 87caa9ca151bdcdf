"""The figures of `Scripts/compare-ways` as a drawing (SVG) and as tables (Markdown)."""

import math
from html import escape

COLOURS = ("#D55E00", "#0072B2", "#56B4E9", "#CC8A00", "#009E73")
"""Of the ways in their order; they differ for most eyes (Okabe and Ito 2008)."""
INK, FAINT, RULE = "#1f2933", "#5b6770", "#dde3e8"
WIDTH, HEIGHT = 980, 470
SOURCES = (("reef/test luderick", "sea grass"), ("reef/test deepfish", "reefs"))
SIZES = (
    ("small", "under 32 pixels"),
    ("medium", "32 to 95 pixels"),
    ("large", "96 pixels and more"),
)


class Panel:
    """A rectangle with axes in which marks are placed by their values."""

    def __init__(self, left, top, width, height):
        self.left, self.top, self.width, self.height = left, top, width, height
        self.parts = []

    def y(self, share):
        return self.top + self.height * (1 - share)

    def text(self, x, y, words, anchor="start", size=12, colour=INK, weight="normal"):
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}" '
            f'font-weight="{weight}">{escape(words)}</text>'
        )

    def line(self, x1, y1, x2, y2, colour=RULE, width=1.0, dashes=""):
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
            f'stroke-width="{width}"{dashed}/>'
        )

    def dot(self, x, y, colour, hollow=False, radius=7.0):
        fill = "#ffffff" if hollow else colour
        self.parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{fill}" stroke="{colour}" '
            'stroke-width="2.5"/>'
        )

    def bar(self, x, share, width, colour, words):
        top = self.y(share)
        self.parts.append(
            f'<rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" '
            f'height="{self.top + self.height - top:.1f}" fill="{colour}"><title>{escape(words)}</title></rect>'
        )

    def shares(self, title):
        """The upright axis from 0 to 1, and the panel's heading."""
        for tick in range(0, 11, 2):
            y = self.y(tick / 10)
            self.line(self.left, y, self.left + self.width, y)
            self.text(self.left - 8, y + 4, f"{tick / 10:.1f}", "end", colour=FAINT)
        self.text(self.left - 30, self.top - 20, title, size=14, weight="bold")


def drawn(figures):
    """The drawing: F1 against cost, and recall by size."""
    ways = figures["ways"]
    left, right = Panel(58, 118, 420, 270), Panel(560, 118, 400, 270)
    cost(left, ways)
    recall(right, ways)
    head = Panel(0, 0, WIDTH, HEIGHT)
    head.text(28, 34, "Four ways to find fish in a frame", size=19, weight="bold")
    videos = sum(ways[0][name]["videos"] for name, _ in SOURCES)
    head.text(
        28, 56, f"reef/test: {videos} videos, mostly of other sites than those that the models learnt from; "
        "thresholds were chosen on other videos", size=12.5, colour=FAINT,
    )
    x = 28.0
    for way, colour in zip(ways, COLOURS):
        head.parts.append(f'<rect x="{x:.1f}" y="{HEIGHT - 27}" width="12" height="12" fill="{colour}"/>')
        words = f"{way['way']} ({way['model']})"
        head.text(x + 17, HEIGHT - 17, words, size=12)
        x += 17 + 6.45 * len(words) + 18
    parts = "\n".join(head.parts + left.parts + right.parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-family="Helvetica, Arial, sans-serif" role="img" '
        'aria-label="F1 against cost, and recall by size, of four ways to find fish">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n{parts}\n</svg>\n'
    )


def _name(panel, x, ends, words, taken):
    """Write a way's name beside or above its upper dot or below its lower one, where it meets nothing of `taken`, and
    add it there.
    """
    y, below = min(ends), max(ends) - min(ends)
    width = 6.3 * len(words)
    beside = [(12, 4, "start"), (-12, 4, "end")]
    above = [(0, -14, "middle"), (-9, -14, "start"), (9, -14, "end"), (9, -28, "end"), (-9, -28, "start")]
    beneath = [(0, below + 22, "middle"), (-9, below + 22, "start"), (9, below + 22, "end")]
    for dx, dy, anchor in beside + above + beneath:
        left = x + dx - {"start": 0, "middle": width / 2, "end": width}[anchor]
        box = (left, y + dy - 11, left + width, y + dy + 3)
        fits = panel.left <= left and left + width <= panel.left + panel.width
        if fits and not any(box[0] < t[2] and t[0] < box[2] and box[1] < t[3] and t[1] < box[3] for t in taken):
            break
    taken.append(box)
    panel.text(x + dx, y + dy, words, anchor)


def cost(panel, ways):
    """F1 on both collections over multiply-adds a frame, on a logarithmic axis."""
    panel.shares("How often it is right (F1), and what a frame costs")
    costs = [way["multiply_adds"] / 1e6 for way in ways]
    low, high = math.log10(min(costs) / 1.8), math.log10(max(costs) * 1.8)
    place = lambda value: panel.left + panel.width * (math.log10(value) - low) / (high - low)
    bottom = panel.top + panel.height
    for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000):
        if low <= math.log10(tick) <= high:
            panel.line(place(tick), bottom, place(tick), bottom + 5, FAINT)
            panel.text(place(tick), bottom + 19, f"{tick:,}", "middle", colour=FAINT)
    panel.text(
        panel.left + panel.width / 2, bottom + 38, "million multiply-adds a frame: cheap to the left, dear to the right", "middle",
        colour=FAINT
    )
    places = [round(place(value)) for value in costs]
    # Ways of one cost stand side by side.
    stems = [x + 16 * places[:index].count(x) for index, x in enumerate(places)]
    taken = []
    for x, way, colour in zip(stems, ways, COLOURS):
        ends = [panel.y(way[name]["f1"]) for name, _ in SOURCES]
        panel.line(x, ends[0], x, ends[1], colour, 2)
        for end, hollow in zip(ends, (False, True)):
            panel.dot(x, end, colour, hollow)
        taken.append((x - 8, min(ends) - 8, x + 8, max(ends) + 8))
    for x, way in zip(stems, ways):
        _name(panel, x, [panel.y(way[name]["f1"]) for name, _ in SOURCES], way["way"], taken)
    y = panel.top - 3
    for number, (_, words) in enumerate(SOURCES):
        panel.dot(panel.left + 12 + 104 * number, y + 11, FAINT, number == 1, 5.0)
        panel.text(panel.left + 23 + 104 * number, y + 15, words, colour=FAINT)


def recall(panel, ways):
    """Recall by size of the fish, all ways side by side."""
    panel.shares("Share of the fish that is found, by size")
    bottom, group = panel.top + panel.height, panel.width / len(SIZES)
    width = (group - 26) / len(ways)
    for number, (size, words) in enumerate(SIZES):
        start = panel.left + group * number + 13
        for index, (way, colour) in enumerate(zip(ways, COLOURS)):
            share = way["reef/test"].get(f"recall_{size}", 0)
            hint = f"{way['way']}: {share:.2f} of {size} fish"
            panel.bar(start + width * index + 1, share, width - 2, colour, hint)
            panel.text(
                start + width * (index + 0.5), panel.y(share) - 4, f"{share:.2f}"[1:] if share < 1 else "1",
                "middle", 10, FAINT,
            )
        count = ways[0]["reef/test"][f"{size}_boxes"]
        panel.text(start + (group - 26) / 2, bottom + 19, f"{size}: {count} fish", "middle")
        panel.text(start + (group - 26) / 2, bottom + 36, words, "middle", colour=FAINT)
    panel.line(panel.left, bottom, panel.left + panel.width, bottom, FAINT)


def tables(figures):
    """Tables for README.md, by name."""
    ways = figures["ways"]
    note = f"\n\nTimed by `fishcam model bench` on one core of: {figures['processor']}."
    return {
        "accuracy": by_source(ways),
        "cost": costs(ways) + note,
        "misses": misses(ways),
        "tanks": tank(ways),
    }


def table(header, rows):
    lines = ["| " + " | ".join(cells) + " |" for cells in [header, *rows]]
    lines.insert(1, "|" + "---|" * len(header))
    return "\n".join(lines)


def shown(value, digits=2):
    return "–" if value is None else f"{value:.{digits}f}"


def costs(ways):
    kernels = list(ways[0]["milliseconds"])
    header = ["Way", "Model", "million multiply-adds a frame"] + [f"ms a frame, {name}" for name in kernels]
    return table(
        header,
        [
            [way["way"], f"`{way['model']}` {way['version']}", f"{way['multiply_adds'] / 1e6:.1f}"]
            + [shown(way["milliseconds"][name]) for name in kernels]
            for way in ways
        ],
    )


def by_source(ways):
    header = ["Way", "Frames", "F1 (95 %)", "precision", "recall", "AP", "box AP", "count error", "MaxN error"]
    keys = "precision recall average_precision average_precision_iou50 count_mae max_n_mae".split()
    rows = []
    for name, words in SOURCES:
        for way in ways:
            figures = way[name]
            low, high = figures.get("f1_interval", (None, None))
            interval = "" if low is None else f" ({low:.2f}–{high:.2f})"
            rows.append(
                [way["way"], words, f"**{figures['f1']:.2f}**{interval}"]
                + [shown(figures.get(key)) for key in keys]
            )
    return table(header, rows)


def misses(ways):
    counts = ways[0]["reef/test"]
    header = ["Way"] + [f"{size} ({counts[f'{size}_boxes']})" for size, _ in SIZES]
    header += [f"false a frame without fish ({counts['empty_images']})"]
    keys = [f"recall_{size}" for size, _ in SIZES] + ["false_positives_per_empty_image"]
    return table(header, [[way["way"]] + [shown(way["reef/test"].get(key)) for key in keys] for way in ways])


def tank(ways):
    header = ["Way", "F1, fish + shark + stingray", "precision", "recall", "macro F1 of seven classes"]
    rows = []
    for way in ways:
        figures = way["aquarium/val"]
        seven = way.get("aquarium/val seven classes", {})
        rows.append(
            [way["way"]]
            + [shown(figures.get(key)) for key in ("f1", "precision", "recall")]
            + [shown(seven.get("macro_f1"))]
        )
    return table(header, rows)
