"""The ten species: outline, colours and size, after their descriptions in the literature.

Each entry of SPECIES gives, by scientific name, variants [(outline, paint)] (adults, sexes) and
the usual length in centimetres.
"""

import dataclasses

import numpy as np

from .drawing import curve, mix, noise, smoothstep, stroke
from .fish import Outline, Paint, X, Y, pixels

BLACK = (0.05, 0.05, 0.07)
WHITE = (0.93, 0.94, 0.95)
YELLOW = (0.98, 0.82, 0.10)


@dataclasses.dataclass
class Species:
    """What the renderer knows of one species."""

    variants: list
    centimetres: float


def tang(depth, dorsal, anal, fork, snout=0.0, tail_height=0.15):
    """An oval, deep body on a narrow stalk: surgeonfishes. Fin heights in body lengths."""
    d = depth / 2
    top = [(0.0, 0.035), (0.05, -0.03 + snout), (0.11, -0.13 + snout * 1.2), (0.20, -0.82 * d), (0.33, -d),
           (0.48, -0.95 * d), (0.62, -0.66 * d), (0.73, -0.30 * d), (0.80, -0.042), (0.85, -0.046)]
    bottom = [(0.0, 0.055), (0.05, 0.085 - snout * 0.3), (0.12, 0.145), (0.22, 0.80 * d), (0.36, d),
              (0.50, 0.94 * d), (0.62, 0.68 * d), (0.73, 0.31 * d), (0.80, 0.042), (0.85, 0.046)]
    h = tail_height
    tail = [(0.815, -0.04), (0.88, -0.55 * h), (1.0, -h), (0.955 - fork * 0.6, -0.5 * h),
            (0.945 - fork, 0), (0.955 - fork * 0.6, 0.5 * h), (1.0, h), (0.88, 0.55 * h),
            (0.815, 0.04)]
    return Outline(
        top, bottom, tail,
        dorsal=(0.24, 0.79, [0.03, dorsal * 0.8, dorsal, dorsal * 1.05, dorsal * 0.9, 0.02], 0.45),
        anal=(0.40, 0.79, [0.02, anal * 0.9, anal, anal * 0.85, 0.02], 0.45),
        pelvic=[(0.30, 0.8 * d), (0.36, d + 0.09), (0.40, d + 0.07), (0.40, 0.85 * d)],
        eye=(0.135, -0.40 * d, 0.027), pectoral=(0.255, 0.02, 0.15))


def damsel(depth, fork=0.05, dorsal=0.085, tail_height=0.13):
    """A small fish with a short blunt head and a long dorsal fin: damselfishes."""
    d = depth / 2
    top = [(0.0, 0.0), (0.05, -0.42 * d), (0.13, -0.75 * d), (0.26, -0.98 * d), (0.40, -d),
           (0.56, -0.78 * d), (0.70, -0.42 * d), (0.78, -0.30 * d - 0.01), (0.84, -0.30 * d - 0.015)]
    bottom = [(0.0, 0.02), (0.05, 0.40 * d), (0.14, 0.74 * d), (0.28, 0.97 * d), (0.42, d),
              (0.57, 0.78 * d), (0.70, 0.42 * d), (0.78, 0.30 * d + 0.01), (0.84, 0.30 * d + 0.015)]
    h = tail_height
    tail = [(0.80, -0.05), (0.88, -0.75 * h), (0.99, -h), (0.965, -0.55 * h), (0.955 - fork, 0),
            (0.965, 0.55 * h), (0.99, h), (0.88, 0.75 * h), (0.80, 0.05)]
    return Outline(
        top, bottom, tail,
        dorsal=(0.22, 0.76, [0.02, dorsal * 0.8, dorsal * 0.85, dorsal, dorsal * 1.35, 0.02], 0.5),
        anal=(0.46, 0.75, [0.02, dorsal * 0.9, dorsal * 1.3, 0.02], 0.5),
        pelvic=[(0.30, 0.9 * d), (0.38, d + 0.12), (0.42, d + 0.10), (0.40, 0.9 * d)],
        eye=(0.12, -0.22 * d, 0.036), pectoral=(0.28, 0.03, 0.15))


def along(pattern):
    """A body pattern from a function of (u, v) alone."""
    return lambda u, v, generator: pattern(u, v)


