"""Individuals of the ten species: no two alike, in their sexes, ages and moods.

`individual(name, generator)` draws one after the species' description in the literature. Where the
sample survey needs a species always to look the same, training needs what a species' individuals
differ in: shades, the extent of marks, bodies more or less deep, fins spread or folded.
"""

import colorsys
import dataclasses

import numpy as np

from . import fish
from .bodies import BLACK, WHITE, damsel, tang
from .cutouts import X, Y, dots, mix
from .drawing import smoothstep
from .fish import Outline, edge
from .surgeonfishes import NASO_BREVIROSTRIS


@dataclasses.dataclass
class Paint(fish.Paint):
    """As `fish.Paint`, with the colour of a horn."""

    horn: tuple = (0.42, 0.42, 0.36)


def colour(generator, hue, saturation, value):
    """A colour of ranges of hue, saturation and value."""
    return np.array(
        colorsys.hsv_to_rgb(
            generator.uniform(*hue) % 1, generator.uniform(*saturation), generator.uniform(*value)
        ),
        np.float32,
    )


def yellow(generator):
    """From lemon to amber, bright or in shade."""
    return colour(generator, (0.115, 0.175), (0.7, 1.0), (0.65, 1.0))


def white(generator):
    return colour(generator, (0.5, 0.65), (0.0, 0.12), (0.72, 1.0))


def black(generator):
    return np.asarray(BLACK, np.float32) + generator.uniform(0, 0.07)


def surgeon(generator, depth, dorsal, anal, fork, snout=0.0, tail_height=0.15):
    """A surgeonfish's outline, its fins more or less spread."""
    spread = generator.uniform(0.3, 1.1)
    return tang(
        depth * generator.uniform(0.9, 1.08),
        dorsal * spread,
        anal * min(1.1, spread * generator.uniform(0.8, 1.2)),
        max(0.0, fork + generator.normal(0, 0.01)),
        snout * generator.uniform(0.7, 1.3),
        tail_height * generator.uniform(0.7, 1.15),
    )


def small(generator, depth, fork=0.05, dorsal=0.085, tail_height=0.13):
    """A damselfish's outline, its fins more or less spread."""
    return damsel(
        depth * generator.uniform(0.9, 1.1),
        max(0.0, fork + generator.normal(0, 0.01)),
        dorsal * generator.uniform(0.35, 1.15),
        tail_height * generator.uniform(0.7, 1.15),
    )


def above(outline):
    """How far a point lies above the back, in body lengths."""
    return lambda x, y: edge(outline.top, x) - y


def below(outline):
    """How far a point lies below the belly, in body lengths."""
    return lambda x, y: y - edge(outline.bottom, x)


def _margin(outline_side, inner, outer, at):
    """A fin of `inner` with a margin of `outer` from the height `at`."""
    return lambda x, y: mix(inner, outer, smoothstep(at - 0.008, at + 0.008, outline_side(x, y)))


def zebrasoma_xanthurum(generator):
    purple = colour(generator, (0.63, 0.73), (0.45, 0.92), (0.28, 0.75))
    if generator.random() < 0.12:
        purple = colour(generator, (0.68, 0.78), (0.2, 0.4), (0.4, 0.75))
    dark, tail = purple * generator.uniform(0.25, 0.6), yellow(generator)
    lines, spotted = generator.uniform(0, 0.45), generator.uniform(0.1, 0.85)
    spacing, reach = generator.uniform(0.07, 0.12), generator.uniform(0.25, 0.5)
    second = purple * generator.uniform(0.8, 1.25) + (0, 0.04, 0.06)

    def body(u, v, generator):
        made = mix(purple, second, smoothstep(0.2, 0.7, u))
        made = mix(made, dark, lines * (0.5 + 0.5 * np.cos(2 * np.pi * v / spacing)))
        head = smoothstep(reach, reach - 0.17, u)
        made = mix(made, dark, spotted * head * dots(generator, 0.032, 0.008, (0, reach)))
        return mix(made, tail, smoothstep(0.82, 0.84, u))

    fin = lambda x, y: mix(
        purple * 0.85, dark, 0.4 + 0.4 * np.cos(2 * np.pi * 22 * (abs(y) - 0.5 * x))
    )
    pectoral = lambda x, y: mix(purple, tail, smoothstep(0.30, 0.36, x))
    outline = surgeon(generator, 0.52, 0.16, 0.13, 0.0, 0.035, 0.13)
    return outline, Paint(body, fin, fin, tail, purple * 0.8, pectoral, purple * 1.1, 1.0)


