"""The losses of centroid networks, as numbers per batch."""

from keras import ops


def _certain(p, weight, ignore_above):
    """1 where background may be pushed, by cell: see Target.weight."""
    confident = ops.max(ops.stop_gradient(p), axis=-1) > ignore_above
    doubtful = ops.logical_and(weight < 0, confident)
    return ops.where(ops.logical_or(doubtful, weight == 0), 0.0, 1.0)[..., None]


def focal(scores, heat, weight, ignore_above):
    """Focal loss on Gaussian peaks (Zhou et al. 2019, "Objects as Points").

    A cell that is a fish's centre pulls its label up; all others push it down, less the nearer
    they are to a centre.
    """
    p = ops.clip(scores[..., 1:], 1e-5, 1 - 1e-5)
    positive = ops.cast(heat >= 1, "float32")
    certain = _certain(p, weight, ignore_above)
    pull = positive * (1 - p) ** 2 * ops.log(p)
    push = (1 - positive) * certain * (1 - heat) ** 4 * p**2 * ops.log(1 - p)
    return -ops.sum(pull + push) / ops.maximum(1.0, ops.sum(positive))


def fomo(scores, heat, weight, ignore_above, object_weight):
    """Weighted cross-entropy on the one-hot cells of the centres, as FOMO is trained.

    Cells of an object weigh `object_weight`, cells of background 1; the mean is over cells.
    """
    p = ops.clip(scores, 1e-7, 1.0)
    positive = ops.cast(heat >= 1, "float32")
    any_label = ops.max(positive, axis=-1)
    pull = object_weight * ops.sum(positive * ops.log(p[..., 1:]), axis=-1)
    certain = _certain(p[..., 1:], weight, ignore_above)[..., 0]
    push = (1 - any_label) * certain * ops.log(p[..., 0])
    return -ops.mean(pull + push)


def imitation(scores, taught):
    """Cross-entropy with a teacher's scores, less the nearer they already are (Li et al. 2020,
    "Generalized Focal Loss"), per fish that the teacher sees.
    """
    p = ops.clip(scores[..., 1:], 1e-5, 1 - 1e-5)
    q = taught[..., 1:]
    entropy = q * ops.log(p) + (1 - q) * ops.log(1 - p)
    return -ops.sum((q - p) ** 2 * entropy) / ops.maximum(1.0, ops.sum(q))


def size(given, wanted, sized):
    """Mean absolute error of log2 sizes where they are known."""
    error = ops.sum(ops.abs(given - wanted), axis=-1) * sized
    return ops.sum(error) / ops.maximum(1.0, ops.sum(sized))


def cross_entropy(scores, wanted, smoothing=0.05):
    """Cross-entropy of (batch, labels) probabilities, with a little doubt about the labels."""
    count = wanted.shape[-1]
    smooth = wanted * (1 - smoothing) + smoothing / count
    p = ops.clip(scores, 1e-7, 1.0)
    return -ops.mean(ops.sum(smooth * ops.log(p), axis=-1))
