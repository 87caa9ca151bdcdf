"""The surgeonfishes: oval bodies on a narrow stalk."""

import numpy as np

from .bodies import BLACK, WHITE, YELLOW, Species, lines, spots, tang
from .drawing import mix, smoothstep
from .fish import Outline, Paint, X, Y


def zebrasoma_xanthurum():
    """Yellowtail tang: purple, plain yellow tail, dotted head, fine lines."""
    purple, dark = np.array((0.22, 0.16, 0.62)), np.array((0.08, 0.05, 0.30))

    def body(u, v, generator):
        colour = mix(purple, (0.16, 0.22, 0.72), smoothstep(0.2, 0.7, u))
        colour = mix(colour, dark, 0.30 * lines(0.10, u, v))
        head = smoothstep(0.42, 0.25, u)
        return mix(colour, dark, 0.8 * head * spots(generator, 0.036, 0.0085))

    fin = lambda x, y: mix(
        purple * 0.85, dark, 0.5 + 0.4 * np.cos(2 * np.pi * 22 * (abs(y) - 0.5 * x))
    )
    pectoral = lambda x, y: mix(purple, YELLOW, smoothstep(0.30, 0.36, x))
    outline = tang(0.50, dorsal=0.15, anal=0.12, fork=0.0, snout=0.035, tail_height=0.14)
    return Species(
        [(outline, Paint(body, fin, fin, YELLOW, purple * 0.8, pectoral, iris=(0.6, 0.5, 0.55)))],
        18,
    )


def paracanthurus_hepatus():
    """Palette surgeonfish: blue, a black palette around a blue oval, yellow wedge of a tail."""
    blue = np.array((0.10, 0.28, 0.95))

    def body(u, v, generator):
        floor = np.interp(
            u,
            [0.16, 0.26, 0.34, 0.46, 0.62, 0.74, 0.86],
            [-0.40, -0.42, 0.08, 0.40, 0.38, 0.70, 0.80],
        )
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


def acanthurus_leucosternon():
    """Powderblue surgeonfish: black face, white throat, yellow dorsal fin."""
    blue = np.array((0.40, 0.66, 0.98))

    def body(u, v, generator):
        colour = mix(blue, (0.55, 0.76, 1.0), smoothstep(-0.2, 0.7, v))
        face = smoothstep(0.015, -0.015, u - 0.205 + 0.05 * v + 0.045 * np.cos(3 * v))
        colour = mix(colour, BLACK, face)
        chin = (
            smoothstep(0.40, 0.52, v + 0.9 * (u - 0.13))
            * smoothstep(0.335, 0.305, u + 0.05 * (1 - v))
            * smoothstep(0.055, 0.09, u)
        )
        colour = mix(colour, WHITE, np.clip(chin, 0, 1))
        return mix(colour, YELLOW, smoothstep(0.755, 0.785, u))

    tail = lambda x, y: mix(
        mix(
            WHITE,
            BLACK,
            smoothstep(0.015, 0.03, x - 0.915 - 0.25 * abs(y))
            * smoothstep(0.075, 0.06, x - 0.905 - 0.3 * abs(y)),
        ),
        BLACK,
        smoothstep(0.03, 0.045, abs(y) - 0.5 * (x - 0.84)),
    )
    dorsal = lambda x, y: mix(YELLOW, WHITE, smoothstep(-0.300, -0.306, y))
    outline = tang(0.46, dorsal=0.08, anal=0.07, fork=0.03, tail_height=0.14)
    return Species([(outline, Paint(body, dorsal, WHITE, tail, WHITE, YELLOW))], 18)


NASO_BREVIROSTRIS = (
    [
        (0.02, 0.02),
        (0.05, -0.045),
        (0.09, -0.09),
        (0.16, -0.135),
        (0.28, -0.165),
        (0.45, -0.165),
        (0.62, -0.125),
        (0.74, -0.065),
        (0.81, -0.030),
        (0.86, -0.034),
    ],
    [
        (0.02, 0.04),
        (0.06, 0.075),
        (0.13, 0.125),
        (0.26, 0.175),
        (0.42, 0.178),
        (0.58, 0.135),
        (0.72, 0.07),
        (0.81, 0.030),
        (0.86, 0.034),
    ],
)
"""Its back and its belly from snout to tail, in lengths of the fish."""


