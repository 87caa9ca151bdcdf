"""Command line of Scripts/train."""

import argparse
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

ROOT = pathlib.Path(__file__).resolve().parents[2]

EXAMPLE = """
example, from the root of the checkout:
  Scripts/train Species/models/fish/training.json --data ../shared/data
  Scripts/train Species/models/fish/training.json --resume        goes on where it was stopped

The folder of the configuration receives NAME-float32.tflite, NAME-int8.tflite, card.json and
figures.json. On two processor cores an epoch of the fish model takes about a minute.
"""


def arguments():
    parser = argparse.ArgumentParser(
        prog="Scripts/train",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Train one model from its configuration file, export it as float32 and int8 "
        ".tflite, write its card and measure it.",
    )
    parser.add_argument("config", metavar="CONFIG.json", help="the model's configuration file")
    parser.add_argument(
        "--data",
        type=pathlib.Path,
        default=ROOT / "../shared/data",
        help="folder of the COCO folders named in it (default: ../shared/data)",
    )
    parser.add_argument(
        "--weights",
        type=pathlib.Path,
        default=ROOT / "../shared/weights/mobilenet_v2_0.35_96_imagenet.npz",
        help="ImageNet weights of the backbone, by Keras layer names",
    )
    parser.add_argument(
        "--output", type=pathlib.Path, help="folder for what is made (default: the configuration's)"
    )
    parser.add_argument(
        "--work", type=pathlib.Path, help="folder for checkpoints (default: .build-train/NAME)"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on from the newest checkpoint; when training is complete, only "
        "export and measure again",
    )
    parser.add_argument("--rounds", type=int, help="instead of the configuration's")
    parser.add_argument("--seed", type=int, help="instead of the configuration's")
    return parser.parse_args()


def scale_for_training(config):
    """Keep one and a half times the pixels of the input: enough to zoom in a little."""
    size = config["input"]
    return lambda width, height: 1.5 * max(size["width"] / width, size["height"] / height)


def main():
    options = arguments()
    from . import configuration

    try:
        config = configuration.load(options.config)
    except configuration.ConfigurationError as error:
        sys.exit(f"Scripts/train: {error}")
    for key in ("rounds", "seed"):
        if getattr(options, key) is not None:
            config[key] = getattr(options, key)
    output = options.output or pathlib.Path(options.config).resolve().parent
    work = options.work or ROOT / ".build-train" / config["name"]
    if not options.weights.exists():
        sys.exit(f"Scripts/train: {options.weights}: no such file (--weights)")

    import numpy as np
    import tensorflow as tf

    from . import coco, export, loop, motion, network

    tf.keras.utils.set_random_seed(config["seed"])

    def read(folders, scale_of=None):
        for folder in folders:
            if not (options.data / folder / "annotations.coco.json").exists():
                sys.exit(f"Scripts/train: {options.data / folder}: holds no annotations.coco.json")
        return [
            sample
            for folder in folders
            for sample in coco.load(options.data / folder, config, scale_of)
        ]

    print("reading pictures ...", flush=True)
    train = read(config["train"], scale_for_training(config))
    val = read(config["val"])
    if plan := config["rendered"]:
        from . import rendered

        train += rendered.samples(config, plan["scenes"], plan["seed"], work)
        val += rendered.samples(config, plan["valScenes"], plan["valSeed"], work)
    test = read(config["test"])
    size = config["input"]
    if size.get("motion"):
        for samples in (train, val, test):
            motion.add(
                samples, size["width"], size["height"], size["movingCameraAbove"], coco.letterbox
            )
    print(f"{len(train)} pictures to train on, {len(val)} to choose by", flush=True)

    model = network.build(config)
    network.load_backbone(model, options.weights)
    print(f"{network.multiply_adds(model) / 1e6:.1f} million multiply-adds a frame", flush=True)
    training = loop.Loop(config, model, train, val, work)
    if options.resume:
        training.resume()
    training.run(log=lambda line: print(line, flush=True))
    network.set_weights(model, np.load(work / "best.npz"))
    export.finish(config, model, train, val, test, output)


if __name__ == "__main__":
    main()
