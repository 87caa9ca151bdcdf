"""The network: a MobileNetV2 stump of stride 8 with context, and the loss for its peaks."""

import numpy as np
import tensorflow as tf

CUT = "block_6_expand_relu"
MOMENTUM = 0.9
"""Of the batch normalisation: low, or a short training's moving averages never arrive."""


def build(config):
    """Input RGB in [0, 1] → softmax over (background, labels…) for each 8 × 8 pixels.

    MobileNetV2 (alpha 0.35) up to `block_6_expand_relu` sees 59 pixels. Each context block, a
    5 × 5 depthwise and a 1 × 1 convolution added to what came in, widens that by 32, at the same
    stride: so nothing has to be scaled up again, and the operators stay those of FOMO.
    """
    layers = tf.keras.layers
    size = config["input"]
    backbone = tf.keras.applications.MobileNetV2(
        input_shape=(size["height"], size["width"], 3), alpha=0.35, include_top=False, weights=None
    )
    channels = config["network"]["contextChannels"]

    def normalised(x, activation):
        x = layers.BatchNormalization(momentum=MOMENTUM, epsilon=1e-3)(x)
        return layers.ReLU(6.0)(x) if activation else x

    x = backbone.get_layer(CUT).output
    x = normalised(layers.Conv2D(channels, 1, use_bias=False)(x), activation=False)
    for _ in range(config["network"]["contextBlocks"]):
        y = layers.DepthwiseConv2D(5, padding="same", use_bias=False)(x)
        y = normalised(y, activation=True)
        y = normalised(layers.Conv2D(channels, 1, use_bias=False)(y), activation=False)
        x = layers.Add()([x, y])
    x = normalised(layers.Conv2D(32, 1, use_bias=False)(x), activation=True)
    count = len(config["labels"])
    bias = tf.constant_initializer([0.0] + [-4.0] * count)
    x = layers.Conv2D(1 + count, 1, bias_initializer=bias)(x)
    x = layers.Softmax()(x)
    model = tf.keras.Model(backbone.input, x, name=config["name"])
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = MOMENTUM
    return model


def load_backbone(model, path):
    """Set the backbone's ImageNet weights from an .npz of Keras layer names.

    They were trained on pixels in [-1, 1]. For an input in [0, 1] the first kernel is doubled,
    and what its constant part would have subtracted goes into the moving mean behind it.
    """
    arrays = np.load(path)
    order = ["kernel", "depthwise_kernel", "gamma", "beta", "moving_mean", "moving_variance"]
    known = {name.split("/")[0] for name in arrays.files}
    found = 0
    for layer in model.layers:
        if layer.name not in known:
            continue
        values = [
            arrays[f"{layer.name}/{part}"]
            for part in order
            if f"{layer.name}/{part}" in arrays.files
        ]
        if layer.name == "Conv1":
            values = [values[0] * 2]
        if layer.name == "bn_Conv1":
            gamma, beta, mean, variance = values
            values = [gamma, beta, mean + arrays["Conv1/kernel"].sum(axis=(0, 1, 2)), variance]
        layer.set_weights(values)
        found += 1
    if found == 0:
        raise ValueError(f"{path}: holds no layer of this network")


def peak_loss(probabilities, heat, weight, ignore_above):
    """Focal loss on Gaussian peaks (Zhou et al. 2019, "Objects as Points"), a number per batch.

    A cell that is a fish's centre pulls its label up; all others push it down, less the nearer
    they are to a centre. Where `weight` is 0, or -1 with a label above `ignore_above`, nothing
    pushes: an unlabelled fish may stand there.
    """
    p = tf.clip_by_value(probabilities[..., 1:], 1e-5, 1 - 1e-5)
    positive = tf.cast(heat >= 1, tf.float32)
    confident = tf.reduce_max(tf.stop_gradient(p), axis=-1) > ignore_above
    doubtful = tf.logical_and(weight < 0, confident)
    certain = tf.where(tf.logical_or(doubtful, tf.equal(weight, 0)), 0.0, 1.0)[..., tf.newaxis]
    pull = positive * (1 - p) ** 2 * tf.math.log(p)
    push = (1 - positive) * certain * (1 - heat) ** 4 * p**2 * tf.math.log(1 - p)
    return -tf.reduce_sum(pull + push) / tf.maximum(1.0, tf.reduce_sum(positive))
