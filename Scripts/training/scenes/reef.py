"""Corals, sponges and rocks as canvases of premultiplied colour, lit from above."""

import cv2
import numpy as np

from .drawing import Canvas, curve, mix, noise, polygon, smoothstep, stroke


def staghorn(height, colour, generator):
    """A thicket of forking branches with pale tips."""
    width = int(height * 1.5)
    canvas = Canvas(height, width)
    colour = np.asarray(colour)
    pieces = []

    def grow(x, y, angle, length, thickness, level):
        bend = angle + generator.normal(0, 0.15)
        end = (x + np.cos(bend) * length, y - np.sin(bend) * length)
        pieces.append((y, x, *end, thickness, level))
        if level == 0:
            return
        for _ in range(generator.integers(2, 4)):
            grow(
                *end,
                bend + generator.normal(0, 0.45),
                length * generator.uniform(0.62, 0.85),
                thickness * 0.74,
                level - 1,
            )

    for _ in range(6):
        grow(
            width / 2 + generator.normal(0, width * 0.11),
            height * 0.98,
            np.pi / 2 + generator.normal(0, 0.45),
            height * 0.25,
            height * 0.062,
            4,
        )
    for y, x, x1, y1, thickness, level in sorted(pieces, key=lambda piece: -piece[5]):
        line = [(x, y), (x1, y1)]
        lit = 0.55 + 0.45 * (1 - y / height)
        canvas.paint(colour * 0.45 * lit, stroke(canvas.shape, line, thickness + 2))
        canvas.paint(
            colour * lit,
            stroke(
                canvas.shape,
                np.subtract(line, (thickness * 0.1, thickness * 0.12)),
                thickness * 0.7,
            ),
        )
        if level == 0:
            canvas.paint(
                mix(colour, (1, 1, 0.95), 0.6),
                stroke(
                    canvas.shape, [((x + 2 * x1) / 3, (y + 2 * y1) / 3), (x1, y1)], thickness * 0.7
                ),
            )
    return canvas.pixels


def table(height, colour, generator):
    """Flat plates on a stalk, one above another."""
    width = int(height * 2.4)
    canvas = Canvas(height, width)
    colour = np.asarray(colour)
    y, x = np.mgrid[0:height, 0:width]
    grain = noise(canvas.shape, height / 14, generator, 3)
    stalk = [
        (width * 0.42, height * 0.4),
        (width * 0.46, height),
        (width * 0.56, height),
        (width * 0.6, height * 0.4),
    ]
    canvas.paint(colour * 0.3, polygon(canvas.shape, stalk))
    for level, share in ((0.62, 0.6), (0.42, 1.0), (0.25, 0.62)):
        cx = width * (0.5 + generator.uniform(-0.12, 0.12) * (1.2 - share))
        angle = np.linspace(0, 2 * np.pi, 90)
        ragged = 1 + 0.05 * np.sin(angle * 9 + generator.uniform(0, 6)) + 0.03 * np.sin(angle * 17)
        px = cx + np.cos(angle) * width * 0.47 * share * ragged
        py = height * level + np.sin(angle) * height * 0.105 * share * ragged
        canvas.paint(colour * 0.28, polygon(canvas.shape, np.stack([px, py + height * 0.055], 1)))
        light = 0.65 + 0.5 * grain + 0.25 * (height * level - y) / (height * 0.1)
        canvas.paint(
            np.clip(colour * light[..., None], 0, 1), polygon(canvas.shape, np.stack([px, py], 1))
        )
    return canvas.pixels


def brain(height, colour, generator):
    """A round massive coral with winding grooves."""
    width = int(height * 1.5)
    canvas = Canvas(height, width)
    y, x = np.mgrid[0:height, 0:width]
    u, v = (x - width / 2) / (width / 2 * 0.97), (y - height) / (height * 0.96)
    wobble = 0.06 * (noise(canvas.shape, height / 2, generator, 2) - 0.5)
    distance = np.hypot(u, v) + wobble
    z = np.sqrt(np.clip(1 - distance**2, 0, 1))
    winding = noise(canvas.shape, height / 5, generator, 2)
    groove = abs(np.sin(winding * 38))
    light = (0.35 + 0.45 * z + 0.35 * np.clip(-v, 0, 1)) * (
        0.62 + 0.42 * smoothstep(0.15, 0.6, groove)
    )
    canvas.paint(
        np.clip(np.asarray(colour) * light[..., None], 0, 1), smoothstep(1.0, 0.985, distance)
    )
    return canvas.pixels


def fan(height, colour, generator):
    """A sea fan: a net of fine branches in one plane."""
    width = int(height * 1.1)
    canvas = Canvas(height, width)
    mask = np.zeros(canvas.shape, np.float32)

    def grow(x, y, angle, length, thickness, level):
        end = (x + np.cos(angle) * length, y - np.sin(angle) * length)
        np.maximum(
            mask,
            stroke(
                canvas.shape,
                curve(
                    [(x, y), ((x + end[0]) / 2 + generator.normal(0, 2), (y + end[1]) / 2), end], 12
                ),
                thickness,
            ),
            out=mask,
        )
        if level:
            for side in (-1, 1):
                grow(
                    *end,
                    angle + side * generator.uniform(0.12, 0.42),
                    length * generator.uniform(0.72, 0.9),
                    max(1, thickness * 0.7),
                    level - 1,
                )

    grow(width / 2, height * 0.99, np.pi / 2, height * 0.2, height * 0.035, 6)
    y = np.mgrid[0:height, 0:width][0] / height
    canvas.paint(np.asarray(colour) * (1.15 - 0.5 * y)[..., None], mask)
    return canvas.pixels


