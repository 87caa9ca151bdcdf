"""The task of networks of kind `named`: which of its labels a fish is, learnt on crops around one fish each.

A network that names at every cell is trained as if it named but one: the crop's middle, at the scale of the
whole input. A crop costs a small part of a picture, and each shows a fish; so a training sees hundreds of
thousands of them. Where fish are is not learnt here: that the finder knows, which stays as it is.
"""

import dataclasses

import numpy as np
from keras import ops

from . import augmentation, coco, composed, loop, measurement, network, windows

STRIDE = 16
"""Pixels of the input from one named cell to the next."""

COMPOSED_SHARE = 0.55
"""Crops made of drawn fish anew; the others are cut from pictures."""

RECOLOURED = 0.4
"""Crops whose colours are changed as those of whole pictures are: species differ in little but colour."""

FILMED = 0.6
"""Crops that are scaled, sharpened and compressed as by a camera, drawn and filmed ones alike, so that this tells
no name."""

ENOUGH = 0.6
"""The share of “other fish” from which a fish of no kind is learnt no further: beyond that, a network
learns that whatever was filmed is none of the species, which are drawn.
"""

RECOGNISED = 0.7
"""Crops of a real picture with fish whose species is known that show one of these."""

DOUBTED_SHARE = 0.1
"""Crops around what the finder finds in real pictures in which no species is known, as of no kind, drawn by how nearly
it was given a name when the training began: light on glass, a rock, a fish that nobody marked.
"""

DOUBTED = 0.02
"""The score of a name from which a find is such a crop."""

TOGETHER = 256
"""As many pictures are searched at once: one of 896 × 512 with motion takes 1.8 MB."""

INNER = 0.5
"""The share of a box's sides, around its middle, in which cells are to name its fish."""


class Names:
    """What the training loop asks of a task, for names at the middle of crops."""

    def __init__(self, config, train, val, work, doubted=()):
        """`doubted` is what the function of that name gives for `train`."""
        self.config, self.train, self.side = config, train, config["crop"]
        self.doubted, self.chances = [(index, box) for index, box, _ in doubted], None
        if doubted:
            squares = np.array([score for *_, score in doubted]) ** 2
            self.chances = np.cumsum(squares / squares.sum())
        self.count = len(config["labels"])
        self.indices = coco.label_indices(config)
        chosen = measurement.open_set(config)
        self.generic = list(chosen.generic) if chosen else []
        self.stock = composed.stock_of(config, "train", work, [s for s in train if s.folder != "rendered"])
        self.places = [(s, box) for s in val for box in range(len(s.boxes))]
        self.crops = np.array([self._cut(*place, 1.0, (0, 0))[0] for place in self.places])
        self.labels = np.array([s.labels[box] for s, box in self.places])
        self.sources = np.array([s.source for s, _ in self.places])

    def example(self, index, order, generator):
        """An augmented crop and, by cell, labels as one-hot vectors weighted to 1 a fish."""
        change = augmentation.recolouring(generator) if generator.random() < RECOLOURED else None
        sample = self.train[index]
        if self.doubted and generator.random() < DOUBTED_SHARE:
            place = np.searchsorted(self.chances, generator.random())
            index, box = self.doubted[min(place, len(self.doubted) - 1)]
            sample = self._with(self.train[index], box)
            crop, boxes = self._real(sample, len(sample.boxes) - 1, change, generator)
            labels = sample.labels
        elif generator.random() < COMPOSED_SHARE or len(sample.boxes) == 0:
            width = self.config["input"]["width"]
            crop, boxes, labels = composed.crop(self.stock, self.indices, self.side, width, generator)
            if change:
                crop = change(crop)
        else:
            crop, boxes = self._real(sample, self._chosen(sample, generator), change, generator)
            labels = sample.labels
        if generator.random() < FILMED:
            crop = augmentation.filmed(crop, generator)
        if generator.random() < 0.5:
            crop = crop[:, ::-1]
            boxes = boxes.copy()
            boxes[:, 0] = self.side - boxes[:, 0] - boxes[:, 2]
        return crop, (self._target(boxes, labels),)

    def _chosen(self, sample, generator):
        """A box of a picture."""
        known = np.flatnonzero(~np.isin(sample.labels, self.generic))
        if sample.source == composed.NAMED and len(known) and generator.random() < RECOGNISED:
            return int(generator.choice(known))
        return int(generator.integers(len(sample.boxes)))

    def _with(self, sample, box):
        """`sample` with one more box, of a fish of no kind."""
        return dataclasses.replace(
            sample,
            boxes=np.concatenate([sample.boxes, box[np.newaxis]]),
            labels=np.append(sample.labels, self.generic[0]),
        )

    def _real(self, sample, box, change, generator):
        """A crop around a box, now nearer, now farther, and all boxes in it."""
        zoom = np.exp(generator.uniform(np.log(0.6), np.log(1.7)))
        shift = generator.uniform(-0.15, 0.15, 2)
        return self._cut(sample, box, zoom, shift, change or (lambda part: part))

    def _cut(self, sample, box, zoom, shift, change=lambda part: part):
        """The crop around a box at the input's scale times `zoom`, and all boxes in it."""
        rows, columns = sample.image.shape[:2]
        size = self.config["input"]
        longest, shortest = max(size["width"], size["height"]), min(size["width"], size["height"])
        fit = min(longest / max(rows, columns), shortest / min(rows, columns))
        scale = 1 / (fit * zoom)
        left, top, across, down = sample.boxes[box]
        middle = np.array([left + across / 2, top + down / 2]) + shift * np.minimum(
            (across, down), self.side * scale / 2
        )
        corner = middle - self.side * scale / 2
        crop = augmentation.window(sample.image, *corner, scale, self.side, self.side, change)
        return crop, (sample.boxes - (*corner, 0, 0)) / scale

    def _target(self, boxes, labels):
        cells = self.side // STRIDE
        target = np.zeros((cells, cells, self.count), np.float32)
        for (left, top, across, down), label in zip(boxes, labels):
            middle = np.array([left + across / 2, top + down / 2])
            if label < 0 or (middle < 0).any() or (middle >= self.side).any():
                continue
            half = INNER / 2 * np.array([across, down]) - STRIDE / 2
            low = np.floor((middle - np.maximum(half, 0)) / STRIDE).astype(int).clip(0, cells - 1)
            high = np.floor((middle + np.maximum(half, 0)) / STRIDE).astype(int).clip(0, cells - 1)
            part = target[low[1] : high[1] + 1, low[0] : high[0] + 1]
            part[:] = 0
            part[..., label] = 1 / (part.shape[0] * part.shape[1])
        return target

    def loss(self, outputs, wanted):
        """Cross-entropy of the cells that are to name a fish, a mean over fish; see ENOUGH."""
        most = np.ones(self.count, np.float32)
        most[self.generic] = ENOUGH
        logs = ops.log(ops.clip(outputs[0] / most, 1e-6, 1.0))
        return -ops.sum(wanted * logs) / ops.maximum(1.0, ops.sum(wanted))

    def measure(self, predict):
        """Mean over val's sources of the balanced accuracy of the middle's names.

        Sources whose fish all have one label count together as one: to give that label always is no skill.
        """
        grids = predict(self.crops)[0]
        middle = self.side // STRIDE // 2
        given = grids[:, middle - 1 : middle + 1, middle - 1 : middle + 1].mean(axis=(1, 2))
        several, single, texts = [], [], []
        for source in sorted(set(self.sources)):
            own = self.sources == source
            figure, text = windows.balanced_accuracy(given[own], self.labels[own])
            texts.append(f"{source} {figure:.3f} ({text})")
            (several if len(set(self.labels[own])) > 1 else single).append(figure)
        if single:
            several.append(np.mean(single))
        return float(np.mean(several)), " ".join(texts)


