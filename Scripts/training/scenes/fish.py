"""A fish in side view, facing left: outline, fins, light; its species gives the colours."""

import dataclasses

import numpy as np

from .drawing import Canvas, curve, noise, polygon, smoothstep, stroke

WIDTH, HEIGHT, LENGTH = 640, 520, 520
LEFT, MIDDLE = 60, 260
"""A sprite's pixels; snout to tail tip is LENGTH, the snout at (LEFT, MIDDLE)."""

FLAPS = 4
"""Phases of the pectoral fin."""

X, Y = np.meshgrid(
    (np.arange(WIDTH) + 0.5 - LEFT) / LENGTH, (np.arange(HEIGHT) + 0.5 - MIDDLE) / LENGTH
)
"""Body coordinates of each pixel: x from snout (0) to tail tip (1), y downward, in body lengths."""


@dataclasses.dataclass
class Outline:
    """The shape of a species; lengths in body lengths, y downward from the axis."""

    top: list
    bottom: list
    tail: list
    dorsal: tuple
    anal: tuple
    pelvic: list
    eye: tuple = (0.13, -0.05, 0.028)
    pectoral: tuple = (0.29, 0.04, 0.15)
    horn: list | None = None


@dataclasses.dataclass
class Paint:
    """The colours of a species: `body` maps (u, v, generator) to colour by pixel, u along the
    body, v from back (-1) to belly (1); fins are a colour or a function of (x, y)."""

    body: object
    dorsal: object
    anal: object
    tail: object
    pelvic: object
    pectoral: object
    iris: tuple = (0.75, 0.7, 0.5)
    fin_alpha: float = 0.92
    shine: float = 0.25
    over: object = None


def pixels(points):
    """Body coordinates as sprite pixels."""
    return np.asarray(points) * LENGTH + (LEFT, MIDDLE)


def edge(points, x):
    """The height of an outline's edge at each `x`."""
    line = curve(points)
    return np.interp(x, np.maximum.accumulate(line[:, 0]), line[:, 1])


def _ridge(points, fin, sign):
    """The polygon of a fin that stands on an edge: (from, to, heights, lean)."""
    start, end, heights, lean = fin
    x = np.linspace(start, end, 80)
    base = edge(points, x)
    height = curve(np.stack([np.linspace(0, 1, len(heights)), heights], 1), 80)[:, 1]
    outer = np.stack([x + lean * height, base + sign * np.maximum(height, 0)], 1)
    inner = np.stack([x, base - sign * 0.03], 1)
    return np.concatenate([outer, inner[::-1]])


def _fin(canvas, shape, colour, rays, alpha):
    """A fin: its colour, darker rays across it, a thin dark margin."""
    mask = polygon(canvas.shape, pixels(shape))
    colour = colour(X, Y) if callable(colour) else colour
    light = (0.86 + 0.14 * rays)[..., None]
    canvas.paint(np.clip(np.asarray(colour) * light, 0, 1), mask * alpha)
    margin = stroke(canvas.shape, pixels(np.concatenate([shape, shape[:1]])), 3)
    canvas.tint(np.zeros(3), margin * 0.25)


def sprites(outline, paint, generator):
    """The fish as FLAPS pictures (uint8, colour times opacity), its pectoral fin beating."""
    canvas = Canvas(HEIGHT, WIDTH)
    straight = 0.5 + 0.5 * np.cos(2 * np.pi * 55 * (X - 0.6 * abs(Y)))
    fanned = 0.5 + 0.5 * np.cos(60 * np.arctan2(Y, X - 0.66))
    _fin(canvas, curve(outline.tail, 120), paint.tail, fanned, paint.fin_alpha)
    _fin(canvas, _ridge(outline.top, outline.dorsal, -1), paint.dorsal, straight, paint.fin_alpha)
    _fin(canvas, _ridge(outline.bottom, outline.anal, 1), paint.anal, straight, paint.fin_alpha)
    _fin(canvas, curve(outline.pelvic, 60), paint.pelvic, straight, paint.fin_alpha)
    if outline.horn:
        horn = polygon(canvas.shape, pixels(curve(outline.horn, 60)))
        canvas.paint(np.array([0.42, 0.42, 0.36]) * (1.0 - 1.5 * (Y[..., None] + 0.1)), horn)
    _body(canvas, outline, paint, generator)
    _head(canvas, outline, paint)
    return [_with_pectoral(canvas, outline, paint, flap / FLAPS) for flap in range(FLAPS)]