def paracanthurus_hepatus(generator):
    blue = colour(generator, (0.585, 0.655), (0.65, 0.98), (0.4, 1.0))
    dark = black(generator) + blue * generator.uniform(0, 0.12)
    tail = yellow(generator)
    light_belly = generator.random() < 0.42
    belly = mix(tail, WHITE, np.float32(generator.uniform(0, 0.35))) * generator.uniform(0.75, 1.0)
    floor_at = generator.uniform(-0.1, 0.1)
    begin, line = generator.uniform(0.14, 0.34), generator.uniform(-0.2, 0.45)
    oval_size, oval_share = generator.uniform(0.85, 1.15), generator.uniform(0.5, 1.0)
    soft = generator.uniform(0.04, 0.14)
    oval_colour = blue * generator.uniform(0.6, 1.05)

    def body(u, v, generator):
        floor = np.interp(
            u,
            [0.16, 0.26, 0.34, 0.46, 0.62, 0.74, 0.86],
            [-0.40, -0.42, 0.08, 0.40, 0.38, 0.70, 0.80],
        )
        roof = np.interp(u, [0.10, 0.20, 0.7, 0.86], [-0.45, -0.82, -0.82, -0.85])
        below_ = smoothstep(line - soft, line + soft, v) * smoothstep(begin, begin + 0.12, u)
        made = mix(blue, belly, below_ * light_belly)
        band = smoothstep(floor + floor_at + 0.05, floor + floor_at - 0.05, v)
        band = band * smoothstep(roof - 0.05, roof + 0.05, v) * smoothstep(0.11, 0.15, u)
        oval = np.hypot((u - 0.425) / (0.115 * oval_size), (v + 0.10) / (0.33 * oval_size))
        oval = smoothstep(1.12, 0.88, oval)
        band = band * (1 - light_belly * below_ * smoothstep(0.3, 0.5, v + 0.35))
        made = mix(made, dark, band)
        made = mix(made, oval_colour, np.clip(oval * band * oval_share, 0, 1))
        wedge = smoothstep(0.0, 0.05, u - 0.70 - 0.9 * abs(Y))
        return mix(made, tail, wedge * smoothstep(0.72, 0.80, u))

    outline = surgeon(generator, 0.41, 0.065, 0.055, 0.0, 0.0, 0.14)
    dorsal = _margin(above(outline), blue, dark, 0.035)
    anal = _margin(below(outline), belly if light_belly else blue, dark, 0.03)
    edge_at = generator.uniform(0.03, 0.06)
    tail_paint = lambda x, y: mix(
        tail, dark, smoothstep(edge_at, edge_at + 0.02, abs(y) - 0.32 * (x - 0.85))
    )
    pectoral = lambda x, y: mix(blue, tail, smoothstep(0.31, 0.35, x))
    pelvic = belly if light_belly else blue
    return outline, Paint(body, dorsal, anal, tail_paint, pelvic, pectoral, blue * 0.8, 1.0)


def chrysiptera_hemicyanea(generator):
    blue = colour(generator, (0.57, 0.635), (0.75, 1.0), (0.5, 1.0))
    gold = yellow(generator)
    shift, soft = generator.uniform(-0.22, 0.18), generator.uniform(0.04, 0.16)

    def body(u, v, generator):
        line = np.interp(u, [0, 0.2, 0.5, 0.85], [0.55, 0.42, 0.12, -0.45]) + shift
        return mix(blue, gold, smoothstep(line - soft, line + soft, v))

    outline = small(generator, 0.36)
    dorsal = lambda x, y: mix(blue, gold, smoothstep(0.66, 0.76, x) * generator_share)
    generator_share = float(generator.random() < 0.4)
    clear = mix(gold, WHITE, np.float32(0.3))
    return outline, Paint(body, dorsal, gold, gold, gold, clear, blue * 0.8, 0.95)


