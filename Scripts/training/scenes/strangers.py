"""Fish that are none of the ten species: their look-alikes, and patterns of no species at all.

Who has only ever seen the ten names everything blue and yellow after one of them. `stranger` draws
either a species that is mistaken for one of the ten, from LOOK_ALIKES, or a random body in the same
colours; combinations that would be one of the ten are left out.
"""

import numpy as np

from .bodies import BLACK, tang
from .cutouts import Y, dots, mix
from .drawing import smoothstep
from .individuals import Paint, above, black, colour, small, surgeon, white, yellow

PALETTE = {
    "blue": ((0.55, 0.68), (0.4, 1.0), (0.3, 1.0)),
    "yellow": ((0.115, 0.175), (0.6, 1.0), (0.6, 1.0)),
    "black": ((0.5, 0.7), (0.0, 0.3), (0.02, 0.16)),
    "white": ((0.5, 0.65), (0.0, 0.12), (0.7, 1.0)),
    "grey": ((0.1, 0.65), (0.0, 0.25), (0.25, 0.7)),
    "brown": ((0.03, 0.12), (0.2, 0.7), (0.15, 0.55)),
    "orange": ((0.03, 0.1), (0.65, 1.0), (0.6, 1.0)),
    "red": ((0.95, 1.03), (0.5, 1.0), (0.35, 0.9)),
    "green": ((0.25, 0.5), (0.25, 0.9), (0.3, 0.85)),
    "purple": ((0.7, 0.86), (0.3, 0.8), (0.3, 0.8)),
}

SHARES = [0.19, 0.16, 0.11, 0.12, 0.12, 0.1, 0.07, 0.04, 0.06, 0.03]


def _outline(generator, kind):
    if kind == "surgeon":
        return surgeon(
            generator,
            generator.uniform(0.38, 0.58),
            generator.uniform(0.06, 0.15),
            generator.uniform(0.05, 0.12),
            generator.uniform(0, 0.05),
            generator.uniform(0, 0.04),
        )
    if kind == "disc":
        made = tang(
            generator.uniform(0.56, 0.7),
            generator.uniform(0.05, 0.13),
            generator.uniform(0.05, 0.12),
            0.0,
            generator.uniform(0.03, 0.08),
            generator.uniform(0.07, 0.12),
        )
        return made
    if kind == "damsel":
        return small(generator, generator.uniform(0.34, 0.55), generator.uniform(0, 0.06))
    if kind == "long":
        return small(generator, generator.uniform(0.2, 0.32), 0.0, 0.06, 0.09)
    return surgeon(generator, generator.uniform(0.22, 0.34), 0.05, 0.045, 0.06, 0.0, 0.13)


def _layer(generator, kind, tones):
    """One layer of a pattern: (colours so far, u, v) to colours."""
    tone = tones[generator.integers(len(tones))]
    at, soft = generator.uniform(0.2, 0.75), generator.uniform(0.02, 0.2)
    slope, count = generator.uniform(-0.4, 0.4), generator.integers(2, 9)
    duty, share = generator.uniform(-0.6, 0.8), generator.uniform(0.5, 1.0)
    line, phase = generator.uniform(-0.6, 0.6), generator.uniform(0, 6.28)
    size, spacing = generator.uniform(0.005, 0.02), generator.uniform(0.035, 0.09)
    y, radius = generator.uniform(-0.12, 0.12), generator.uniform(0.02, 0.12)

    def made(under, u, v):
        if kind == "front":
            where = smoothstep(at + soft, at, u + slope * v * 0.4)
        elif kind == "rear":
            where = smoothstep(at, at + soft, u + slope * v * 0.4)
        elif kind == "below":
            where = smoothstep(line - soft, line + soft, v + slope * (u - 0.4))
        elif kind == "bars":
            where = smoothstep(duty - 0.2, duty + 0.2, np.cos(2 * np.pi * count * u + phase + slope * v**2 * 4))
        elif kind == "stripes":
            where = smoothstep(duty - 0.2, duty + 0.2, np.cos(np.pi * count * v + phase + slope * u * 6))
        elif kind == "spots":
            where = dots(generator, spacing, size)
        elif kind == "blotch":
            where = smoothstep(1.2, 0.8, np.hypot((u - at) / radius, (Y - y) / (radius * 0.8)))
        else:
            where = smoothstep(0.035, 0.02, abs(u - 0.13 + slope * 0.2 * v))
        return mix(under, tone, share * where)

    return made


