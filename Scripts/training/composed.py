"""Pictures put together for training: drawn fish before drawn places and real frames.

Each fish is an individual of its own (`scenes.individuals`, `scenes.strangers`), drawn once and
kept as a cut-out; a picture takes some, turns, bends, lights and hazes them, and lays them over a
background from far to near. Thousands of pictures take minutes, where whole scenes would take hours.
"""

import csv
import dataclasses
import functools
import json

import cv2
import numpy as np

from . import coco, lighting, making, rendered
from .augmentation import NOISE
from .scenes import cutouts
from .scenes.individuals import TEN, individual
from .scenes.strangers import stranger
from .scenes.water import Water

SOURCE = "composed"
"""The source of the samples made here, for `sampling.shares` and figures."""

NAMED = "named"
"""The source of real pictures of which a box is a species, for `sampling.shares`."""

STRANGER = "fish"
"""The class of what is none of the ten species."""

ENLARGED = 1.5
"""Pictures are this much larger than the model's input, so that augmentation can zoom in."""

WINDOWED = {"width": 320, "height": 192}
"""What stands for the model's input where it is but a window of the picture."""

SMALLEST = 18
"""Pixels of the longer side below which a fish is not pasted."""

VISIBLE = 0.35
"""Fish of which less shows are ignored, not learned."""


def kept(name, seed, count, work):
    """`count` cut-outs of one species, or of strangers; drawn once, then read from `work`."""
    path = work / f"cutouts-{seed}-{count}-{name.replace(' ', '-')}.npz"
    if not path.exists():
        work.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, *making.each(functools.partial(_drawn, name, seed), range(count)))
    with np.load(path) as arrays:
        return [arrays[f"arr_{number}"] for number in range(count)]


def _drawn(name, seed, number):
    """The cut-out `number` of a species, or of a stranger."""
    generator = np.random.default_rng([seed, *map(ord, name), number])
    fish = stranger(generator) if name == STRANGER else individual(name, generator)
    return cutouts.cutout(*fish, generator)


def places(seed, count, work):
    """`count` drawn places without fish, 640 × 360 RGB uint8; kept in `work` once drawn."""
    path = work / f"places-{seed}-{count}.npz"
    if not path.exists():
        work.mkdir(parents=True, exist_ok=True)
        made = making.each(_place, [[seed, number] for number in range(count)])
        np.savez_compressed(path, pictures=np.array(made))
    return list(np.load(path)["pictures"])


def _place(seed):
    """A drawn place without fish."""
    generator = np.random.default_rng(seed)
    water = Water(rendered.place(generator, int(generator.integers(10_000, 2**31))))
    picture = water.layers[0][1][..., :3].copy()
    for _, layer in water.layers[1:]:
        picture = layer[..., :3] + picture * (1 - layer[..., 3:])
    picture = water.shine(picture, generator.uniform(0, 60))
    return np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)


@dataclasses.dataclass
class Stock:
    """What pictures are made of: cut-outs by class, places, and real frames of each folder."""

    fish: dict
    places: list
    frames: list

    def frame(self, generator):
        """A real frame; each folder as often as the others, however many it has."""
        folder = self.frames[int(generator.integers(len(self.frames)))]
        return folder[int(generator.integers(len(folder)))]


def stock(plan, seed, individuals, strangers, work, frames=()):
    """The Stock of `seed`; `frames` are real Samples to paste on."""
    fish = {name: kept(name, seed, individuals, work) for name in TEN}
    fish[STRANGER] = kept(STRANGER, seed, strangers, work)
    folders = {}
    for sample in frames:
        folders.setdefault(sample.folder, []).append(sample)
    return Stock(fish, places(seed, plan["places"], work), list(folders.values()))


def shown(config):
    """The size that a picture is made for: the model's input, unless that is but a window.

    A network of kind `named` sees twice as much of a picture as others, and all of it.
    """
    size = config["input"]
    if config["network"]["kind"] == "named":
        return {key: size[key] / ENLARGED for key in ("width", "height")}
    return size if config["task"] == "centroids" else WINDOWED


