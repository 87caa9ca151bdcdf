"""A place under water, seen by a camera that stands still: layers from far to near, and light."""

import dataclasses

import cv2
import numpy as np

from . import reef
from .drawing import Canvas, mix, noise, smoothstep

WIDTH, HEIGHT = 640, 360


@dataclasses.dataclass
class Place:
    """What distinguishes one camera drop's picture from another's."""

    seed: int
    surface: tuple = (0.45, 0.80, 0.88)
    deep: tuple = (0.04, 0.30, 0.46)
    haze: float = 0.28
    horizon: float = 0.60
    sand: float = 1.0
    corals: int = 26
    wall: bool = False


class Water:
    """The still picture of a `Place` in layers, and its moving light.

    `layers` are (distance in metres, premultiplied RGBA); the first is opaque. Fish are drawn
    between them, by their own distance.
    """

    def __init__(self, place):
        self.place = place
        self.generator = np.random.default_rng([place.seed, 7])
        self.gradient = self._gradient()
        ground, self.ground_share = self._ground()
        self.layers = [(9.0, ground)]
        for distance, share in ((4.0, 0.35), (2.2, 0.45), (1.0, 0.2)):
            self.layers.append(
                (distance, self._growth(distance, max(2, round(place.corals * share))))
            )
        self._light()

    def through(self, colour, distance):
        """A colour as seen through `distance` metres of this water; premultiplied RGBA stays so."""
        share = np.exp(-self.place.haze * distance)
        red = np.exp(-0.10 * distance - 0.12)
        veil = self.gradient if colour.shape[:2] == self.gradient.shape[:2] else self.veil
        tinted = colour[..., :3] * (red, 0.97, 1.0) * share
        alpha = colour[..., 3:] if colour.shape[2] == 4 else 1.0
        result = tinted + veil * alpha * (1 - share)
        return np.concatenate([result, colour[..., 3:]], 2) if colour.shape[2] == 4 else result

    def _gradient(self):
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        glow = np.exp(-(((x / WIDTH - 0.55) / 0.45) ** 2) - (y / HEIGHT / 0.45) ** 2)
        share = smoothstep(0.0, 0.85, y / HEIGHT) * 0.9
        colour = mix(
            mix(self.place.surface, self.place.deep, 0.25 + 0.75 * share),
            self.place.surface,
            0.6 * glow,
        )
        self.veil = mix(np.asarray(self.place.surface), np.asarray(self.place.deep), 0.62)
        return colour.astype(np.float32)

    def _ground(self):
        """Open water above, sand (or nothing, at a wall) running away below the horizon."""
        place, generator = self.place, self.generator
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        level = place.horizon * HEIGHT
        distance = np.clip(0.55 * (HEIGHT - level) / np.maximum(y - level, 0.5), 0, 30)
        texture = noise((1024, 1024), 60, generator, 6)
        across = ((x - WIDTH / 2) * distance * 1.1 + 512) % 1024
        ahead = (distance * 260) % 1024
        grain = cv2.remap(texture, across, ahead, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        ripple = 0.5 + 0.5 * np.sin(distance * 26 + 6 * grain + (x - WIDTH / 2) * distance * 0.012)
        detail = smoothstep(7, 1.0, distance)
        light = 0.80 + detail * (0.35 * (grain - 0.5) + 0.16 * (ripple - 0.5))
        sand = np.asarray((0.86, 0.80, 0.66)) * light[..., None]
        seen = self.through(np.clip(sand, 0, 1), 0)
        share = np.exp(-place.haze * np.clip(distance * 1.6 + 0.8, 0, 30))[..., None] * place.sand
        ground = seen * share + self.gradient * (1 - share)
        below = smoothstep(level - 1, level + 1, y)
        picture = mix(self.gradient, ground, below)
        return np.concatenate([picture, np.ones((HEIGHT, WIDTH, 1))], 2).astype(
            np.float32
        ), below * place.sand

    def _growth(self, distance, count):
        """Rocks with corals at one distance; drawn at twice the size and scaled down."""
        place, generator = self.place, self.generator
        canvas = Canvas(HEIGHT * 2, WIDTH * 2)
        floor = HEIGHT * 2 * (place.horizon + (1.02 - place.horizon) * min(1.0, 1.05 / distance))
        unit = 340 / distance**0.75
        near = distance <= 1.0
        centres = [0.06, 0.94, 0.0, 1.0] if near else list(generator.random(count))
        mounds = 2 if near else 4
        for index in range(mounds):
            centre = centres[index % len(centres)] * WIDTH * 2
            wide, tall = (
                int(unit * generator.uniform(1.4, 2.4)),
                int(unit * generator.uniform(0.30, 0.65)),
            )
            if place.wall:
                tall, wide = int(tall * 2.6), int(wide * 0.9)
                centre = WIDTH * 2 * (0.02 + 0.30 * generator.random() ** 2 if index % 3 else 0.97)
            canvas.place(
                reef.rock(tall, wide, generator), int(centre - wide / 2), int(floor - tall * 0.85)
            )
        rocks = canvas.pixels[..., 3].max(axis=0) > 0.5
        kinds = list(reef.COLOURS)
        for index in range(count):
            kind = kinds[generator.integers(len(kinds))]
            colours = reef.COLOURS[kind]
            colour = np.clip(
                np.asarray(colours[generator.integers(len(colours))])
                * np.exp(generator.normal(0, 0.1, 3)),
                0,
                1,
            )
            tall = int(unit * generator.uniform(0.30, 0.62) * (0.7 if near else 1.0))
            sprite = kind(max(24, tall), colour, generator)
            if generator.random() < 0.5:
                sprite = sprite[:, ::-1]
            x = (centres[index % len(centres)] + generator.normal(0, 0.06)) * WIDTH * 2
            if place.wall and not near:
                x = WIDTH * 2 * generator.random() ** 2 * 0.5
            if place.wall and not rocks[int(np.clip(x, 0, WIDTH * 2 - 1))]:
                continue  # Below a wall there is no ground to grow on.
            ground = self._standing(canvas, x, floor, generator)
            canvas.place(sprite, int(x - sprite.shape[1] / 2), int(ground - sprite.shape[0] * 0.93))
        small = cv2.resize(canvas.pixels, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        return self.through(small, distance * 0.8).astype(np.float32)

    @staticmethod
    def _standing(canvas, x, floor, generator):
        """Where something growing at column `x` stands: on the rock there, or the ground."""
        column = canvas.pixels[:, int(np.clip(x, 0, canvas.shape[1] - 1)), 3]
        filled = np.nonzero(column > 0.5)[0]
        if not len(filled):
            return floor
        top = min(filled[0], floor)
        return min(floor + 12, top + generator.uniform(0.1, 0.7) * max(0, floor - top) + 14)

    def _light(self):
        """Nets of light on the ground, and beams from above."""
        generator = self.generator
        first, second = noise((512, 512), 70, generator, 2), noise((512, 512), 48, generator, 2)
        ridge = lambda field: 1 - np.clip(abs(field - 0.5) * 7, 0, 1)
        window = np.minimum(1, np.minimum(np.arange(512), 511 - np.arange(512)) / 40)
        self.nets = [
            (ridge(field) ** 2 * window[:, None] * window[None]).astype(np.float32)
            for field in (first, second)
        ]
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        level = self.place.horizon * HEIGHT
        distance = np.clip(0.55 * (HEIGHT - level) / np.maximum(abs(y - level) + 20, 1), 0.5, 6)
        self.net_x, self.net_y = (x - WIDTH / 2) * distance * 0.9, distance * 200
        self.net_share = (
            smoothstep(5, 1, distance) * smoothstep(level - 30, level + 40, y) * self.place.sand
        ).astype(np.float32)
        self.beams = []
        for _ in range(5):
            start, lean, wide = (
                generator.uniform(-0.1, 1.1) * WIDTH,
                generator.uniform(-0.5, 0.1),
                generator.uniform(12, 34),
            )
            beam = np.exp(-(((x - start + lean * y) / (wide + y * 0.12)) ** 2)) * smoothstep(
                HEIGHT * 0.85, 0, y
            )
            self.beams.append(
                (beam.astype(np.float32), generator.uniform(0.1, 0.3), generator.uniform(0, 6.28))
            )

    def shine(self, picture, seconds):
        """The picture under the light of an instant."""
        nets = [
            cv2.remap(
                net,
                ((self.net_x + speed * seconds) % 512).astype(np.float32),
                ((self.net_y + speed * 0.4 * seconds) % 512).astype(np.float32),
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_WRAP,
            )
            for net, speed in zip(self.nets, (11.0, -8.0))
        ]
        light = 1 + self.net_share * (0.42 * np.minimum(1, nets[0] + nets[1]) - 0.10)
        rays = sum(
            beam * (0.5 + 0.5 * np.sin(6.28 * rate * seconds + phase))
            for beam, rate, phase in self.beams
        )
        return picture * light[..., None] + (0.10 * rays)[..., None] * np.asarray(
            self.place.surface
        )
