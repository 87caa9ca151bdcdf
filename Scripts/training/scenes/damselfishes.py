"""The damselfishes: small, blunt, in shoals."""

import numpy as np

from .bodies import BLACK, WHITE, Species, damsel, spots
from .drawing import mix, smoothstep
from .fish import Paint, Y


def chrysiptera_hemicyanea():
    """Azure damselfish: blue above, yellow below, divided lengthwise."""
    blue, yellow = (0.06, 0.30, 0.98), (1.0, 0.80, 0.05)

    def body(u, v, generator):
        line = np.interp(u, [0, 0.2, 0.5, 0.85], [0.55, 0.42, 0.12, -0.45])
        return mix(blue, yellow, smoothstep(line - 0.06, line + 0.06, v))

    outline = damsel(0.36)
    return Species([(outline, Paint(body, blue, yellow, yellow, yellow, (0.75, 0.8, 0.6)))], 6.5)


def dascyllus_carneus():
    """Cloudy dascyllus: pearly with blue scale spots, a broad dark bar, white tail."""
    tan, dark = np.array((0.80, 0.72, 0.62)), (0.11, 0.09, 0.10)

    def body(u, v, generator):
        colour = mix(tan * 0.72, tan, smoothstep(0.25, 0.5, u))
        colour = mix(colour, WHITE, 0.8 * smoothstep(0.62, 0.78, u))
        scales = np.cos(2 * np.pi * 21 * (u + 0.5 * Y)) * np.cos(2 * np.pi * 21 * (u - 0.5 * Y))
        colour = mix(
            colour,
            (0.25, 0.45, 0.95),
            0.8 * smoothstep(0.45, 0.8, scales) * smoothstep(0.78, 0.66, u),
        )
        bar = np.exp(-(((u - 0.285 - 0.03 * v) / 0.050) ** 4))
        second = 0.55 * np.exp(-(((u - 0.60) / 0.05) ** 4)) * smoothstep(0.1, -0.7, v)
        return mix(colour, dark, np.clip(0.95 * bar + second, 0, 1))

    dorsal = lambda x, y: mix(
        mix(dark, (0.25, 0.45, 1.0), smoothstep(-0.318, -0.332, y)),
        WHITE,
        smoothstep(0.66, 0.78, x),
    )
    outline = damsel(0.52, fork=0.03, dorsal=0.09)
    return Species([(outline, Paint(body, dorsal, dark, WHITE, dark, (0.85, 0.82, 0.78)))], 7)


def chrysiptera_taupou():
    """Southseas devil: pale flecks on blue, yellow belly; the female's dorsal fin is yellow."""
    blue, yellow = np.array((0.10, 0.36, 0.95)), (0.98, 0.80, 0.15)

    def body(u, v, generator):
        colour = mix(
            blue,
            (0.62, 0.85, 1.0),
            0.85 * spots(generator, 0.052, 0.0085) * smoothstep(0.15, 0.25, u),
        )
        line = np.interp(u, [0, 0.3, 0.6, 0.85], [0.75, 0.50, 0.52, 0.75])
        colour = mix(colour, yellow, smoothstep(line - 0.15, line + 0.15, v))
        return mix(colour, yellow, smoothstep(0.79, 0.85, u))

    spot = lambda x, y: smoothstep(1.2, 0.8, np.hypot((x - 0.70) / 0.035, (y + 0.165) / 0.030))
    male = lambda x, y: mix(blue, BLACK, spot(x, y))
    female = lambda x, y: mix(yellow, BLACK, spot(x, y))
    tail = lambda x, y: mix(blue, yellow, smoothstep(0.82, 0.86, x))
    outline = damsel(0.40)
    return Species(
        [
            (outline, Paint(body, dorsal, yellow, tail, yellow, (0.8, 0.8, 0.5)))
            for dorsal in (male, female)
        ],
        7.5,
    )


def chrysiptera_cyanea():
    """Sapphire devil: black line through the eye; males with an orange tail."""
    blue, orange = np.array((0.02, 0.24, 1.0)), (1.0, 0.62, 0.05)

    def body_of(male):
        def body(u, v, generator):
            colour = mix(blue, (0.25, 0.62, 1.0), 0.35 * spots(generator, 0.06, 0.008))
            line = smoothstep(0.022, 0.012, abs(Y + 0.038 + 0.10 * (u - 0.12))) * smoothstep(
                0.24, 0.20, u
            )
            colour = mix(colour, BLACK, line)
            if male:
                colour = mix(colour, orange, smoothstep(0.05, 0.02, u) * smoothstep(-0.3, 0.2, v))
                return mix(colour, orange, smoothstep(0.77, 0.81, u))
            return mix(
                colour,
                BLACK,
                smoothstep(1.2, 0.8, np.hypot((u - 0.665) / 0.028, (Y + 0.088) / 0.028)),
            )

        return body

    outline = damsel(0.37)
    male = Paint(body_of(True), blue, blue, orange, blue, (0.4, 0.6, 0.9))
    female = Paint(body_of(False), blue, blue, (0.45, 0.68, 0.98), blue, (0.4, 0.6, 0.9))
    return Species([(outline, male), (outline, female)], 7.5)
