"""Command line of Scripts/train."""

import argparse
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

ROOT = pathlib.Path(__file__).resolve().parents[2]

EXAMPLE = """
examples, from the root of the checkout:
  Scripts/train Species/models/fish/training.json                trains, exports, measures
  Scripts/train Species/models/fish/training.json --resume       goes on where it was stopped
  Scripts/train Species/models/fish/training.json --gpu          the same on a GPU of NVIDIA
  Scripts/train Species/models/fish/training.json --quick        a few steps: does it all work?
  Scripts/train Species/models/fish/training.json --export       its files again, from weights.npz
  Scripts/train new harbour --train ~/harbour --like fish        your own pictures, one command

A folder of pictures is a COCO folder: annotations.coco.json beside the files that it names; or
clips NAME.mp4 beside NAME.gt.json. `new` writes Species/models/NAME/training.json and trains it;
without --val about a fifth of the videos (or pictures without one) of --train is held back to
choose by, all pictures of a video together. It goes on from the weights of --like, and keeps
these where no round is better on what is held back. With the labels of that model, or one label
where it has one, it is short; --rounds makes it longer.

The folder of the configuration (with --quick .build-train/NAME-quick) receives NAME-int8.tflite,
NAME-float32.tflite, such for portrait pictures where the model has them, card.json, figures.json
and weights.npz. Scripts/training/README.md says what each key of a configuration means. On two
processor cores a step of the fish model takes about a second.
"""


def arguments(given=None):
    """The command line, read; exits with an explanation when it is wrong."""
    parser = argparse.ArgumentParser(
        prog="Scripts/train",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Train one model from its configuration file, export it as float32 and int8 "
        ".tflite, write its card and measure it.",
    )
    parser.add_argument("config", metavar="CONFIG.json", help="the model's configuration; or: new")
    parser.add_argument("name", metavar="NAME", nargs="?", help="with new: the model's name")
    parser.add_argument(
        "--data",
        type=pathlib.Path,
        default=ROOT / "../shared/data",
        help="folder of the folders named in the configuration (default: ../shared/data)",
    )
    parser.add_argument(
        "--weights",
        type=pathlib.Path,
        default=ROOT / "../shared/weights/mobilenet_v2_0.35_96_imagenet.npz",
        help="ImageNet weights of the backbone, by Keras layer names; not read where the "
        "configuration says startFrom",
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
    parser.add_argument(
        "--export",
        action="store_true",
        help="train nothing: make the other files again of the configuration's weights.npz",
    )
    parser.add_argument("--rounds", type=int, help="instead of the configuration's")
    parser.add_argument("--seed", type=int, help="instead of the configuration's")
    parser.add_argument(
        "--gpu",
        action="store_true",
        help="train with JAX on a GPU of NVIDIA; files are made and measured on the processor afterwards",
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=max(1, (os.cpu_count() or 1) - 1),
        help="processes that make batches ahead of the network (default: one less than there are processors)",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="two rounds of ten steps, 120 pictures of each folder: for a first look and for tests",
    )
    new = parser.add_argument_group("with new")
    new.add_argument("--train", nargs="+", type=pathlib.Path, default=[], metavar="DIR")
    new.add_argument("--val", nargs="+", type=pathlib.Path, default=[], metavar="DIR")
    new.add_argument("--test", nargs="+", type=pathlib.Path, default=[], metavar="DIR")
    new.add_argument("--like", default="fish", metavar="MODEL", help="whose settings and weights to begin with")
    new.add_argument(
        "--labels", nargs="+", metavar="LABEL", help="a class for each of these categories "
        "(default: one class, fish, of all categories of --train)",
    )
    new.add_argument("--write-only", action="store_true", help="write the configuration, no more")
    options = parser.parse_args(given)
    if options.config == "new":
        if not options.name or not options.train:
            parser.error("new needs a NAME and --train DIR")
    elif options.name or options.train or options.val or options.test:
        parser.error("NAME, --train, --val and --test go with new")
    return options


def main():
    options = arguments()
    from . import configuration

    written = None
    try:
        if options.config == "new":
            from . import starting

            written = options.config = starting.write(options, ROOT / "Species/models")
            print(f"wrote {options.config}", flush=True)
            if options.write_only:
                return
        config = configuration.load(options.config)
        if options.gpu and not options.export:
            _use_gpu()
        from . import training

        output = training.train(config, options, ROOT)
    except (configuration.ConfigurationError, FileNotFoundError) as error:
        if written and not _begun(options):
            written.unlink()
            if not any(written.parent.iterdir()):
                written.parent.rmdir()
            error = f"{error} ({written} is removed again)"
        sys.exit(f"Scripts/train: {error}")
    if options.gpu and not options.export:
        _export(options, output)


def _begun(options):
    """Whether a round of this training has been kept."""
    return ((options.work or ROOT / ".build-train" / options.name) / "progress.json").exists()


def _use_gpu():
    """Let Keras compute with JAX; exits where that finds no GPU, unless JAX_PLATFORMS says what to use."""
    os.environ["KERAS_BACKEND"] = "jax"
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    import jax

    if "JAX_PLATFORMS" not in os.environ and jax.default_backend() != "gpu":
        sys.exit("Scripts/train: JAX finds no GPU here; leave out --gpu to train on the processor")


def _export(options, output):
    """Replace this process by one that makes the files of weights.npz, with TensorFlow."""
    given = ["--export", "--output", output, "--data", options.data, "--weights", options.weights]
    given += ["--quick"] * options.quick + (["--work", options.work] if options.work else [])
    del os.environ["KERAS_BACKEND"]
    os.execv(sys.executable, [sys.executable, "-m", "training", *map(str, [options.config, *given])])


if __name__ == "__main__":
    main()