def lines(spacing, u, v, wobble=0.0):
    """Fine lengthwise lines, 0 to 1."""
    return 0.5 + 0.5 * np.cos(2 * np.pi * (v + wobble * np.sin(9 * u)) / spacing)


def spots(generator, spacing, size, shape=X.shape):
    """Scattered dots, 0 to 1: about one every `spacing` body lengths."""
    field = np.zeros(shape)
    for gx in np.arange(0, 1, spacing):
        for gy in np.arange(-0.35, 0.35, spacing):
            x = gx + generator.uniform(-0.35, 0.35) * spacing
            y = gy + generator.uniform(-0.35, 0.35) * spacing
            field = np.maximum(field, np.exp(-((X - x) ** 2 + (Y - y) ** 2) / (2 * size ** 2)))
    return smoothstep(0.35, 0.75, field)


def _zebrasoma_xanthurum():
    purple, dark = np.array((0.22, 0.16, 0.62)), np.array((0.08, 0.05, 0.30))

    def body(u, v, generator):
        colour = mix(purple, (0.16, 0.22, 0.72), smoothstep(0.2, 0.7, u))
        colour = mix(colour, dark, 0.30 * lines(0.10, u, v))
        head = smoothstep(0.42, 0.25, u)
        return mix(colour, dark, 0.8 * head * spots(generator, 0.036, 0.0085))

    fin = lambda x, y: mix(purple * 0.85, dark, 0.5 + 0.4 * np.cos(2 * np.pi * 22 * (abs(y) - 0.5 * x)))
    pectoral = lambda x, y: mix(purple, YELLOW, smoothstep(0.30, 0.36, x))
    outline = tang(0.50, dorsal=0.15, anal=0.12, fork=0.0, snout=0.035, tail_height=0.14)
    return Species([(outline, Paint(body, fin, fin, YELLOW, purple * 0.8, pectoral, iris=(0.6, 0.5, 0.55)))], 18)


def _paracanthurus_hepatus():
    blue = np.array((0.10, 0.28, 0.95))

    def body(u, v, generator):
        floor = np.interp(u, [0.16, 0.26, 0.34, 0.46, 0.62, 0.74, 0.86],
                          [-0.40, -0.42, 0.08, 0.40, 0.38, 0.70, 0.80])
        roof = np.interp(u, [0.10, 0.20, 0.7, 0.86], [-0.45, -0.80, -0.80, -0.85])
        band = smoothstep(floor + 0.05, floor - 0.05, v) * smoothstep(roof - 0.05, roof + 0.05, v)
        band *= smoothstep(0.12, 0.15, u)
        oval = smoothstep(1.12, 0.88, np.hypot((u - 0.425) / 0.115, (v + 0.10) / 0.33))
        wedge = smoothstep(0.0, 0.05, u - 0.70 - 0.9 * abs(Y))
        colour = mix(blue, BLACK, np.clip(band - oval, 0, 1))
        return mix(colour, YELLOW, wedge * smoothstep(0.72, 0.80, u))

    dorsal = lambda x, y: mix(blue, BLACK, smoothstep(-0.26, -0.285, y) * 0.8)
    tail = lambda x, y: mix(YELLOW, BLACK, smoothstep(0.045, 0.065, abs(y) - 0.32 * (x - 0.85)))
    pectoral = lambda x, y: mix(blue, YELLOW, smoothstep(0.31, 0.35, x))
    outline = tang(0.43, dorsal=0.065, anal=0.055, fork=0.0, tail_height=0.15)
    anal = lambda x, y: mix(blue, BLACK, smoothstep(0.255, 0.28, y) * 0.8)
    return Species([(outline, Paint(body, dorsal, anal, tail, blue, pectoral))], 20)


def _chrysiptera_hemicyanea():
    blue, yellow = (0.06, 0.30, 0.98), (1.0, 0.80, 0.05)

    def body(u, v, generator):
        line = np.interp(u, [0, 0.2, 0.5, 0.85], [0.55, 0.42, 0.12, -0.45])
        return mix(blue, yellow, smoothstep(line - 0.06, line + 0.06, v))

    outline = damsel(0.36)
    return Species([(outline, Paint(body, blue, yellow, yellow, yellow, (0.75, 0.8, 0.6)))], 6.5)