def acanthurus_leucosternon(generator):
    blue = colour(generator, (0.56, 0.69), (0.3, 0.8), (0.35, 1.0))
    dark, bright, gold = black(generator), white(generator), yellow(generator)
    top_dark = generator.uniform(0, 0.55)
    face_at, chin_at = generator.uniform(0.18, 0.22), generator.uniform(0.3, 0.5)

    def body(u, v, generator):
        made = mix(blue, blue * 0.35, top_dark * smoothstep(0.3, -0.9, v))
        face = smoothstep(0.015, -0.015, u - face_at + 0.05 * v + 0.045 * np.cos(3 * v))
        made = mix(made, dark, face)
        chin = (
            smoothstep(chin_at, chin_at + 0.12, v + 0.9 * (u - 0.13))
            * smoothstep(0.335, 0.305, u + 0.05 * (1 - v))
            * smoothstep(0.055, 0.09, u)
        )
        made = mix(made, bright, np.clip(chin, 0, 1))
        return mix(made, gold, smoothstep(0.755, 0.785, u))

    inner = generator.uniform(0.0, 0.02)
    tail = lambda x, y: mix(
        mix(
            bright,
            dark,
            smoothstep(0.015, 0.03, x - 0.915 - 0.25 * abs(y) + inner)
            * smoothstep(0.075, 0.06, x - 0.905 - 0.3 * abs(y) + inner),
        ),
        dark,
        smoothstep(0.03, 0.045, abs(y) - 0.5 * (x - 0.84)),
    )
    outline = surgeon(generator, 0.48, 0.085, 0.07, 0.03, 0.0, 0.13)
    dorsal = _margin(above(outline), gold, bright, 0.075)
    anal = lambda x, y: bright + 0 * x[..., None]
    iris = np.array((0.2, 0.18, 0.2))
    return outline, Paint(body, dorsal, anal, tail, bright, gold, iris, 1.0)


