"""One training from beginning to end: read, train, export, measure."""

import collections
import pathlib
import time

import cv2
import keras
import numpy as np

from . import coco, composed, efficientnet, loop, motion, names, network, teaching
from .configuration import ConfigurationError

QUICK = {"rounds": 2, "stepsPerRound": 10, "batchSize": 8}
QUICK_PICTURES = 120
QUICK_SCENES = {"scenes": 4, "valScenes": 2}
QUICK_COMPOSED = {"pictures": 60, "valPictures": 12, "individuals": 3, "strangers": 8, "places": 3}
"""What --quick puts in the place of a configuration's own."""


def train(config, options, root):
    """Train `config` as the command line's `options` say; `root` is the checkout.

    Returns the folder of what was made.
    """
    home = pathlib.Path(options.config).resolve().parent
    output = options.output or home
    if options.quick and not options.output:
        output = root / ".build-train" / f"{config['name']}-quick"
    work = options.work or root / ".build-train" / config["name"]
    if options.quick and not options.work:
        work = output / "work"
    log = lambda line: print(line, flush=True)
    if options.export:
        _apply(options, config)
        samples = read(config, options, work, log)
        model = network.build(config)
        path = next((p for p in (output / "weights.npz", home / "weights.npz") if p.exists()), None)
        if path is None:
            raise ConfigurationError(
                f"{home / 'weights.npz'}: no such file; train the model first, without --export"
            )
        network.set_weights(model, {k: np.float32(v) for k, v in np.load(path).items()})
    else:
        earlier = config["before"]
        folders = [work / f"before-{number + 1}" for number in range(len(earlier))]
        for number, (part, folder) in enumerate(zip(earlier, folders), 1):
            log(f"training {number} of {len(earlier) + 1}: {part['input']['width']} × {part['input']['height']}")
            learn(part, options, home, folder, work, log)
            following = earlier[number] if number < len(earlier) else config
            following["startFrom"] = [*part.get("startFrom", []), str(folder.resolve() / "best.npz")]
        model, samples = learn(config, options, home, work, work, log)
        if config["meanOfTrainings"]:
            network.set_weights(model, mean([folder / "best.npz" for folder in (*folders, work)]))
    finish(config, model, samples, output, log)
    return output


def _apply(options, config):
    """Change `config` as the command line says; what learns nothing stays so."""
    kept = {"rounds": 0} if config["rounds"] == 0 else {}
    if options.quick:
        config |= QUICK
        if config["rendered"]:
            config["rendered"] |= QUICK_SCENES
        if config["composed"]:
            config["composed"] |= QUICK_COMPOSED
    for key in ("rounds", "seed"):
        if getattr(options, key) is not None:
            config[key] = getattr(options, key)
    config |= kept


def learn(config, options, home, folder, work, log):
    """Train one network, with checkpoints in `folder`, what is drawn in `work`; the best of it, and its samples.

    Without rounds it stays what it starts as.
    """
    _apply(options, config)
    keras.utils.set_random_seed(config["seed"])
    cv2.setNumThreads(0)  # its threads do not outlive the fork of what makes batches
    samples = read(config, options, work, log)
    model = network.build(config)
    start(config, model, home, options.weights)
    log(f"{network.multiply_adds(model) / 1e6:.1f} million multiply-adds a frame")
    if config["rounds"] == 0:
        return model, samples
    if config["selfTraining"]:
        samples["train"], added = teaching.taught(config, model, samples["train"])
        log(f"{added} fish were found where labels are incomplete, and are learnt too")
    task = task_of(config, model, samples, work)
    trained = trained_part(config, model)
    training = loop.Loop(config, trained, task, samples["train"], folder, teaching.teacher(config, home))
    if options.resume:
        training.resume()
    began = time.time()
    if "startFrom" in config and not config["meanOfTrainings"]:
        training.measure_start(log)
    training.run(log, options.workers)
    log(f"trained in {(time.time() - began) / 60:.0f} min")
    if training.round > 0 and training.best_round == 0:
        log("no round was better on val than the weights that it started from: these are kept, so their model does as well")
    network.set_weights(model, dict(np.load(folder / "best.npz")))
    return model, samples


def mean(paths):
    """The mean of what several trainings of one network have kept, array by array."""
    kept = [dict(np.load(path)) for path in paths]
    return {name: np.mean([arrays[name] for arrays in kept], axis=0) for name in kept[0]}


def finish(config, model, samples, output, log):
    """Write what a training makes, and log its figures.

    Where Keras computes with anything but TensorFlow there is no converter: weights.npz alone is made.
    """
    output.mkdir(parents=True, exist_ok=True)
    halves = {name: np.float16(value) for name, value in network.weights(model).items()}
    np.savez_compressed(output / "weights.npz", **halves)
    if keras.backend.backend() != "tensorflow":
        log(f"wrote {output / 'weights.npz'}; with TensorFlow, --export makes the other files of it")
        return
    from . import export

    for precision, figures in export.finish(config, model, samples, output).items():
        for name, row in figures.items():
            log(f"{precision:8} {name:22} " + " ".join(f"{k} {v}" for k, v in row.items()))
    log(f"wrote {output}")


