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
    "rounds": int,
    "stepsPerRound": int,
    "trainingData": list,
    "licence": str,
}

DEFAULTS = {
    "task": "centroids",
    "test": [],
    "loss": {},
    "augmentation": {},
    "frozen": {},
    "sampling": {},
    "rendered": None,
    "composed": None,
    "selfTraining": None,
    "distillation": None,
    "before": [],
    "meanOfTrainings": False,
    "correctedBiases": False,
    "valShare": 0.2,
    "batchSize": 32,
    "learningRate": 0.004,
    "weightDecay": 0.03,
    "average": 0.998,
    "patience": 1000,
    "seed": 1,
    "floor": 0.1,
    "crop": 160,
}

PARTS = {
    "loss": {"kind": "focal", "ignoreAbove": 0.3, "sizeWeight": 0.4, "objectWeight": 100.0},
    "augmentation": {"mosaic": 0.0, "motionDropped": 0.25, "pasted": 0.0, "zoom": [0.4, 1.4]},
    "frozen": {"through": "", "from": 0.0},
    "sampling": {"power": 0.5, "shares": {}},
    "rendered": {"scenes": 0, "seed": 0, "valScenes": 0, "valSeed": 1, "from": 0.0},
}
PARTS["composed"] = {
    "pictures": 0,
    "seed": 0,
    "valPictures": 0,
    "valSeed": 1,
    "individuals": 100,
    "strangers": 400,
    "places": 30,
    "named": "",
    "doubtful": [],
    "leftOut": [],
}

PARTS["selfTraining"] = {"above": 0.6}
PARTS["distillation"] = {"teacher": "", "share": 0.5}

INPUT = "width height pixelRange motion movingCameraAbove portrait cell".split()
COUNTS = "wideBlocks wideChannels contextBlocks contextChannels headChannels namesBlocks namesChannels".split()
NETWORK = "kind backbone alpha widths sizes prior".split() + COUNTS

MOBILENET, LITE = BACKBONES = ("mobilenet-v2", "efficientnet-lite0")

CHOICES = {
    ("task",): ("centroids", "labels"),
    ("network", "kind"): ("context", "fomo", "named", "window"),
    ("network", "backbone"): BACKBONES,
    ("loss", "kind"): ("focal", "fomo"),
}


KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object of keys and values",
}


class ConfigurationError(Exception):
    """A configuration that cannot be trained; the text names the file and the key."""


def _is(value, kind):
    """Whether a value of JSON is of one of KINDS; true and false are no numbers."""
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def _are(values, kind):
    """Whether values are a list of one of KINDS."""
    return isinstance(values, list) and all(_is(value, kind) for value in values)


def load(path):
    """Read `path` (training.json), check it, and return it as a dictionary with all defaults.

    README.md beside this file says what each key means.
    """
    path = pathlib.Path(path)
    try:
        config = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except FileNotFoundError as error:
        raise ConfigurationError(f"{path}: no such file") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    return checked(config, path)


def _refuse(name):
    raise ValueError(f"{name} is no number of JSON")


def checked(config, path):
    """`config` with all defaults; raises ConfigurationError, which names `path` and the key."""

    def wrong(text):
        return ConfigurationError(f"{path}: {text}")

    if not isinstance(config, dict):
        raise wrong("must hold one JSON object")
    for key, kind in REQUIRED.items():
        if key not in config:
            raise wrong(f"key '{key}' is missing")
        if not _is(config[key], kind):
            raise wrong(f"'{key}' must be {KINDS[kind]}")
    unknown = set(config) - set(REQUIRED) - set(DEFAULTS) - {"selectThresholdOn", "startFrom", "openSet", "experimental"}
    if unknown:
        raise wrong(f"unknown key '{min(unknown)}'")
    for part, known in (("input", INPUT), ("network", NETWORK)):
        if unknown := set(config[part]) - set(known):
            raise wrong(f"unknown key '{min(unknown)}' in '{part}'")
    given = {key: value for key, value in config.items() if key not in ("before", "meanOfTrainings")}
    config = DEFAULTS | config
    _check_types(config, wrong)
    if isinstance(config.get("startFrom"), str):
        config["startFrom"] = [config["startFrom"]]
    for key in ("train", "val", "test", "selectThresholdOn", "startFrom"):
        if key in config and not _are(config[key], str):
            raise wrong(f"'{key}' must be a list of strings")
    config["before"] = [_earlier(given, part, path) for part in config["before"]]
    for key, defaults in PARTS.items():
        if config[key] is None and DEFAULTS[key] is None:
            continue
        if not isinstance(config[key], dict):
            raise wrong(f"'{key}' must be {KINDS[dict]}")
        unknown = set(config[key]) - set(defaults)
        if unknown:
            raise wrong(f"unknown key '{min(unknown)}' in '{key}'")
        for name, value in config[key].items():
            if name != "teacher" and not _is(value, type(defaults[name])):
                raise wrong(f"'{key}.{name}' must be {KINDS[type(defaults[name])]}")
        config[key] = defaults | config[key]
    _check_network(config, wrong)
    _check_labels(config, wrong)
    _check_training(config, wrong)
    _check_ranges(config, wrong)
    return config