def _acanthurus_leucosternon():
    blue = np.array((0.40, 0.66, 0.98))

    def body(u, v, generator):
        colour = mix(blue, (0.55, 0.76, 1.0), smoothstep(-0.2, 0.7, v))
        face = smoothstep(0.015, -0.015, u - 0.205 + 0.05 * v + 0.045 * np.cos(3 * v))
        colour = mix(colour, BLACK, face)
        chin = smoothstep(0.40, 0.52, v + 0.9 * (u - 0.13)) * smoothstep(0.335, 0.305, u + 0.05 * (1 - v)) * smoothstep(0.055, 0.09, u)
        colour = mix(colour, WHITE, np.clip(chin, 0, 1))
        return mix(colour, YELLOW, smoothstep(0.755, 0.785, u))

    tail = lambda x, y: mix(mix(WHITE, BLACK, smoothstep(0.015, 0.03, x - 0.915 - 0.25 * abs(y)) * smoothstep(0.075, 0.06, x - 0.905 - 0.3 * abs(y))),
                            BLACK, smoothstep(0.03, 0.045, abs(y) - 0.5 * (x - 0.84)))
    dorsal = lambda x, y: mix(YELLOW, WHITE, smoothstep(-0.300, -0.306, y))
    outline = tang(0.46, dorsal=0.08, anal=0.07, fork=0.03, tail_height=0.14)
    return Species([(outline, Paint(body, dorsal, WHITE, tail, WHITE, YELLOW))], 18)


def _naso_brevirostris():
    olive, pale, dark = np.array((0.45, 0.47, 0.40)), np.array((0.66, 0.69, 0.66)), (0.16, 0.18, 0.17)
    top = [(0.02, 0.02), (0.05, -0.045), (0.09, -0.09), (0.16, -0.135), (0.28, -0.165), (0.45, -0.165),
           (0.62, -0.125), (0.74, -0.065), (0.81, -0.030), (0.86, -0.034)]
    bottom = [(0.02, 0.04), (0.06, 0.075), (0.13, 0.125), (0.26, 0.175), (0.42, 0.178), (0.58, 0.135),
              (0.72, 0.07), (0.81, 0.030), (0.86, 0.034)]
    tail = [(0.82, -0.028), (0.89, -0.085), (0.995, -0.13), (0.97, -0.06), (0.965, 0), (0.97, 0.06),
            (0.995, 0.13), (0.89, 0.085), (0.82, 0.028)]
    horn = [(0.125, -0.115), (0.06, -0.118), (-0.045, -0.108), (-0.052, -0.098), (0.05, -0.078), (0.09, -0.058)]
    outline = Outline(
        top, bottom, tail, dorsal=(0.19, 0.79, [0.02, 0.055, 0.06, 0.06, 0.05, 0.01], 0.4),
        anal=(0.36, 0.79, [0.01, 0.05, 0.055, 0.045, 0.01], 0.4),
        pelvic=[(0.25, 0.15), (0.30, 0.25), (0.34, 0.23), (0.33, 0.15)],
        eye=(0.135, -0.055, 0.027), pectoral=(0.25, 0.03, 0.12), horn=horn)

    def body(u, v, generator):
        colour = mix(pale, olive, smoothstep(0.14, 0.32, u))
        colour = mix(colour, pale, 0.55 * smoothstep(0.35, 0.9, v))
        bars = smoothstep(0.45, 0.95, np.cos(2 * np.pi * 24 * (u + 0.012 * np.sin(7 * v))))
        side = smoothstep(0.28, 0.36, u) * smoothstep(0.80, 0.72, u) * smoothstep(-0.92, -0.7, v) * smoothstep(0.75, 0.35, v)
        colour = mix(colour, dark, 0.75 * bars * side)
        dots = spots(generator, 0.034, 0.0065) * smoothstep(0.14, 0.2, u)
        return mix(colour, dark, 0.6 * dots * np.clip(smoothstep(0.30, 0.85, v) + smoothstep(0.36, 0.24, u), 0, 1))

    tail_colour = lambda x, y: mix(WHITE, dark, 0.95 * smoothstep(1.1, 0.8, np.hypot((x - 0.875) / 0.040, y / 0.055)))
    return Species([(outline, Paint(body, olive * 0.8, olive * 0.8, tail_colour, olive, olive, shine=0.15))], 42)


