"""A model's configuration file, read and checked before anything slow starts."""

import json
import pathlib

REQUIRED = {
    "name": str,
    "version": str,
    "description": str,
    "input": dict,
    "network": dict,
    "labels": list,
    "train": list,
    "val": list,
    "test": list,
    "selectThresholdOn": list,
    "epochs": int,
    "batchSize": int,
    "learningRate": float,
    "weightDecay": float,
    "seed": int,
    "ignoreAbove": float,
    "floor": float,
    "trainingData": list,
    "licence": str,
}


class ConfigurationError(Exception):
    """A configuration that cannot be trained; the text names the file and the key."""


def load(path):
    """Read `path` (training.json) and return it as a dictionary.

    Keys: `input` {width, height, pixelRange}; `network` {contextBlocks, contextChannels};
    `labels` [{label, taxon, classes}], `classes` being the COCO category names that become this
    label (categories of no label are background); `train`, `val`, `test`: COCO folders below the
    data folder; `selectThresholdOn`: those of `val` on which the card's threshold is chosen.
    Optional `rendered` {share, scenes, seed, fromEpoch, valScenes, valSeed}: drawn scenes that
    replace a share of the training pictures from an epoch on, and others that join `val`.
    """
    path = pathlib.Path(path)
    try:
        config = json.loads(path.read_text())
    except (OSError, json.JSONDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    for key, kind in REQUIRED.items():
        if key not in config:
            raise ConfigurationError(f"{path}: key '{key}' is missing")
        if not isinstance(config[key], kind):
            raise ConfigurationError(f"{path}: '{key}' must be a {kind.__name__}")
    size = config["input"]
    if size["width"] % 8 or size["height"] % 8:
        raise ConfigurationError(f"{path}: input width and height must be multiples of 8")
    if size["pixelRange"] != [0, 1]:
        raise ConfigurationError(f"{path}: only pixelRange [0, 1] can be trained")
    if not config["labels"]:
        raise ConfigurationError(f"{path}: 'labels' is empty")
    unknown = set(config["selectThresholdOn"]) - set(config["val"])
    if unknown:
        raise ConfigurationError(f"{path}: selectThresholdOn {sorted(unknown)} is not in 'val'")
    return config