def _check_types(config, wrong):
    """Values whose kind their default tells; of input and network, where there is none."""
    for key, default in DEFAULTS.items():
        if default is not None and not _is(config[key], type(default)):
            raise wrong(f"'{key}' must be {KINDS[type(default)]}")
    for part, key in (("input", "motion"), ("input", "portrait"), ("network", "sizes")):
        if not isinstance(config[part].get(key, False), bool):
            raise wrong(f"'{part}.{key}' must be true or false")
    for key in COUNTS:
        value = config["network"].get(key, 1)
        if not _is(value, int) or value < (0 if key.endswith("Blocks") else 1):
            raise wrong(f"'network.{key}' must be a whole number of {'blocks' if key.endswith('Blocks') else 'channels'}")
    for key in ("alpha", "prior"):
        if not _is(config["network"].get(key, 0.1), float) or config["network"].get(key, 0.1) <= 0:
            raise wrong(f"'network.{key}' must be a number above 0")


def _check_network(config, wrong):
    """What is trained, and on which input; adds the backbone and the cell of the kind."""
    config["network"] = {"backbone": MOBILENET} | config["network"]
    for keys, allowed in CHOICES.items():
        value = config[keys[0]] if len(keys) == 1 else config[keys[0]].get(keys[1])
        if value not in allowed:
            raise wrong(f"'{'.'.join(keys)}' must be one of {', '.join(allowed)}")
    if config["network"]["kind"] in ("fomo", "window") and config["network"]["backbone"] != MOBILENET:
        raise wrong(f"'network.kind' {config['network']['kind']} has the backbone {MOBILENET} alone")
    if widths := config["network"].get("widths"):
        whole = isinstance(widths, list) and all(isinstance(width, int) and width > 0 for width in widths)
        if not whole or len(widths) != 7 or config["network"]["backbone"] != LITE:
            raise wrong(f"'network.widths' must be 7 numbers of channels, for the backbone {LITE}")
    size = config["input"]
    cell = {"fomo": 8, "named": 64}.get(config["network"]["kind"], 32)
    for key in ("width", "height"):
        if not isinstance(size.get(key), int) or size[key] <= 0 or size[key] % cell:
            raise wrong(f"'input.{key}' must be a multiple of {cell}, not {size.get(key)}")
    if config["network"]["kind"] == "named":
        size["cell"] = 16
    if not isinstance(config["crop"], int) or config["crop"] <= 0 or config["crop"] % 32:
        raise wrong(f"'crop' must be a multiple of 32, not {config['crop']}")
    if size.get("pixelRange") != [0, 1]:
        raise wrong("only 'input.pixelRange' [0, 1] can be trained")
    if size.get("motion") and not _is(size.get("movingCameraAbove"), float):
        raise wrong("'input.motion' needs 'input.movingCameraAbove', a number")


def _check_labels(config, wrong):
    """Labels and the open set."""
    if not config["labels"]:
        raise wrong("'labels' is empty")
    for label in config["labels"]:
        if not isinstance(label, dict) or not {"label", "classes"} <= set(label):
            raise wrong("each of 'labels' needs 'label' and 'classes'")
        words = [label["label"], label.get("taxon") or ""]
        if not _are(words, str) or not _are(label["classes"], str):
            raise wrong("'label' and 'taxon' of 'labels' must be strings, and 'classes' a list of strings")
    if "openSet" in config:
        plan, known = config["openSet"], [label["label"] for label in config["labels"]]
        if not isinstance(plan, dict) or set(plan) != {"label", "taxon", "labels"}:
            raise wrong("'openSet' needs 'label', 'taxon' and 'labels', and no more")
        if not _are([plan["label"], plan["taxon"]], str) or not _are(plan["labels"], str):
            raise wrong("'label' and 'taxon' of 'openSet' must be strings, and 'labels' a list of strings")
        if len(set(plan["labels"]) & set(known)) < 2 or not set(plan["labels"]) <= set(known):
            raise wrong("'openSet.labels' must name at least two of 'labels', and nothing else")
        if plan["label"] in known:
            raise wrong(f"'openSet.label' must differ from every label, unlike '{plan['label']}'")
        if config["task"] != "centroids":
            raise wrong("'openSet' needs 'task' centroids")