def stock_of(config, which, work, frames=()):
    """The Stock of the configuration's part `composed`: `which` is "train" or "val", whose
    individuals and places are others and fewer.
    """
    plan, work = config["composed"], work / "composed"
    if which == "train":
        return stock(plan, plan["seed"], plan["individuals"], plan["strangers"], work, frames)
    fewer = lambda number: max(2, number // 4)
    return stock(
        plan | {"places": fewer(plan["places"])},
        plan["valSeed"],
        fewer(plan["individuals"]),
        fewer(plan["strangers"]),
        work,
    )


def samples(config, which, work, frames=()):
    """The Samples of the configuration's part `composed`: `which` is "train" or "val".

    Those of val have other individuals and other places, and no real frames behind them.
    """
    plan = config["composed"]
    keys = ("pictures", "seed") if which == "train" else ("valPictures", "valSeed")
    count, seed = (plan[key] for key in keys)
    if count == 0:
        return []
    made = stock_of(config, which, work, frames)
    indices = coco.label_indices(config)
    size = shown(config)
    width, height = round(size["width"] * ENLARGED), round(size["height"] * ENLARGED)
    return [
        picture(made, indices, width, height, np.random.default_rng([seed, 1, number]), number)
        for number in range(count)
    ]


def picture(made, indices, width, height, generator, number=0):
    """One Sample of `width` × `height` pixels from a Stock."""
    background = _Background(made, width, height, generator)
    canvas = _Canvas(background.picture)
    for name, length in _cast(made, width, generator):
        sprite = _individual(made, name, length, generator)
        if max(sprite.shape[:2]) < SMALLEST:
            continue
        edge = 0.22 if length > 0.28 * width else 0.02
        left = int(generator.uniform(edge, 1 - edge) * width - sprite.shape[1] / 2)
        top = int(generator.uniform(edge, 1 - edge) * height - sprite.shape[0] / 2)
        canvas.lay(sprite, left, top, indices[name] if name in indices else -1, length, generator)
    if generator.random() < 0.35:
        for _ in range(generator.integers(1, 4)):
            canvas.cover(*_occluder(made, width, height, generator))
    image = _watered(canvas.picture, generator)
    boxes, labels, hidden = canvas.boxes()
    boxes = np.concatenate([background.boxes, boxes])
    labels = np.concatenate([background.labels, labels])
    seen = np.array([canvas.free(box) >= 0.5 for box in background.boxes], bool)
    seen = np.concatenate([seen, np.ones(len(boxes) - len(seen), bool)])
    known = seen & (labels >= 0)
    return coco.Sample(
        image,
        boxes[known].astype(np.float32),
        labels[known],
        np.concatenate([background.ignored, hidden, boxes[~seen]]).astype(np.float32),
        background.complete,
        SOURCE,
        "",
        SOURCE,
        f"{number:06}",
    )


def crop(made, indices, side, width, generator):
    """A square picture of `side` pixels with a fish at its middle, cut from one `width` pixels wide:
    picture, boxes, labels. A quarter of the fish are strangers; some have others behind them.
    """
    ten = [name for name in made.fish if name != STRANGER]
    choose = lambda strange: STRANGER if generator.random() < strange else ten[generator.integers(len(ten))]
    lengths = lambda: np.exp(generator.uniform(np.log(SMALLEST + 2), np.log(0.55 * width)))
    while True:
        canvas = _Canvas(_patch(made, side, width, generator))
        main = lengths()
        cast = [
            (choose(0.4), main * np.exp(generator.normal(0, 0.2)), generator.uniform(0, side, 2))
            for _ in range(generator.integers(1, 4) if generator.random() < 0.3 else 0)
        ]
        shift = generator.uniform(-0.15, 0.15, 2) * min(main, side)
        cast.append((choose(0.25), main, side / 2 + shift))
        for name, length, middle in cast:
            sprite = _individual(made, name, length, generator)
            left, top = (int(m - s / 2) for m, s in zip(middle, sprite.shape[1::-1]))
            label = indices.get(name, -1)
            canvas.lay(sprite, left, top, label, length * side / width, generator)
        if generator.random() < 0.15:
            canvas.cover(*_occluder(made, side, side, generator))
        boxes, labels, _ = canvas.boxes()
        if len(boxes):
            return _watered(canvas.picture, generator), boxes, labels


def _patch(made, side, width, generator):
    """A square of a drawn place, of plain water, or of a real frame, seen `width` pixels wide."""
    chance = generator.random()
    if made.frames and chance < 0.6:
        image = made.frame(generator).image
    elif chance < 0.93:
        image = made.places[int(generator.integers(len(made.places)))]
    else:
        return _water(side, side, generator)
    rows, columns = image.shape[:2]
    across = min(side * columns / width * np.exp(generator.uniform(-0.7, 0.5)), rows, columns)
    left, top = (int(generator.uniform(0, length - across)) for length in (columns, rows))
    part = image[top : top + max(2, int(across)), left : left + max(2, int(across))]
    mode = cv2.INTER_AREA if across > side else cv2.INTER_LINEAR
    part = cv2.resize(part, (side, side), interpolation=mode)
    return part[:, ::-1] if generator.random() < 0.5 else part


def _cast(made, width, generator):
    """Which fish, and how long in pixels, from far to near."""
    ten = [name for name in made.fish if name != STRANGER]
    choose = lambda: STRANGER if generator.random() < 0.3 else ten[generator.integers(len(ten))]
    cast, kind = [], generator.random()
    if kind < 0.32:
        for _ in range(generator.integers(1, 3)):
            cast.append((choose(), generator.uniform(0.28, 0.75) * width))
    elif kind < 0.95:
        for _ in range(generator.integers(1, 6)):
            name = choose()
            most = 0.55 if generator.random() < 0.5 else 0.2
            length = width * np.exp(generator.uniform(np.log(0.05), np.log(most)))
            count = 1 if generator.random() < 0.65 or length > 0.2 * width else generator.integers(2, 8)
            for _ in range(count):
                cast.append((name, length * np.exp(generator.normal(0, 0.12))))
    return sorted(cast, key=lambda one: one[1])


def _individual(made, name, length, generator):
    """A cut-out of a Stock's class `name`, `length` pixels long, in some posture, light and texture."""
    cut_out = made.fish[name][int(generator.integers(len(made.fish[name])))]
    sprite = lighting.lit(posed(cut_out, length, generator), generator)
    if made.frames and generator.random() < lighting.TEXTURED:
        sprite = lighting.textured(sprite, made.frame(generator).image, generator)
    return sprite


def posed(cut_out, length, generator):
    """A cut-out `length` pixels long: turned away, bent, tilted, facing either side."""
    rows, columns = cut_out.shape[:2]
    scale = length / cutouts.LENGTH
    turned = generator.uniform(0.75, 1.0) if generator.random() < 0.75 else generator.uniform(0.35, 0.8)
    across = max(3, round(columns * scale * turned))
    down = max(3, round(rows * scale * np.exp(generator.normal(0, 0.04))))
    mode = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    sprite = cv2.resize(cut_out, (across, down), interpolation=mode).astype(np.float32) / 255
    sprite = np.clip(sprite, 0, 1)
    if generator.random() < 0.5:
        sprite = sprite[:, ::-1]
    angle = generator.normal(0, 14)
    if generator.random() < 0.3:
        angle = generator.uniform(-180, 180)
    bend = generator.normal(0, 0.05) if generator.random() < 0.6 else 0.0
    return _warped(sprite, angle, bend, generator.normal(0, 0.08))


def _warped(sprite, angle, bend, shear):
    """A sprite turned by `angle` degrees; its middle line bent and sheared by parts of its length."""
    rows, columns = sprite.shape[:2]
    turn = np.deg2rad(angle)
    cosine, sine = np.cos(turn), np.sin(turn)
    slack = abs(bend) * columns + abs(shear) * columns
    wide = int(abs(columns * cosine) + abs((rows + slack) * sine)) + 4
    tall = int(abs(columns * sine) + abs((rows + slack) * cosine)) + 4
    y, x = np.mgrid[0:tall, 0:wide].astype(np.float32)
    x -= (wide - 1) / 2
    y -= (tall - 1) / 2
    u = x * cosine + y * sine
    v = -x * sine + y * cosine
    share = u / columns
    v = v + columns * (bend * (4 * share**2 - 0.33) + shear * share)
    return cv2.remap(
        np.ascontiguousarray(sprite),
        (u + (columns - 1) / 2).astype(np.float32),
        (v + (rows - 1) / 2).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )


def coloured(sprite, local, near, generator):
    """A sprite in the light of its water: `local` is the water's colour there, `near` 0 to 1."""
    alpha = np.ascontiguousarray(sprite[..., 3])
    made = np.ascontiguousarray(sprite[..., :3])
    rows, columns = alpha.shape
    light = generator.normal(-0.12, 0.3)
    gain = np.exp(generator.normal(0, 0.1, 3) + light)
    water = local / max(0.05, float(local.max()))
    gain = gain * (1 + generator.uniform(0, 0.5) * (water - 1))
    slope = 1 + generator.uniform(-0.1, 0.3) * np.linspace(1, -1, rows, dtype=np.float32)
    shade = np.repeat(slope.astype(np.float32)[:, None], columns, axis=1)
    if generator.random() < 0.3:
        row, column = generator.integers(0, 256, 2)
        patch = NOISE[row : row + 12, column : column + 16, 0]
        patch = cv2.resize(patch, (columns, rows), interpolation=cv2.INTER_CUBIC)
        shade *= 1 + generator.uniform(0.05, 0.25) * patch
    if generator.random() < 0.35:
        size = generator.uniform(0.03, 0.15)
        shift = int(generator.integers(512))
        if rows <= 512 and columns <= 512:
            rough = np.roll(NOISE[:rows, :columns, 0], shift, axis=1)
            shade *= 1 + size * cv2.GaussianBlur(rough, (0, 0), 1.0)
    made *= shade[..., None]
    faded = np.clip(generator.normal(0.1, 0.2), -0.3, 0.7)
    haze = generator.uniform(0, 0.75 - 0.5 * near) ** 1.4
    mixed = ((1 - faded) * np.eye(3) + faded / 3) * gain
    made = cv2.transform(made, np.column_stack([(1 - haze) * mixed, np.zeros(3)]).astype(np.float32))
    made += alpha[..., None] * np.float32(local * haze)
    made = np.dstack([made, alpha])
    blur = abs(generator.normal(0, 0.5)) if generator.random() < 0.9 else generator.uniform(1, 2.5)
    if blur > 0.3:
        made = cv2.GaussianBlur(made, (0, 0), blur)
    np.minimum(made[..., :3], made[..., 3:], out=made[..., :3])
    return np.maximum(made, 0, out=made)


class _Canvas:
    """A picture in the making, and who is seen where."""

    def __init__(self, background):
        self.picture = background.astype(np.float32) / 255
        self.owner = np.full(background.shape[:2], -1, np.int32)
        self.fish = []

    def lay(self, sprite, left, top, label, length, generator):
        height, width = self.owner.shape
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(width, left + sprite.shape[1]), min(height, top + sprite.shape[0])
        if x1 - x0 < 4 or y1 - y0 < 4:
            return
        local = self.picture[y0:y1, x0:x1].mean(axis=(0, 1))
        sprite = coloured(sprite, local, min(1, length / (0.4 * width)), generator)
        solid = sprite[..., 3] > 0.35
        if not solid.any():
            return
        whole = int(solid.sum())
        part = sprite[y0 - top : y1 - top, x0 - left : x1 - left]
        under = self.picture[y0:y1, x0:x1]
        under[:] = part[..., :3] + under * (1 - part[..., 3:])
        solid = solid[y0 - top : y1 - top, x0 - left : x1 - left]
        if not solid.any():
            return
        self.owner[y0:y1, x0:x1][solid] = len(self.fish)
        rows, columns = np.nonzero(solid.any(axis=1))[0], np.nonzero(solid.any(axis=0))[0]
        box = [x0 + columns[0], y0 + rows[0], columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0]]
        self.fish.append((box, label, whole))

    def cover(self, patch, mask, left, top):
        """Lay something nearer over the picture."""
        rows, columns = mask.shape
        part = self.picture[top : top + rows, left : left + columns]
        part += (patch[: part.shape[0], : part.shape[1]] - part) * mask[: part.shape[0], : part.shape[1], None]
        owner = self.owner[top : top + rows, left : left + columns]
        owner[mask[: part.shape[0], : part.shape[1]] > 0.5] = -2

    def free(self, box):
        """The share of a box over which nothing was laid."""
        left, top, right, bottom = (int(v) for v in (*box[:2], *(box[:2] + box[2:])))
        part = self.owner[max(0, top) : bottom + 1, max(0, left) : right + 1]
        return float((part == -1).mean()) if part.size else 0.0

    def boxes(self):
        """Boxes and labels of the fish that show enough, and boxes of those that show a little."""
        shown = np.bincount(self.owner[self.owner >= 0], minlength=len(self.fish))
        known, labels, hidden = [], [], []
        for (box, label, whole), seen in zip(self.fish, shown):
            if seen >= VISIBLE * whole and max(box[2:]) >= SMALLEST * 0.7:
                known.append(box)
                labels.append(label)
            elif seen:
                hidden.append(box)
        reshaped = lambda boxes: np.array(boxes, np.float32).reshape(-1, 4)
        return reshaped(known), np.array(labels, np.int64), reshaped(hidden)


