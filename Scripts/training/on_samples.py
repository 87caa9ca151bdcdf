"""How many of the drawn fish in Samples/ a model finds.

From the root: PYTHONPATH=Scripts .venv/bin/python -m training.on_samples Species/models/fish
"""

import collections
import json
import pathlib
import sys

import cv2
import numpy as np

from . import coco, export, measurement, motion

EVERY = 5
"""Frames are neighbours of each other: every fifth is enough."""


def main(folder):
    """Print precision and recall by film, and recall by species, for the model's default file."""
    folder = pathlib.Path(folder)
    card = json.loads((folder / "card.json").read_text())
    size = json.loads((folder / "training.json").read_text())["input"]
    file, motionless = card["files"][0], not size.get("motion")
    threshold = file.get("thresholds", [card["labels"][0]["threshold"]])[0]
    stated = file.get("calibration", {}).get("still" if motionless else "moving", {})
    calibration = measurement.Calibration(**stated)
    by_species = collections.defaultdict(lambda: [0, 0])
    everything = measurement.Score()
    samples = pathlib.Path(__file__).resolve().parents[2] / "Samples"
    for path in sorted(samples.rglob("*.gt.json")):
        truth = json.loads(path.read_text())
        score = measurement.Score()
        pictures, frames = _frames(path.with_name(truth["file"]), truth, size)
        outputs = export.run(folder / file["file"], pictures)
        grids = outputs[card.get("outputs", {"scores": 0})["scores"]]
        for grid, frame in zip(grids, frames):
            boxes = _boxes(frame, truth, size)
            found = measurement.detections(grid[:, :, 1:2], card["floor"], calibration)
            for one in (score, everything):
                one.add(found, boxes, True, path.stem)
            _recall(found[found[:, 2] >= threshold], boxes, frame, by_species)
        print(truth["file"], score.at(threshold))
    print("all", everything.at(threshold))
    for name, (right, fish) in sorted(by_species.items()):
        print(f"{name:26} recall {right / fish:.2f} of {fish}")


def _frames(path, truth, size):
    """Every EVERY-th frame as the network's input, with motion where it has it, and its truth."""
    video, pictures = cv2.VideoCapture(str(path)), []
    for _ in truth["frames"]:
        there, picture = video.read()
        if not there:
            break
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        pictures.append(coco.letterbox(picture, size["width"], size["height"])[0])
    if size.get("motion"):
        moved, _ = motion.of_video(pictures, size["movingCameraAbove"])
        pictures = [np.dstack(pair) for pair in zip(pictures, moved)]
    return pictures[::EVERY], truth["frames"][: len(pictures) : EVERY]


def _boxes(frame, truth, size):
    """The frame's boxes in pixels of the input; Samples has the input's proportions."""
    scale = min(size["width"] / truth["width"], size["height"] / truth["height"])
    full = np.array([truth["width"], truth["height"]]) * scale
    boxes = np.array(
        [
            [fish["x"] - fish["w"] / 2, fish["y"] - fish["h"] / 2, fish["w"], fish["h"]]
            for fish in frame["fish"]
        ],
        np.float32,
    ).reshape(-1, 4)
    return boxes * np.concatenate([full, full])


def _recall(found, boxes, frame, by_species):
    """Add the frame's fish to [found, all] by species, by the same matching as the score."""
    for fish in frame["fish"]:
        by_species[fish["species"]][1] += 1
    order = measurement.takers(found, boxes, measurement.CELL / 2)
    for index in order[order >= 0]:
        by_species[frame["fish"][index]["species"]][0] += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
