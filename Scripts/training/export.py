"""From trained weights to files: .tflite in two precisions, figures, and the model's card."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import threading

import cv2
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import (
    convert_variables_to_constants_v2,
)

from . import calibration, close_ups, loop, measurement, network, quantization, sampling, windows

REPRESENTATIVE = 300
"""Training pictures from which the ranges of the int8 model are taken."""

CORRECTING = 60
"""As many of these correct its biases."""

WITHIN = 0.8
"""Peaks nearer to a stronger one than this share of its predicted box count as the same fish, in
the figures called `merged`.
"""

PRECISIONS = ("int8", "float32")
"""What is made of each model; the first is the card's default."""


def finish(config, model, samples, output):
    """Write NAME-int8.tflite, NAME-float32.tflite, figures.json and card.json; with
    `input.portrait` also NAME-int8-portrait.tflite and NAME-float32-portrait.tflite.

    Returns the figures by precision.
    """
    output.mkdir(parents=True, exist_ok=True)
    files = {precision: output / f"{config['name']}-{precision}.tflite" for precision in PRECISIONS}
    pictures, exact = representative(config, samples["train"]), convert(model)
    files["float32"].write_bytes(exact)
    files["int8"].write_bytes(_rounded(config, model, exact, pictures))
    if config["input"].get("portrait"):
        tall = network.turned(config, model)
        exact = convert(tall)
        twin(files["float32"]).write_bytes(exact)
        twin(files["int8"]).write_bytes(_rounded(config, tall, exact, middles(pictures)))
    places = outputs(model, files, pictures[:4])

    figures, fitted = measure(config, files, places, samples)
    document = fitted | {"thresholdsChosenOn": config["selectThresholdOn"]}
    (output / "figures.json").write_text(json.dumps(document | figures, indent=2) + "\n")
    made = card(config, files, fitted, places)
    (output / "card.json").write_text(json.dumps(made, indent=2) + "\n")
    return figures


def _rounded(config, model, exact, pictures):
    """The int8 file of a model whose float32 file is `exact`."""
    rounded = convert(model, pictures)
    if config["correctedBiases"]:
        rounded = quantization.corrected(exact, rounded, pictures[:CORRECTING])
    return rounded


def twin(path):
    """Where the file lies that has the weights of `path` for pictures taller than wide."""
    return path.with_name(f"{path.stem}-portrait.tflite")


def representative(config, train):
    """Pictures as a survey sees them, videos in balance."""
    real = [sample for sample in train if sample.source != "rendered"]
    plan = config["sampling"]
    chances = sampling.probabilities(real, plan["power"], plan["shares"])
    generator = np.random.default_rng(config["seed"])
    chosen = sampling.draw(chances, min(REPRESENTATIVE, len(real)), generator)
    return measurement.Inputs([real[index] for index in chosen], config["input"]).pictures


def middles(pictures):
    """The middles of pictures (count, rows, columns, channels), enlarged to as many columns and rows."""
    rows, columns = pictures.shape[1:3]
    wide = round(columns * columns / rows)
    left = (wide - rows) // 2
    return np.array(
        [cv2.resize(picture, (wide, columns))[:, left : left + rows] for picture in pictures]
    )