def read(config, options, work, log):
    """The samples of `train`, `val` and `test`, with motion where the model has it."""
    log("reading pictures ...")
    size = config["input"]
    most = QUICK_PICTURES if options.quick else None
    shown = composed.shown(config) if config["composed"] else size
    enlarged = lambda width, height: 1.5 * max(shown["width"] / width, shown["height"] / height)
    samples = {}
    for split, scale_of in (("train", enlarged), ("val", None), ("test", None)):
        samples[split] = [
            sample
            for folder in config[split]
            for sample in coco.load(options.data / folder, config, scale_of, most)
        ]
    if config["composed"]:
        samples["train"] = composed.named(samples["train"], config, options.data)
        samples["train"] += composed.samples(config, "train", work, samples["train"])
        samples["val"] += composed.samples(config, "val", work)
    if plan := config["rendered"]:
        from . import rendered

        samples["train"] += rendered.samples(config, plan["scenes"], plan["seed"], work)
        samples["val"] += rendered.samples(config, plan["valScenes"], plan["valSeed"], work)
    _demand_boxes(samples, "train", options)
    if not config["val"]:
        samples["train"], samples["val"] = held_back(samples["train"], config)
    _demand_boxes(samples, "val", options)
    drawn = {name for sample in samples["train"] for name in (sample.folder, sample.source)}
    if (unknown := set(config["sampling"]["shares"]) - drawn) and not options.quick:
        raise ConfigurationError(
            f"{options.config}: 'sampling.shares': nothing in 'train' is of {min(unknown)}; "
            f"there are {', '.join(sorted(drawn))}"
        )
    moving_above = size.get("movingCameraAbove", motion.MOVING_CAMERA_ABOVE)
    for split, part in samples.items():
        wanted = config["augmentation"]["pasted"] or config["distillation"]
        if size.get("motion") or (split == "train" and wanted):
            motion.add(part, size["width"], size["height"], moving_above, coco.letterbox)
    log(f"{len(samples['train'])} pictures to train on, {len(samples['val'])} to choose by")
    return samples


def _demand_boxes(samples, split, options):
    if not samples[split]:
        raise ConfigurationError(f"{options.config}: '{split}' needs pictures")
    if not any(len(sample.boxes) for sample in samples[split]):
        raise ConfigurationError(f"{options.config}: 'labels': no box in '{split}' is of one of their classes")


def held_back(samples, config):
    """`samples` without and with some of their videos: drawn until they are a share `valShare` of the videos and of the
    pictures, and show an animal, but at most half of the pictures.
    """
    video_of = lambda sample: sample.video or sample.file
    pictures = collections.Counter(map(video_of, samples))
    shown = {video_of(sample) for sample in samples if len(sample.boxes)}
    order = list(np.random.default_rng(config["seed"]).permutation(sorted(pictures)))
    most, share = len(samples) / 2, config["valShare"]
    chosen, held = set(), 0
    for video in [video for video in order if video in shown and pictures[video] <= most][:1] + order:
        if len(chosen) >= share * len(pictures) and held >= share * len(samples):
            break
        if video not in chosen and held + pictures[video] <= most and not shown <= chosen | {video}:
            chosen.add(video)
            held += pictures[video]
    if not chosen & shown:
        raise ConfigurationError(
            "no video of 'train' can be held back to choose by: half of the pictures, or all with animals, are of one; "
            "name others as 'val' (--val)"
        )
    kept = [sample for sample in samples if video_of(sample) not in chosen]
    return kept, [sample for sample in samples if video_of(sample) in chosen]


def trained_part(config, model):
    """What is trained of a network: all of it, or of a `named` one what names, on crops."""
    if config["network"]["kind"] != "named":
        return model
    part = network.naming(config, config["crop"])
    network.set_weights(part, network.weights(model))
    return part


def task_of(config, model, samples, work):
    """What the loop asks for examples, loss and measure of `model`, which has what it starts from."""
    if config["network"]["kind"] == "named":
        doubted = names.doubted(config, model, samples["train"])
        return names.Names(config, samples["train"], samples["val"], work, doubted)
    if config["task"] == "labels":
        from .windows import Windows as Task
    else:
        from .centroids import Centroids as Task
    return Task(config, samples["train"], samples["val"])


def start(config, model, home, backbone):
    """Weights to start from: other models' (`startFrom`), and ImageNet's for each backbone that those do not have;
    `backbone` is MobileNetV2's file.
    """
    found, given = 0, set()
    for name in config.get("startFrom", []):
        path = (home / name).resolve()
        if not path.exists():
            raise ConfigurationError(f"{path}: no such file; 'startFrom' names the weights.npz of a trained model")
        arrays = _of_other(config, model, path)
        found, given = found + network.set_weights(model, arrays), given | set(arrays)
    if "startFrom" in config and found == 0:
        raise ConfigurationError(f"{', '.join(config['startFrom'])}: has no layer of this network")
    names = [layer.name for layer in model.layers]
    lacks = lambda prefix: f"{prefix}Conv1" in names and f"{prefix}Conv1/kernel" not in given
    if lacks(network.LITE_PREFIX):
        weights = efficientnet.imagenet(network.LITE_PREFIX, network.channels(config))
        network.set_weights(model, network.narrowed(weights, config))
    if lacks(network.NAMES):
        network.set_weights(model, efficientnet.imagenet(network.NAMES))
    if lacks(""):
        if not backbone.exists():
            raise ConfigurationError(
                f"{backbone}: no such file; give MobileNetV2 0.35 weights with --weights, or let the "
                "configuration start from another model with that backbone: \"startFrom\": "
                "\"../fish/weights.npz\""
            )
        network.load_backbone(model, backbone)


def _of_other(config, model, path):
    """Weights of a trained model; without those of its last layer where that has another shape.

    A `named` network finds with a `context` network's weights.
    """
    arrays = network.narrowed({name: np.float32(value) for name, value in np.load(path).items()}, config)
    if config["network"]["kind"] == "named":
        return network.finder(arrays, len(config["labels"])) if "logits/kernel" in arrays else arrays
    kernel = arrays.get("logits/kernel")
    if kernel is not None and kernel.shape != tuple(model.get_layer("logits").kernel.shape):
        arrays = {name: value for name, value in arrays.items() if not name.startswith("logits/")}
    return arrays
