"""`Scripts/train new`: a configuration for somebody's own pictures."""

import json
import re

from . import coco
from .configuration import ConfigurationError

TAKEN = ("network", "loss", "augmentation", "sampling", "rounds", "stepsPerRound", "batchSize", "learningRate")
TAKEN += ("weightDecay", "average", "patience", "seed", "floor", "task", "correctedBiases")
ONWARD = {"rounds": 12, "stepsPerRound": 50, "batchSize": 16, "average": 0.99}
"""What is other where training goes on from the weights of a model that knows these labels; the learning rate is a quarter."""


def write(options, models):
    """Write `models`/NAME/training.json from the command line; returns its path."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", options.name):
        raise ConfigurationError(f"{options.name}: a model's name has letters from a to z, digits, '-', '_' and '.' alone")
    pattern = models / options.like / "training.json"
    if not pattern.exists():
        known = sorted(path.parent.name for path in models.glob("*/training.json"))
        raise ConfigurationError(f"--like {options.like}: no such model; there are {known}")
    path = models / options.name / "training.json"
    if path.exists():
        raise ConfigurationError(
            f"{path}: exists already; train it with Scripts/train {path}, or remove it first"
        )
    folders = {
        key: [str(folder.resolve()) for folder in getattr(options, key)]
        for key in ("train", "val", "test")
    }
    classes = sorted({name for folder in folders["train"] for name in coco.categories(folder)})
    settings = json.loads(pattern.read_text())
    if settings["network"]["kind"] == "named":
        raise ConfigurationError(f"--like {options.like}: learns names from drawn fish alone; take another model")
    if settings["rounds"] == 0:
        settings |= {key: value for key, value in settings["before"][-1].items() if key in TAKEN}
    known = [entry["label"] for entry in settings["labels"]]
    given = options.labels or []
    if len(set(given)) < len(given):
        raise ConfigurationError(f"--labels {' '.join(given)}: one of them is named twice")
    if unknown := set(given) - set(classes):
        raise ConfigurationError(f"--labels {sorted(unknown)}: --train has {classes}")
    if set(given) == set(known):
        given = known  # in this order the last layer's weights know them
    config = {
        "name": options.name,
        "version": "0.1.0",
        "description": f"Trained on {', '.join(folder.name for folder in options.train)}.",
        "input": settings["input"],
        "labels": [{"label": label, "classes": [label]} for label in given]
        if given
        else [{"label": "fish", "taxon": "fish", "classes": classes}],
        **folders,
        **{key: settings[key] for key in TAKEN if key in settings},
        "trainingData": [
            {"name": folder.name, "source": "own pictures", "licence": "", "attribution": ""}
            for folder in options.train
        ],
        "licence": "",
    }
    config.get("sampling", {}).pop("shares", None)
    if (models / options.like / "weights.npz").exists():
        config["startFrom"] = f"../{options.like}/weights.npz"
        if given == known or len(config["labels"]) == len(known) == 1:
            config |= ONWARD | {"learningRate": settings["learningRate"] / 4}
            if held := settings.get("frozen", {}).get("through"):
                config["frozen"] = {"through": held}
    elif "startFrom" in settings:
        config["startFrom"] = settings["startFrom"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(config, indent=2) + "\n")
    return path