def doubted(config, model, samples):
    """What `model` finds in real pictures in which no species is known: of each the picture's index, a box in its
    pixels, and the score of the likeliest name, from DOUBTED on.
    """
    chosen, made = measurement.open_set(config), []
    if chosen is None or not chosen.generic:
        return made
    specific = [member for member in chosen.members if member not in chosen.generic]
    apart = ("rendered", composed.SOURCE, composed.NAMED)
    real = [index for index, sample in enumerate(samples) if sample.source not in apart]
    upright = bool(config["input"].get("portrait"))
    models = [model, network.turned(config, model)] if upright else [model]
    for start in range(0, len(real), TOGETHER):
        part = real[start : start + TOGETHER]
        inputs = measurement.Inputs([samples[index] for index in part], config["input"], upright)
        for place, grid, sizes in _seen(models, inputs.pictures):
            index = part[place]
            scores = measurement.units(grid[:, :, 1:], chosen)[1][:, :, -1]
            rows, columns, strengths = measurement.individuals(scores, DOUBTED, sizes=sizes)
            found = measurement.points(scores, rows, columns, strengths)
            scale, corner = inputs.fits[place]
            boxes = (measurement.predicted_boxes(found, sizes) - corner) / scale
            named = grid[rows, columns][:, 1:][:, specific].max(axis=1)
            made += [(index, box, score) for box, score in zip(boxes, named) if score >= DOUBTED]
    return made


def _seen(models, pictures):
    """Of each picture its place, and the grid and the sizes of the one of `models` whose input has its shape."""
    for model in models:
        places = [place for place, picture in enumerate(pictures) if picture.shape == model.input.shape[1:]]
        if places:
            given = np.array([pictures[place] for place in places])
            yield from zip(places, *loop.predict(model, given))
