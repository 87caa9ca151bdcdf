"""The ten species: outline, colours and size, after their descriptions in the literature.

Each entry of SPECIES gives, by scientific name, its variants (outline and paint; sexes differ) and
its usual length.
"""

import numpy as np

from . import damselfishes, surgeonfishes
from .bodies import BLACK, WHITE, YELLOW, Species
from .drawing import mix, smoothstep
from .fish import Outline, Paint, Y


def _pomacanthus_chrysurus():
    """Goldtail angelfish: brown, six narrow white bars, yellow tail, ringed ear spot."""
    brown, face = np.array((0.20, 0.13, 0.09)), np.array((0.58, 0.42, 0.16))
    d = 0.27
    top = [
        (0.0, 0.05),
        (0.05, -0.02),
        (0.12, -0.14),
        (0.22, -0.80 * d),
        (0.36, -d),
        (0.52, -0.98 * d),
        (0.66, -0.72 * d),
        (0.75, -0.36 * d),
        (0.80, -0.075),
        (0.85, -0.08),
    ]
    bottom = [
        (0.0, 0.075),
        (0.06, 0.10),
        (0.14, 0.165),
        (0.25, 0.82 * d),
        (0.39, d),
        (0.53, 0.97 * d),
        (0.66, 0.74 * d),
        (0.75, 0.38 * d),
        (0.80, 0.075),
        (0.85, 0.08),
    ]
    tail = [
        (0.81, -0.07),
        (0.88, -0.105),
        (0.97, -0.11),
        (0.995, -0.05),
        (1.0, 0),
        (0.995, 0.05),
        (0.97, 0.11),
        (0.88, 0.105),
        (0.81, 0.07),
    ]
    outline = Outline(
        top,
        bottom,
        tail,
        dorsal=(0.24, 0.79, [0.02, 0.045, 0.06, 0.085, 0.135, 0.03], 0.7),
        anal=(0.44, 0.79, [0.02, 0.05, 0.085, 0.125, 0.03], 0.7),
        pelvic=[(0.30, 0.21), (0.37, 0.40), (0.40, 0.37), (0.40, 0.24)],
        eye=(0.145, -0.075, 0.025),
        pectoral=(0.29, 0.03, 0.14),
    )
    bars = [0.315, 0.40, 0.485, 0.57, 0.655, 0.735]

    def body(u, v, generator):
        colour = mix(brown * 0.8, brown * 1.25, smoothstep(0.25, 0.6, u))
        for bar in bars:
            bend = u - bar + 0.035 * v**2 - 0.015
            colour = mix(
                colour,
                WHITE,
                0.92 * smoothstep(0.0095, 0.0055, abs(bend)) * smoothstep(1.1, 0.85, abs(v)),
            )
        head = smoothstep(0.255, 0.225, u + 0.03 * v**2)
        colour = mix(colour, face, head)
        wave = np.cos(2 * np.pi * 30 * (Y - 0.55 * (u - 0.1) + 0.01 * np.sin(30 * u)))
        colour = mix(colour, (0.25, 0.55, 1.0), 0.95 * head * smoothstep(0.55, 0.9, wave))
        ring = np.hypot((u - 0.250) / 1.0, (Y + 0.062) / 1.0)
        colour = mix(colour, (1.0, 0.55, 0.10), smoothstep(0.031, 0.025, ring))
        colour = mix(colour, BLACK, smoothstep(0.020, 0.015, ring))
        return mix(colour, YELLOW, smoothstep(0.805, 0.825, u))

    fin = lambda x, y: mix(
        brown,
        (0.35, 0.60, 1.0),
        smoothstep(0.975, 1.0, np.cos(2 * np.pi * 11 * (x - 0.25 * abs(y)))) * 0.6,
    )
    return Species(
        [(outline, Paint(body, fin, fin, YELLOW, brown * 1.3, (0.70, 0.60, 0.25), shine=0.15))], 26
    )


SPECIES = {
    "Zebrasoma xanthurum": surgeonfishes.zebrasoma_xanthurum(),
    "Paracanthurus hepatus": surgeonfishes.paracanthurus_hepatus(),
    "Chrysiptera hemicyanea": damselfishes.chrysiptera_hemicyanea(),
    "Acanthurus leucosternon": surgeonfishes.acanthurus_leucosternon(),
    "Naso brevirostris": surgeonfishes.naso_brevirostris(),
    "Dascyllus carneus": damselfishes.dascyllus_carneus(),
    "Chrysiptera taupou": damselfishes.chrysiptera_taupou(),
    "Chrysiptera cyanea": damselfishes.chrysiptera_cyanea(),
    "Acanthurus coeruleus": surgeonfishes.acanthurus_coeruleus(),
    "Pomacanthus chrysurus": _pomacanthus_chrysurus(),
}