class _Background:
    """A part of a drawn place, of plain water, or of a real frame with its boxes."""

    def __init__(self, made, width, height, generator):
        self.boxes, self.labels = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
        self.ignored, self.complete = np.zeros((0, 4), np.float32), True
        chance = generator.random()
        sample = None
        if made.frames and chance < 0.6:
            sample = made.frame(generator)
            image = sample.image
        elif chance < 0.93:
            image = made.places[int(generator.integers(len(made.places)))]
        else:
            image = _water(width, height, generator)
        rows, columns = image.shape[:2]
        scale = max(width / columns, height / rows) * np.exp(generator.uniform(0, 0.7))
        across, down = min(columns, width / scale), min(rows, height / scale)
        left, top = generator.uniform(0, columns - across), generator.uniform(0, rows - down)
        x0, y0 = int(left), int(top)
        part = image[y0 : y0 + max(2, int(down)), x0 : x0 + max(2, int(across))]
        factor = np.array([width / part.shape[1], height / part.shape[0]])
        mode = cv2.INTER_AREA if factor[0] < 1 else cv2.INTER_LINEAR
        self.picture = cv2.resize(part, (width, height), interpolation=mode)
        flip = generator.random() < 0.5
        if sample is not None:
            self.complete = sample.complete
            moved = [_moved(boxes, x0, y0, factor, width, height) for boxes in (sample.boxes, sample.ignored)]
            (boxes, shown), (ignored, some) = moved
            self.boxes, self.labels = boxes[shown >= 0.5], sample.labels[shown >= 0.5]
            self.ignored = np.concatenate([boxes[(shown < 0.5) & (shown > 0)], ignored[some > 0]])
        if flip:
            self.picture = self.picture[:, ::-1]
            for boxes in (self.boxes, self.ignored):
                boxes[:, 0] = width - boxes[:, 0] - boxes[:, 2]


