"""Learning from trained networks: boxes where labels are incomplete, and a teacher to imitate."""

import dataclasses

import keras
import numpy as np

from . import configuration, loop, measurement, network

MARGIN = 8.0
"""Pixels of the input around a box within which a peak is the box's own fish."""


def taught(config, model, samples):
    """`samples` with boxes where `model` is sure of a fish that has none, and how many there are.

    Only where labels are incomplete, and of the first label: `selfTraining.above` is the score. A box is as
    large as the model says. Pictures stay incomplete, so that what it is less sure of is neither right nor wrong.
    """
    above = config["selfTraining"]["above"]
    doubtful = [index for index, sample in enumerate(samples) if not sample.complete]
    if not doubtful:
        return samples, 0
    inputs = measurement.Inputs([samples[index] for index in doubtful], config["input"])
    grids, sizes = loop.predict(model, inputs.pictures)
    made, added = list(samples), 0
    for place, (index, grid, size) in enumerate(zip(doubtful, grids, sizes)):
        boxes, (scale, corner) = inputs.boxes[place], inputs.fits[place]
        found = measurement.peaks(grid[:, :, 1], above, sizes=size)
        fish = measurement.predicted_boxes(found, size)
        fish = fish[[not _inside(x, y, boxes) for x, y, _ in found]]
        sample = samples[index]
        fish = (fish - corner) / scale
        added += len(fish)
        made[index] = dataclasses.replace(
            sample,
            boxes=np.concatenate([sample.boxes, fish]).astype(np.float32),
            labels=np.concatenate([sample.labels, np.zeros(len(fish), np.int64)]),
        )
    return made, added


def _inside(x, y, boxes):
    """Whether a point lies in one of `boxes`, or near it."""
    beside = np.array([x, y], np.float32) - boxes[:, :2]
    return bool(((beside >= -MARGIN) & (beside <= boxes[:, 2:] + MARGIN)).all(axis=1).any())


def teacher(config, home):
    """The trained network that `distillation.teacher` names, for the input of `config`; None where it names none.

    A name is that of its configuration, relative to `home`; `weights.npz` lies beside it. Of several the scores are
    their geometric mean, normalised: the mean of their logits. Raises ConfigurationError where one cannot be a teacher.
    """
    if not config["distillation"]:
        return None
    names = config["distillation"]["teacher"]
    names = [names] if isinstance(names, str) else names
    models = [_teacher(config, (home / name).resolve(), f"teacher-{index}") for index, name in enumerate(names)]
    if len(models) == 1:
        return models[0]
    pixels = keras.Input(max((model.input.shape[1:] for model in models), key=lambda shape: shape[-1]))
    given = [keras.tree.flatten(model(pixels[..., : model.input.shape[-1]]))[0] for model in models]
    mean = sum(keras.ops.log(keras.ops.clip(scores, 1e-7, 1)) for scores in given) / len(given)
    together = keras.Model(pixels, keras.ops.softmax(mean))
    together.trainable = False
    return together


def _teacher(config, path, title):
    other = configuration.load(path)
    if other["network"]["kind"] != "context" or len(other["labels"]) != len(config["labels"]):
        raise configuration.ConfigurationError(
            f"{path}: a teacher is of 'network.kind' context and has as many labels as its pupil"
        )
    weights = path.parent / "weights.npz"
    if not weights.exists():
        raise configuration.ConfigurationError(f"{weights}: no such file; train the teacher first")
    other["input"] |= {side: config["input"][side] for side in ("width", "height")}
    model = network.build(other | {"name": title})
    network.set_weights(model, {name: np.float32(value) for name, value in np.load(weights).items()})
    model.trainable = False
    return model
