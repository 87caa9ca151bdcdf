"""How well a model with an open set names fish: on real boxes whose species is known, on real frames
of other fish, and on composed pictures held out.

From the root: PYTHONPATH=Scripts .venv/bin/python -m training.naming Species/models/reef-ten \
    --data ../shared/data --work .build-train/reef-ten
"""

import argparse
import json
import pathlib

import numpy as np

from . import coco, composed, configuration, export, measurement, motion

SIZES = (0, 16, 32, 64, 1000)
"""Limits of the longer side of a fish, in pixels of the input, for figures by size."""


class Model:
    """A model's file with what its card says of it."""

    def __init__(self, folder, precision):
        self.card = json.loads((folder / "card.json").read_text())
        self.config = configuration.load(folder / "training.json")
        file = next(f for f in self.card["files"] if f["precision"] == precision)
        self.path = folder / file["file"]
        opened = self.card["openSet"]
        self.chosen = measurement.open_set(
            self.config, opened["nameAbove"], opened["temperature"]
        )
        self.threshold = opened["threshold"]
        kept = file["calibration"]
        self.calibrations = [
            measurement.Calibration(**kept.get(name, kept["still"])) for name in ("still", "moving")
        ]
        self.names = [label["label"] for label in self.config["labels"]]
        self.names.append(self.config["openSet"]["label"])

    def found(self, samples):
        """Inputs and, of each picture, the detections (x, y, score, label) that count."""
        size = self.config["input"]
        inputs = measurement.Inputs(samples, size, bool(size.get("portrait")))
        outputs, places = export.run(self.path, inputs.pictures), self.card["outputs"]
        grids = outputs[places["scores"]]
        sizes = outputs[places["sizes"]] if "sizes" in places else [None] * len(grids)
        floor, self.grids = self.threshold, grids
        return inputs, [
            measurement.detections(
                grid[:, :, 1:], floor, self.calibrations[int(moving)], self.chosen, size
            )
            for grid, size, moving in zip(grids, sizes, inputs.moving)
        ]


def real_boxes(model, samples):
    """Lines on the boxes whose species is known: what was found in each."""
    inputs, found = model.found(samples)
    other, lines = model.chosen.generic[0], []
    for index, (sample, boxes) in enumerate(zip(samples, inputs.boxes)):
        best = measurement.takers(found[index], boxes, measurement.CELL / 2)
        for box, label in enumerate(sample.labels):
            if label == other:
                continue
            taken = [d for d, b in zip(found[index], best) if b == box]
            said = f"{model.names[int(taken[0][3])]} ({taken[0][2]:.2f})" if taken else "not found"
            share = _share(model, index, boxes[box])
            sides = "{:.0f} × {:.0f}".format(*boxes[box][2:])
            lines.append(f"{sample.file} | {model.names[label]} | {sides} | {said} | {share}")
    return lines


