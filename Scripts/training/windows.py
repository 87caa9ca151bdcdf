"""The task `labels`: a classifier of windows, background first.

Windows of a fish show it whole, off the middle and smaller than the window; windows of background
are cut where no box reaches, so sea grass, poles and empty water teach what is not a fish.
"""

import numpy as np

from . import augmentation, losses

BACKGROUND_SHARE = 0.5
"""Windows without a fish among those trained on."""

PER_PICTURE = 4
"""Windows cut from each picture of val, always the same ones."""


class Windows:
    """What the training loop asks of a task, for classifiers."""

    def __init__(self, config, train, val):
        self.config, self.train = config, train
        size = config["input"]
        self.width, self.height = size["width"], size["height"]
        self.pictures, self.labels = held_out(val, self.width, self.height)

    def example(self, index, order, generator):
        """An augmented window of sample `index` and its label as a one-hot vector."""
        sample = self.train[index]
        place = None
        if generator.random() >= BACKGROUND_SHARE:
            place = on_fish(sample, self.width / self.height, generator)
        place = place or on_background(sample, self.width / self.height, generator)
        if place is None:
            place = on_fish(sample, self.width / self.height, generator)
        if place is None:
            return self.example(int(generator.choice(order)), order, generator)
        left, top, across, label = place
        change = augmentation.recolouring(generator)
        picture = augmentation.window(
            sample.image, left, top, across / self.width, self.width, self.height, change
        )
        if generator.random() < 0.5:
            picture = picture[:, ::-1]
        return picture, (np.eye(1 + len(self.config["labels"]), dtype=np.float32)[label],)

    def loss(self, outputs, wanted):
        """Cross-entropy of a batch."""
        return losses.cross_entropy(outputs[0], wanted)

    def measure(self, predict):
        """Balanced accuracy over background and labels, on val's windows."""
        return balanced_accuracy(predict(self.pictures)[0], self.labels)


def on_fish(sample, shape, generator):
    """A window (left, top, width, label) around a random box; None where there is none."""
    if len(sample.boxes) == 0:
        return None
    box = int(generator.integers(len(sample.boxes)))
    left, top, across, down = sample.boxes[box]
    width = max(across, down * shape) * generator.uniform(1.0, 2.2)
    height = width / shape
    x = left + across / 2 + generator.uniform(-0.5, 0.5) * (width - across)
    y = top + down / 2 + generator.uniform(-0.5, 0.5) * (height - down)
    return x - width / 2, y - height / 2, width, int(sample.labels[box]) + 1


def on_background(sample, shape, generator, tries=12):
    """A window that no box reaches; None where labels are incomplete or none was found."""
    if not sample.complete:
        return None
    rows, columns = sample.image.shape[:2]
    taken = np.concatenate([sample.boxes, sample.ignored])
    for _ in range(tries):
        width = columns * np.exp(generator.uniform(np.log(0.08), np.log(0.5)))
        height = width / shape
        if height > rows:
            continue
        left, top = generator.uniform(0, columns - width), generator.uniform(0, rows - height)
        apart = (
            (taken[:, 0] >= left + width)
            | (taken[:, 0] + taken[:, 2] <= left)
            | (taken[:, 1] >= top + height)
            | (taken[:, 1] + taken[:, 3] <= top)
        )
        if apart.all():
            return left, top, width, 0
    return None


def held_out(samples, width, height):
    """Windows of `samples`, chosen by their place in the list alone, and their labels."""
    pictures, labels = [], []
    for index, sample in enumerate(samples):
        generator = np.random.default_rng([7, index])
        for number in range(PER_PICTURE):
            cut = on_fish if number % 2 else on_background
            place = cut(sample, width / height, generator)
            if place:
                left, top, across, label = place
                pictures.append(
                    augmentation.window(sample.image, left, top, across / width, width, height)
                )
                labels.append(label)
    return np.array(pictures), np.array(labels)


def balanced_accuracy(given, labels):
    """Mean over the labels that occur of the share recognised, and a text of each."""
    best = given.argmax(axis=1)
    shares = {int(label): float((best[labels == label] == label).mean()) for label in set(labels)}
    text = " ".join(f"{label}: {share:.3f}" for label, share in sorted(shares.items()))
    return float(np.mean(list(shares.values()))), f"recognised {text}"
