"""From trained weights to files: .tflite in two precisions, figures, and the model's card."""

import hashlib
import json
import os
import pathlib

import cv2
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import (
    convert_variables_to_constants_v2,
)

from . import calibration, loop, measurement, network, sampling, windows

REPRESENTATIVE = 300
"""Training pictures from which the ranges of the int8 model are taken."""

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
    pictures = representative(config, samples["train"])
    files = {}
    for precision in PRECISIONS:
        path = output / f"{config['name']}-{precision}.tflite"
        path.write_bytes(convert(model, pictures if precision == "int8" else None))
        files[precision] = path
    if config["input"].get("portrait"):
        size = config["input"]
        turned = size | {"width": size["height"], "height": size["width"]}
        tall = network.build(config | {"input": turned})
        network.set_weights(tall, network.weights(model))
        for precision, path in files.items():
            given = middles(pictures) if precision == "int8" else None
            twin(path).write_bytes(convert(tall, given))
    places = outputs(model, files, pictures[:4])

    figures, fitted = {}, {}
    for precision, path in files.items():
        print(f"measuring {path.name} ...", flush=True)
        figures[precision], fitted[precision] = measure(config, path, places, samples)
    parts = {
        key: {precision: part[key] for precision, part in fitted.items()}
        for key in fitted[PRECISIONS[0]]
    }
    document = parts | {"thresholdsChosenOn": config["selectThresholdOn"]}
    (output / "figures.json").write_text(json.dumps(document | figures, indent=2) + "\n")
    made = card(config, files, fitted, places)
    (output / "card.json").write_text(json.dumps(made, indent=2) + "\n")
    return figures


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
    In int8 by LiteRT's reference kernels, which Fishcam and microcontrollers equal bit for bit.
    """
    made, interpreters = [], {}
    for picture in pictures:
        if picture.shape not in interpreters:
            own = _prepared(path)
            turned = tuple(own.get_input_details()[0]["shape"][1:]) != picture.shape
            interpreters[picture.shape] = _prepared(twin(path)) if turned else own
        made.append(_answers(interpreters[picture.shape], picture))
    return [measurement.together(grids) for grids in zip(*made)]


def _prepared(path):
    resolver = tf.lite.experimental.OpResolverType
    interpreter = tf.lite.Interpreter(str(path), num_threads=os.cpu_count())
    if interpreter.get_input_details()[0]["dtype"] == np.int8:
        interpreter = tf.lite.Interpreter(
            str(path), experimental_op_resolver_type=resolver.BUILTIN_REF
        )
    interpreter.allocate_tensors()
    return interpreter


def _answers(interpreter, picture):
    """A list of one array an output."""
    given = interpreter.get_input_details()[0]
    values = picture[np.newaxis].astype(np.float32) / 255
    if given["dtype"] == np.int8:
        scale, zero = given["quantization"]
        values = np.clip(np.round(values / scale) + zero, -128, 127).astype(np.int8)
    interpreter.set_tensor(given["index"], values)
    interpreter.invoke()
    answers = []
    for result in interpreter.get_output_details():
        grid = interpreter.get_tensor(result["index"])[0].astype(np.float32)
        if result["dtype"] == np.int8:
            scale, zero = result["quantization"]
            grid = (grid - zero) * scale
        answers.append(grid)
    return answers


def measure(config, path, places, samples):
    """Figures by split, source and label, and what the card says of the file: `thresholds` of the
    labels, `calibration`, and with an open set `openSet`.

    Calibrated on val, and each threshold the best on val: on the folders `selectThresholdOn`.
    Where there are several labels, figures of all together have a threshold of their own. Rows of
    `val … still` are of pictures that have motion, without it.
    """
    if config["task"] == "labels":
        return _measure_windows(config, path, samples)
    names = [label["label"] for label in config["labels"]]
    chosen = measurement.open_set(config)
    seen = _seen(config, path, places, samples)
    folders = {"/".join(pathlib.Path(name).parts[-2:]) for name in config["selectThresholdOn"]}
    power = config["sampling"]["power"]
    calibrations = calibration.of_val(*seen["val"], *seen["val still"], folders, power, chosen)

    def scores_of(split, within=None):
        found = measurement.scores(
            *seen[split], config["floor"], within, calibrations, chosen
        )
        return {(split, *key): score for key, score in found.items()}

    scores = scores_of("val")

    def best(label):
        of_label = {key: s for key, s in scores.items() if key[2] == label}
        named = [s for s in of_label.values() if s.folder in folders and s.fish]
        return measurement.best_threshold(named or list(of_label.values()))[0]

    common = best(None)
    thresholds = [best(index) for index in range(len(names))] if len(names) > 1 else [common]
    fitted = {"thresholds": thresholds, "calibration": _of_card(config, calibrations)}
    if chosen is not None:
        group = best(len(names))
        for member in chosen.members:
            thresholds[member] = group
        chosen = calibration.naming(*seen["val"], calibrations, group, chosen, power)
        fitted["openSet"] = {
            "threshold": group,
            "nameAbove": chosen.name_above,
            "temperature": chosen.temperature,
        }
        names.append(config["openSet"]["label"])
    levels = thresholds + [group] if chosen is not None else thresholds

    figures = {}
    for split in seen:
        scores = scores_of(split)
        merged = scores_of(split, WITHIN) if "sizes" in places else {}
        for (_, source, label), score in sorted(scores.items(), key=str):
            title = f"{split.split()[0]} {source}" + " still" * split.endswith("still")
            if label is None:
                row = figures[title] = score.at(common)
                if other := merged.get((split, source, label)):
                    together = other.at(common)
                    row["merged"] = {k: together[k] for k in ("f1", "countError", "maxNError")}
                    precision = measurement.box_precision(*seen[split], source)
                    row["boxPrecision50"] = round(precision, 3)
            elif score.recall_fish or score.pictures:
                row = figures[f"{title} {names[label]}"] = score.at(levels[label])
                if label == len(config["labels"]):
                    row["named"] = _named(scores, (split, source), score, chosen, group)
    return figures, fitted


def _seen(config, path, places, samples):
    """By split, and as `val still` of val without motion: measurement.Inputs and outputs."""
    seen = {}
    for split in ("val", "test"):
        if samples[split]:
            size = config["input"]
            inputs = measurement.Inputs(samples[split], size, bool(size.get("portrait")))
            outputs = run(path, inputs.pictures)
            seen[split] = inputs, [outputs[place] for place in places.values()]
    still = seen["val"][0].still()
    outputs = run(path, still.pictures) if still.samples else []
    seen["val still"] = still, [outputs[place] for place in places.values()] if outputs else []
    return seen


def _of_card(config, calibrations):
    """Calibrations without and with motion as a card has them."""
    named = zip(("still", "moving"), calibrations)
    return {
        name: {"scale": made.scale, "offset": made.offset}
        for name, made in named
        if name == "still" or config["input"].get("motion")
    }


def _named(scores, key, group, chosen, threshold):
    """Of what is found of an open set in complete pictures: how many are named, and how well."""
    index = int(np.argmin(abs(measurement.THRESHOLDS - threshold)))
    of_members = [scores[*key, m] for m in chosen.members if m not in chosen.generic]
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
    return figures, {"thresholds": [0.5] * len(config["labels"])}


def _twin_of_card(config, path):
    if not config["input"].get("portrait"):
        return {}
    digest = hashlib.sha256(twin(path).read_bytes()).hexdigest()
    return {"portrait": {"file": twin(path).name, "sha256": digest}}


def card(config, files, fitted, places):
    """The card that Fishcam reads beside the model; `fitted` is what `measure` says of each file."""
    default = fitted[PRECISIONS[0]]
    opened = {"openSet": config["openSet"] | default["openSet"]} if "openSet" in default else {}
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
            | fitted[precision]
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
            for label, threshold in zip(config["labels"], default["thresholds"])
        ],
        **opened,
        "decoder": "peak",
        "floor": config["floor"],
        "trainingData": config["trainingData"],
        "licence": config["licence"],
        **({"experimental": True} if config.get("experimental") else {}),
    }