def _share(model, index, box):
    """The highest shares at the box's best cell, whatever is reported."""
    grid = model.grids[index][:, :, 1:]
    low = (box[:2] // measurement.CELL).astype(int)
    high = ((box[:2] + box[2:]) // measurement.CELL).astype(int) + 1
    part = grid[low[1] : high[1], low[0] : high[0]].reshape(-1, grid.shape[2])
    best = part[part.sum(axis=1).argmax()][list(model.chosen.members)]
    shares = measurement.shares(best[np.newaxis], model.chosen.temperature)[0]
    order = np.argsort(-shares)[:2]
    return ", ".join(f"{model.names[model.chosen.members[i]]} {shares[i]:.2f}" for i in order)


def names_given(model, samples):
    """On real frames: fish, how many are found, and of what is named right and wrong by label.

    What lies in a box that is ignored counts as neither.
    """
    inputs, found = model.found(samples)
    fish = hits = right = 0
    wrong = {}
    for index, (sample, boxes) in enumerate(zip(samples, inputs.boxes)):
        taken = measurement.takers(found[index], boxes, measurement.CELL / 2)
        fish, hits = fish + len(boxes), hits + int((taken >= 0).sum())
        ignored = inputs.placed(index, sample.ignored)
        for one, box in zip(found[index], taken):
            label = int(one[3])
            if label == len(model.names) - 1 or _inside(one, ignored):
                continue
            if box >= 0 and sample.labels[box] == label:
                right += 1
            else:
                wrong[model.names[label]] = wrong.get(model.names[label], 0) + 1
    return {"fish": fish, "found": hits, "namedRight": right, "namedWrong": wrong}


def _inside(one, boxes):
    return bool(
        (
            (one[:2] >= boxes[:, :2] - measurement.CELL / 2)
            & (one[:2] <= boxes[:, :2] + boxes[:, 2:] + measurement.CELL / 2)
        )
        .all(axis=1)
        .any()
    )


def doubtful(model, samples):
    """What is found in boxes that are ignored: counts by label."""
    inputs, found = model.found(samples)
    counts = {}
    for index, sample in enumerate(samples):
        for box in inputs.placed(index, sample.ignored):
            said = [one for one in found[index] if _inside(one, box[np.newaxis])]
            name = model.names[int(said[0][3])] if said else "not found"
            counts[name] = counts.get(name, 0) + 1
    return counts


def confusion(model, samples):
    """Table (labels, labels + unidentified + missed) of composed fish, and false detections.

    Also F1 by label, of all and by size, where a name that is not given is a miss.
    """
    inputs, found = model.found(samples)
    count = len(model.names) - 1
    table = np.zeros((count, count + 2), int)
    beside = np.zeros(count + 1, int)
    by_size = np.zeros((len(SIZES) - 1, 3), int)
    for index, (sample, boxes) in enumerate(zip(samples, inputs.boxes)):
        taken = measurement.takers(found[index], boxes, measurement.CELL / 2)
        said = np.full(len(boxes), count + 1)
        for one, box in zip(found[index], taken):
            if box >= 0:
                said[box] = int(one[3])
            else:
                beside[int(one[3])] += 1
        for box, label, name in zip(boxes, sample.labels, said):
            table[label, name] += 1
            if label not in model.chosen.generic:
                row = by_size[np.searchsorted(SIZES, max(box[2:]), side="right") - 1]
                row += (1, name == label, name < count and name != label)
    other = model.chosen.generic[0]
    species = [label for label in range(count) if label != other]
    f1 = {}
    for label in species:
        given = table[:, label].sum() + beside[label]
        f1[model.names[label]] = round(
            float(2 * table[label, label] / max(1, given + table[label].sum())), 3
        )
    return {
        "names": [*model.names, "missed"],
        "table": table.tolist(),
        "beside": beside.tolist(),
        "f1": f1,
        "macroF1": round(float(np.mean(list(f1.values()))), 3),
        "bySize": {
            f"{low}-{high}": {"fish": int(n), "right": int(r), "wrong": int(w)}
            for low, high, (n, r, w) in zip(SIZES, SIZES[1:], by_size)
        },
    }


def seen(samples, size):
    """`samples` with motion, where the model's input has it."""
    if size.get("motion"):
        motion.add(samples, size["width"], size["height"], size["movingCameraAbove"], coco.letterbox)
    return samples


def main():
    parser = argparse.ArgumentParser(prog="training.naming", description=__doc__)
    parser.add_argument("model", type=pathlib.Path, help="folder with card.json and training.json")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, help="the training's; for composed pictures")
    parser.add_argument("--precision", default="int8", choices=export.PRECISIONS)
    options = parser.parse_args()
    model = Model(options.model, options.precision)
    config = model.config | {"composed": model.config["composed"] | {"leftOut": []}}
    folders = [*config["train"], *config["val"]]
    samples = [s for name in folders for s in coco.load(options.data / name, config)]
    samples = seen(composed.named(samples, config, options.data), config["input"])
    named = [sample for sample in samples if sample.source == composed.NAMED]
    other = model.chosen.generic[0]
    print("\n".join(real_boxes(model, [s for s in named if (s.labels != other).any()])))
    made = {"doubtful": doubtful(model, named), "named frames": names_given(model, named)}
    val = {pathlib.Path(name).as_posix() for name in config["val"]}
    for folder in sorted(val):
        made[folder] = names_given(model, [s for s in samples if s.folder == folder])
    if options.work:
        drawn = composed.samples(config, "val", options.work)
        made["composed"] = confusion(model, seen(drawn, config["input"]))
    print(json.dumps(made, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
