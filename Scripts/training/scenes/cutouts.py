"""A single fish as a cut-out, facing left: quick enough for thousands of individuals."""

import cv2
import numpy as np

from .drawing import curve, smoothstep
from .fish import edge

WIDTH, HEIGHT, LENGTH = 344, 288, 256
LEFT, MIDDLE = 52, 144
"""A cut-out's pixels before it is trimmed; snout to tail tip is LENGTH, the snout at (LEFT, MIDDLE)."""

X, Y = np.meshgrid(
    ((np.arange(WIDTH) + 0.5 - LEFT) / LENGTH).astype(np.float32),
    ((np.arange(HEIGHT) + 0.5 - MIDDLE) / LENGTH).astype(np.float32),
)
"""Body coordinates, as in `fish`: x from snout (0) to tail tip (1), y downward."""

GRAIN = cv2.GaussianBlur(
    np.random.default_rng(5).normal(0, 1, (1024, 1024)).astype(np.float32), (0, 0), 1.2
)


def pixels(points):
    """Body coordinates as pixels."""
    return np.asarray(points, np.float32) * LENGTH + (LEFT, MIDDLE)


def polygon(points):
    """The inside of a polygon in body coordinates, 0 to 1."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(mask, [np.round(pixels(points) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return mask.astype(np.float32) / 255


def stroke(points, thickness):
    """A line in body coordinates, `thickness` body lengths wide, 0 to 1."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    wide = max(1, round(thickness * LENGTH))
    line = np.round(pixels(points) * 16).astype(np.int32)
    cv2.polylines(mask, [line], False, 255, wide, cv2.LINE_AA, 4)
    return mask.astype(np.float32) / 255