def _dascyllus_carneus():
    tan, dark = np.array((0.80, 0.72, 0.62)), (0.11, 0.09, 0.10)

    def body(u, v, generator):
        colour = mix(tan * 0.72, tan, smoothstep(0.25, 0.5, u))
        colour = mix(colour, WHITE, 0.8 * smoothstep(0.62, 0.78, u))
        scales = np.cos(2 * np.pi * 21 * (u + 0.5 * Y)) * np.cos(2 * np.pi * 21 * (u - 0.5 * Y))
        colour = mix(colour, (0.25, 0.45, 0.95), 0.8 * smoothstep(0.45, 0.8, scales) * smoothstep(0.78, 0.66, u))
        bar = np.exp(-((u - 0.285 - 0.03 * v) / 0.050) ** 4)
        second = 0.55 * np.exp(-((u - 0.60) / 0.05) ** 4) * smoothstep(0.1, -0.7, v)
        return mix(colour, dark, np.clip(0.95 * bar + second, 0, 1))

    dorsal = lambda x, y: mix(mix(dark, (0.25, 0.45, 1.0), smoothstep(-0.318, -0.332, y)), WHITE, smoothstep(0.66, 0.78, x))
    outline = damsel(0.52, fork=0.03, dorsal=0.09)
    return Species([(outline, Paint(body, dorsal, dark, WHITE, dark, (0.85, 0.82, 0.78)))], 7)


def _chrysiptera_taupou():
    blue, yellow = np.array((0.10, 0.36, 0.95)), (0.98, 0.80, 0.15)

    def body(u, v, generator):
        colour = mix(blue, (0.62, 0.85, 1.0), 0.85 * spots(generator, 0.052, 0.0085) * smoothstep(0.15, 0.25, u))
        line = np.interp(u, [0, 0.3, 0.6, 0.85], [0.75, 0.50, 0.52, 0.75])
        colour = mix(colour, yellow, smoothstep(line - 0.15, line + 0.15, v))
        return mix(colour, yellow, smoothstep(0.79, 0.85, u))

    spot = lambda x, y: smoothstep(1.2, 0.8, np.hypot((x - 0.70) / 0.035, (y + 0.165) / 0.030))
    male = lambda x, y: mix(blue, BLACK, spot(x, y))
    female = lambda x, y: mix(yellow, BLACK, spot(x, y))
    tail = lambda x, y: mix(blue, yellow, smoothstep(0.82, 0.86, x))
    outline = damsel(0.40)
    return Species([(outline, Paint(body, dorsal, yellow, tail, yellow, (0.8, 0.8, 0.5))) for dorsal in (male, female)], 7.5)


def _chrysiptera_cyanea():
    blue, orange = np.array((0.02, 0.24, 1.0)), (1.0, 0.62, 0.05)

    def body_of(male):
        def body(u, v, generator):
            colour = mix(blue, (0.25, 0.62, 1.0), 0.35 * spots(generator, 0.06, 0.008))
            line = smoothstep(0.022, 0.012, abs(Y + 0.038 + 0.10 * (u - 0.12))) * smoothstep(0.24, 0.20, u)
            colour = mix(colour, BLACK, line)
            if male:
                colour = mix(colour, orange, smoothstep(0.05, 0.02, u) * smoothstep(-0.3, 0.2, v))
                return mix(colour, orange, smoothstep(0.77, 0.81, u))
            return mix(colour, BLACK, smoothstep(1.2, 0.8, np.hypot((u - 0.665) / 0.028, (Y + 0.088) / 0.028)))
        return body

    outline = damsel(0.37)
    male = Paint(body_of(True), blue, blue, orange, blue, (0.4, 0.6, 0.9))
    female = Paint(body_of(False), blue, blue, (0.45, 0.68, 0.98), blue, (0.4, 0.6, 0.9))
    return Species([(outline, male), (outline, female)], 7.5)


def _acanthurus_coeruleus():
    blue, violet = np.array((0.22, 0.34, 0.72)), np.array((0.34, 0.30, 0.62))

    def body(u, v, generator):
        colour = mix(blue, violet, smoothstep(-0.3, 0.9, v))
        return mix(colour, (0.50, 0.62, 0.92), 0.45 * lines(0.135, u, v, wobble=0.03) * smoothstep(0.16, 0.24, u))

    def spine(canvas):
        mark = smoothstep(1.15, 0.85, np.hypot((X - 0.795) / 0.036, Y / 0.0135))
        canvas.tint((0.98, 0.92, 0.55), mark)

    fin = lambda x, y: mix(blue, (0.45, 0.42, 0.75), 0.5 + 0.5 * np.cos(2 * np.pi * 30 * abs(y)))
    outline = tang(0.54, dorsal=0.075, anal=0.065, fork=0.045, tail_height=0.16)
    return Species([(outline, Paint(body, fin, fin, blue * 0.9, violet, (0.50, 0.55, 0.80), over=spine))], 22)


