"""The networks: a backbone's features with or without context, or a network that also names; their weights."""

import keras
import numpy as np

from . import configuration, efficientnet

layers = keras.layers

STRIDE_8, STRIDE_16, STRIDE_32 = (
    "block_6_expand_relu",
    "block_13_expand_relu",
    "block_16_project_BN",
)

LITE_STAGES = 4
"""Stages of EfficientNet-Lite0 that a `context` network takes: 80 channels at stride 16."""

LITE_AT_16 = 5
"""The block that goes from stride 8 to 16, whose widened channels stride 8 has."""

LITE_PREFIX = "lite_"
"""What the names of its layers begin with."""

NAMES = "names_"
"""What the names of the layers that name begin with."""

MOMENTUM = 0.9
"""Of the batch normalisation: low, or a short training's moving averages never arrive."""

PRIOR = 4.0
"""The first guess is background by this many logits, so that empty cells do not drown the start."""


@keras.utils.register_keras_serializable("fishcam")
class BatchNormalization(layers.BatchNormalization):
    """Batch normalisation whose training step is one fused operation of TensorFlow.

    On a processor Keras's own, made of single operations, takes longer than the convolutions; JAX fuses
    these itself.
    """

    def call(self, inputs, training=None, mask=None):
        if not training or not self.trainable:
            return super().call(inputs, training=False)
        if keras.backend.backend() != "tensorflow":
            return super().call(inputs, training=True)
        import tensorflow as tf

        scale = tf.convert_to_tensor(self.gamma)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=scale,
            offset=tf.convert_to_tensor(self.beta),
            mean=tf.zeros_like(scale),
            variance=tf.ones_like(scale),
            epsilon=self.epsilon,
            is_training=True,
        )
        for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average.assign(average * self.momentum + value * (1 - self.momentum))
        return outputs


@keras.utils.register_keras_serializable("fishcam")
class Doubled(layers.Layer):
    """Twice the rows and columns, each value four times: one RESIZE_NEAREST_NEIGHBOR."""

    def call(self, inputs):
        rows, columns = inputs.shape[1:3]
        return keras.ops.image.resize(inputs, (2 * rows, 2 * columns), interpolation="nearest")

    def compute_output_shape(self, shape):
        return shape[0], 2 * shape[1], 2 * shape[2], shape[3]


def channels(config):
    """Channels of the input: red, green, blue, and motion where the model has it."""
    return 4 if config["input"].get("motion") else 3


def build(config):
    """The configuration's network, from pixels in [0, 1].

    `context`: features of strides 16 and, with MobileNetV2, 32 are brought back up to stride 8 and added, so
    that a cell sees a whole near fish; blocks of a 5 × 5 depthwise and a 1 × 1 convolution at stride 8
    (`contextBlocks`) and, at a quarter of their cost, at stride 16 (`wideBlocks`). Outputs scores and, with
    `sizes`, sizes. `fomo`: what FOMO is, one 1 × 1 convolution behind the cut, with
    `contextBlocks` of the same blocks behind it: the cut alone sees 59 pixels, less than a near
    fish. `window`: a classifier of the whole input. `named`: a `context` network that finds, and
    EfficientNet-Lite0, which names.
    """
    size = config["input"]
    if config["network"]["kind"] == "named":
        return _named(config)
    pixels = layers.Input((size["height"], size["width"], channels(config)), name="pixels")
    count = len(config["labels"])
    if config["network"]["kind"] == "window":
        x = layers.GlobalAveragePooling2D(name="mean")(_stump(pixels, config["network"]).output)
        x = layers.Dense(1 + count, name="logits")(x)
        outputs = [layers.Softmax(name="scores")(x)]
    elif config["network"]["kind"] == "fomo":
        x = _stump(pixels, config["network"]).output
        width = config["network"].get("contextChannels", 32)
        x = layers.Conv2D(width, 1, name="head")(x)
        x = layers.ReLU(6.0, name="head_relu")(x)
        x = _blocks(x, width, config["network"].get("contextBlocks", 0))
        outputs = [_scores(x, count, config)]
    else:
        x = _context(pixels, config["network"])
        outputs = [_scores(x, count, config)]
        if config["network"].get("sizes"):
            outputs.append(layers.Conv2D(2, 1, name="sizes")(x))
    return keras.Model(pixels, outputs, name=config["name"].replace("-", "_"))