def dots(generator, spacing, radius, where=(0.0, 0.9), stretch=1.0):
    """Scattered dots between two x, about one every `spacing` body lengths, 0 to 1."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for gx in np.arange(where[0], where[1], spacing):
        for gy in np.arange(-0.36, 0.36, spacing):
            x, y = pixels((gx, gy) + generator.uniform(-0.4, 0.4, 2) * spacing)
            size = radius * LENGTH * generator.uniform(0.7, 1.3)
            axes = (max(1, round(size * stretch * 16)), max(1, round(size * 16)))
            cv2.ellipse(
                mask, (round(x * 16), round(y * 16)), axes, 0, 0, 360, 255, -1, cv2.LINE_AA, 4
            )
    return cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), 0.7)


def mix(first, second, share):
    """`first` where `share` is 0, `second` where it is 1; float32."""
    share = np.asarray(share, np.float32)[..., None]
    first, second = np.asarray(first, np.float32), np.asarray(second, np.float32)
    return first + (second - first) * share


def ridge(points, fin, sign):
    """The polygon of a fin that stands on an edge: (from, to, heights, lean)."""
    start, end, heights, lean = fin
    x = np.linspace(start, end, 50)
    base = edge(points, x)
    height = curve(np.stack([np.linspace(0, 1, len(heights)), heights], 1), 50)[:, 1]
    outer = np.stack([x + lean * height, base + sign * np.maximum(height, 0)], 1)
    return np.concatenate([outer, np.stack([x, base - sign * 0.03], 1)[::-1]])


class _Layers:
    def __init__(self):
        self.colour = np.zeros((HEIGHT, WIDTH, 3), np.float32)
        self.alpha = np.zeros((HEIGHT, WIDTH), np.float32)

    def paint(self, colour, mask):
        """Lay a colour over everything; colours are kept multiplied by their opacity."""
        self.colour += (np.asarray(colour, np.float32) - self.colour) * mask[..., None]
        self.alpha += (1 - self.alpha) * mask

    def tint(self, colour, mask):
        """Lay a colour over what is there alone."""
        covered = mask * np.minimum(self.alpha, 1)
        self.colour += (np.asarray(colour, np.float32) * self.alpha[..., None] - self.colour) * (
            covered[..., None]
        )


def cutout(outline, paint, generator):
    """The fish as premultiplied RGBA (uint8), trimmed; `outline` and `paint` as in `fish`."""
    layers = _Layers()
    rays = 0.5 + 0.5 * np.cos(2 * np.pi * 55 * (X - 0.6 * abs(Y)))
    fanned = 0.5 + 0.5 * np.cos(60 * np.arctan2(Y, X - 0.66))
    clear = paint.fin_alpha
    fins = [
        (curve(outline.tail, 80), paint.tail, fanned),
        (ridge(outline.top, outline.dorsal, -1), paint.dorsal, rays),
        (ridge(outline.bottom, outline.anal, 1), paint.anal, rays),
        (curve(outline.pelvic, 40), paint.pelvic, rays),
    ]
    contrast = generator.uniform(0.05, 0.25)
    for shape, colour, ray in fins:
        colour = colour(X, Y) if callable(colour) else np.asarray(colour, np.float32)
        light = (1 - contrast + contrast * ray).astype(np.float32)[..., None]
        layers.paint(np.clip(colour * light, 0, 1), polygon(shape) * clear)
        layers.tint(np.zeros(3), stroke(np.concatenate([shape, shape[:1]]), 0.004) * 0.15)
    if outline.horn:
        colour, horn = paint.horn, polygon(curve(outline.horn, 40))
        layers.paint(np.clip(np.asarray(colour) * (1.0 - 1.5 * (Y[..., None] + 0.1)), 0, 1), horn)
    _body(layers, outline, paint, generator)
    _head(layers, outline, paint, generator)
    _pectoral(layers, outline, paint, generator)
    picture = np.concatenate([layers.colour, layers.alpha[..., None]], axis=2)
    picture = np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)
    rows = np.nonzero(picture[..., 3].any(axis=1))[0]
    columns = np.nonzero(picture[..., 3].any(axis=0))[0]
    return np.ascontiguousarray(
        picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    )


def _body(layers, outline, paint, generator):
    top, bottom = curve(outline.top), curve(outline.bottom)
    mask = polygon(np.concatenate([top, bottom[::-1]]))
    upper, lower = edge(outline.top, X[0]), edge(outline.bottom, X[0])
    v = (Y - (upper + lower) / 2) / np.maximum((lower - upper) / 2, 0.01)
    v = np.clip(v, -1.2, 1.2).astype(np.float32)
    colour = paint.body(X, v, generator)
    fine = generator.uniform(34, 60)
    scales = np.cos(2 * np.pi * fine * (X + 0.5 * Y)) * np.cos(2 * np.pi * fine * (X - 0.5 * Y))
    x, y = generator.integers(0, 1024 - WIDTH), generator.integers(0, 1024 - HEIGHT)
    grain = GRAIN[y : y + HEIGHT, x : x + WIDTH]
    coarse = cv2.resize(grain[:24, :28], (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    round_ = np.sqrt(np.clip(1 - v**2, 0, 1))
    light = 1 + generator.uniform(0, 0.45) * (round_ - 0.7) - generator.uniform(-0.05, 0.3) * v
    light += generator.uniform(0, 0.06) * scales + generator.uniform(0, 0.1) * grain
    light += generator.uniform(0, 0.18) * coarse
    gloss = generator.uniform(0, 0.22) * np.exp(
        -(((v - generator.uniform(-0.7, -0.2)) / generator.uniform(0.12, 0.3)) ** 2)
    )
    gloss *= smoothstep(0.0, 0.25, X) * smoothstep(0.85, 0.6, X)
    layers.paint(
        np.clip(colour * light[..., None] + gloss[..., None], 0, 1).astype(np.float32), mask
    )
    edge_ = generator.uniform(0, 0.25)
    layers.tint(np.zeros(3), stroke(top, 0.007) * edge_)
    layers.tint(np.zeros(3), stroke(bottom, 0.007) * edge_)
    if paint.over:
        paint.over(layers)


def _head(layers, outline, paint, generator):
    x, y, radius = outline.eye
    gill = [(x + 0.10, y - 0.05), (x + 0.125, y + 0.03), (x + 0.10, y + 0.11), (x + 0.05, y + 0.16)]
    layers.tint(np.zeros(3), stroke(curve(gill, 30), 0.008) * generator.uniform(0, 0.3))
    mouth = [outline.top[0], (outline.top[0][0] + 0.035, outline.bottom[0][1] + 0.004)]
    layers.tint(np.zeros(3), stroke(mouth, 0.008) * generator.uniform(0.2, 0.7))
    distance, soft = np.hypot(X - x, Y - y), 0.004
    disc = lambda size: smoothstep(size + soft, size - soft, distance)
    layers.tint((0.03, 0.03, 0.03), disc(radius * 1.15) * generator.uniform(0.3, 1))
    layers.tint(paint.iris, disc(radius) * generator.uniform(0.4, 1))
    layers.tint((0.02, 0.02, 0.03), disc(radius * generator.uniform(0.6, 0.8)))
    if generator.random() < 0.5:
        spark = np.hypot(X - x - radius * 0.25, Y - y + radius * 0.3)
        layers.tint((1, 1, 1), smoothstep(radius * 0.26 + soft, radius * 0.2 - soft, spark))


def _pectoral(layers, outline, paint, generator):
    x, y, length = outline.pectoral
    reach, angle = length * generator.uniform(0.5, 1.0), generator.uniform(-0.1, 1.0)
    fan = [
        (x + reach * share * np.cos(angle + turn), y + reach * share * np.sin(angle + turn))
        for turn, share in ((-0.35, 0.55), (-0.2, 0.95), (0.05, 1.0), (0.3, 0.85), (0.5, 0.5))
    ]
    shape = np.concatenate([[(x, y - 0.015)], curve(fan, 30), [(x, y + 0.02)]])
    rays = 0.5 + 0.5 * np.cos(40 * np.arctan2(Y - y, X - x + 0.02))
    colour = paint.pectoral(X, Y) if callable(paint.pectoral) else paint.pectoral
    colour = np.asarray(colour, np.float32) * (0.8 + 0.2 * rays)[..., None]
    layers.paint(np.clip(colour, 0, 1), polygon(shape) * generator.uniform(0.2, 0.9))
