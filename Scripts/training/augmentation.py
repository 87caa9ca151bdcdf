"""Random views of training pictures: window and scale, flip, mosaic, colours of another water."""

import typing

import cv2
import numpy as np

SMALLEST = 4
"""Boxes whose longer side is below this many input pixels are ignored, not learned."""

VISIBLE = 0.4
"""Boxes of which less than this share is in the window are ignored, not learned."""

NOISE = np.random.default_rng(0).normal(0, 1, (512, 512, 3)).astype(np.float32)
"""Noise to cut from: drawing it anew for each picture takes longer than all else together."""


class View(typing.NamedTuple):
    """A picture (rows, columns, channels) with, in its pixels, learned and ignored boxes."""

    picture: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    ignored: np.ndarray


def random_view(
    sample, width, height, generator, motion=False, dropped=0.25, zoom=(0.4, 1.4)
):
    """A window of `sample`, scaled to width × height, with colours of another water.

    With `motion`, a fourth channel holds the sample's motion in the same window; all zero in a
    share `dropped` of the views. `zoom` bounds how many of the picture's pixels, as the window's shape
    lets it fill, become one: below 1 fish grow.
    """
    rows, columns = sample.image.shape[:2]
    contain = max(columns / width, rows / height)
    cover = min(columns / width, rows / height)
    base = contain * (cover / contain) ** generator.uniform(0, 1)
    unzoomed = generator.random() < 0.25
    factor = 1.0 if unzoomed else np.exp(generator.uniform(*np.log(zoom)))
    stretch = np.exp(generator.uniform(-0.1, 0.1)) if generator.random() < 0.5 else 1.0
    scale = np.array([base * factor * stretch, base * factor / stretch])
    left = _offset(columns, width * scale[0], generator)
    top = _offset(rows, height * scale[1], generator)
    colours = recolouring(generator)
    picture = window(sample.image, left, top, scale, width, height, colours)
    if motion:
        moved = np.zeros((height, width, 1), np.uint8)
        if generator.random() >= dropped and sample.motion is not None and sample.motion.any():
            moved = _motion_window(sample, left, top, scale, width, height, generator)
        picture = np.concatenate([picture, moved], axis=2)
    flip = generator.random() < 0.5
    if flip:
        picture = picture[:, ::-1]
    return View(picture, *_moved_boxes(sample, left, top, scale, width, height, flip))