def _body(canvas, outline, paint, generator):
    top, bottom = curve(outline.top), curve(outline.bottom)
    mask = polygon(canvas.shape, pixels(np.concatenate([top, bottom[::-1]])))
    upper, lower = edge(outline.top, X[0]), edge(outline.bottom, X[0])
    v = (Y - (upper + lower) / 2) / np.maximum((lower - upper) / 2, 0.01)
    v = np.clip(v, -1.2, 1.2)
    colour = np.broadcast_to(
        np.asarray(paint.body(X, v, generator), np.float64), (HEIGHT, WIDTH, 3)
    )
    scales = np.cos(2 * np.pi * 46 * (X + 0.5 * Y)) * np.cos(2 * np.pi * 46 * (X - 0.5 * Y))
    grain = noise(canvas.shape, 30, generator) - 0.5
    round_ = np.sqrt(np.clip(1 - v**2, 0, 1))
    light = 0.62 + 0.34 * round_ - 0.16 * v + 0.035 * scales + 0.10 * grain
    gloss = (
        paint.shine
        * np.exp(-(((v + 0.45) / 0.22) ** 2))
        * smoothstep(0.0, 0.25, X)
        * smoothstep(0.85, 0.6, X)
    )
    canvas.paint(np.clip(colour * light[..., None] + gloss[..., None] * 0.5, 0, 1), mask)
    canvas.tint(np.zeros(3), stroke(canvas.shape, pixels(top), 3) * 0.25)
    canvas.tint(np.zeros(3), stroke(canvas.shape, pixels(bottom), 3) * 0.2)
    if paint.over:
        paint.over(canvas)


def _head(canvas, outline, paint):
    x, y, radius = outline.eye
    gill = [(x + 0.10, y - 0.05), (x + 0.125, y + 0.03), (x + 0.10, y + 0.11), (x + 0.05, y + 0.16)]
    canvas.tint(np.zeros(3), stroke(canvas.shape, pixels(curve(gill, 40)), 4) * 0.22)
    mouth = [outline.top[0], (outline.top[0][0] + 0.035, outline.bottom[0][1] + 0.004)]
    canvas.tint(np.zeros(3), stroke(canvas.shape, pixels(mouth), 4) * 0.6)
    distance = np.hypot(X - x, Y - y)
    soft = 0.003
    canvas.tint(
        (0.03, 0.03, 0.03), smoothstep(radius * 1.15 + soft, radius * 1.15 - soft, distance)
    )
    canvas.tint(paint.iris, smoothstep(radius + soft, radius - soft, distance))
    canvas.tint(
        (0.02, 0.02, 0.03), smoothstep(radius * 0.66 + soft, radius * 0.66 - soft, distance)
    )
    spark = np.hypot(X - x - radius * 0.25, Y - y + radius * 0.3)
    canvas.tint((1, 1, 1), smoothstep(radius * 0.26 + soft, radius * 0.2 - soft, spark))


def _with_pectoral(canvas, outline, paint, phase):
    """A copy with the pectoral fin at `phase` of its beat."""
    x, y, length = outline.pectoral
    beat = np.sin(2 * np.pi * phase)
    reach = length * (0.8 + 0.2 * beat)
    angle = 0.45 + 0.35 * beat
    fan = []
    for turn, share in ((-0.35, 0.55), (-0.2, 0.95), (0.05, 1.0), (0.3, 0.85), (0.5, 0.5)):
        fan.append(
            (x + reach * share * np.cos(angle + turn), y + reach * share * np.sin(angle + turn))
        )
    shape = np.concatenate([[(x, y - 0.015)], curve(fan, 40), [(x, y + 0.02)]])
    copy = Canvas(HEIGHT, WIDTH)
    copy.pixels = canvas.pixels.copy()
    rays = 0.5 + 0.5 * np.cos(40 * np.arctan2(Y - y, X - x + 0.02))
    mask = polygon(copy.shape, pixels(shape))
    colour = paint.pectoral(X, Y) if callable(paint.pectoral) else paint.pectoral
    copy.tint(np.zeros(3), np.roll(mask, 6, axis=0) * 0.15)
    copy.paint(np.asarray(colour) * (0.8 + 0.2 * rays)[..., None], mask * 0.78)
    return np.clip(copy.pixels * 255 + 0.5, 0, 255).astype(np.uint8)