def _named(config):
    """A network of kind `context`, at half the input's size, and one that names what it finds.

    The names of a cell are shares that sum to 1; scores are these times the finder's.
    """
    size, plan = config["input"], config["network"]
    pixels = layers.Input((size["height"], size["width"], channels(config)), name="pixels")
    halved = layers.AveragePooling2D(2, name="halved")(pixels)
    x = _context(halved, plan)
    count = len(config["labels"])
    shares = _names(pixels, plan, count)
    fish = layers.Conv2D(count, 1, activation="sigmoid", name="found")(x)
    empty = layers.Conv2D(1, 1, activation="sigmoid", name="empty")(x)
    named = layers.Multiply(name="named")([fish, shares])
    sizes = layers.Conv2D(2, 1, name="sizes")(x)
    scores = layers.Concatenate(name="scores")([empty, named])
    return keras.Model(pixels, [scores, sizes], name=config["name"].replace("-", "_"))


def turned(config, model):
    """The network for pictures taller than wide, with the weights of `model`."""
    size = config["input"]
    tall = build(config | {"input": size | {"width": size["height"], "height": size["width"]}})
    set_weights(tall, weights(model))
    return tall


def naming(config, side):
    """The part of a network of kind `named` that names, for crops of `side` pixels; its layers have
    the names that they have in the whole.
    """
    crop = layers.Input((side, side, 3), name="crop")
    return keras.Model(crop, [_names(crop, config["network"], len(config["labels"]))])


def _names(pixels, plan, count):
    """Shares of the labels by cells of 16 × 16 pixels."""
    width = plan["namesChannels"]
    x, _ = efficientnet.features(pixels, _normalised, NAMES)
    x = _pointwise(x, width, f"{NAMES}in", False)
    x = _blocks(x, width, plan["namesBlocks"], f"{NAMES}context")
    x = _pointwise(x, width, f"{NAMES}head", True)
    return layers.Conv2D(count, 1, activation="softmax", name=f"{NAMES}logits")(x)


def finder(arrays, count):
    """Weights of a network of kind `context` with one label as those of the finder of a `named` one:
    a softmax over two is a sigmoid of their difference.
    """
    made = {name: value for name, value in arrays.items() if not name.startswith("logits/")}
    kernel, bias = arrays["logits/kernel"], arrays["logits/bias"]
    apart, more = kernel[..., 1:] - kernel[..., :1], bias[1:] - bias[:1]
    made["found/kernel"], made["found/bias"] = np.repeat(apart, count, axis=3), np.repeat(more, count)
    made["empty/kernel"], made["empty/bias"] = -apart, -more
    return made


def narrowed(arrays, config):
    """Weights of a wider EfficientNet-Lite0 as those of one with `network.widths`."""
    return efficientnet.narrowed(arrays, LITE_PREFIX, config["network"].get("widths", ()), (LITE_AT_16, "from_8"))


def _stump(pixels, network):
    """MobileNetV2 on `pixels`, with the fused normalisation, and no further than the network needs."""
    whole = keras.applications.MobileNetV2(
        input_shape=tuple(pixels.shape[1:]),
        alpha=network.get("alpha", 0.35),
        include_top=False,
        weights=None,
    )
    end = {"fomo": STRIDE_8, "window": STRIDE_16}.get(network["kind"], STRIDE_32)

    def copied(layer):
        settings = layer.get_config()
        if isinstance(layer, layers.BatchNormalization):
            return BatchNormalization.from_config(settings | {"momentum": MOMENTUM})
        return layer.__class__.from_config(settings)

    cut = keras.Model(whole.input, whole.get_layer(end).output)
    return keras.models.clone_model(cut, input_tensors=pixels, clone_function=copied)


def _normalised(x, name, activation):
    x = BatchNormalization(momentum=MOMENTUM, epsilon=1e-3, name=f"{name}_BN")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x) if activation else x


def _pointwise(x, filters, name, activation):
    x = layers.Conv2D(filters, 1, use_bias=False, name=name)(x)
    return _normalised(x, name, activation)