def _moved(boxes, left, top, factor, width, height):
    """Boxes in a part of their picture, cut to it, and the share of each that is in it."""
    boxes = (boxes - (left, top, 0, 0)) * np.tile(factor, 2)
    low = np.clip(boxes[:, :2], 0, (width, height))
    high = np.clip(boxes[:, :2] + boxes[:, 2:], 0, (width, height))
    sides = high - low
    shown = np.prod(sides, axis=1) / np.maximum(np.prod(boxes[:, 2:], axis=1), 1e-6)
    return np.concatenate([low, sides], axis=1).astype(np.float32), shown


def _water(width, height, generator):
    """Open water, or a dim or pale backdrop: two colours with soft clouds."""
    hue = (generator.uniform(0.05, 0.75), generator.uniform(0.1, 0.9))
    ends = [
        cv2.cvtColor(
            np.float32([[[hue[0] * 360, hue[1] * generator.random(), generator.uniform(0, 1)]]]),
            cv2.COLOR_HSV2RGB,
        )[0, 0]
        for _ in range(2)
    ]
    share = np.linspace(0, 1, height)[:, None] + 0.3 * cv2.resize(
        NOISE[: int(generator.integers(3, 9)), : int(generator.integers(4, 12)), 0], (width, height)
    )
    share = np.clip(share, 0, 1)[..., None]
    return np.clip((ends[0] * (1 - share) + ends[1] * share) * 255, 0, 255).astype(np.uint8)


