"""The losses of centroid networks, as numbers per batch."""

import tensorflow as tf


def _certain(p, weight, ignore_above):
    """1 where background may be pushed, by cell: see Target.weight."""
    confident = tf.reduce_max(tf.stop_gradient(p), axis=-1) > ignore_above
    doubtful = tf.logical_and(weight < 0, confident)
    return tf.where(tf.logical_or(doubtful, tf.equal(weight, 0)), 0.0, 1.0)[..., tf.newaxis]


def focal(scores, heat, weight, ignore_above):
    """Focal loss on Gaussian peaks (Zhou et al. 2019, "Objects as Points").

    A cell that is a fish's centre pulls its label up; all others push it down, less the nearer
    they are to a centre.
    """
    p = tf.clip_by_value(scores[..., 1:], 1e-5, 1 - 1e-5)
    positive = tf.cast(heat >= 1, tf.float32)
    certain = _certain(p, weight, ignore_above)
    pull = positive * (1 - p) ** 2 * tf.math.log(p)
    push = (1 - positive) * certain * (1 - heat) ** 4 * p**2 * tf.math.log(1 - p)
    return -tf.reduce_sum(pull + push) / tf.maximum(1.0, tf.reduce_sum(positive))


def fomo(scores, heat, weight, ignore_above, object_weight):
    """Weighted cross-entropy on the one-hot cells of the centres, as FOMO is trained.

    Cells of an object weigh `object_weight`, cells of background 1; the mean is over cells.
    """
    p = tf.clip_by_value(scores, 1e-7, 1.0)
    positive = tf.cast(heat >= 1, tf.float32)
    any_label = tf.reduce_max(positive, axis=-1)
    pull = object_weight * tf.reduce_sum(positive * tf.math.log(p[..., 1:]), axis=-1)
    certain = _certain(p[..., 1:], weight, ignore_above)[..., 0]
    push = (1 - any_label) * certain * tf.math.log(p[..., 0])
    return -tf.reduce_mean(pull + push)


def imitation(scores, taught):
    """Cross-entropy with a teacher's scores, less the nearer they already are (Li et al. 2020,
    "Generalized Focal Loss"), per fish that the teacher sees.
    """
    p = tf.clip_by_value(scores[..., 1:], 1e-5, 1 - 1e-5)
    q = taught[..., 1:]
    entropy = q * tf.math.log(p) + (1 - q) * tf.math.log(1 - p)
    return -tf.reduce_sum((q - p) ** 2 * entropy) / tf.maximum(1.0, tf.reduce_sum(q))


def size(given, wanted, sized):
    """Mean absolute error of log2 sizes where they are known."""
    error = tf.reduce_sum(tf.abs(given - wanted), axis=-1) * sized
    return tf.reduce_sum(error) / tf.maximum(1.0, tf.reduce_sum(sized))


def cross_entropy(scores, wanted, smoothing=0.05):
    """Cross-entropy of (batch, labels) probabilities, with a little doubt about the labels."""
    count = tf.cast(tf.shape(wanted)[-1], tf.float32)
    smooth = wanted * (1 - smoothing) + smoothing / count
    p = tf.clip_by_value(scores, 1e-7, 1.0)
    return -tf.reduce_mean(tf.reduce_sum(smooth * tf.math.log(p), axis=-1))