def naso_brevirostris(generator):
    ground = colour(generator, (0.10, 0.60), (0.05, 0.28), (0.28, 0.72))
    pale = mix(ground, WHITE, np.float32(generator.uniform(0.2, 0.6)))
    dark = ground * generator.uniform(0.25, 0.5)
    age = generator.choice(["adult", "subadult", "young"], p=[0.5, 0.32, 0.18])
    slim = generator.uniform(0.85, 1.08) * {"adult": 1.0, "subadult": 1.02, "young": 1.12}[age]
    top, bottom = ([(x, y * slim) for x, y in points] for points in NASO_BREVIROSTRIS)
    reach = {
        "adult": generator.uniform(0.04, 0.14),
        "subadult": generator.uniform(-0.06, 0.01),
        "young": -0.07,
    }[age]
    horn = [
        (0.125, -0.115 * slim),
        (0.06, -0.118 * slim),
        (-reach + 0.007, -0.108),
        (-reach, -0.098),
        (0.05, -0.078),
        (0.09, -0.058),
    ]
    height = generator.uniform(0.09, 0.13)
    tail = [
        (0.82, -0.028),
        (0.89, -0.085 * height / 0.13),
        (0.98, -height),
        (0.975, -0.06),
        (0.975, 0),
        (0.975, 0.06),
        (0.98, height),
        (0.89, 0.085 * height / 0.13),
        (0.82, 0.028),
    ]
    spread = generator.uniform(0.3, 1.0)
    outline = Outline(
        top,
        bottom,
        tail,
        dorsal=(
            0.19,
            0.79,
            [0.02, 0.055 * spread, 0.06 * spread, 0.06 * spread, 0.05 * spread, 0.01],
            0.4,
        ),
        anal=(0.36, 0.79, [0.01, 0.05 * spread, 0.055 * spread, 0.045 * spread, 0.01], 0.4),
        pelvic=[(0.25, 0.15), (0.30, 0.22), (0.34, 0.21), (0.33, 0.15)],
        eye=(0.135, -0.055 * slim, 0.03 if age == "young" else 0.026),
        pectoral=(0.25, 0.03, 0.12),
        horn=None if age == "young" else horn,
    )
    barred = generator.uniform(0.2, 0.8) if age == "adult" else generator.uniform(0, 0.25)
    dotted = {"adult": 0.6, "subadult": 0.85, "young": 0.5}[age] * generator.uniform(0.6, 1.1)
    belly, everywhere = generator.uniform(0.1, 0.8), age != "adult"

    def body(u, v, generator):
        made = mix(pale, ground, smoothstep(0.12, 0.34, u))
        made = mix(made, pale, belly * smoothstep(0.2, 0.9, v))
        bars = smoothstep(0.3, 0.95, np.cos(2 * np.pi * 24 * (u + 0.012 * np.sin(7 * v))))
        side = smoothstep(0.28, 0.36, u) * smoothstep(0.80, 0.72, u)
        side = side * smoothstep(-0.92, -0.7, v) * smoothstep(0.75, 0.35, v)
        made = mix(made, dark, barred * bars * side)
        spotted = dots(generator, 0.034, 0.0075, (0.12, 0.8))
        where = np.clip(smoothstep(0.25, 0.8, v) + smoothstep(0.36, 0.24, u) + everywhere, 0, 1)
        return mix(made, dark, np.clip(dotted, 0, 1) * spotted * where)

    bright = mix(pale, WHITE, np.float32(generator.uniform(0.2, 0.9)))
    blotch = generator.uniform(0.3, 0.95)
    tail_paint = lambda x, y: mix(
        bright, dark, blotch * smoothstep(1.1, 0.8, np.hypot((x - 0.875) / 0.040, y / 0.055))
    )
    fin = ground * generator.uniform(0.7, 1.0)
    paint = Paint(body, fin, fin, tail_paint, ground, ground, pale * 0.9, 0.95)
    paint.horn = ground * generator.uniform(0.8, 1.1)
    return outline, paint


def dascyllus_carneus(generator):
    tan = colour(generator, (0.05, 0.12), (0.05, 0.3), (0.55, 0.95))
    head = tan * generator.uniform(0.55, 0.95)
    dark, bright = black(generator) + 0.03, white(generator)
    blue = colour(generator, (0.57, 0.66), (0.5, 0.9), (0.6, 1.0))
    dotted, pale = generator.uniform(0.1, 0.85), generator.uniform(0.2, 0.9)
    width, place = generator.uniform(0.035, 0.06), generator.uniform(0.27, 0.305)
    rear = generator.uniform(0, 0.7)
    wide = generator.uniform(0.55, 0.72)

    def body(u, v, generator):
        made = mix(head, tan, smoothstep(0.25, 0.5, u))
        made = mix(made, bright, pale * smoothstep(wide - 0.15, wide + 0.1, u))
        scales = np.cos(2 * np.pi * 21 * (u + 0.5 * Y)) * np.cos(2 * np.pi * 21 * (u - 0.5 * Y))
        made = mix(made, blue, dotted * smoothstep(0.45, 0.8, scales) * smoothstep(0.78, 0.6, u))
        bar = np.exp(-(((u - place - 0.03 * v) / width) ** 4))
        second = rear * np.exp(-(((u - 0.60) / 0.06) ** 4)) * smoothstep(0.1, -0.7, v)
        return mix(made, dark, np.clip(0.95 * bar + second, 0, 1))

    outline = small(generator, 0.52, 0.03, 0.095)
    rim = _margin(above(outline), dark, blue, 0.05)
    dorsal = lambda x, y: mix(rim(x, y), bright, smoothstep(0.66, 0.78, x))
    pectoral = mix(bright, tan, np.float32(0.4))
    return outline, Paint(body, dorsal, dark, bright, dark, pectoral, (0.8, 0.78, 0.72), 0.95)


