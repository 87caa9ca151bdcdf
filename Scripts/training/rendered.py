"""Drawn scenes that join the real pictures of a training: other places and seeds than Samples."""

import colorsys

import cv2
import numpy as np

from . import coco, making
from .scenes.scene import HEIGHT, WIDTH, Group, Scene
from .scenes.species import SPECIES
from .scenes.water import Place

FRAMES = 5
"""Pictures taken of each scene, some seconds apart."""


def samples(config, scenes, seed, work):
    """`scenes` × FRAMES Samples of source "rendered", kept in `work` once drawn.

    A fish has the label whose classes name its species, or else "fish"; without either it is
    background.
    """
    path = work / f"scenes-{seed}-{scenes}.npz"
    if not path.exists():
        work.mkdir(parents=True, exist_ok=True)
        seeds = [[seed, number] for number in range(scenes)]
        drawn = [frame for frames in making.each(scene, seeds) for frame in frames]
        np.savez_compressed(
            path,
            images=np.array([image for image, _, _ in drawn]),
            counts=[len(boxes) for _, boxes, _ in drawn],
            boxes=np.concatenate([boxes for _, boxes, _ in drawn]),
            species=np.concatenate([species for _, _, species in drawn]),
        )
    kept = np.load(path)
    places = np.cumsum(kept["counts"])[:-1]
    indices = coco.label_indices(config)
    scale = min(1.0, 1.5 * config["input"]["width"] / WIDTH)
    made = []
    for index, (image, boxes, species) in enumerate(
        zip(kept["images"], np.split(kept["boxes"], places), np.split(kept["species"], places))
    ):
        labels = [indices.get(name, indices.get("fish", -1)) for name in species]
        labels = np.array(labels, np.int64)
        made.append(
            coco.Sample(
                cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA),
                (boxes * scale).astype(np.float32)[labels >= 0],
                labels[labels >= 0],
                np.zeros((0, 4), np.float32),
                True,
                "rendered",
                f"scene {seed}-{index // FRAMES}",
                "rendered",
                f"{index:06}.png",
            )
        )
    return made


def scene(seed):
    """FRAMES pictures of one random place with random fish: picture, boxes in pixels, species."""
    generator = np.random.default_rng(seed)
    number = int(generator.integers(10_000, 2**31))
    drawn = Scene(
        place(generator, number),
        [_group(generator) for _ in range(generator.integers(0, 8))],
        number,
    )
    frames = []
    for t in generator.uniform(0, 60, FRAMES):
        picture, fish = drawn.frame(t)
        boxes = [
            [
                (one["x"] - one["w"] / 2) * WIDTH,
                (one["y"] - one["h"] / 2) * HEIGHT,
                one["w"] * WIDTH,
                one["h"] * HEIGHT,
            ]
            for one in fish
        ]
        names = np.array([one["species"] for one in fish], dtype="U40")
        frames.append((picture, np.array(boxes).reshape(-1, 4), names))
    return frames


def place(generator, number):
    """A random place under water; `number` seeds what grows there."""
    hue = generator.uniform(0.42, 0.62)
    wall = bool(generator.random() < 0.3)
    return Place(
        number,
        surface=colorsys.hsv_to_rgb(hue, generator.uniform(0.3, 0.7), generator.uniform(0.6, 0.95)),
        deep=colorsys.hsv_to_rgb(
            hue + 0.03, generator.uniform(0.7, 1), generator.uniform(0.25, 0.5)
        ),
        haze=generator.uniform(0.15, 0.5),
        horizon=generator.uniform(0.45, 0.8),
        corals=int(generator.integers(4, 40)),
        sand=0.0 if wall else 1.0,
        wall=wall,
    )


def _group(generator):
    name = list(SPECIES)[generator.integers(len(SPECIES))]
    small = SPECIES[name].centimetres < 10
    return Group(
        name,
        int(generator.integers(1, 10 if small else 4)),
        generator.uniform(0.6, 1.6) if small else generator.uniform(0.9, 3.0),
        tuple(generator.uniform(0.15, 0.85, 2)),
        (0.25, 0.15),
        tuple(generator.uniform(0.05, 0.18, 2)),
    )