def _random(generator):
    kind = generator.choice(
        ["surgeon", "disc", "damsel", "long", "fusilier"], p=[0.25, 0.2, 0.25, 0.18, 0.12]
    )
    names = list(generator.choice(list(PALETTE), 4, p=SHARES))
    base, tail = names[0], names[int(generator.integers(4))]
    layers = list(
        generator.choice(
            ["front", "rear", "below", "bars", "stripes", "spots", "blotch", "mask"],
            generator.integers(1, 4),
            replace=False,
        )
    )
    bluish = base in ("blue", "purple")
    if bluish and "yellow" in (tail, names[1]) and kind in ("surgeon", "disc"):
        tail = str(generator.choice(["white", "black", "grey", "green"]))
    if bluish and kind == "damsel" and names[1] in ("yellow", "orange"):
        names[1] = str(generator.choice(["white", "black", "green"]))
        tail = str(generator.choice(["white", "black", "blue"]))
    if base in ("brown", "black") and "bars" in layers and tail in ("yellow", "white"):
        tail = base
    if base == "yellow" and kind == "surgeon":
        layers = ["bars", *layers]
    tones = [colour(generator, *PALETTE[name]) for name in names]
    first, last = tones[0], colour(generator, *PALETTE[tail])
    made = [_layer(generator, layer, tones[1:]) for layer in layers]

    def body(u, v, generator):
        colours = np.broadcast_to(first, (*u.shape, 3)).astype(np.float32)
        for layer in made:
            colours = layer(colours, u, v)
        return colours

    outline = _outline(generator, kind)
    fin = lambda: tones[int(generator.integers(len(tones)))] if generator.random() < 0.5 else first
    rim, dorsal = tones[-1], fin()
    at = generator.uniform(0.02, 0.12)
    edged = lambda x, y: mix(dorsal, rim, smoothstep(at - 0.01, at + 0.01, above(outline)(x, y)))
    return outline, Paint(
        body, edged, fin(), last, fin(), fin(), tones[-1] * 0.8, generator.uniform(0.6, 1.0)
    )


def _plain(outline, body, fins, tail, iris=(0.5, 0.45, 0.4), dorsal=None, anal=None):
    return outline, Paint(
        body,
        fins if dorsal is None else dorsal,
        fins if anal is None else anal,
        tail,
        fins,
        fins,
        iris,
        0.95,
    )


def _yellow_tang(g):
    gold = yellow(g)
    return _plain(
        surgeon(g, 0.53, 0.15, 0.12, 0.0, 0.04, 0.12),
        lambda u, v, _: mix(gold, gold * 0.85, smoothstep(0.3, -0.9, v)),
        gold,
        gold,
        dorsal=lambda x, y: mix(gold, gold * 0.85, 0.5 + 0.5 * np.cos(60 * y)),
    )


def _brown_tang(g):
    brown = colour(g, (0.05, 0.12), (0.15, 0.6), (0.15, 0.5))
    return _plain(
        surgeon(g, 0.53, 0.15, 0.12, 0.0, 0.04, 0.12),
        lambda u, v, _: mix(brown, brown * 1.4, 0.5 * (np.cos(60 * v) > 0.3)),
        brown * 0.8,
        brown * g.uniform(0.4, 1.0),
    )


def _yellowtail_damsel(g):
    """Chrysiptera parasema and its like: blue, yellow behind the anal fin; no line at the eye."""
    blue, gold = colour(g, (0.57, 0.64), (0.7, 1), (0.5, 1)), yellow(g)
    at = g.uniform(0.56, 0.68)
    fin = lambda x, y: mix(blue, gold, smoothstep(at + 0.02, at + 0.06, x))
    return _plain(
        small(g, 0.40),
        lambda u, v, _: mix(blue, gold, smoothstep(at, at + 0.05, u - 0.05 * v)),
        blue,
        gold,
        anal=fin,
    )


def _neon_damsel(g):
    """Pomacentrus coelestis and its like: slender, blue, a touch of yellow below and behind."""
    blue, gold = colour(g, (0.53, 0.62), (0.6, 1), (0.5, 1)), yellow(g)
    share = g.uniform(0.3, 0.8)
    return _plain(
        small(g, 0.33),
        lambda u, v, _: mix(blue, gold, share * smoothstep(0.75, 1.0, v) * smoothstep(0.4, 0.55, u)),
        blue,
        mix(gold, (0.9, 0.95, 1), np.float32(g.uniform(0.2, 0.8))),
        anal=mix(blue, gold, np.float32(share)),
    )


