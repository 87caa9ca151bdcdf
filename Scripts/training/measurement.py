"""How good centroids are: peaks of a grid, matched one to one with boxes."""

import copy
import math
import typing

import cv2
import numpy as np

from . import coco
from .targets import CELL, SIGMAS

THRESHOLDS = np.round(np.arange(0.10, 0.96, 0.01), 2)

GIVEN_UP = 0.005
"""F1 that a threshold may give up for being higher: F1 hardly depends on it, but MaxN, the greatest of
many counts, is spoilt by a single frame's false fish, and false fish grow with falling thresholds.
"""

MOST = 0.5
"""No threshold is higher. F1 is best where what is more probable than half of that F1 counts (Lipton and others 2014,
"Optimal Thresholding of Classifiers to Maximize F1 Measure"); only few pictures can say otherwise of calibrated scores.
"""


SPREAD, NARROWEST = 1.3, 0.65
"""A peak's scores fall off around its fish as a Gaussian with a sigma of SPREAD times that of training (see
`targets`), at least NARROWEST cells: what is above that in a neighbouring cell is another fish.
"""


class Calibration(typing.NamedTuple):
    """What makes probabilities of scores: 1 / (1 + exp(-(scale ln(p / (1 - p)) + offset)))."""

    scale: float = 1.0
    offset: float = 0.0

    def of(self, scores):
        """Probabilities of scores."""
        if self == (1, 0):
            return scores
        return 1 / (1 + np.exp(-(self.scale * logits(scores) + self.offset)))

    def before(self, probability):
        """The score that has a probability."""
        if self == (1, 0):
            return probability
        return float(1 / (1 + np.exp(-(logits(probability) - self.offset) / self.scale)))


def logits(scores):
    """ln(p / (1 - p)) of scores held to [1e-6, 1 - 1e-6]."""
    held = np.clip(np.asarray(scores, np.float64), 1e-6, 1 - 1e-6)
    return np.log(held / (1 - held))


NONE = (Calibration(), Calibration())
"""Scores as they are."""


class OpenSet(typing.NamedTuple):
    """Labels that are found as one and then named, if one has a large enough share of their scores.

    `members` and `generic` are indices of labels: all that are summed, and those among them that
    name no kind and so are reported as the open-set label. `name_above` has the share from which
    each of `members` gives its name.
    """

    members: tuple
    generic: tuple
    name_above: tuple
    temperature: float = 1.0


def open_set(config, name_above=None, temperature=1.0):
    """The OpenSet of a configuration, or None: generic is what has the open set's own taxon.

    `name_above` are shares in the order of the configuration's `openSet.labels`; 0.5 each if left out.
    """
    plan = config.get("openSet")
    if not plan:
        return None
    labels = config["labels"]
    members = [index for index, label in enumerate(labels) if label["label"] in plan["labels"]]
    generic = [index for index in members if labels[index].get("taxon") == plan["taxon"]]
    above = dict(zip(plan["labels"], name_above or [0.5] * len(members)))
    above = tuple(above[labels[member]["label"]] for member in members)
    return OpenSet(tuple(members), tuple(generic), above, temperature)


def maxima(grid, floor, allowed=True):
    """Rows and columns of the local maxima over the 8 neighbours of scores (rows, columns).

    By falling score; at least `floor`, above 0, and where `allowed`. Of equal neighbours the first
    in reading order is kept.
    """
    padded = np.pad(grid, 1, constant_values=-1)
    rows, columns = grid.shape
    keep = (grid >= floor) & (grid > 0) & allowed
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            if (dy, dx) == (0, 0):
                continue
            neighbour = padded[1 + dy : 1 + dy + rows, 1 + dx : 1 + dx + columns]
            keep &= grid > neighbour if (dy, dx) < (0, 0) else grid >= neighbour
    row, column = np.nonzero(keep)
    order = np.argsort(-grid[row, column], kind="stable")
    return row[order], column[order]