def _pomacanthus_chrysurus():
    brown, face = np.array((0.20, 0.13, 0.09)), np.array((0.58, 0.42, 0.16))
    d = 0.27
    top = [(0.0, 0.05), (0.05, -0.02), (0.12, -0.14), (0.22, -0.80 * d), (0.36, -d), (0.52, -0.98 * d),
           (0.66, -0.72 * d), (0.75, -0.36 * d), (0.80, -0.075), (0.85, -0.08)]
    bottom = [(0.0, 0.075), (0.06, 0.10), (0.14, 0.165), (0.25, 0.82 * d), (0.39, d), (0.53, 0.97 * d),
              (0.66, 0.74 * d), (0.75, 0.38 * d), (0.80, 0.075), (0.85, 0.08)]
    tail = [(0.81, -0.07), (0.88, -0.105), (0.97, -0.11), (0.995, -0.05), (1.0, 0), (0.995, 0.05),
            (0.97, 0.11), (0.88, 0.105), (0.81, 0.07)]
    outline = Outline(
        top, bottom, tail, dorsal=(0.24, 0.79, [0.02, 0.045, 0.06, 0.085, 0.135, 0.03], 0.7),
        anal=(0.44, 0.79, [0.02, 0.05, 0.085, 0.125, 0.03], 0.7),
        pelvic=[(0.30, 0.21), (0.37, 0.40), (0.40, 0.37), (0.40, 0.24)],
        eye=(0.145, -0.075, 0.025), pectoral=(0.29, 0.03, 0.14))
    bars = [0.315, 0.40, 0.485, 0.57, 0.655, 0.735]

    def body(u, v, generator):
        colour = mix(brown * 0.8, brown * 1.25, smoothstep(0.25, 0.6, u))
        for bar in bars:
            bend = u - bar + 0.035 * v ** 2 - 0.015
            colour = mix(colour, WHITE, 0.92 * smoothstep(0.0095, 0.0055, abs(bend)) * smoothstep(1.1, 0.85, abs(v)))
        head = smoothstep(0.255, 0.225, u + 0.03 * v ** 2)
        colour = mix(colour, face, head)
        wave = np.cos(2 * np.pi * 30 * (Y - 0.55 * (u - 0.1) + 0.01 * np.sin(30 * u)))
        colour = mix(colour, (0.25, 0.55, 1.0), 0.95 * head * smoothstep(0.55, 0.9, wave))
        ring = np.hypot((u - 0.250) / 1.0, (Y + 0.062) / 1.0)
        colour = mix(colour, (1.0, 0.55, 0.10), smoothstep(0.031, 0.025, ring))
        colour = mix(colour, BLACK, smoothstep(0.020, 0.015, ring))
        return mix(colour, YELLOW, smoothstep(0.805, 0.825, u))

    fin = lambda x, y: mix(brown, (0.35, 0.60, 1.0), smoothstep(0.975, 1.0, np.cos(2 * np.pi * 11 * (x - 0.25 * abs(y))) ) * 0.6)
    return Species([(outline, Paint(body, fin, fin, YELLOW, brown * 1.3, (0.70, 0.60, 0.25), shine=0.15))], 26)


SPECIES = {
    "Zebrasoma xanthurum": _zebrasoma_xanthurum(),
    "Paracanthurus hepatus": _paracanthurus_hepatus(),
    "Chrysiptera hemicyanea": _chrysiptera_hemicyanea(),
    "Acanthurus leucosternon": _acanthurus_leucosternon(),
    "Naso brevirostris": _naso_brevirostris(),
    "Dascyllus carneus": _dascyllus_carneus(),
    "Chrysiptera taupou": _chrysiptera_taupou(),
    "Chrysiptera cyanea": _chrysiptera_cyanea(),
    "Acanthurus coeruleus": _acanthurus_coeruleus(),
    "Pomacanthus chrysurus": _pomacanthus_chrysurus(),
}