def _chromis(g):
    tone = colour(g, (0.3, 0.56), (0.15, 0.6), (0.5, 0.95))
    return _plain(
        small(g, 0.42, 0.08),
        lambda u, v, _: mix(tone, (0.85, 0.95, 0.95), 0.5 * smoothstep(0, 0.9, v)),
        tone * 0.95,
        tone * 0.9,
    )


def _humbug(g):
    bright, dark = white(g), black(g)
    places = [0.1, 0.36, 0.66] if g.random() < 0.7 else [0.1, 0.36, 0.62, 0.92]
    bars = lambda u: sum(np.exp(-(((u - at) / 0.07) ** 6)) for at in places)
    return _plain(
        small(g, 0.52, 0.02),
        lambda u, v, _: mix(bright, dark, np.clip(bars(u + 0.04 * v), 0, 1)),
        dark,
        bright,
        dorsal=lambda x, y: mix(bright, dark, np.clip(bars(x), 0, 1)),
    )


def _grey_dascyllus(g):
    """Dascyllus reticulatus and others: pale, a bar at the head, the tail no whiter than the body."""
    tone = colour(g, (0.05, 0.6), (0.03, 0.2), (0.55, 0.9))
    dark = tone * g.uniform(0.15, 0.4)
    black_all = g.random() < 0.3
    if black_all:
        tone = black(g) + 0.03
    spot = g.random() < 0.6

    def body(u, v, _):
        made = mix(tone, tone * 0.8, smoothstep(0.3, 0.9, u))
        if black_all:
            where = smoothstep(1.2, 0.8, np.hypot((u - 0.36) / 0.06, (v + 0.6) / 0.3)) * spot
            return mix(made, (0.95, 0.95, 0.95), where)
        made = mix(made, dark, 0.7 * np.exp(-(((u - 0.24) / 0.035) ** 4)))
        return mix(made, dark, 0.8 * smoothstep(0.68, 0.78, u))

    return _plain(small(g, 0.52, 0.03), body, dark, tone * g.uniform(0.5, 0.9))


def _dark_surgeon(g):
    """Acanthurus nigricans, japonicus: dark, yellow lines along the fins, a white tail."""
    dark, gold, bright = colour(g, (0.55, 0.75), (0.1, 0.5), (0.08, 0.3)), yellow(g), white(g)
    cheek = g.uniform(0.02, 0.05)

    def body(u, v, _):
        made = np.broadcast_to(dark, (*u.shape, 3))
        made = mix(made, bright, smoothstep(1.2, 0.8, np.hypot((u - 0.16) / cheek, (v - 0.15) / 0.2)))
        made = mix(made, gold, smoothstep(0.92, 1.0, abs(v)) * smoothstep(0.3, 0.5, u))
        return mix(made, gold, smoothstep(0.79, 0.81, u))

    tail = lambda x, y: mix(bright, gold, smoothstep(0.03, 0.015, abs(x - 0.93)))
    return _plain(surgeon(g, 0.52, 0.08, 0.07, 0.01, 0.01), body, dark, tail)


def _striped_surgeon(g):
    """Acanthurus lineatus, sohal; Zebrasoma desjardinii: many stripes."""
    first, second = colour(g, (0.5, 0.65), (0.3, 0.9), (0.4, 1)), yellow(g)
    if g.random() < 0.5:
        second = black(g)
    if g.random() < 0.3:
        first = white(g)
    count, upright = g.uniform(5, 10), g.random() < 0.3
    dark = second * 0.5

    def body(u, v, _):
        wave = np.cos(2 * np.pi * count * (1.3 * u if upright else v / 2))
        return mix(first, second, smoothstep(-0.2, 0.2, wave))

    return _plain(surgeon(g, 0.48, 0.08, 0.07, 0.05), body, dark, first * g.uniform(0.3, 0.9))


def _plain_surgeon(g):
    """Acanthurus chirurgus, tractus, nigrofuscus: grey to brown, a pale base of the tail."""
    tone = colour(g, (0.03, 0.62), (0.05, 0.4), (0.15, 0.55))
    bars = g.uniform(0, 0.35) * (g.random() < 0.5)
    ring = g.uniform(0, 0.9)

    def body(u, v, _):
        made = mix(tone, tone * 0.6, bars * (np.cos(2 * np.pi * 14 * u) > 0.2))
        return mix(made, (0.9, 0.9, 0.9), ring * smoothstep(0.79, 0.82, u))

    return _plain(surgeon(g, 0.44, 0.07, 0.06, 0.04), body, tone * 0.8, tone * g.uniform(0.5, 1))


