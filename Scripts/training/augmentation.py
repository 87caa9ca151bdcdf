"""Random views of a training picture, and the target that the network should give for each."""

import cv2
import numpy as np

CELL = 8
"""Pixels of the input for each cell of the output grid."""

SMALLEST = 4
"""Boxes whose longer side is below this many input pixels are ignored, not learned."""


def random_view(sample, width, height, generator):
    """A window of `sample`, scaled to width × height, with colours of another water.

    Returns the picture (uint8) and, in its pixels, boxes with their labels and ignored boxes.
    """
    rows, columns = sample.image.shape[:2]
    contain = max(columns / width, rows / height)
    cover = min(columns / width, rows / height)
    base = contain * (cover / contain) ** generator.uniform(0, 1)
    zoom = 1.0 if generator.random() < 0.25 else np.exp(generator.uniform(np.log(0.5), np.log(1.3)))
    scale = base * zoom
    window = (width * scale, height * scale)
    left = _offset(columns, window[0], generator)
    top = _offset(rows, window[1], generator)
    picture = _window(sample.image, left, top, scale, width, height)

    moved = np.concatenate([sample.boxes, sample.ignored]).copy()
    moved[:, 0] -= left
    moved[:, 1] -= top
    moved /= scale
    if generator.random() < 0.5:
        picture = picture[:, ::-1]
        moved[:, 0] = width - moved[:, 0] - moved[:, 2]
    picture = _recoloured(picture, generator)

    area = np.maximum(moved[:, 2] * moved[:, 3], 1e-6)
    clipped = _clipped(moved, width, height)
    visible = clipped[:, 2] * clipped[:, 3] / area
    known = len(sample.boxes)
    learned = (visible >= 0.4) & (clipped[:, 2:].max(axis=1, initial=0) >= SMALLEST)
    learned[known:] = False
    ignored = clipped[~learned & (visible > 0)]
    return picture, clipped[:known][learned[:known]], sample.labels[learned[:known]], ignored


def _offset(length, window, generator):
    """Where a window starts along an axis: inside the picture, or around it when larger."""
    spare = length - window
    return generator.uniform(min(0, spare), max(0, spare))


def _window(image, left, top, scale, width, height):
    """What `image` shows from (left, top), `scale` of its pixels for one; black outside."""
    rows, columns = image.shape[:2]
    x0, y0 = max(0, round(left)), max(0, round(top))
    x1 = min(columns, round(left + width * scale))
    y1 = min(rows, round(top + height * scale))
    u0, v0 = max(0, round((x0 - left) / scale)), max(0, round((y0 - top) / scale))
    u1, v1 = min(width, round((x1 - left) / scale)), min(height, round((y1 - top) / scale))
    canvas = np.zeros((height, width, 3), np.uint8)
    if u1 > u0 and v1 > v0:
        mode = cv2.INTER_AREA if scale >= 1 else cv2.INTER_LINEAR
        canvas[v0:v1, u0:u1] = cv2.resize(
            image[y0:y1, x0:x1], (u1 - u0, v1 - v0), interpolation=mode
        )
    return canvas


def _recoloured(picture, generator):
    """Another colour cast, contrast and brightness; sometimes haze, blur or sensor noise."""
    values = picture.astype(np.float32) / 255
    black = picture.max(axis=2, keepdims=True) == 0
    if generator.random() < 0.8:
        cast = np.exp(generator.normal(0, 0.15, 3)).astype(np.float32)
        contrast = np.exp(generator.normal(0, 0.2))
        middle = values.mean()
        values = (values - middle) * contrast + middle
        values = values * cast * np.exp(generator.normal(0, 0.15))
    if generator.random() < 0.15:
        haze = generator.uniform(0.1, 0.4)
        values = values * (1 - haze) + haze * values.mean(axis=(0, 1)) * 1.1
    if generator.random() < 0.1:
        values = cv2.GaussianBlur(values, (0, 0), generator.uniform(0.5, 1.2))
    if generator.random() < 0.05:
        values = np.repeat(values.mean(axis=2, keepdims=True), 3, axis=2)
    if generator.random() < 0.2:
        values = values + generator.normal(0, generator.uniform(0.005, 0.03), values.shape).astype(
            np.float32
        )
    values = np.where(black, 0, values)
    return np.clip(values * 255 + 0.5, 0, 255).astype(np.uint8)


def _clipped(boxes, width, height):
    """Boxes cut to the picture; those outside have no width or height."""
    left = np.clip(boxes[:, 0], 0, width)
    top = np.clip(boxes[:, 1], 0, height)
    right = np.clip(boxes[:, 0] + boxes[:, 2], 0, width)
    bottom = np.clip(boxes[:, 1] + boxes[:, 3], 0, height)
    return np.stack([left, top, right - left, bottom - top], axis=1)


def target(boxes, labels, ignored, complete, width, height, label_count):
    """What the loss needs for one picture, by cell of the grid.

    Returns `heat` (rows, columns, labels): Gaussian peaks of height 1 at each box's centre, as
    wide as the fish (sigma = side / 48 cells, at least half a cell); and `weight` (rows,
    columns): 1 where background is certain, 0 where it is to be ignored, and -1 where it is to be
    ignored only if the network is confident, because labels are incomplete.
    """
    rows, columns = height // CELL, width // CELL
    heat = np.zeros((rows, columns, label_count), np.float32)
    weight = np.full((rows, columns), 1 if complete else -1, np.float32)
    for left, top, across, down in ignored:
        weight[
            int(top // CELL) : int((top + down) // CELL) + 1,
            int(left // CELL) : int((left + across) // CELL) + 1,
        ] = 0
    y, x = np.mgrid[0:rows, 0:columns] + 0.5
    for (left, top, across, down), label in zip(boxes, labels):
        centre_x, centre_y = (left + across / 2) / CELL, (top + down / 2) / CELL
        sigma_x, sigma_y = max(0.5, across / 48), max(0.5, down / 48)
        peak = np.exp(-(((x - centre_x) / sigma_x) ** 2) / 2 - ((y - centre_y) / sigma_y) ** 2 / 2)
        np.maximum(heat[:, :, label], peak * 0.99, out=heat[:, :, label])
        row = min(rows - 1, int(centre_y))
        column = min(columns - 1, int(centre_x))
        heat[row, column, label] = 1
        weight[row, column] = 1
    return heat, weight