def chrysiptera_taupou(generator):
    blue = colour(generator, (0.555, 0.635), (0.65, 1.0), (0.45, 1.0))
    gold = yellow(generator)
    if frightened := generator.random() < 0.06:
        blue, gold = blue * 0.3, gold * 0.6
    fleck = mix(blue, (0.75, 0.95, 1.0), np.float32(generator.uniform(0.4, 0.9)))
    shown, size = generator.uniform(0.3, 0.95), generator.uniform(0.005, 0.009)
    shift, soft = generator.uniform(-0.2, 0.15), generator.uniform(0.06, 0.2)
    female, rear = generator.random() < 0.45, generator.uniform(0.77, 0.86)

    def body(u, v, generator):
        made = mix(blue, fleck, shown * dots(generator, 0.045, size, (0.1, 0.8), 1.4))
        line = np.interp(u, [0, 0.3, 0.6, 0.85], [0.75, 0.50, 0.52, 0.75]) + shift
        made = mix(made, gold, smoothstep(line - soft, line + soft, v))
        return mix(made, gold, smoothstep(rear, rear + 0.05, u))

    outline = small(generator, 0.40)
    eye_spot = float(generator.random() < 0.65)
    spot = lambda x, y: eye_spot * smoothstep(
        1.3, 0.8, np.hypot((x - 0.70) / 0.035, (above(outline)(x, y) - 0.02) / 0.03)
    )
    dorsal = lambda x, y: mix(gold if female and not frightened else blue, BLACK, spot(x, y))
    tail = lambda x, y: mix(blue, gold, smoothstep(rear, rear + 0.04, x))
    clear = mix(gold, WHITE, np.float32(0.4))
    return outline, Paint(body, dorsal, gold, tail, gold, clear, blue * 0.8, 0.95)


def chrysiptera_cyanea(generator):
    blue = colour(generator, (0.575, 0.65), (0.78, 1.0), (0.45, 1.0))
    orange = colour(generator, (0.07, 0.145), (0.8, 1.0), (0.75, 1.0))
    male = generator.random() < 0.5
    flecks, line_share = generator.uniform(0, 0.45), generator.uniform(0.6, 1.0)
    light = mix(blue, (0.5, 0.85, 1.0), np.float32(0.6))
    rear = generator.uniform(0.74, 0.82)
    belly = generator.uniform(0.0, 0.9) * (male and generator.random() < 0.12)
    dark = black(generator)

    def body(u, v, generator):
        made = mix(blue, light, flecks * dots(generator, 0.05, 0.006, (0.1, 0.8)))
        made = mix(made, light, 0.25 * smoothstep(-0.2, 0.9, v))
        line = smoothstep(0.022, 0.012, abs(Y + 0.038 + 0.10 * (u - 0.12)))
        made = mix(made, dark, line_share * line * smoothstep(0.24, 0.20, u))
        if male:
            made = mix(made, orange, smoothstep(0.05, 0.02, u) * smoothstep(-0.3, 0.2, v))
            made = mix(made, orange, belly * smoothstep(0.75, 0.95, v))
            return mix(made, orange, smoothstep(rear, rear + 0.04, u))
        spot = np.hypot((u - 0.665) / 0.028, (v + 0.85) / 0.35)
        return mix(made, dark, smoothstep(1.2, 0.8, spot))

    outline = small(generator, 0.37)
    clear = mix(blue, WHITE, np.float32(generator.uniform(0.1, 0.6)))
    tail = orange if male else clear
    return outline, Paint(body, blue, blue, tail, blue, clear, blue * 0.8, 0.9)


