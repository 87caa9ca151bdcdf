"""From trained weights to files: .tflite in two precisions, figures, and the model's card."""

import hashlib
import json

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import (
    convert_variables_to_constants_v2,
)

from . import coco, measurement

REPRESENTATIVE = 200
"""Training pictures from which the ranges of the int8 model are taken."""


def finish(config, model, train, val, test, output):
    """Write NAME-int8.tflite, NAME-float32.tflite, figures.json and card.json into `output`."""
    output.mkdir(parents=True, exist_ok=True)
    size = config["input"]
    real = [sample for sample in train if sample.source != "rendered"]
    chosen = np.random.default_rng(config["seed"]).choice(len(real), REPRESENTATIVE, replace=False)
    pictures = [
        coco.letterbox(real[index].image, size["width"], size["height"])[0] for index in chosen
    ]
    files = {}
    for precision in ("int8", "float32"):
        path = output / f"{config['name']}-{precision}.tflite"
        path.write_bytes(convert(model, size, pictures if precision == "int8" else None))
        files[precision] = path

    figures, threshold = {}, None
    for precision, path in files.items():
        print(f"measuring {path.name} ...", flush=True)
        figures[precision], chosen_here = measure(config, path, val, test, threshold)
        threshold = threshold or chosen_here
    (output / "figures.json").write_text(
        json.dumps(
            {"threshold": threshold, "threshold_chosen_on": config["selectThresholdOn"], **figures},
            indent=2,
        )
        + "\n"
    )
    (output / "card.json").write_text(json.dumps(card(config, files, threshold), indent=2) + "\n")
    for precision, by_source in figures.items():
        for name, row in by_source.items():
            print(f"{precision:8} {name:22} " + " ".join(f"{k} {v}" for k, v in row.items()))


def convert(model, size, representative):
    """The model as a .tflite of batch 1: float32, or int8 throughout with `representative`."""
    signature = tf.TensorSpec([1, size["height"], size["width"], 3], tf.float32)
    function = tf.function(lambda x: model(x, training=False)).get_concrete_function(signature)
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [convert_variables_to_constants_v2(function)]
    )
    if representative is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: (
            [picture[np.newaxis].astype(np.float32) / 255] for picture in representative
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def run(path, pictures):
    """The grids that a .tflite gives for uint8 pictures, as probabilities.

    LiteRT's reference kernels, which Fishcam and microcontrollers equal bit for bit in int8.
    """
    interpreter = tf.lite.Interpreter(
        str(path), experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    given, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    grids = []
    for picture in pictures:
        values = picture[np.newaxis].astype(np.float32) / 255
        if given["dtype"] == np.int8:
            scale, zero = given["quantization"]
            values = np.clip(np.round(values / scale) + zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(given["index"], values)
        interpreter.invoke()
        grid = interpreter.get_tensor(result["index"])[0].astype(np.float32)
        if result["dtype"] == np.int8:
            scale, zero = result["quantization"]
            grid = (grid - zero) * scale
        grids.append(grid)
    return grids


def measure(config, path, val, test, threshold):
    """Figures by split and source at `threshold`; without one, the best on selectThresholdOn."""
    size = config["input"]
    scores = {}
    for split, samples in (("val", val), ("test", test)):
        pictures, boxes = measurement.prepared(
            samples, size["width"], size["height"], coco.letterbox
        )
        found = measurement.by_source(samples, boxes, run(path, pictures), config["floor"])
        scores |= {f"{split} {source}": score for source, score in found.items()}
    if threshold is None:
        chosen = [score for score in scores.values() if score.folder in config["selectThresholdOn"]]
        threshold, _ = measurement.best_threshold(chosen)
    return {name: score.at(threshold) for name, score in sorted(scores.items())}, threshold


def card(config, files, threshold):
    """The card that Fishcam reads beside the model."""
    return {
        "name": config["name"],
        "version": config["version"],
        "task": "centroids",
        "description": config["description"],
        "files": [
            {
                "file": path.name,
                "precision": precision,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
            for precision, path in files.items()
        ],
        "input": {"fit": "letterbox", "pixelRange": config["input"]["pixelRange"]},
        "background": 0,
        "labels": [
            {"label": label["label"], "taxon": label["taxon"], "threshold": threshold}
            for label in config["labels"]
        ],
        "decoder": "peak",
        "floor": config["floor"],
        "trainingData": config["trainingData"],
        "licence": config["licence"],
    }
