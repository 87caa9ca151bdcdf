"""Brushes: smooth curves, noise, masks, and canvases of premultiplied colour."""

import cv2
import numpy as np


def smoothstep(low, high, x):
    """0 below `low`, 1 above `high`, smooth between; `low` may be the greater one."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix(first, second, share):
    """`first` where `share` is 0, `second` where it is 1; colours may be single or by pixel."""
    share = np.asarray(share)[..., None]
    return np.asarray(first) * (1 - share) + np.asarray(second) * share


def curve(points, count=160):
    """A Catmull-Rom curve through `points`, as `count` of its points."""
    p = np.asarray(points, float)
    p = np.concatenate([[2 * p[0] - p[1]], p, [2 * p[-1] - p[-2]]])
    t = np.linspace(0, len(p) - 3 - 1e-9, count)
    i, f = t.astype(int), (t % 1)[:, None]
    a, b, c, d = p[i], p[i + 1], p[i + 2], p[i + 3]
    return 0.5 * (
        2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3
    )


def noise(shape, cell, generator, octaves=4):
    """Fractal noise between 0 and 1; the coarsest spots are about `cell` pixels wide."""
    total, weight = np.zeros(shape, np.float32), 0.0
    for octave in range(octaves):
        size = max(1.0, cell / 2**octave)
        grid = generator.random((int(shape[0] / size) + 3, int(shape[1] / size) + 3))
        share = 0.5**octave
        large = cv2.resize(
            grid.astype(np.float32),
            (shape[1] + int(2 * size), shape[0] + int(2 * size)),
            interpolation=cv2.INTER_CUBIC,
        )
        total += share * large[int(size) : int(size) + shape[0], int(size) : int(size) + shape[1]]
        weight += share
    return np.clip(total / weight, 0, 1)


def polygon(shape, points):
    """The inside of a polygon (x, y pixels) as a mask between 0 and 1 with smooth edges."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.round(np.asarray(points) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return mask.astype(np.float32) / 255


def stroke(shape, points, thickness):
    """A polyline as a mask between 0 and 1."""
    mask = np.zeros(shape, np.uint8)
    cv2.polylines(
        mask,
        [np.round(np.asarray(points) * 16).astype(np.int32)],
        False,
        255,
        max(1, round(thickness)),
        cv2.LINE_AA,
        4,
    )
    return mask.astype(np.float32) / 255


class Canvas:
    """A picture under construction: colour multiplied by its opacity, in float32."""

    def __init__(self, height, width):
        self.shape = (height, width)
        self.pixels = np.zeros((height, width, 4), np.float32)

    def paint(self, colour, alpha):
        """Lay a colour (single or by pixel) over everything, where `alpha` (by pixel) is."""
        alpha = np.asarray(alpha, np.float32)[..., None]
        layer = np.concatenate(
            [np.broadcast_to(np.asarray(colour, np.float32), (*self.shape, 3)) * alpha, alpha],
            axis=2,
        )
        self.pixels = layer + self.pixels * (1 - alpha)

    def tint(self, colour, alpha):
        """Lay a colour over what is there, without adding to its outline."""
        self.paint(
            colour, np.asarray(alpha) * 1.0 * (self.pixels[..., 3] > 0.01) * self.pixels[..., 3]
        )

    def place(self, sprite, left, top):
        """Lay another canvas's pixels over this one, cut where they reach outside."""
        height, width = sprite.shape[:2]
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(self.shape[1], left + width), min(self.shape[0], top + height)
        if x1 <= x0 or y1 <= y0:
            return
        part = sprite[y0 - top : y1 - top, x0 - left : x1 - left]
        under = self.pixels[y0:y1, x0:x1]
        self.pixels[y0:y1, x0:x1] = part + under * (1 - part[..., 3:])