def naso_brevirostris():
    """Spotted unicornfish: a long horn, fine dark bars, dots on belly and head, pale tail."""
    olive, pale, dark = (
        np.array((0.45, 0.47, 0.40)),
        np.array((0.66, 0.69, 0.66)),
        (0.16, 0.18, 0.17),
    )
    top, bottom = NASO_BREVIROSTRIS
    tail = [
        (0.82, -0.028),
        (0.89, -0.085),
        (0.995, -0.13),
        (0.97, -0.06),
        (0.965, 0),
        (0.97, 0.06),
        (0.995, 0.13),
        (0.89, 0.085),
        (0.82, 0.028),
    ]
    horn = [
        (0.125, -0.115),
        (0.06, -0.118),
        (-0.045, -0.108),
        (-0.052, -0.098),
        (0.05, -0.078),
        (0.09, -0.058),
    ]
    outline = Outline(
        top,
        bottom,
        tail,
        dorsal=(0.19, 0.79, [0.02, 0.055, 0.06, 0.06, 0.05, 0.01], 0.4),
        anal=(0.36, 0.79, [0.01, 0.05, 0.055, 0.045, 0.01], 0.4),
        pelvic=[(0.25, 0.15), (0.30, 0.25), (0.34, 0.23), (0.33, 0.15)],
        eye=(0.135, -0.055, 0.027),
        pectoral=(0.25, 0.03, 0.12),
        horn=horn,
    )

    def body(u, v, generator):
        colour = mix(pale, olive, smoothstep(0.14, 0.32, u))
        colour = mix(colour, pale, 0.55 * smoothstep(0.35, 0.9, v))
        bars = smoothstep(0.45, 0.95, np.cos(2 * np.pi * 24 * (u + 0.012 * np.sin(7 * v))))
        side = (
            smoothstep(0.28, 0.36, u)
            * smoothstep(0.80, 0.72, u)
            * smoothstep(-0.92, -0.7, v)
            * smoothstep(0.75, 0.35, v)
        )
        colour = mix(colour, dark, 0.75 * bars * side)
        dots = spots(generator, 0.034, 0.0065) * smoothstep(0.14, 0.2, u)
        return mix(
            colour,
            dark,
            0.6 * dots * np.clip(smoothstep(0.30, 0.85, v) + smoothstep(0.36, 0.24, u), 0, 1),
        )

    tail_colour = lambda x, y: mix(
        WHITE, dark, 0.95 * smoothstep(1.1, 0.8, np.hypot((x - 0.875) / 0.040, y / 0.055))
    )
    return Species(
        [(outline, Paint(body, olive * 0.8, olive * 0.8, tail_colour, olive, olive, shine=0.15))],
        42,
    )


def acanthurus_coeruleus():
    """Blue tang surgeonfish: fine lengthwise lines, a yellow spine at the tail."""
    blue, violet = np.array((0.22, 0.34, 0.72)), np.array((0.34, 0.30, 0.62))

    def body(u, v, generator):
        colour = mix(blue, violet, smoothstep(-0.3, 0.9, v))
        return mix(
            colour,
            (0.50, 0.62, 0.92),
            0.45 * lines(0.135, u, v, wobble=0.03) * smoothstep(0.16, 0.24, u),
        )

    def spine(canvas):
        mark = smoothstep(1.15, 0.85, np.hypot((X - 0.795) / 0.036, Y / 0.0135))
        canvas.tint((0.98, 0.92, 0.55), mark)

    fin = lambda x, y: mix(blue, (0.45, 0.42, 0.75), 0.5 + 0.5 * np.cos(2 * np.pi * 30 * abs(y)))
    outline = tang(0.54, dorsal=0.075, anal=0.065, fork=0.045, tail_height=0.16)
    return Species(
        [(outline, Paint(body, fin, fin, blue * 0.9, violet, (0.50, 0.55, 0.80), over=spine))], 22
    )
