"""What species share: outlines of families, lines and dots, colours."""

import dataclasses

import numpy as np

from .drawing import smoothstep
from .fish import Outline, X, Y

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
    top = [
        (0.0, 0.035),
        (0.05, -0.03 + snout),
        (0.11, -0.13 + snout * 1.2),
        (0.20, -0.82 * d),
        (0.33, -d),
        (0.48, -0.95 * d),
        (0.62, -0.66 * d),
        (0.73, -0.30 * d),
        (0.80, -0.042),
        (0.85, -0.046),
    ]
    bottom = [
        (0.0, 0.055),
        (0.05, 0.085 - snout * 0.3),
        (0.12, 0.145),
        (0.22, 0.80 * d),
        (0.36, d),
        (0.50, 0.94 * d),
        (0.62, 0.68 * d),
        (0.73, 0.31 * d),
        (0.80, 0.042),
        (0.85, 0.046),
    ]
    h = tail_height
    tail = [
        (0.815, -0.04),
        (0.88, -0.55 * h),
        (1.0, -h),
        (0.955 - fork * 0.6, -0.5 * h),
        (0.945 - fork, 0),
        (0.955 - fork * 0.6, 0.5 * h),
        (1.0, h),
        (0.88, 0.55 * h),
        (0.815, 0.04),
    ]
    return Outline(
        top,
        bottom,
        tail,
        dorsal=(0.24, 0.79, [0.03, dorsal * 0.8, dorsal, dorsal * 1.05, dorsal * 0.9, 0.02], 0.45),
        anal=(0.40, 0.79, [0.02, anal * 0.9, anal, anal * 0.85, 0.02], 0.45),
        pelvic=[(0.30, 0.8 * d), (0.36, d + 0.09), (0.40, d + 0.07), (0.40, 0.85 * d)],
        eye=(0.135, -0.40 * d, 0.027),
        pectoral=(0.255, 0.02, 0.15),
    )


def damsel(depth, fork=0.05, dorsal=0.085, tail_height=0.13):
    """A small fish with a short blunt head and a long dorsal fin: damselfishes."""
    d = depth / 2
    top = [
        (0.0, 0.0),
        (0.05, -0.42 * d),
        (0.13, -0.75 * d),
        (0.26, -0.98 * d),
        (0.40, -d),
        (0.56, -0.78 * d),
        (0.70, -0.42 * d),
        (0.78, -0.30 * d - 0.01),
        (0.84, -0.30 * d - 0.015),
    ]
    bottom = [
        (0.0, 0.02),
        (0.05, 0.40 * d),
        (0.14, 0.74 * d),
        (0.28, 0.97 * d),
        (0.42, d),
        (0.57, 0.78 * d),
        (0.70, 0.42 * d),
        (0.78, 0.30 * d + 0.01),
        (0.84, 0.30 * d + 0.015),
    ]
    h = tail_height
    tail = [
        (0.80, -0.05),
        (0.88, -0.75 * h),
        (0.99, -h),
        (0.965, -0.55 * h),
        (0.955 - fork, 0),
        (0.965, 0.55 * h),
        (0.99, h),
        (0.88, 0.75 * h),
        (0.80, 0.05),
    ]
    return Outline(
        top,
        bottom,
        tail,
        dorsal=(0.22, 0.76, [0.02, dorsal * 0.8, dorsal * 0.85, dorsal, dorsal * 1.35, 0.02], 0.5),
        anal=(0.46, 0.75, [0.02, dorsal * 0.9, dorsal * 1.3, 0.02], 0.5),
        pelvic=[(0.30, 0.9 * d), (0.38, d + 0.12), (0.42, d + 0.10), (0.40, 0.9 * d)],
        eye=(0.12, -0.22 * d, 0.036),
        pectoral=(0.28, 0.03, 0.15),
    )


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
            field = np.maximum(field, np.exp(-((X - x) ** 2 + (Y - y) ** 2) / (2 * size**2)))
    return smoothstep(0.35, 0.75, field)