def tubes(height, colour, generator):
    """A cluster of tube sponges with dark mouths."""
    width = int(height * 1.1)
    canvas = Canvas(height, width)
    x = np.mgrid[0:height, 0:width][1]
    grain = noise(canvas.shape, height / 10, generator, 3)
    for _ in range(7):
        base, tall = generator.uniform(0.3, 0.7) * width, generator.uniform(0.45, 0.9) * height
        radius, tip = height * generator.uniform(0.05, 0.085), 0
        tip = base + (base - width / 2) * 0.7
        side = [
            (base - radius * 0.7, height),
            (tip - radius, height - tall),
            (tip + radius, height - tall),
            (base + radius * 0.7, height),
        ]
        middle = base + (tip - base) * 0.6
        light = (
            0.4
            + 0.6 * np.sqrt(np.clip(1 - ((x - middle + radius * 0.3) / (radius * 1.6)) ** 2, 0, 1))
            + 0.2 * (grain - 0.5)
        )
        canvas.paint(
            np.clip(np.asarray(colour) * light[..., None], 0, 1), polygon(canvas.shape, side)
        )
        angle = np.linspace(0, 2 * np.pi, 40)
        for size, shade in ((1.0, 1.05), (0.72, 0.15)):
            ring = np.stack(
                [
                    tip + np.cos(angle) * radius * size,
                    height - tall + np.sin(angle) * radius * 0.45 * size,
                ],
                1,
            )
            canvas.paint(np.clip(np.asarray(colour) * shade, 0, 1), polygon(canvas.shape, ring))
    return canvas.pixels


def anemone(height, colour, generator):
    """A mop of soft tentacles with bright ends."""
    width = int(height * 1.8)
    canvas = Canvas(height, width)
    colour = np.asarray(colour)
    for index in range(80):
        spread = generator.normal(0, 0.33)
        base = (width / 2 + spread * width * 0.35, height * (0.98 - 0.1 * generator.random()))
        tip = (
            base[0] + spread * width * 0.3 + generator.normal(0, width * 0.03),
            base[1] - height * generator.uniform(0.4, 0.85),
        )
        middle = (
            (base[0] + tip[0]) / 2 + generator.normal(0, width * 0.03),
            (base[1] + tip[1]) / 2,
        )
        line = curve([base, middle, tip], 20)
        shade = 0.45 + 0.5 * index / 80
        canvas.paint(colour * shade, stroke(canvas.shape, line, height * 0.042))
        canvas.paint(
            np.clip(colour * shade * 1.4 + 0.12, 0, 1),
            stroke(canvas.shape, line[-5:], height * 0.045),
        )
    return canvas.pixels


def rock(height, width, generator, colour=(0.38, 0.33, 0.32)):
    """A weathered boulder with algae on top."""
    canvas = Canvas(height, width)
    x = np.linspace(0, 1, 200)
    shape = np.sin(np.pi * x) ** 0.45 * (
        0.72 + 0.28 * np.interp(x, np.linspace(0, 1, 8), generator.random(8))
    )
    shape *= 1 + 0.05 * np.interp(x, np.linspace(0, 1, 40), generator.normal(0, 1, 40))
    outline = np.stack([x * (width - 1), height - shape * height * 0.95], 1)
    coarse, fine = (
        noise(canvas.shape, height / 3, generator, 5),
        noise(canvas.shape, 14, generator, 3),
    )
    slope = cv2.Sobel(cv2.GaussianBlur(coarse, (0, 0), 2), cv2.CV_32F, 0, 1, ksize=5)
    slope = slope / (abs(slope).max() + 1e-6)
    y = np.mgrid[0:height, 0:width][0] / height
    light = np.clip(0.55 + 0.55 * (1 - y) + 1.0 * slope + 0.35 * (fine - 0.5), 0.12, 1.5)
    algae = smoothstep(0.5, 0.7, noise(canvas.shape, height / 4, generator, 4)) * smoothstep(
        0.8, 0.2, y
    )
    crust = smoothstep(0.62, 0.7, noise(canvas.shape, height / 6, generator, 3))
    base = mix(mix(np.asarray(colour), (0.36, 0.42, 0.22), algae), (0.55, 0.30, 0.42), crust * 0.8)
    mask = polygon(canvas.shape, np.concatenate([outline, [(width, height), (0, height)]]))
    foot = smoothstep(0.99, 0.86, y + 0.12 * (coarse - 0.5))
    canvas.paint(np.clip(base * light[..., None], 0, 1), mask * foot)
    return canvas.pixels


COLOURS = {
    staghorn: [(0.72, 0.58, 0.36), (0.45, 0.42, 0.75), (0.62, 0.66, 0.40), (0.80, 0.50, 0.55)],
    table: [(0.56, 0.48, 0.36), (0.42, 0.50, 0.40), (0.58, 0.44, 0.50)],
    brain: [(0.62, 0.62, 0.34), (0.66, 0.52, 0.34), (0.50, 0.60, 0.48)],
    fan: [(0.62, 0.28, 0.60), (0.85, 0.42, 0.25), (0.75, 0.22, 0.28)],
    tubes: [(0.80, 0.66, 0.22), (0.62, 0.42, 0.66), (0.78, 0.42, 0.28)],
    anemone: [(0.62, 0.62, 0.42), (0.60, 0.48, 0.62), (0.48, 0.66, 0.52)],
}
"""What grows here, and its colours."""