def _context(pixels, network):
    width = network["contextChannels"]
    wide = network.get("wideChannels", width)
    if network.get("backbone") == configuration.LITE:
        at_16, widened = efficientnet.features(
            pixels, _normalised, LITE_PREFIX, LITE_STAGES, network.get("widths", ())
        )
        at_8 = widened[8]
        x = _pointwise(at_16, wide, "from_16", False)
    else:
        stump = _stump(pixels, network)
        at_8 = stump.get_layer(STRIDE_8).output
        x = _pointwise(stump.get_layer(STRIDE_32).output, wide, "from_32", False)
        y = _pointwise(stump.get_layer(STRIDE_16).output, wide, "from_16", False)
        x = layers.Add(name="at_16")([y, Doubled(name="up_32")(x)])
    if count := network.get("wideBlocks", 0):
        x = _blocks(x, wide, count, "wide")
        x = _pointwise(x, width, "wide_out", False)
    y = _pointwise(at_8, width, "from_8", False)
    x = layers.Add(name="at_8")([y, Doubled(name="up_16")(x)])
    x = _blocks(x, width, network["contextBlocks"])
    return _pointwise(x, network.get("headChannels", 64), "head", True)


def _blocks(x, width, count, prefix="context"):
    """`count` residual blocks: each lets a cell see two more cells to every side."""
    for number in range(count):
        name = f"{prefix}_{number}"
        y = layers.DepthwiseConv2D(5, padding="same", use_bias=False, name=f"{name}_wide")(x)
        y = _normalised(y, f"{name}_wide", True)
        y = _pointwise(y, width, f"{name}_mix", False)
        x = layers.Add(name=f"{name}_add")([x, y])
    return x


def _scores(x, count, config):
    prior = config["network"].get("prior", PRIOR)
    bias = keras.initializers.Constant(np.array([0.0] + [-prior] * count, np.float32))
    x = layers.Conv2D(1 + count, 1, bias_initializer=bias, name="logits")(x)
    return layers.Softmax(name="scores")(x)


def freeze(model, through):
    """Train the layers behind the one named `through` alone; all of them where it is empty.

    Raises ConfigurationError when the model has no layer of that name.
    """
    names = [layer.name for layer in model.layers]
    if through and through not in names:
        raise configuration.ConfigurationError(f"'frozen.through': the network has no layer {through}")
    last = names.index(through) if through else -1
    for index, layer in enumerate(model.layers):
        layer.trainable = index > last


def weights(model):
    """The model's weights by `layer/weight`."""
    return {
        f"{layer.name}/{variable.name}": variable.numpy()
        for layer in model.layers
        for variable in layer.weights
    }


def set_weights(model, arrays):
    """Set every weight whose name and shape `arrays` has; returns how many were set.

    The first convolution may have another number of channels: motion is left out, or starts with no
    influence.
    """
    found = 0
    for layer in model.layers:
        for variable in layer.weights:
            value = arrays.get(f"{layer.name}/{variable.name}")
            if value is not None and layer.name.endswith("Conv1") and variable.name == "kernel":
                missing = max(0, variable.shape[2] - value.shape[2])
                value = np.pad(value, ((0, 0), (0, 0), (0, missing), (0, 0)))
                value = value[:, :, : variable.shape[2]]
            if value is not None and value.shape == tuple(variable.shape):
                variable.assign(value)
                found += 1
    return found


def load_backbone(model, path):
    """Set the backbone's ImageNet weights from an .npz of Keras layer names.

    They were trained on pixels in [-1, 1]. For an input in [0, 1] the first kernel is doubled,
    and what its constant part would have subtracted goes into the moving mean behind it. A
    channel of motion starts with no influence.
    """
    arrays = dict(np.load(path))
    if "Conv1/kernel" not in arrays:
        raise ValueError(f"{path}: holds no layer of this network")
    kernel = arrays["Conv1/kernel"]
    arrays["bn_Conv1/moving_mean"] = arrays["bn_Conv1/moving_mean"] + kernel.sum(axis=(0, 1, 2))
    arrays["Conv1/kernel"] = kernel * 2
    set_weights(model, arrays)


def multiply_adds(model):
    """Multiply-adds of the convolutions for one picture."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.DepthwiseConv2D):
            total += int(np.prod(layer.output.shape[1:])) * int(np.prod(layer.kernel_size))
        elif isinstance(layer, layers.Conv2D):
            each = int(np.prod(layer.kernel_size)) * layer.input.shape[-1]
            total += int(np.prod(layer.output.shape[1:])) * each
        elif isinstance(layer, layers.Dense):
            total += layer.input.shape[-1] * layer.units
    return total