def acanthurus_coeruleus(generator):
    blue = colour(generator, (0.57, 0.72), (0.25, 0.8), (0.28, 0.8))
    violet = mix(blue, colour(generator, (0.66, 0.78), (0.15, 0.6), (0.3, 0.7)), np.float32(0.6))
    pale = mix(blue, (0.75, 0.85, 1.0), np.float32(generator.uniform(0.3, 0.7)))
    gold = yellow(generator)
    age = generator.choice(["adult", "changing", "young"], p=[0.58, 0.2, 0.22])
    lined, spacing = generator.uniform(0, 0.6), generator.uniform(0.09, 0.15)
    bars = generator.uniform(0.1, 0.3) * (generator.random() < 0.15)
    spine = yellow(generator) if generator.random() < 0.7 else white(generator)
    yellowish = generator.uniform(0, 0.75)

    def body(u, v, generator):
        if age == "young":
            made = mix(gold, gold * 0.8, smoothstep(0.2, -0.9, v))
            return made + 0 * u[..., None]
        made = mix(blue, violet, smoothstep(-0.5, 0.9, v))
        wave = 0.5 + 0.5 * np.cos(2 * np.pi * (v + 0.03 * np.sin(9 * u)) / spacing)
        made = mix(made, pale, lined * wave * smoothstep(0.16, 0.24, u))
        made = mix(made, pale, bars * (np.cos(2 * np.pi * 9 * u) > 0.3))
        if age == "changing":
            made = mix(made, gold, yellowish * smoothstep(0.15, 0.8, u))
            made = mix(made, gold, smoothstep(0.80, 0.83, u))
        return made

    def over(layers):
        mark = smoothstep(1.15, 0.85, np.hypot((X - 0.795) / 0.034, Y / 0.0125))
        layers.tint(spine, mark * (age != "young"))

    outline = surgeon(generator, 0.56, 0.075, 0.065, 0.04, 0.0, 0.15)
    if age == "young":
        rim = colour(generator, (0.52, 0.62), (0.4, 0.9), (0.5, 1.0))
        dorsal = _margin(above(outline), gold, rim, 0.045)
        anal = _margin(below(outline), gold, rim, 0.04)
        tail, fin, iris = gold, gold, rim
    else:
        second = mix(violet, (0.6, 0.42, 0.25), np.float32(generator.uniform(0, 0.5)))
        dorsal = anal = lambda x, y: mix(blue, second, 0.5 + 0.5 * np.cos(2 * np.pi * 30 * abs(y)))
        tail = gold if age == "changing" else blue * generator.uniform(0.7, 1.1)
        fin, iris = violet, violet
    return outline, Paint(body, dorsal, anal, tail, fin, fin, iris, 0.97, over=over)


