"""From trained weights to files: .tflite in two precisions, figures, and the model's card."""

import hashlib
import json
import os
import pathlib

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import (
    convert_variables_to_constants_v2,
)

from . import loop, measurement, network, sampling, windows

REPRESENTATIVE = 300
"""Training pictures from which the ranges of the int8 model are taken."""

WITHIN = 0.8
"""Peaks nearer to a stronger one than this share of its predicted box count as the same fish, in
the figures called `merged`.
"""

PRECISIONS = ("int8", "float32")
"""What is made of each model; the first is the card's default."""


def finish(config, model, samples, output):
    """Write NAME-int8.tflite, NAME-float32.tflite, weights.npz, figures.json and card.json.

    Returns the figures by precision.
    """
    output.mkdir(parents=True, exist_ok=True)
    pictures = representative(config, samples["train"])
    files = {}
    for precision in PRECISIONS:
        path = output / f"{config['name']}-{precision}.tflite"
        path.write_bytes(convert(model, pictures if precision == "int8" else None))
        files[precision] = path
    places = outputs(model, files, pictures[:4])

    figures, thresholds = {}, {}
    for precision, path in files.items():
        print(f"measuring {path.name} ...", flush=True)
        figures[precision], thresholds[precision] = measure(config, path, places, samples)
    document = {"thresholds": thresholds, "thresholdsChosenOn": config["selectThresholdOn"]}
    (output / "figures.json").write_text(json.dumps(document | figures, indent=2) + "\n")
    made = card(config, files, thresholds, places)
    (output / "card.json").write_text(json.dumps(made, indent=2) + "\n")
    halves = {name: np.float16(value) for name, value in network.weights(model).items()}
    np.savez_compressed(output / "weights.npz", **halves)
    return figures


def representative(config, train):
    """Pictures as a survey sees them, videos in balance."""
    real = [sample for sample in train if sample.source != "rendered"]
    plan = config["sampling"]
    chances = sampling.probabilities(real, plan["power"], plan["shares"])
    generator = np.random.default_rng(config["seed"])
    chosen = sampling.draw(chances, min(REPRESENTATIVE, len(real)), generator)
    return measurement.Inputs([real[index] for index in chosen], config["input"]).pictures


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
    """What a .tflite gives for uint8 pictures: a list of arrays (count, rows, columns, channels).

    In int8 by LiteRT's reference kernels, which Fishcam and microcontrollers equal bit for bit.
    """
    resolver = tf.lite.experimental.OpResolverType
    interpreter = tf.lite.Interpreter(str(path), num_threads=os.cpu_count())
    if interpreter.get_input_details()[0]["dtype"] == np.int8:
        interpreter = tf.lite.Interpreter(
            str(path), experimental_op_resolver_type=resolver.BUILTIN_REF
        )
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]
    results = interpreter.get_output_details()
    made = [[] for _ in results]
    for picture in pictures:
        values = picture[np.newaxis].astype(np.float32) / 255
        if given["dtype"] == np.int8:
            scale, zero = given["quantization"]
            values = np.clip(np.round(values / scale) + zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(given["index"], values)
        interpreter.invoke()
        for result, kept in zip(results, made):
            grid = interpreter.get_tensor(result["index"])[0].astype(np.float32)
            if result["dtype"] == np.int8:
                scale, zero = result["quantization"]
                grid = (grid - zero) * scale
            kept.append(grid)
    return [np.array(kept) for kept in made]


def measure(config, path, places, samples):
    """Figures by split, source and label, and each label's threshold: best on `selectThresholdOn`.

    Where there are several, figures of all labels together have a threshold of their own.
    """
    if config["task"] == "labels":
        return _measure_windows(config, path, samples)
    scores, merged, boxes = {}, {}, {}
    names = [label["label"] for label in config["labels"]]
    for split in ("val", "test"):
        if split_samples := samples[split]:
            inputs = measurement.Inputs(split_samples, config["input"])
            given = run(path, inputs.pictures)
            given = [given[place] for place in places.values()]
            found = measurement.scores(inputs, given, config["floor"])
            scores |= {(split, *key): score for key, score in found.items()}
            if "sizes" in places:
                found = measurement.scores(inputs, given, config["floor"], WITHIN)
                merged |= {(split, *key): score for key, score in found.items()}
                for source in {sample.source for sample in split_samples}:
                    boxes[split, source] = measurement.box_precision(inputs, given, source)
    folders = {"/".join(pathlib.Path(name).parts[-2:]) for name in config["selectThresholdOn"]}

    def chosen(label):
        of_label = {key: s for key, s in scores.items() if key[0] == "val" and key[2] == label}
        named = [s for s in of_label.values() if s.folder in folders and s.fish]
        return measurement.best_threshold(named or list(of_label.values()))[0]

    common = chosen(None)
    thresholds = [chosen(index) for index in range(len(names))] if len(names) > 1 else [common]
    figures = {}
    for (split, source, label), score in sorted(scores.items(), key=str):
        if label is None:
            row = figures[f"{split} {source}"] = score.at(common)
            if other := merged.get((split, source, label)):
                together = other.at(common)
                row["merged"] = {k: together[k] for k in ("f1", "countError", "maxNError")}
                row["boxPrecision50"] = round(boxes[split, source], 3)
        elif score.recall_fish or score.pictures:
            figures[f"{split} {source} {names[label]}"] = score.at(thresholds[label])
    return figures, thresholds


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
    return figures, [0.5] * len(config["labels"])


def card(config, files, thresholds, places):
    """The card that Fishcam reads beside the model."""
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
                "thresholds": thresholds[precision],
            }
            for precision, path in files.items()
        ],
        "input": {"fit": "letterbox" if config["task"] == "centroids" else "crop"}
        | {k: v for k, v in config["input"].items() if k not in ("width", "height")},
        "outputs": places,
        "background": 0,
        "labels": [
            {
                "label": label["label"],
                "taxon": label.get("taxon"),
                "threshold": threshold,
            }
            for label, threshold in zip(config["labels"], thresholds[PRECISIONS[0]])
        ],
        "decoder": "peak",
        "floor": config["floor"],
        "trainingData": config["trainingData"],
        "licence": config["licence"],
    }
