"""How good centroids are: peaks of a grid, matched one to one with boxes."""

import cv2
import numpy as np

from . import coco
from .targets import CELL

THRESHOLDS = np.round(np.arange(0.10, 0.96, 0.01), 2)


def peaks(grid, floor, allowed=True):
    """Local maxima over the 8 neighbours of one label's scores (rows, columns), where `allowed`.

    Returns [x, y, score] by falling score, x and y in pixels of the input: the mean of the 3 × 3
    cells' middles, weighted by score. Of equal neighbours the first in reading order is kept.
    """
    padded = np.pad(grid, 1, constant_values=-1)
    rows, columns = grid.shape
    keep = (grid >= floor) & allowed
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            if (dy, dx) == (0, 0):
                continue
            neighbour = padded[1 + dy : 1 + dy + rows, 1 + dx : 1 + dx + columns]
            keep &= grid > neighbour if (dy, dx) < (0, 0) else grid >= neighbour
    found = []
    padded = np.maximum(padded, 0)
    for row, column in zip(*np.nonzero(keep)):
        around = padded[row : row + 3, column : column + 3]
        total = around.sum()
        shift_y = (around.sum(axis=1) * (-1, 0, 1)).sum() / total
        shift_x = (around.sum(axis=0) * (-1, 0, 1)).sum() / total
        found.append(
            [(column + 0.5 + shift_x) * CELL, (row + 0.5 + shift_y) * CELL, grid[row, column]]
        )
    return np.array(sorted(found, key=lambda peak: -peak[2]), np.float32).reshape(-1, 3)


def takers(found, boxes, margin):
    """Which box each of `found` (by falling score) takes, or -1.

    A peak may take a box in which it lies, give or take `margin` pixels. In the order of scores,
    each peak takes a box if the earlier ones can be moved so that all keep one: so as many as
    possible are right whatever the threshold is (Kuhn's augmenting paths).
    """
    x, y = found[:, 0, None], found[:, 1, None]
    inside = (
        (x >= boxes[:, 0] - margin)
        & (y >= boxes[:, 1] - margin)
        & (x <= boxes[:, 0] + boxes[:, 2] + margin)
        & (y <= boxes[:, 1] + boxes[:, 3] + margin)
    )
    away = np.hypot(boxes[:, 0] + boxes[:, 2] / 2 - x, boxes[:, 1] + boxes[:, 3] / 2 - y)
    holder = np.full(len(boxes), -1)

    def take(peak, seen):
        for box in np.argsort(away[peak]):
            if not inside[peak, box] or box in seen:
                continue
            seen.add(box)
            if holder[box] < 0 or take(holder[box], seen):
                holder[box] = peak
                return True
        return False

    taken = np.full(len(found), -1)
    for peak in range(len(found)):
        if inside[peak].any():
            take(peak, set())
    for box, peak in enumerate(holder):
        if peak >= 0:
            taken[peak] = box
    return taken