def pomacanthus_chrysurus(generator):
    young = generator.random() < 0.36
    brown = colour(generator, (0.02, 0.12), (0.25, 0.6), (0.12, 0.32))
    if young:
        brown = colour(generator, (0.6, 0.72), (0.2, 0.7), (0.05, 0.16))
    face = colour(generator, (0.07, 0.13), (0.4, 0.8), (0.3, 0.65))
    gold, bright = yellow(generator), white(generator)
    blue = colour(generator, (0.55, 0.63), (0.5, 0.9), (0.6, 1.0))
    d = 0.27 * generator.uniform(0.92, 1.08)
    top = [(0.0, 0.05), (0.05, -0.02), (0.12, -0.14), (0.22, -0.80 * d), (0.36, -d)]
    top += [(0.52, -0.98 * d), (0.66, -0.72 * d), (0.75, -0.36 * d), (0.80, -0.075), (0.85, -0.08)]
    bottom = [(0.0, 0.075), (0.06, 0.10), (0.14, 0.165), (0.25, 0.82 * d), (0.39, d)]
    bottom += [(0.53, 0.97 * d), (0.66, 0.74 * d), (0.75, 0.38 * d), (0.80, 0.075), (0.85, 0.08)]
    tail = [(0.81, -0.07), (0.88, -0.105), (0.97, -0.11), (0.995, -0.05), (1.0, 0)]
    tail += [(0.995, 0.05), (0.97, 0.11), (0.88, 0.105), (0.81, 0.07)]
    spread = generator.uniform(0.5, 1.1)
    trail = generator.uniform(0.6, 1.2) * (0.7 if young else 1)
    outline = Outline(
        top,
        bottom,
        tail,
        dorsal=(
            0.24,
            0.79,
            [0.02, 0.045 * spread, 0.06 * spread, 0.085 * spread, 0.135 * trail, 0.03],
            0.7,
        ),
        anal=(0.44, 0.79, [0.02, 0.05 * spread, 0.085 * spread, 0.125 * trail, 0.03], 0.7),
        pelvic=[(0.30, 0.21), (0.37, 0.37), (0.40, 0.35), (0.40, 0.24)],
        eye=(0.145, -0.075, 0.032 if young else 0.025),
        pectoral=(0.29, 0.03, 0.14),
    )
    bars = np.array([0.315, 0.40, 0.485, 0.57, 0.655, 0.735]) + generator.normal(0, 0.005, 6)
    thick = generator.uniform(0.006, 0.011)
    bend = generator.uniform(0.02, 0.05) * (1.6 if young else 1)
    strength, wavy = generator.uniform(0.6, 1.0), generator.uniform(0.3, 1.0)
    shade = generator.uniform(0.6, 1.0)

    def body(u, v, generator):
        made = mix(brown * shade, brown * 1.2, smoothstep(0.25, 0.6, u))
        places = [*bars, *((bars[:-1] + bars[1:]) / 2)] if young else bars
        if young:
            places += [0.22, 0.06]
        for number, bar in enumerate(places):
            thin = young and 6 <= number < 11
            away = abs(u - bar + bend * v**2 - 0.015)
            wide = thick * (0.6 if thin else 1.0)
            share = (
                strength * smoothstep(wide * 1.4, wide * 0.7, away) * smoothstep(1.15, 0.9, abs(v))
            )
            made = mix(made, blue if thin else bright, share)
        if not young:
            head = smoothstep(0.255, 0.225, u + 0.03 * v**2)
            made = mix(made, face, head)
            wave = np.cos(2 * np.pi * 30 * (Y - 0.55 * (u - 0.1) + 0.01 * np.sin(30 * u)))
            made = mix(made, blue, wavy * head * smoothstep(0.55, 0.9, wave))
            ring = np.hypot(u - 0.250, Y + 0.062)
            made = mix(made, (1.0, 0.55, 0.10), smoothstep(0.031, 0.025, ring))
            made = mix(made, BLACK, smoothstep(0.020, 0.015, ring))
            made = mix(made, gold, smoothstep(0.805, 0.825, u))
        return made

    fin = lambda x, y: mix(
        brown,
        blue if not young else bright,
        smoothstep(0.975, 1.0, np.cos(2 * np.pi * 11 * (x - 0.25 * abs(y)))) * 0.6,
    )
    clear = mix(gold, WHITE, np.float32(generator.uniform(0.1, 0.8)))
    tail_paint = clear if young else gold
    return outline, Paint(body, fin, fin, tail_paint, brown * 1.2, brown * 1.4, face, 0.96)


TEN = {
    "Zebrasoma xanthurum": zebrasoma_xanthurum,
    "Paracanthurus hepatus": paracanthurus_hepatus,
    "Chrysiptera hemicyanea": chrysiptera_hemicyanea,
    "Acanthurus leucosternon": acanthurus_leucosternon,
    "Naso brevirostris": naso_brevirostris,
    "Dascyllus carneus": dascyllus_carneus,
    "Chrysiptera taupou": chrysiptera_taupou,
    "Chrysiptera cyanea": chrysiptera_cyanea,
    "Acanthurus coeruleus": acanthurus_coeruleus,
    "Pomacanthus chrysurus": pomacanthus_chrysurus,
}


def individual(name, generator):
    """The outline and paint of one fish of a species."""
    return TEN[name](generator)