def individuals(grid, floor, allowed=True, sizes=None):
    """Rows, columns and scores of the cells of scores (rows, columns) that stand for an individual, by falling score.

    These are the `maxima` and, where `sizes` are known, log2 (rows, columns, 2) in cells, those cells beside a
    maximum whose score its fish does not explain: fish that touch it. Their score is what is left of
    the cell's, less the most that the Gaussian of a stronger one of these cells gives there. None
    depends on `floor` but in whether it is kept.
    """
    rows, columns = maxima(grid, floor, allowed)
    scores = grid[rows, columns]
    if sizes is None or not len(rows):
        return rows, columns, scores
    is_maximum = np.zeros(grid.shape, bool)
    is_maximum[rows, columns] = True
    near = cv2.dilate(is_maximum.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    places = np.argwhere(near & (grid >= floor) & (grid > 0) & allowed)
    middles = points(grid, *places.T)[:, :2] / CELL
    sigmas = np.maximum(NARROWEST, SPREAD / SIGMAS * 2.0 ** sizes[places[:, 0], places[:, 1]].astype(float))
    order = np.argsort(-grid[places[:, 0], places[:, 1]], kind="stable")
    left, found = {}, []
    for (row, column), (x, y), (sigma_x, sigma_y) in zip(
        places[order].tolist(), middles[order].tolist(), sigmas[order].tolist()
    ):
        explained = 0.0
        if not is_maximum[row, column]:
            for other in ((row + down, column + across) for down in (-1, 0, 1) for across in (-1, 0, 1)):
                if other in left:
                    strength, other_x, other_y, spread_x, spread_y = left[other]
                    away = ((column + 0.5 - other_x) / spread_x) ** 2 + ((row + 0.5 - other_y) / spread_y) ** 2
                    explained = max(explained, strength * math.exp(-away / 2))
        kept = max(0.0, float(grid[row, column]) - explained)
        left[row, column] = kept, x, y, sigma_x, sigma_y
        if kept >= floor and kept > 0:
            found.append((kept, row, column))
    found.sort(key=lambda one: -one[0])
    scores, rows, columns = np.array(found, np.float64).T
    return rows.astype(int), columns.astype(int), scores


def points(grid, rows, columns, scores=None):
    """[x, y, score] of cells, x and y in pixels of the input: the mean of the 3 × 3 cells' middles,
    weighted by score, at most half a cell away. The score is the cell's, or that of `scores`.
    """
    rows, columns = np.asarray(rows, int), np.asarray(columns, int)
    padded = np.pad(grid, 1).astype(np.float64)
    around = np.array([[padded[rows + down, columns + across] for across in range(3)] for down in range(3)])
    total = np.maximum(around.sum(axis=(0, 1)), 1e-30)
    shift_x = np.clip((around[:, 2] - around[:, 0]).sum(axis=0) / total, -0.5, 0.5)
    shift_y = np.clip((around[2] - around[0]).sum(axis=0) / total, -0.5, 0.5)
    scores = grid[rows, columns] if scores is None else scores
    placed = [(columns + 0.5 + shift_x) * CELL, (rows + 0.5 + shift_y) * CELL, scores]
    return np.column_stack(placed).astype(np.float32).reshape(-1, 3)


def peaks(grid, floor, allowed=True, sizes=None):
    """[x, y, score] by falling score of the `individuals` of one label's scores; see `points`."""
    return points(grid, *individuals(grid, floor, allowed, sizes))


def sizes_of(outputs, index):
    """The sizes that a network gave of one picture, or None."""
    return outputs[1][index] if len(outputs) > 1 else None


def units(grid, chosen):
    """What peaks are found on, of scores (rows, columns, labels): each label outside the open set,
    and the sum of its members.

    Returns the labels (for the members their number of labels: the open-set label) and the scores
    (rows, columns, units).
    """
    count = grid.shape[2]
    if chosen is None:
        return list(range(count)), grid
    single = [label for label in range(count) if label not in chosen.members]
    group = np.zeros(grid.shape[:2], grid.dtype)
    for member in chosen.members:
        group += grid[:, :, member]
    return single + [count], np.dstack([grid[:, :, single], group])


def shares(scores, temperature):
    """Shares of members' scores (peaks, members) after a temperature, summing to 1."""
    powers = np.asarray(scores, np.float64) ** (1 / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


def detections(grid, floor, calibration=Calibration(), chosen=None, sizes=None):
    """What is found on scores (rows, columns, labels) of one picture, and its sizes: [x, y, score, label].

    By label, open set last; of one label by falling score. A cell stands for the label, or sum of
    the open set, that scores highest in it. Scores and `floor` are calibrated. A member of the open
    set has its own label where it is named, and else that behind all labels.
    """
    found = [np.zeros((0, 4), np.float32)]
    labels, scores = units(grid, chosen)
    best = scores.argmax(axis=2)
    least = calibration.before(floor) * (1 - 1e-6)
    for unit, label in enumerate(labels):
        rows, columns, strengths = individuals(scores[:, :, unit], least, best == unit, sizes)
        placed = points(scores[:, :, unit], rows, columns, strengths)
        placed[:, 2] = calibration.of(placed[:, 2])
        given = np.full(len(placed), label)
        if chosen is not None and label == grid.shape[2] and len(placed):
            of_members = shares(grid[rows, columns][:, chosen.members], chosen.temperature)
            name = np.array(chosen.members)[of_members.argmax(axis=1)]
            clear = of_members.max(axis=1) >= np.array(chosen.name_above)[of_members.argmax(axis=1)]
            clear &= ~np.isin(name, chosen.generic)
            given = np.where(clear, name, label)
        found.append(np.column_stack([placed, given])[placed[:, 2] >= floor])
    return np.concatenate(found).astype(np.float32)


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
    return np.array(kept, np.float32).reshape(-1, found.shape[1])


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


def together(arrays):
    """Arrays along a new first axis; where their shapes differ, an array of arrays."""
    if len({array.shape for array in arrays}) <= 1:
        return np.array(list(arrays))
    made = np.empty(len(arrays), object)
    made[:] = list(arrays)
    return made


class Inputs:
    """Samples as the network will see them: letterboxed, with motion, without augmentation.

    `boxes` are in pixels of which CELL are a cell of the network's grid: where a cell is of more pixels of the
    input (`cell` of `size`), in larger ones. With `portrait` those taller than wide are letterboxed into the input turned by a quarter;
    but those with motion, whose channel has the usual shape.
    """

    def __init__(self, samples, size, portrait=False):
        self.samples, self.boxes, self.fits, pictures = samples, [], [], []
        larger = size.get("cell", CELL) / CELL
        self.moving = np.zeros(len(samples), bool)
        for index, sample in enumerate(samples):
            width, height = size["width"], size["height"]
            tall = sample.image.shape[0] > sample.image.shape[1]
            turned = portrait and tall and not (size.get("motion") and sample.motion.any())
            if turned:
                width, height = height, width
            canvas, scale, left, top = coco.letterbox(sample.image, width, height)
            if size.get("motion") and turned:
                canvas = np.pad(canvas, ((0, 0), (0, 0), (0, 1)))
            elif size.get("motion"):
                canvas = np.concatenate([canvas, sample.motion[..., np.newaxis]], axis=2)
                self.moving[index] = sample.motion.any()
            pictures.append(canvas)
            self.fits.append((scale / larger, np.array([left, top, 0, 0], np.float32) / larger))
            self.boxes.append(self.placed(index, sample.boxes))
        self.pictures = together(pictures)

    def placed(self, index, boxes):
        """Boxes of a picture as they lie in the input, in the pixels of `boxes`."""
        scale, corner = self.fits[index]
        return boxes * scale + corner

    def only(self, chosen):
        """Those of the pictures for which `chosen` is true."""
        other = copy.copy(self)
        kept = np.flatnonzero(chosen)
        other.samples = [self.samples[index] for index in kept]
        other.boxes = [self.boxes[index] for index in kept]
        other.fits = [self.fits[index] for index in kept]
        other.moving, other.pictures = self.moving[kept], together(self.pictures[kept])
        return other

    def still(self):
        """Those of the pictures that have motion, without it."""
        other = self.only(self.moving)
        other.moving = np.zeros(len(other.samples), bool)
        other.pictures[..., 3:] = 0
        return other


def scores(inputs, outputs, floor=float(THRESHOLDS[0]), within=None, calibrations=None, chosen=None):
    """Scores by source, and where there are several labels by label too, from a network's outputs.

    The keys are (source, None) and (source, label's index); for the former labels are not told
    apart. A cell stands for the label that scores highest in it. With `within`, peaks of one
    predicted box are merged (see `merged`). `calibrations` are of pictures without and with
    motion. With an OpenSet `chosen`, (source, number of labels) is of all its members together,
    whatever they are named, and those of members are of what is named so.
    """
    found = {}
    for index, (sample, truth) in enumerate(zip(inputs.samples, inputs.boxes)):
        grid = outputs[0][index][:, :, 1:]
        calibration = (calibrations or NONE)[int(inputs.moving[index])]
        together = units(grid, chosen)[1].max(axis=2)
        sizes = sizes_of(outputs, index)
        whole = peaks(together, calibration.before(floor) * (1 - 1e-6), sizes=sizes)
        whole[:, 2] = calibration.of(whole[:, 2])
        groups = [(None, whole[whole[:, 2] >= floor], truth)]
        count = grid.shape[2]
        if count > 1:
            all_found = detections(grid, floor, calibration, chosen, sizes)
            label_of = all_found[:, 3].astype(int)
            groups += [
                (label, all_found[label_of == label, :3], truth[sample.labels == label])
                for label in range(count)
            ]
            if chosen is not None:
                own = np.isin(label_of, chosen.members) | (label_of == count)
                wanted = np.isin(sample.labels, chosen.members)
                groups.append((count, all_found[own, :3], truth[wanted]))
        for label, given, boxes in groups:
            if within is not None:
                given = merged(given, outputs[1][index], within)
            score = found.setdefault((sample.source, label), Score(sample.folder))
            score.add(given, boxes, sample.complete, sample.video or sample.file)
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
        found = peaks(outputs[0][index][:, :, 1:].max(axis=2), floor, sizes=outputs[1][index])
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
    """The highest threshold, up to MOST, whose mean F1 of the given Scores, calibrated, is about the best, and that mean.

    The best is taken of means smoothed over five thresholds; up to GIVEN_UP less is about as good.
    """
    mean = np.mean([score.f1() for score in scores], axis=0)
    smooth = cv2.blur(mean.reshape(1, -1), (5, 1), borderType=cv2.BORDER_REPLICATE).ravel()
    smooth = smooth[THRESHOLDS <= MOST]
    index = int(np.flatnonzero(smooth >= smooth.max() - GIVEN_UP)[-1])
    return float(THRESHOLDS[index]), float(mean[index])
