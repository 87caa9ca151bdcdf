"""How good centroids are: peaks of a grid, matched one to one with boxes."""

import cv2
import numpy as np

from .augmentation import CELL

THRESHOLDS = np.round(np.arange(0.10, 0.96, 0.01), 2)


def peaks(grid, floor):
    """Local maxima over the 8 neighbours of one label's scores (rows, columns).

    Returns [x, y, score] by falling score, x and y in pixels of the input: the mean of the 3 × 3
    cells' middles, weighted by score. Of equal neighbours the first in reading order is kept.
    """
    padded = np.pad(grid, 1, constant_values=-1)
    rows, columns = grid.shape
    keep = grid >= floor
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
    """Which box each of `found` (by falling score) takes, or -1: the first to reach a box has it.

    A peak lies in a box give or take `margin` pixels; of several free boxes around it, it takes
    the one whose centre is nearest.
    """
    taken = np.full(len(found), -1)
    free = np.ones(len(boxes), bool)
    for index, (x, y, _) in enumerate(found):
        inside = (
            free
            & (x >= boxes[:, 0] - margin)
            & (y >= boxes[:, 1] - margin)
            & (x <= boxes[:, 0] + boxes[:, 2] + margin)
            & (y <= boxes[:, 1] + boxes[:, 3] + margin)
        )
        if not inside.any():
            continue
        distance = np.hypot(boxes[:, 0] + boxes[:, 2] / 2 - x, boxes[:, 1] + boxes[:, 3] / 2 - y)
        taken[index] = np.argmin(np.where(inside, distance, np.inf))
        free[taken[index]] = False
    return taken


class Score:
    """True and false detections by threshold, collected picture by picture.

    Pictures with incomplete labels count for recall alone.
    """

    def __init__(self, folder=""):
        self.folder = folder
        self.true = np.zeros(len(THRESHOLDS))
        self.false = np.zeros(len(THRESHOLDS))
        self.fish = 0
        self.count_error = np.zeros(len(THRESHOLDS))
        self.pictures = 0
        self.videos = set()
        self.recalled = np.zeros(len(THRESHOLDS))
        self.recall_fish = 0

    def add(self, found, boxes, complete, video):
        """Count one picture's peaks (see `peaks`) against its boxes, in pixels of the input."""
        levels = THRESHOLDS[:, None]
        # The order of matching is the order of scores, so one matching serves every threshold.
        right = takers(found, boxes, CELL / 2) >= 0
        above = found[:, 2] >= levels if len(found) else np.zeros((len(THRESHOLDS), 0), bool)
        true = (above & right).sum(axis=1)
        self.videos.add(video)
        self.recalled += true
        self.recall_fish += len(boxes)
        if complete:
            self.true += true
            self.false += (above & ~right).sum(axis=1)
            self.fish += len(boxes)
            self.count_error += abs(above.sum(axis=1) - len(boxes))
            self.pictures += 1

    def f1(self):
        """F1 by threshold."""
        return 2 * self.true / np.maximum(1, self.true + self.false + self.fish)

    def at(self, threshold):
        """The figures at one of THRESHOLDS."""
        index = int(np.argmin(abs(THRESHOLDS - threshold)))
        rounded = lambda value: round(float(value), 3)
        return {
            "pictures": self.pictures,
            "videos": len(self.videos),
            "fish": self.fish,
            "f1": rounded(self.f1()[index]),
            "precision": rounded(self.true[index] / max(1, self.true[index] + self.false[index])),
            "recall": rounded(self.true[index] / max(1, self.fish)),
            "countError": rounded(self.count_error[index] / max(1, self.pictures)),
            "recallWithIncomplete": rounded(self.recalled[index] / max(1, self.recall_fish)),
        }


def prepared(samples, width, height, letterbox):
    """Pictures and boxes as the network will see them: letterboxed, without augmentation."""
    pictures, boxes = [], []
    for sample in samples:
        canvas, scale, left, top = letterbox(sample.image, width, height)
        pictures.append(canvas)
        boxes.append(sample.boxes * scale + np.array([left, top, 0, 0], np.float32))
    return np.array(pictures), boxes


def by_source(samples, boxes, grids, floor=float(THRESHOLDS[0])):
    """A Score for each source, from the networks' grids (pictures, rows, columns, 1 + labels).

    Labels are not told apart: with one label there is nothing to tell.
    """
    scores = {}
    for sample, truth, grid in zip(samples, boxes, grids):
        found = peaks(1 - grid[:, :, 0] if grid.shape[2] > 2 else grid[:, :, 1], floor)
        score = scores.setdefault(sample.source, Score(sample.folder))
        score.add(found, truth, sample.complete, sample.video)
    return scores


def best_threshold(scores):
    """The threshold with the highest mean F1 of the given Scores, and that mean."""
    mean = np.mean([score.f1() for score in scores], axis=0)
    smooth = cv2.blur(mean.reshape(1, -1), (5, 1), borderType=cv2.BORDER_REPLICATE).ravel()
    index = int(np.argmax(smooth))
    return float(THRESHOLDS[index]), float(mean[index])