def _occluder(made, width, height, generator):
    """A ragged piece of some background: patch, mask, left, top."""
    across, down = (int(generator.uniform(0.08, 0.35) * side) for side in (width, height))
    image = made.places[int(generator.integers(len(made.places)))]
    if made.frames and generator.random() < 0.5:
        image = made.frame(generator).image
    if image.shape[0] <= down or image.shape[1] <= across:
        image = cv2.resize(image, (across + 1, down + 1))
    y = int(generator.integers(0, image.shape[0] - down))
    x = int(generator.integers(0, image.shape[1] - across))
    patch = image[y : y + down, x : x + across].astype(np.float32) / 255
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    radius = 0.75 + 0.25 * np.interp(np.arange(40), np.arange(0, 40, 4), generator.uniform(-1, 1, 10))
    points = np.stack(
        [(1 + radius * np.cos(angles)) * across / 2, (1 + radius * np.sin(angles)) * down / 2], 1
    )
    mask = np.zeros((down, across), np.uint8)
    cv2.fillPoly(mask, [points.astype(np.int32)], 255, cv2.LINE_AA)
    left = int(generator.integers(0, width - across))
    top = int(generator.integers(height // 4, height - down))
    return patch * generator.uniform(0.6, 1.0), mask.astype(np.float32) / 255, left, top


def _watered(values, generator):
    """The picture as its water and camera show it, uint8."""
    if generator.random() < 0.3:
        values = values * np.float32(
            [generator.uniform(0.35, 1), generator.uniform(0.8, 1), generator.uniform(0.8, 1)]
        )
        values *= generator.uniform(0.9, 1.3)
    if generator.random() < 0.3:
        rows, columns = values.shape[:2]
        for _ in range(generator.integers(5, 50)):
            place = int(generator.integers(columns)), int(generator.integers(rows))
            tone = generator.uniform(0.4, 0.95)
            cv2.circle(values, place, int(generator.integers(0, 2)), (tone, tone, tone), -1, cv2.LINE_AA)
    return np.clip(values * 255 + 0.5, 0, 255).astype(np.uint8)


def named(samples, config, data):
    """`samples` with the boxes named that the configuration's part `composed` knows of.

    `named` is a CSV of annotation_id, file_name, species beside folders of pictures: those boxes
    become the species, the others of the pictures stay what they are. `doubtful` are annotations
    that are ignored; pictures whose files begin with one of `leftOut` are left out.
    """
    plan = config["composed"]
    left_out = tuple(plan["leftOut"])
    samples = [s for s in samples if not (left_out and s.file.startswith(left_out))]
    if not plan["named"]:
        return samples
    indices = coco.label_indices(config)
    path = data / plan["named"]
    with open(path) as file:
        names = {int(row["annotation_id"]): row["species"] for row in csv.DictReader(file)}
    places, files = {}, {}
    for part in path.parent.iterdir():
        if (part / "annotations.coco.json").exists():
            document = json.loads((part / "annotations.coco.json").read_text())
            entries = {entry["id"]: entry for entry in document["images"]}
            for one in document["annotations"]:
                if one["id"] in names or one["id"] in plan["doubtful"]:
                    entry = entries[one["image_id"]]
                    key = f"{path.parent.name}/{part.name}", entry["file_name"]
                    files.setdefault(key, []).append(one["id"])
                    places[one["id"]] = np.array(one["bbox"]) / entry["width"]
    made = []
    for sample in samples:
        wanted = files.get((sample.folder, sample.file), [])
        keep = np.ones(len(sample.boxes), bool)
        labels, ignored = sample.labels.copy(), list(sample.ignored)
        for number in wanted:
            away = abs(sample.boxes / sample.image.shape[1] - places[number]).max(axis=1)
            box = int(away.argmin())
            if away[box] > 0.01:
                continue
            if number in names:
                labels[box] = indices[names[number]]
            else:
                keep[box] = False
                ignored.append(sample.boxes[box])
        if wanted:
            sample = dataclasses.replace(
                sample,
                boxes=sample.boxes[keep],
                labels=labels[keep],
                ignored=np.array(ignored, np.float32).reshape(-1, 4),
                source=NAMED,
            )
        made.append(sample)
    return made