def convert(model, pictures=None):
    """The model as a .tflite of batch 1: float32, or int8 throughout with `pictures`."""
    signature = tf.TensorSpec([1, *model.input.shape[1:]], tf.float32)
    function = tf.function(
        lambda x: tf.nest.flatten(model(x, training=False))
    ).get_concrete_function(signature)
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [convert_variables_to_constants_v2(function)]
    )
    if pictures is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: (
            [picture[np.newaxis].astype(np.float32) / 255] for picture in pictures
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def outputs(model, files, pictures):
    """Which output of the files is which: {"scores": 0, "sizes": 1}, or {"scores": 0}.

    Found by comparing each file with the model it was made of; a file that gives neither, or
    another order than the first, is an error.
    """
    names = ["scores", "sizes"]
    wanted = loop.predict(model, pictures)
    found = None
    for path in files.values():
        given = run(path, pictures)
        away = [
            [float(np.mean(np.abs(w - g))) if w.shape == g.shape else np.inf for g in given]
            for w in wanted
        ]
        order = [int(np.argmin(row)) for row in away]
        if sorted(order) != list(range(len(given))) or (found and found != order):
            raise RuntimeError(f"{path}: its outputs are not the network's; errors {away}")
        found = order
    return dict(zip(names, found))


def run(path, pictures):
    """What a .tflite gives for uint8 pictures: a list of arrays (count, rows, columns, channels),
    or, where pictures are of two shapes, of arrays of arrays (rows, columns, channels).

    Pictures of another shape than its input are given to its twin for pictures taller than wide.
    By LiteRT's default kernels: in int8 a few values are steps away from those of its reference kernels, which
    Fishcam equals bit for bit, and which take thirty times as long.
    """
    own = threading.local()

    def answered(picture):
        kept = own.__dict__.setdefault("interpreters", {})
        if picture.shape not in kept:
            made = _prepared(path)
            turned = tuple(made.get_input_details()[0]["shape"][1:]) != picture.shape
            kept[picture.shape] = _prepared(twin(path)) if turned else made
        return answers(kept[picture.shape], picture)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        made = list(pool.map(answered, pictures))
    return [measurement.together(grids) for grids in zip(*made)]


def _prepared(path):
    interpreter = tf.lite.Interpreter(str(path))
    interpreter.allocate_tensors()
    return interpreter


def answers(interpreter, picture):
    """A list of one array an output."""
    given = interpreter.get_input_details()[0]
    interpreter.set_tensor(given["index"], quantization.as_input(picture, given))
    interpreter.invoke()
    made = []
    for result in interpreter.get_output_details():
        grid = interpreter.get_tensor(result["index"])[0].astype(np.float32)
        if result["dtype"] == np.int8:
            scale, zero = result["quantization"]
            grid = (grid - zero) * scale
        made.append(grid)
    return made


def measure(config, files, places, samples):
    """Figures by precision, then by split, source and label; and what the card says: `thresholds` of the
    labels, `calibration` of each file, and with an open set `openSet`.

    Each file is calibrated on val, so one threshold does for all, the best on val on the mean of them: on
    the folders `selectThresholdOn`. Where there are several labels, figures of all together have a
    threshold of their own. Rows of `val … still` are of pictures that have motion, without it.
    """
    if config["task"] == "labels":
        made = {precision: _measure_windows(config, path, samples) for precision, path in files.items()}
        return made, {"thresholds": [0.5] * len(config["labels"])}
    labels, chosen = [label["label"] for label in config["labels"]], measurement.open_set(config)
    folders = {"/".join(pathlib.Path(name).parts[-2:]) for name in config["selectThresholdOn"]}
    inputs = _inputs(config["input"], samples)
    measured = {}
    for precision, path in files.items():
        print(f"measuring {path.name} ...", flush=True)
        measured[precision] = _Measured(config, path, places, inputs, folders)
    on_val = [part.scores("val") for part in measured.values()]

    def best(label):
        of_label = [score for scores in on_val for key, score in scores.items() if key[1] == label]
        named = [score for score in of_label if score.folder in folders and score.fish]
        return measurement.best_threshold(named or of_label)[0]

    common = best(None)
    thresholds = [best(index) for index in range(len(labels))] if len(labels) > 1 else [common]
    fitted = {
        "thresholds": thresholds,
        "calibration": {key: _of_card(config, part.calibrations) for key, part in measured.items()},
    }
    levels, titles = thresholds, labels
    if chosen is not None:
        group = best(len(labels))
        for member in chosen.members:
            thresholds[member] = group
        given = [(inputs["val"], part.outputs["val"], part.calibrations) for part in measured.values()]
        first = next(iter(measured.values()))
        photos = first.close_ups(group) if first.sizes else []
        chosen = calibration.naming(given, group, chosen, config["sampling"]["power"], photos)
        above = dict(zip((labels[member] for member in chosen.members), chosen.name_above))
        fitted["openSet"] = {
            "threshold": group,
            "nameAbove": [above[name] for name in config["openSet"]["labels"]],
            "temperature": chosen.temperature,
        }
        levels, titles = thresholds + [group], labels + [config["openSet"]["label"]]
    return {key: part.figures(common, levels, titles, chosen) for key, part in measured.items()}, fitted


def _inputs(size, samples):
    """By split, and as `val still` of val without motion: measurement.Inputs."""
    made = {
        split: measurement.Inputs(samples[split], size, bool(size.get("portrait")))
        for split in ("val", "test")
        if samples[split]
    }
    return made | {"val still": made["val"].still()}


class _Measured:
    """What a file gives for Inputs by split, calibrated on those of val from `folders`."""

    def __init__(self, config, path, places, inputs, folders):
        self.path, self.places, self.size = path, places, config["input"]
        self.inputs, self.outputs = inputs, {}
        self.floor, self.sizes = config["floor"], "sizes" in places
        for split, given in inputs.items():
            made = run(path, given.pictures) if given.samples else []
            self.outputs[split] = [made[place] for place in places.values()] if made else []
        pairs = [self.inputs["val"], self.outputs["val"], self.inputs["val still"], self.outputs["val still"]]
        self.chosen = measurement.open_set(config)
        self.calibrations = calibration.of_val(*pairs, folders, config["sampling"]["power"], self.chosen)

    def scores(self, split, within=None):
        """See measurement.scores."""
        given = self.inputs[split], self.outputs[split]
        return measurement.scores(*given, self.floor, within, self.calibrations, self.chosen)

    def close_ups(self, threshold):
        """Members' scores of what is found in photos cut from val where no fish has a name, an array a look."""
        found = []
        for sample in calibration.nameless(self.inputs["val"].samples, self.chosen):
            looks = close_ups.looks(sample, self.size)
            made = run(self.path, looks)
            outputs = [made[place] for place in self.places.values()] if looks else []
            for index in range(len(looks)):
                given = outputs[0][index], measurement.sizes_of(outputs, index), self.calibrations[0]
                found.append(calibration.scores_found(*given, threshold, self.chosen)[1])
        return found

    def figures(self, common, levels, titles, chosen):
        """Rows by title, at the threshold `common` of all labels and those of each, `levels`, fish of an
        open set named as `chosen` says.
        """
        self.chosen = chosen
        rows = {}
        for split in self.inputs:
            scores = self.scores(split)
            merged = self.scores(split, WITHIN) if self.sizes else {}
            for (source, label), score in sorted(scores.items(), key=str):
                title = f"{split.split()[0]} {source}" + " still" * split.endswith("still")
                if label is None:
                    row = rows[title] = score.at(common)
                    if other := merged.get((source, label)):
                        together = other.at(common)
                        row["merged"] = {k: together[k] for k in ("f1", "countError", "maxNError")}
                        precision = measurement.box_precision(self.inputs[split], self.outputs[split], source)
                        row["boxPrecision50"] = round(precision, 3)
                elif score.recall_fish or score.pictures:
                    row = rows[f"{title} {titles[label]}"] = score.at(levels[label])
                    if chosen is not None and label == len(titles) - 1:
                        row["named"] = _named(scores, source, score, chosen, levels[label])
        return rows


def _of_card(config, calibrations):
    """Calibrations without and with motion as a card has them."""
    named = zip(("still", "moving"), calibrations)
    return {
        name: {"scale": made.scale, "offset": made.offset}
        for name, made in named
        if name == "still" or config["input"].get("motion")
    }


def _named(scores, source, group, chosen, threshold):
    """Of what is found of an open set in complete pictures: how many are named, and how well."""
    index = int(np.argmin(abs(measurement.THRESHOLDS - threshold)))
    of_members = [scores[source, m] for m in chosen.members if m not in chosen.generic]
    right = int(sum(score.true[index] for score in of_members))
    named = right + int(sum(score.false[index] for score in of_members))
    return {
        "named": named,
        "right": right,
        "unidentified": int(group.true[index] + group.false[index]) - named,
    }


def _measure_windows(config, path, samples):
    figures = {}
    for split in ("val", "test"):
        if samples[split]:
            size = config["input"]
            pictures, labels = windows.held_out(samples[split], size["width"], size["height"])
            accuracy, text = windows.balanced_accuracy(run(path, pictures)[0], labels)
            figures[split] = {
                "windows": len(labels),
                "balancedAccuracy": round(accuracy, 3),
                "recognised": text,
            }
    return figures


def _twin_of_card(config, path):
    if not config["input"].get("portrait"):
        return {}
    digest = hashlib.sha256(twin(path).read_bytes()).hexdigest()
    return {"portrait": {"file": twin(path).name, "sha256": digest}}


def card(config, files, fitted, places):
    """The card that Fishcam reads beside the model; `fitted` is what `measure` says of it."""
    opened = {"openSet": config["openSet"] | fitted["openSet"]} if "openSet" in fitted else {}
    lines = fitted.get("calibration", {})
    return {
        "name": config["name"],
        "version": config["version"],
        "task": config["task"],
        "description": config["description"],
        "files": [
            {
                "file": path.name,
                "precision": precision,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
            | _twin_of_card(config, path)
            | ({"calibration": lines[precision]} if precision in lines else {})
            for precision, path in files.items()
        ],
        "input": {"fit": "letterbox" if config["task"] == "centroids" else "crop"}
        | {k: v for k, v in config["input"].items() if k not in ("width", "height", "portrait", "cell")},
        "outputs": places,
        "background": 0,
        "labels": [
            {
                "label": label["label"],
                "taxon": label.get("taxon"),
                "threshold": threshold,
            }
            for label, threshold in zip(config["labels"], fitted["thresholds"])
        ],
        **opened,
        "decoder": "peak",
        "floor": config["floor"],
        "trainingData": config["trainingData"],
        "licence": config["licence"],
        **({"experimental": True} if config.get("experimental") else {}),
    }
