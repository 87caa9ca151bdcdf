"""Fish that swim in a place: their ways, their pictures, and the truth of each frame."""

import dataclasses

import cv2
import numpy as np

from . import fish as drawing
from .species import SPECIES
from .water import HEIGHT, WIDTH, Water

PIXELS_PER_METRE = 430
"""Of a fish one metre from the camera, in a picture 640 pixels wide."""

_sprites = {}


def sprite_levels(name, variant):
    """A variant's sprites by beat, each with its halved sizes for small fish."""
    if (name, variant) not in _sprites:
        outline, paint = SPECIES[name].variants[variant]
        made = drawing.sprites(outline, paint, np.random.default_rng(sum(map(ord, name)) + variant))
        levels = []
        for picture in made:
            chain = [picture]
            while chain[-1].shape[0] > 40:
                chain.append(
                    cv2.resize(chain[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
                )
            levels.append(chain)
        _sprites[(name, variant)] = levels
    return _sprites[(name, variant)]


@dataclasses.dataclass
class Group:
    """Some fish of a species that keep together.

    `centre` and `roam` are where they stay and how far they range, in picture widths and heights;
    with `crossing` (picture widths a second) they pass through once, entering at `begin` seconds.
    `spread` is how far they keep from one another.
    """

    species: str
    count: int
    distance: float
    centre: tuple = (0.5, 0.5)
    roam: tuple = (0.2, 0.1)
    spread: tuple = (0.08, 0.08)
    crossing: float = 0.0
    begin: float = 0.0
    size: float = 1.0


class Fish:
    """One fish: where it is, how it lies in the water, and its picture."""

    def __init__(self, group, group_seed, generator):
        self.group = group
        self.species = group.species
        species = SPECIES[group.species]
        self.variant = int(generator.integers(len(species.variants)))
        self.distance = group.distance * float(np.exp(generator.normal(0, 0.07)))
        metres = species.centimetres / 100 * group.size * float(np.exp(generator.normal(0, 0.12)))
        self.length = metres * PIXELS_PER_METRE / self.distance
        self.offset = np.clip(generator.normal(0, 1, 2), -1.8, 1.8) * group.spread
        self.shared = _waves(np.random.default_rng(group_seed), 0.06)
        self.own = _waves(generator, 0.17)
        self.phase, self.beat = generator.uniform(0, 6.28), generator.uniform(1.5, 2.4)
        self.brightness = generator.uniform(0.9, 1.08)

    def position(self, t):
        """The fish's middle at `t` seconds, in picture widths and heights."""
        group = self.group
        roam = _wave_sum(self.shared, t) * group.roam
        drift = _wave_sum(self.own, t) * (0.25 * np.asarray(group.spread) + 0.006)
        x, y = np.asarray(group.centre) + roam + self.offset + drift
        if group.crossing:
            start = -0.2 if group.crossing > 0 else 1.2
            x = start + group.crossing * (t - group.begin) + self.offset[0] + drift[0]
        return x, y

    def pose(self, t):
        """Position (pixels), facing (-1 left … 1 right) and pitch (radians, downward) at `t`."""
        step = 0.25
        (x0, y0), (x1, y1) = self.position(t - step), self.position(t + step)
        vx, vy = (x1 - x0) * WIDTH / (2 * step), (y1 - y0) * HEIGHT / (2 * step)
        facing = np.tanh(vx / 6.0)
        facing = np.sign(facing or 1) * max(0.22, abs(facing))
        pitch = np.clip(np.arctan2(vy, abs(vx) + 14), -0.45, 0.45)
        x, y = self.position(t)
        return x * WIDTH, y * HEIGHT, facing, pitch * min(1.0, abs(facing) * 1.2)

    def picture(self, t):
        """The fish at `t`: premultiplied RGBA (float), its left and top in the picture.

        None when outside. Drawn at twice the size, then scaled down.
        """
        x, y, facing, pitch = self.pose(t)
        half = int(self.length * 0.75) + 2
        left, top = int(np.floor(x)) - half, int(np.floor(y)) - half
        if left >= WIDTH or top >= HEIGHT or left + 2 * half <= 0 or top + 2 * half <= 0:
            return None
        size = 4 * half
        length = 2 * self.length
        row, column = np.mgrid[0:size, 0:size].astype(np.float32) + 0.5
        dx, dy = column - 2 * (x - left), row - 2 * (y - top)
        turn = pitch * np.sign(facing)
        along = (dx * np.cos(turn) + dy * np.sin(turn)) / length
        down = (-dx * np.sin(turn) + dy * np.cos(turn)) / length
        # The sprite faces left: snout at 0. Sideways beats of the tail show as foreshortening.
        s = np.linspace(0, 1, 64)
        beat = 2 * np.pi * self.beat * t + self.phase
        swing = 0.95 * s**2 * np.sin(beat - 3.5 * s)
        seen = np.concatenate([[0], np.cumsum(np.cos(swing[1:]))]) / 63 - 0.45
        s_of = np.interp(
            -along / facing,
            np.concatenate([[-0.65], seen, [seen[-1] + 0.2]]),
            np.concatenate([[-0.2], s, [1.2]]),
        ).astype(np.float32)
        chain = sprite_levels(self.species, self.variant)[int(t * 3 + self.phase) % drawing.FLAPS]
        level = int(np.clip(np.floor(np.log2(drawing.LENGTH / length)), 0, len(chain) - 1))
        sprite, shrink = chain[level], 0.5**level
        picture = (
            cv2.remap(
                sprite,
                (s_of * drawing.LENGTH + drawing.LEFT).astype(np.float32) * shrink - 0.5,
                (down * drawing.LENGTH + drawing.MIDDLE).astype(np.float32) * shrink - 0.5,
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_CONSTANT,
            ).astype(np.float32)
            / 255
        )
        shade = 1 + 0.28 * np.interp(s_of, s, swing)
        picture[..., :3] *= (shade * self.brightness)[..., None]
        picture = cv2.resize(picture, (2 * half, 2 * half), interpolation=cv2.INTER_AREA)
        return np.clip(picture, 0, 1), left, top


def _waves(generator, rate):
    """A smooth random way: for each axis three waves (size, turns a second, phase)."""
    return np.stack(
        [
            generator.uniform(0.4, 1, (2, 3)) * (0.6, 0.35, 0.2),
            generator.uniform(0.5, 1.3, (2, 3)) * rate * (0.7, 1.4, 2.3),
            generator.uniform(0, 2 * np.pi, (2, 3)),
        ]
    )


def _wave_sum(waves, t):
    size, rate, phase = waves
    return (size * np.sin(2 * np.pi * rate * t + phase)).sum(axis=1)


class Scene:
    """A place with its fish; `frame(t)` is what the camera sees, with the truth about it."""

    def __init__(self, place, groups, seed):
        self.water = Water(place)
        generator = np.random.default_rng([seed, 11])
        self.fish = []
        for group in groups:
            group_seed = int(generator.integers(2**31))
            self.fish += [Fish(group, group_seed, generator) for _ in range(group.count)]
        self.fish.sort(key=lambda one: -one.distance)
        self.motes = generator.random((70, 3))
        self.seed = seed

    def frame(self, t):
        """The picture (RGB uint8) at `t` seconds, and the fish in it.

        A fish counts when at least a quarter of it shows and its middle lies in the picture. Its
        box is the whole fish's, cut to the picture: x and y of the middle, width, height, all
        normalised.
        """
        layers = list(self.water.layers)
        picture = layers.pop(0)[1][..., :3].copy()
        drawn = []
        for index, one in enumerate(self.fish):
            while layers and layers[0][0] >= one.distance:
                self._cover(picture, layers.pop(0)[1], drawn)
            self._draw(picture, one, t, drawn, index)
        for _, layer in layers:
            self._cover(picture, layer, drawn)
        picture = self.water.shine(picture, t)
        self._snow(picture, t)
        grain = np.random.default_rng([self.seed, int(round(t * 1000))]).normal(
            0, 0.008, (HEIGHT, WIDTH, 1)
        )
        picture = np.clip((picture + grain) * 255 + 0.5, 0, 255).astype(np.uint8)
        return picture, [entry for entry in map(self._truth, drawn) if entry]

    def _draw(self, picture, one, t, drawn, index):
        made = one.picture(t)
        if made is None:
            return
        sprite, left, top = made
        sprite = self.water.through(sprite, one.distance)
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(WIDTH, left + sprite.shape[1]), min(HEIGHT, top + sprite.shape[0])
        part = sprite[y0 - top : y1 - top, x0 - left : x1 - left]
        alpha = part[..., 3]
        whole = float(sprite[..., 3].sum())
        for other in drawn:
            _hide(other, alpha, x0, y0)
        picture[y0:y1, x0:x1] = part[..., :3] + picture[y0:y1, x0:x1] * (1 - alpha[..., None])
        solid = alpha > 0.4
        if solid.any():
            rows, columns = np.nonzero(solid.any(axis=1))[0], np.nonzero(solid.any(axis=0))[0]
            box = (x0 + columns[0], y0 + rows[0], x0 + columns[-1] + 1, y0 + rows[-1] + 1)
            drawn.append(
                {
                    "fish": one,
                    "index": index,
                    "alpha": alpha.copy(),
                    "x": x0,
                    "y": y0,
                    "whole": whole,
                    "box": box,
                }
            )

    @staticmethod
    def _cover(picture, layer, drawn):
        picture[:] = layer[..., :3] + picture * (1 - layer[..., 3:])
        for other in drawn:
            _hide(other, layer[..., 3], 0, 0)

    @staticmethod
    def _truth(entry):
        visible = float(entry["alpha"].sum()) / entry["whole"]
        x0, y0, x1, y1 = entry["box"]
        if visible < 0.25 or x1 - x0 < 3 or y1 - y0 < 3:
            return None
        return {
            "id": entry["index"],
            "species": entry["fish"].species,
            "x": round((x0 + x1) / 2 / WIDTH, 5),
            "y": round((y0 + y1) / 2 / HEIGHT, 5),
            "w": round((x1 - x0) / WIDTH, 5),
            "h": round((y1 - y0) / HEIGHT, 5),
            "visible": round(min(1.0, visible), 2),
        }

    def _snow(self, picture, t):
        """Motes that drift before the camera."""
        x = ((self.motes[:, 0] + 0.012 * t * (0.5 + self.motes[:, 2])) % 1) * WIDTH
        y = ((self.motes[:, 1] + 0.008 * t + 0.01 * np.sin(t + 9 * self.motes[:, 2])) % 1) * HEIGHT
        for px, py, size in zip(x, y, self.motes[:, 2]):
            cv2.circle(
                picture,
                (int(px * 16), int(py * 16)),
                int((0.5 + 0.9 * size) * 16),
                (0.62, 0.78, 0.80),
                -1,
                cv2.LINE_AA,
                4,
            ) if size > 0.35 else None


def _hide(entry, alpha, left, top):
    """Take from a drawn fish what something nearer covers."""
    height, width = entry["alpha"].shape
    x0, y0 = max(entry["x"], left), max(entry["y"], top)
    x1 = min(entry["x"] + width, left + alpha.shape[1])
    y1 = min(entry["y"] + height, top + alpha.shape[0])
    if x1 > x0 and y1 > y0:
        entry["alpha"][y0 - entry["y"] : y1 - entry["y"], x0 - entry["x"] : x1 - entry["x"]] *= (
            1 - alpha[y0 - top : y1 - top, x0 - left : x1 - left]
        )