def mosaic(samples, width, height, generator, cell, **options):
    """Views of four samples as the quarters of one picture, with each one's place in it.

    Returns the picture and four (left, top, View): what is true of each quarter's labels is true
    of that quarter alone. The quarters meet at a multiple of `cell`.
    """
    x = cell * int(generator.integers(width * 0.3 // cell, width * 0.7 // cell + 1))
    y = cell * int(generator.integers(height * 0.3 // cell, height * 0.7 // cell + 1))
    places = [(0, 0, x, y), (x, 0, width - x, y)]
    places += [(0, y, x, height - y), (x, y, width - x, height - y)]
    parts, picture = [], None
    for sample, (left, top, across, down) in zip(samples, places):
        view = random_view(sample, across, down, generator, **options)
        if picture is None:
            picture = np.zeros((height, width, view.picture.shape[2]), np.uint8)
        picture[top : top + down, left : left + across] = view.picture
        parts.append((left, top, view))
    return picture, parts


def pasted(view, other, generator):
    """`view` with a fish of `other`, a view of the same shape, cut out by its motion.

    So fish are learnt before backgrounds where none was filmed. The cut-out takes on half or more
    of the difference between the two waters. Returns `view` as it is where `other` has no fish
    that moves, or no free place is found.
    """
    height, width = view.picture.shape[:2]
    if len(other.boxes) == 0 or view.picture.shape[2] < 4:
        return view
    box = int(generator.integers(len(other.boxes)))
    left, top, across, down = (round(float(value)) for value in other.boxes[box])
    across, down = min(across, width - left), min(down, height - top)
    if min(across, down) < 6 or across > 0.7 * width or down > 0.8 * height:
        return view
    part = other.picture[top : top + down, left : left + across].astype(np.float32)
    if generator.random() < 0.2 and across < 0.9 * height:
        part, across, down = np.rot90(part, int(generator.choice((1, 3)))).copy(), down, across
    mask = _moving(part[..., 3])
    if mask is None:
        return view
    for _ in range(6):
        x = int(generator.integers(0, width - across + 1))
        y = int(generator.integers(0, height - down + 1))
        if not _covers(np.array([x, y, across, down], np.float32), view.boxes):
            break
    else:
        return view
    picture = view.picture.copy()
    place = picture[y : y + down, x : x + across].astype(np.float32)
    if place[..., :3].max() == 0:
        return view
    behind = part[..., :3][mask < 0.3]
    if len(behind):
        shift = place[..., :3].mean(axis=(0, 1)) - behind.mean(axis=0)
        part[..., :3] += shift * generator.uniform(0.5, 1.0)
    if not view.picture[..., 3].any():
        part[..., 3] = 0
    mixed = place + (part - place) * mask[..., np.newaxis]
    picture[y : y + down, x : x + across] = np.clip(mixed, 0, 255).astype(np.uint8)
    boxes = np.concatenate([view.boxes, np.array([[x, y, across, down]], view.boxes.dtype)])
    return View(picture, boxes, np.append(view.labels, other.labels[box]), view.ignored)


def _moving(moved):
    """A soft mask of what moves within a box's ellipse; None where that is no single body."""
    rows, columns = moved.shape
    y = np.linspace(-1, 1, rows)[:, None]
    x = np.linspace(-1, 1, columns)
    ellipse = (x * x + y * y <= 1.1).astype(np.float32)
    inside = moved[ellipse > 0]
    level = np.percentile(inside, 70)
    if level < 24:
        return None
    body = (moved > 0.4 * level) * ellipse
    body = cv2.morphologyEx(body, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    share = body.sum() / ellipse.sum()
    if not 0.3 <= share <= 0.98:
        return None
    return cv2.GaussianBlur(body.astype(np.float32), (0, 0), 0.8)


def _covers(box, others):
    """Whether `box` hides, or is hidden by, a third of any of `others`."""
    if len(others) == 0:
        return False
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[:2] + box[2:], others[:, :2] + others[:, 2:])
    both = np.prod(np.maximum(0, high - low), axis=1)
    return bool((both > np.minimum(box[2] * box[3], others[:, 2] * others[:, 3]) / 3).any())


def _offset(length, window, generator):
    """Where a window starts along an axis: inside the picture, or around it when larger."""
    spare = length - window
    return generator.uniform(min(0, spare), max(0, spare))


def window(image, left, top, scale, width, height, change=lambda part: part):
    """What `image` shows from (left, top), `scale` of its pixels for one; black outside.

    `scale` is one number, or one for columns and one for rows. `change` is applied to what is inside the picture, so that bars stay black.
    """
    rows, columns = image.shape[:2]
    across, down = (float(value) for value in np.broadcast_to(scale, 2))
    x0, y0 = max(0, round(left)), max(0, round(top))
    x1 = min(columns, round(left + width * across))
    y1 = min(rows, round(top + height * down))
    u0, v0 = max(0, round((x0 - left) / across)), max(0, round((y0 - top) / down))
    u1, v1 = min(width, round((x1 - left) / across)), min(height, round((y1 - top) / down))
    canvas = np.zeros((height, width, *image.shape[2:]), np.uint8)
    if u1 > u0 and v1 > v0 and x1 > x0 and y1 > y0:
        mode = cv2.INTER_AREA if across * down >= 1 else cv2.INTER_LINEAR
        part = cv2.resize(image[y0:y1, x0:x1], (u1 - u0, v1 - v0), interpolation=mode)
        canvas[v0:v1, u0:u1] = change(part)
    return canvas


def _motion_window(sample, left, top, scale, width, height, generator):
    """The same window of the motion channel, which is kept letterboxed at the input's size."""
    rows, columns = sample.image.shape[:2]
    kept_rows, kept_columns = sample.motion.shape
    factor = min(kept_columns / columns, kept_rows / rows)
    inner = (round(columns * factor), round(rows * factor))
    x, y = (kept_columns - inner[0]) // 2, (kept_rows - inner[1]) // 2
    picture = sample.motion[y : y + inner[1], x : x + inner[0]]
    gain = np.exp(generator.uniform(np.log(0.7), np.log(1.4)))
    noise = generator.uniform(0, 6) if generator.random() < 0.5 else 0.0

    def change(part):
        values = part.astype(np.float32) * gain
        if noise:
            values += np.abs(_noise(part.shape, generator)[..., 0]) * noise
        return np.clip(values, 0, 255).astype(np.uint8)

    moved = window(picture, left * factor, top * factor, scale * factor, width, height, change)
    return moved[..., np.newaxis]


def _moved_boxes(sample, left, top, scale, width, height, flip):
    moved = np.concatenate([sample.boxes, sample.ignored])
    moved[:, 0] -= left
    moved[:, 1] -= top
    moved /= np.tile(np.broadcast_to(scale, 2), 2)
    if flip:
        moved[:, 0] = width - moved[:, 0] - moved[:, 2]
    area = np.maximum(moved[:, 2] * moved[:, 3], 1e-6)
    clipped = _clipped(moved, width, height)
    visible = clipped[:, 2] * clipped[:, 3] / area
    known = len(sample.boxes)
    learned = (visible >= VISIBLE) & (clipped[:, 2:].max(axis=1, initial=0) >= SMALLEST)
    learned[known:] = False
    ignored = clipped[~learned & (visible > 0)]
    return clipped[:known][learned[:known]], sample.labels[learned[:known]], ignored


def recolouring(generator):
    """A random change of colours: cast, contrast, brightness, haze, light, blur, noise, grey."""
    levels = np.arange(256, dtype=np.float32)[:, None] / 255 * np.ones(3, np.float32)
    if generator.random() < 0.8:
        contrast = np.exp(generator.normal(-0.1, 0.3))
        middle = generator.uniform(0.3, 0.6)
        levels = (levels - middle) * contrast + middle
        levels = levels * np.exp(generator.normal(0, 0.25, 3)) * np.exp(generator.normal(0, 0.15))
    if generator.random() < 0.3:
        levels = np.maximum(levels, 0) ** np.exp(generator.normal(0, 0.25))
    if generator.random() < 0.25:
        haze = generator.uniform(0.1, 0.65)
        levels = levels * (1 - haze) + haze * generator.uniform((0.1, 0.3, 0.3), (0.6, 0.8, 0.8))
    table = np.clip(levels * 255 + 0.5, 0, 255).astype(np.uint8)[np.newaxis]
    blur = generator.uniform(0.5, 1.3) if generator.random() < 0.12 else 0
    grey = generator.random() < 0.08
    noise = generator.uniform(1, 8) if generator.random() < 0.25 else 0
    light = generator.uniform(-0.45, 0.45, 2) if generator.random() < 0.15 else None

    def change(part):
        part = cv2.LUT(part, table)
        if blur:
            part = cv2.GaussianBlur(part, (0, 0), blur)
        if grey:
            part = np.repeat(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)[..., np.newaxis], 3, axis=2)
        if light is not None:
            rows, columns = part.shape[:2]
            slope = 1 + light[0] * np.linspace(-1, 1, columns)
            slope = slope + light[1] * np.linspace(-1, 1, rows)[:, None]
            part = np.clip(part * slope[..., None].astype(np.float32), 0, 255).astype(np.uint8)
        if noise:
            values = part + _noise(part.shape, generator) * noise
            part = np.clip(values, 0, 255).astype(np.uint8)
        return part

    return change


def filmed(picture, generator):
    """A picture as a camera's scaling, sharpening and compression leave it."""
    rows, columns = picture.shape[:2]
    if generator.random() < 0.5:
        factor = generator.uniform(0.45, 0.95)
        smaller = max(8, round(columns * factor)), max(8, round(rows * factor))
        picture = cv2.resize(picture, smaller, interpolation=cv2.INTER_AREA)
        picture = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_LINEAR)
    if generator.random() < 0.5:
        blurred = cv2.GaussianBlur(picture, (0, 0), generator.uniform(0.7, 1.6))
        amount = generator.uniform(0.3, 1.5)
        picture = cv2.addWeighted(picture, 1 + amount, blurred, -amount, 0)
    if generator.random() < 0.7:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(generator.integers(20, 80))]
        picture = cv2.imdecode(cv2.imencode(".jpg", picture[..., ::-1], quality)[1], 1)[..., ::-1]
    return picture


def _noise(shape, generator):
    row = generator.integers(0, NOISE.shape[0])
    column = generator.integers(0, NOISE.shape[1])
    rolled = NOISE[np.arange(row, row + shape[0]) % 512]
    return rolled[:, np.arange(column, column + shape[1]) % 512]


def _clipped(boxes, width, height):
    """Boxes cut to the picture; those outside have no width or height."""
    left = np.clip(boxes[:, 0], 0, width)
    top = np.clip(boxes[:, 1], 0, height)
    right = np.clip(boxes[:, 0] + boxes[:, 2], 0, width)
    bottom = np.clip(boxes[:, 1] + boxes[:, 3], 0, height)
    return np.stack([left, top, right - left, bottom - top], axis=1)