def _other_naso(g):
    """Naso lituratus, unicornis, hexacanthus: no spots, no long horn, a dark tail."""
    tone = colour(g, (0.08, 0.6), (0.05, 0.35), (0.15, 0.6))
    mark = colour(g, (0.05, 0.16), (0.5, 1), (0.6, 1))
    face = g.random() < 0.5

    def body(u, v, _):
        made = mix(tone, tone * 1.3, smoothstep(0.2, 0.9, v))
        made = mix(made, mark, face * smoothstep(0.02, 0.0, abs(v + 0.2 - 3 * (0.14 - u)) - 0.06) * (u < 0.2))
        return mix(made, mark, smoothstep(1.2, 0.8, np.hypot((u - 0.8) / 0.04, Y / 0.018)))

    return _plain(surgeon(g, 0.36, 0.06, 0.05, 0.04, 0.01), body, tone * 0.7, tone * 0.6)


def _fusilier(g):
    """Caesio: slender, blue, a yellow back or tail."""
    blue, gold = colour(g, (0.5, 0.62), (0.3, 0.9), (0.4, 0.95)), yellow(g)
    at = g.uniform(-0.6, -0.2)

    def body(u, v, _):
        back = smoothstep(at + 0.1, at - 0.1, v - 1.2 * (u - 0.35)) * smoothstep(0.2, 0.4, u)
        made = mix(blue, (0.85, 0.9, 0.95), 0.8 * smoothstep(0.1, 0.8, v))
        return mix(made, gold, back)

    return _plain(surgeon(g, 0.27, 0.05, 0.04, 0.09, 0.0, 0.13), body, blue, gold)


def _butterflyfish(g):
    gold, bright, dark = yellow(g), white(g), black(g)
    lined, rear = g.uniform(0.2, 0.9), g.uniform(0.45, 0.7)

    def body(u, v, _):
        made = mix(bright, dark, lined * (np.cos(90 * (u + g_slope * v)) > 0.6))
        made = mix(made, gold, smoothstep(rear, rear + 0.1, u - 0.2 * v))
        return mix(made, dark, smoothstep(0.03, 0.02, abs(u - 0.135 - 0.02 * v)))

    g_slope = g.uniform(-0.3, 0.3)
    outline = tang(g.uniform(0.58, 0.68), 0.08, 0.07, 0.0, g.uniform(0.04, 0.08), 0.09)
    return _plain(outline, body, gold, gold)


def _angelfish(g):
    """Pomacanthus maculosus, Centropyge, Pygoplites: bars, a blotch, or two colours."""
    blue, gold = colour(g, (0.56, 0.7), (0.3, 0.9), (0.15, 0.8)), yellow(g)
    kind = g.integers(3)

    def body(u, v, _):
        if kind == 0:
            made = mix(blue * 0.8, blue, v)
            return mix(made, gold, smoothstep(1.2, 0.8, np.hypot((u - 0.48) / 0.06, (v + 0.1) / 0.6)))
        if kind == 1:
            return mix(gold, blue, smoothstep(0.4, 0.45, u))
        return mix(gold, mix(blue, (1, 1, 1), 0.6 * (np.cos(50 * u) > 0.5)), np.cos(36 * u) > 0.2)

    tail = blue if kind == 0 else gold
    return _plain(surgeon(g, 0.5, 0.1, 0.09, 0.0, 0.01, 0.1), body, blue, tail)


def _silver(g):
    """Snappers, breams, chubs: what most real fish in these waters look like."""
    tone = colour(g, (0.08, 0.6), (0.02, 0.25), (0.35, 0.9))
    back = tone * g.uniform(0.3, 0.8)
    bars = g.uniform(0, 0.5) * (g.random() < 0.5)
    tail = yellow(g) if g.random() < 0.25 else back

    def body(u, v, _):
        made = mix(tone, back, smoothstep(0.2, -0.8, v))
        return mix(made, back, bars * (np.cos(2 * np.pi * 7 * u) > 0.2))

    return _plain(surgeon(g, g.uniform(0.28, 0.45), 0.06, 0.05, 0.05, 0.01), body, back, tail)


LOOK_ALIKES = [
    _yellow_tang,
    _brown_tang,
    _yellowtail_damsel,
    _neon_damsel,
    _chromis,
    _humbug,
    _grey_dascyllus,
    _dark_surgeon,
    _striped_surgeon,
    _plain_surgeon,
    _other_naso,
    _fusilier,
    _butterflyfish,
    _angelfish,
    _silver,
]


def stranger(generator):
    """The outline and paint of a fish that is none of the ten species."""
    if generator.random() < 0.55:
        return LOOK_ALIKES[int(generator.integers(len(LOOK_ALIKES)))](generator)
    return _random(generator)