def merged(found, sizes, within):
    """`found` without peaks that lie in the box of a stronger one and are no smaller than half.

    `sizes` are log2 (rows, columns, 2) in cells; `within` is the share of a box's sides, around
    its middle, in which a second peak is the same fish.
    """
    kept, boxes = [], []
    for peak in found:
        row = min(sizes.shape[0] - 1, int(peak[1] // CELL))
        column = min(sizes.shape[1] - 1, int(peak[0] // CELL))
        across, down = 2.0 ** sizes[row, column] * CELL
        inside = any(
            abs(peak[0] - x) <= w * within / 2
            and abs(peak[1] - y) <= h * within / 2
            and across * down >= w * h / 4
            for x, y, w, h in boxes
        )
        if not inside:
            kept.append(peak)
            boxes.append((peak[0], peak[1], across, down))
    return np.array(kept, np.float32).reshape(-1, 3)


class Score:
    """True and false detections by threshold, collected picture by picture.

    Pictures with incomplete labels count for recall alone.
    """

    def __init__(self, folder=""):
        self.folder = folder
        none = np.zeros(len(THRESHOLDS))
        self.true, self.false, self.recalled = none.copy(), none.copy(), none.copy()
        self.count_error, self.count_bias, self.false_on_empty = none.copy(), none.copy(), none.copy()
        self.fish = self.recall_fish = self.pictures = self.empty = 0
        self.videos, self.most, self.by_video = set(), {}, {}

    def add(self, found, boxes, complete, video):
        """Count one picture's peaks (see `peaks`) against its boxes, in pixels of the input."""
        levels = THRESHOLDS[:, None]
        right = takers(found, boxes, CELL / 2) >= 0
        above = found[:, 2] >= levels if len(found) else np.zeros((len(THRESHOLDS), 0), bool)
        true, count = (above & right).sum(axis=1), above.sum(axis=1)
        self.videos.add(video)
        self.recalled += true
        self.recall_fish += len(boxes)
        if not complete:
            return
        self.true += true
        self.false += count - true
        self.fish += len(boxes)
        self.count_error += abs(count - len(boxes))
        self.count_bias += count - len(boxes)
        self.pictures += 1
        if len(boxes) == 0:
            self.empty += 1
            self.false_on_empty += count
        parts = np.array([true, count - true, np.full_like(true, len(boxes))])
        self.by_video[video] = self.by_video.get(video, 0) + parts
        counted, fish = self.most.get(video, (0, 0))
        self.most[video] = (np.maximum(counted, count), max(fish, len(boxes)))

    def f1(self):
        """F1 by threshold."""
        return 2 * self.true / np.maximum(1, self.true + self.false + self.fish)

    def interval(self, index, draws=2000):
        """95 % interval of the F1 at THRESHOLDS[index], by drawing videos anew."""
        parts = np.array([counts[:, index] for counts in self.by_video.values()], float)
        if len(parts) < 2:
            return None
        drawn = np.random.default_rng(0).integers(len(parts), size=(draws, len(parts)))
        true, false, fish = parts[drawn].sum(axis=1).T
        f1 = 2 * true / np.maximum(1, true + false + fish)
        return [round(float(value), 3) for value in np.percentile(f1, [2.5, 97.5])]

    def at(self, threshold):
        """The figures at one of THRESHOLDS."""
        index = int(np.argmin(abs(THRESHOLDS - threshold)))
        rounded = lambda value: round(float(value), 3)
        most = [(counted[index], fish) for counted, fish in self.most.values()]
        figures = {
            "pictures": self.pictures,
            "videos": len(self.videos),
            "fish": self.fish,
            "f1": rounded(self.f1()[index]),
            "f1Interval": self.interval(index),
            "precision": rounded(self.true[index] / max(1, self.true[index] + self.false[index])),
            "recall": rounded(self.true[index] / max(1, self.fish)),
            "countError": rounded(self.count_error[index] / max(1, self.pictures)),
            "countBias": rounded(self.count_bias[index] / max(1, self.pictures)),
            "recallWithIncomplete": rounded(self.recalled[index] / max(1, self.recall_fish)),
            "maxNError": rounded(np.mean([abs(c - n) for c, n in most]) if most else 0),
            "maxNBias": rounded(np.mean([c - n for c, n in most]) if most else 0),
        }
        if self.empty:
            figures |= {
                "emptyPictures": self.empty,
                "falsePerEmptyPicture": rounded(self.false_on_empty[index] / self.empty),
            }
        return figures


class Inputs:
    """Samples as the network will see them: letterboxed, with motion, without augmentation."""

    def __init__(self, samples, size):
        self.samples, self.boxes, pictures = samples, [], []
        for sample in samples:
            canvas, scale, left, top = coco.letterbox(sample.image, size["width"], size["height"])
            if size.get("motion"):
                canvas = np.concatenate([canvas, sample.motion[..., np.newaxis]], axis=2)
            pictures.append(canvas)
            self.boxes.append(sample.boxes * scale + np.array([left, top, 0, 0], np.float32))
        self.pictures = np.array(pictures)


def scores(inputs, outputs, floor=float(THRESHOLDS[0]), within=None):
    """Scores by source, and where there are several labels by label too, from a network's outputs.

    The keys are (source, None) and (source, label's index); for the former labels are not told
    apart. A cell stands for the label that scores highest in it. With `within`, peaks of one
    predicted box are merged (see `merged`).
    """
    found = {}
    for index, (sample, truth) in enumerate(zip(inputs.samples, inputs.boxes)):
        grid = outputs[0][index][:, :, 1:]
        best = grid.argmax(axis=2)
        groups = [(None, peaks(grid.max(axis=2), floor), truth)]
        if grid.shape[2] > 1:
            groups += [
                (label, peaks(grid[:, :, label], floor, best == label), truth[sample.labels == label])
                for label in range(grid.shape[2])
            ]
        for label, points, boxes in groups:
            if within is not None:
                points = merged(points, outputs[1][index], within)
            score = found.setdefault((sample.source, label), Score(sample.folder))
            score.add(points, boxes, sample.complete, sample.video or sample.file)
    return found


def predicted_boxes(found, sizes):
    """Boxes [left, top, width, height] around `found`, as large as the size head says there."""
    rows = np.clip(found[:, 1] // CELL, 0, sizes.shape[0] - 1).astype(int)
    columns = np.clip(found[:, 0] // CELL, 0, sizes.shape[1] - 1).astype(int)
    sides = 2.0 ** sizes[rows, columns] * CELL
    return np.concatenate([found[:, :2] - sides / 2, sides], axis=1)


def overlaps(boxes, others):
    """Intersection over union of each of `boxes` with each of `others`."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(
        boxes[:, None, :2] + boxes[:, None, 2:], others[None, :, :2] + others[None, :, 2:]
    )
    both = np.prod(np.maximum(0, high - low), axis=2)
    areas = np.prod(boxes[:, 2:], axis=1)[:, None] + np.prod(others[:, 2:], axis=1)[None]
    return both / np.maximum(areas - both, 1e-9)


def box_precision(inputs, outputs, source, floor=0.05, overlap=0.5):
    """Average precision of predicted boxes on a source's pictures with complete labels.

    A box is right when its overlap with a free true one is at least `overlap`, by falling score
    over all pictures; the area is under the precision made monotonous (Pascal VOC from 2010 on).
    """
    scores, right, fish = [], [], 0
    for index, (sample, truth) in enumerate(zip(inputs.samples, inputs.boxes)):
        if sample.source != source or not sample.complete:
            continue
        fish += len(truth)
        found = peaks(outputs[0][index][:, :, 1:].max(axis=2), floor)
        table = overlaps(predicted_boxes(found, outputs[1][index]), truth)
        for row, peak in zip(table, found):
            best = int(row.argmax()) if len(truth) else 0
            hit = len(truth) > 0 and row[best] >= overlap
            scores.append(peak[2])
            right.append(hit)
            if hit:
                table[:, best] = 0
    order = np.argsort(-np.array(scores), kind="stable")
    true = np.cumsum(np.array(right, float)[order])
    precision = true / np.arange(1, len(true) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    recall = np.concatenate([[0], true / max(1, fish)])
    return float((np.diff(recall) * precision).sum())


def best_threshold(scores):
    """The threshold with the highest mean F1 of the given Scores, and that mean."""
    mean = np.mean([score.f1() for score in scores], axis=0)
    smooth = cv2.blur(mean.reshape(1, -1), (5, 1), borderType=cv2.BORDER_REPLICATE).ravel()
    index = int(np.argmax(smooth))
    return float(THRESHOLDS[index]), float(mean[index])