def _check_training(config, wrong):
    """What training starts from, learns from and is chosen on; adds `selectThresholdOn`."""
    if (config["task"] == "labels") != (config["network"]["kind"] == "window"):
        raise wrong("'network.kind' window and 'task' labels go together")
    if config["network"]["kind"] == "named" and not ("startFrom" in config and config["composed"]):
        raise wrong("'network.kind' named needs 'composed' and a finder in 'startFrom'")
    if config["selfTraining"] and not ("startFrom" in config and config["network"].get("sizes")):
        raise wrong("'selfTraining' needs 'startFrom', and a network with 'sizes'")
    if config["distillation"]:
        if config["network"]["kind"] not in ("context", "fomo"):
            raise wrong("'distillation' is for 'network.kind' context and fomo")
        if config["input"]["width"] % 32 or config["input"]["height"] % 32:
            raise wrong("'distillation' needs an input whose sides are multiples of 32")
        teacher = config["distillation"]["teacher"]
        if not teacher or not _are([teacher] if isinstance(teacher, str) else teacher, str):
            raise wrong("'distillation.teacher' must name the configuration of a trained network")
        if not 0 < config["distillation"]["share"] <= 1:
            raise wrong("'distillation.share' must be above 0 and at most 1")
    if not config["train"]:
        raise wrong("'train' must name at least one folder")
    config.setdefault("selectThresholdOn", config["val"])
    unknown = set(config["selectThresholdOn"]) - set(config["val"])
    if unknown:
        raise wrong(f"selectThresholdOn {sorted(unknown)} is not in 'val'")
    if config["rounds"] < (0 if config["before"] else 1):
        raise wrong("'rounds' must be at least 1, or 0 where 'before' has trainings")
    if config["meanOfTrainings"]:
        if not config["before"] or config["rounds"] == 0:
            raise wrong("'meanOfTrainings' is of trainings in 'before' and this one, with 'rounds'")
        if any(one["network"] != config["network"] for one in config["before"]):
            raise wrong("'meanOfTrainings' is of trainings of one 'network'")


def _check_ranges(config, wrong):
    """Numbers that have bounds."""
    for key in ("stepsPerRound", "batchSize", "patience"):
        if config[key] < 1:
            raise wrong(f"'{key}' must be at least 1")
    for key, lowest in (("learningRate", 1e-12), ("weightDecay", 0)):
        if config[key] < lowest:
            raise wrong(f"'{key}' must be {'above 0' if lowest else 'at least 0'}, not {config[key]}")
    for key in ("mosaic", "motionDropped", "pasted"):
        if not 0 <= config["augmentation"][key] <= 1:
            raise wrong(f"'augmentation.{key}' must be from 0 to 1, not {config['augmentation'][key]}")
    zoom = config["augmentation"]["zoom"]
    if not _are(zoom, float) or len(zoom) != 2 or not 0 < zoom[0] <= zoom[1]:
        raise wrong(f"'augmentation.zoom' must be two numbers above 0, the lower first, not {zoom}")
    shares = config["sampling"]["shares"]
    if not _are(list(shares.values()), float) or any(share < 0 for share in shares.values()):
        raise wrong("'sampling.shares' must be numbers, 0 or more")
    for part in ("rendered", "composed"):
        for key, value in (config[part] or {}).items():
            if _is(value, int) and value < 0:
                raise wrong(f"'{part}.{key}' must be at least 0, not {value}")
    for key, lowest in (("average", 0), ("floor", 1e-9)):
        if not lowest <= config[key] < 1:
            raise wrong(f"'{key}' must be {'above' if lowest else 'at least'} 0 and below 1, not {config[key]}")


def _earlier(config, changes, path):
    """A training that precedes that of `config`, by what is different in it."""
    kept = {"name", "labels", "before", "meanOfTrainings", "val", "test"}
    if not isinstance(changes, dict) or kept & set(changes):
        raise ConfigurationError(
            f"{path}: 'before' lists objects with what is different in earlier trainings, without "
            f"{', '.join(sorted(kept))}"
        )
    merged = dict(config)
    for key, value in changes.items():
        is_part = isinstance(value, dict) and isinstance(config.get(key), dict)
        merged[key] = config[key] | value if is_part else value
    return checked(merged, f"{path}: in 'before'")
