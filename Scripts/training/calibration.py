"""What is fitted on val after training: probabilities of scores, and when a fish is named."""

import numpy as np

from . import measurement
from .measurement import Calibration

LEAST = 0.02
"""Peaks below this score are not looked at."""

KEPT = 0.05
"""Peaks below this probability take no part: they would outnumber those that a survey can keep."""

LEAST_SCALE = 0.05
"""Scales are at least this, so that a higher score is never less probable."""

NAMED_RIGHT = 0.9
"""Share of the named fish of val whose name is to be right."""

NAME_GIVEN_UP = 0.01
"""F1 that a name may give up on val for being given from a higher share: on a reef without its species each name is
wrong, and of such reefs val has but a few hundred fish.
"""

NAME_GIVEN_UP_TO_STRANGERS = 0.05
"""F1 that a name may give up so that no fish of val gets it in folders in which no name is known: filmed fish, where all
that have names are drawn.
"""

SHARES = np.append(np.round(np.arange(0.20, 1.00, 0.01), 2), 0.995)
"""What `nameAbove` is chosen from."""


def platt(scores, right, weights):
    """The Calibration of greatest likelihood for scores and whether each is right.

    Scale and offset are weakly held to 1 and 0 (a variance of 10), so that a few peaks, or
    such as are told apart without error, have an answer too; the scale stays above 0.
    """
    x = measurement.logits(scores)
    weights = np.asarray(weights, float) * (len(x) / max(1e-9, np.sum(weights)))
    prior = np.array([1.0, 0.0])
    best, free = prior.copy(), [0, 1]
    for _ in range(200):
        p = 1 / (1 + np.exp(-(best[0] * x + best[1])))
        off = weights * (p - right)
        slope = np.array([(off * x).sum(), off.sum()]) + 0.1 * (best - prior)
        w = weights * p * (1 - p)
        curve = np.array([[(w * x * x).sum(), (w * x).sum()], [(w * x).sum(), w.sum()]])
        curve += 0.1 * np.eye(2)
        step = np.zeros(2)
        step[free] = np.linalg.solve(curve[np.ix_(free, free)], slope[free])
        best -= step / max(1.0, np.abs(step).max())
        if best[0] < LEAST_SCALE:
            best[0], free = LEAST_SCALE, [1]
        elif np.abs(step).max() < 1e-9:
            break
    return Calibration(round(float(best[0]), 4), round(float(best[1]), 4))


def observations(inputs, outputs, chosen=None):
    """Peaks of pictures with complete labels: scores, whether each is right, and its picture.

    A peak is right when it adds a pair to those that score higher; each label by itself, the
    members of an open set as one, whatever they are named.
    """
    scores, right, pictures = [], [], []
    for index, (sample, truth) in enumerate(zip(inputs.samples, inputs.boxes)):
        if not sample.complete:
            continue
        for _, found, boxes, _ in _units(outputs, index, sample, truth, chosen):
            scores += found[:, 2].tolist()
            right += (measurement.takers(found, boxes, measurement.CELL / 2) >= 0).tolist()
            pictures += [index] * len(found)
    return np.array(scores), np.array(right, float), np.array(pictures, int)


def _units(outputs, index, sample, truth, chosen):
    """By unit (see measurement.units): its label, peaks, boxes, and the boxes' labels."""
    labels, scores = measurement.units(outputs[0][index][:, :, 1:], chosen)
    sizes = measurement.sizes_of(outputs, index)
    best = scores.argmax(axis=2)
    for unit, label in enumerate(labels):
        wanted = np.isin(sample.labels, chosen.members if chosen and unit + 1 == len(labels) else label)
        found = measurement.peaks(scores[:, :, unit], LEAST, best == unit, sizes)
        yield label, found, truth[wanted], sample.labels[wanted]


def weights(samples, power):
    """What each picture counts: those of a video of n pictures together n ** `power`."""
    sizes = {}
    for sample in samples:
        key = sample.folder, sample.video or sample.file
        sizes[key] = sizes.get(key, 0) + 1
    return np.array(
        [float(sizes[s.folder, s.video or s.file]) ** (power - 1) for s in samples]
    )


def fit(given, folders, power, chosen=None):
    """The Calibration of peaks for `given`: pairs of measurement.Inputs and a network's outputs.

    On pictures of `folders`, or all where none is of these; each folder counts as much as another.
    """
    parts = []
    for inputs, outputs in given:
        scores, right, pictures = observations(inputs, outputs, chosen)
        counts = weights(inputs.samples, power)
        places = np.array([sample.folder for sample in inputs.samples], object)
        parts.append((scores, right, counts[pictures], places[pictures]))
    scores, right, counts, places = (np.concatenate(part) for part in zip(*parts))
    wanted = np.array([place in folders for place in places], bool)
    if wanted.any():
        scores, right, counts, places = scores[wanted], right[wanted], counts[wanted], places[wanted]
    if not len(scores):
        return Calibration()
    for place in set(places):
        counts[places == place] /= counts[places == place].sum()
    kept = platt(scores, right, counts).of(scores) >= KEPT
    return platt(scores[kept], right[kept], counts[kept])


def of_val(inputs, outputs, still, outputs_still, folders, power, chosen=None):
    """Calibrations without and with motion, fitted on val.

    With motion on the pictures of `folders` that have it. Without on these with the channel at zero
    (`still`, see measurement.Inputs), and on all that have none, of whatever folder: a picture
    without motion may be of any place. Where no picture has motion, one is both, of `folders`.
    """
    moving = inputs.moving
    without = [(inputs.only(~moving), [output[~moving] for output in outputs])]
    without += [(still, outputs_still)] if len(still.samples) else []
    of_still = fit(without, () if moving.any() else folders, power, chosen)
    if not moving.any():
        return of_still, of_still
    with_motion = [(inputs.only(moving), [output[moving] for output in outputs])]
    return of_still, fit(with_motion, folders, power, chosen)


def temperature(scores, truth, counts):
    """The temperature of greatest likelihood for members' scores (fish, members) of true members.

    Scores of 0, as int8 gives them, count as half of its step.
    """
    if not len(truth):
        return 1.0
    scores = np.maximum(scores, 1 / 512)
    candidates = np.round(np.geomspace(0.25, 4, 81), 3)
    loss = [
        -(counts * np.log(measurement.shares(scores, t)[np.arange(len(truth)), truth])).sum()
        for t in candidates
    ]
    return float(candidates[int(np.argmin(loss))])


def naming(given, threshold, chosen, power, close_ups=()):
    """`chosen` with its temperature and `name_above`, fitted on what is found on val; `given` are of each
    file measurement.Inputs, a network's outputs, and its Calibrations without and with motion.

    Each folder counts as much as another, so that fish of no known kind weigh as they do on a reef.
    The temperature is fitted on those found that are in a box. A label's `name_above` is the smallest
    share from which at least NAMED_RIGHT of the fish with its name, and from which as many of all
    named, are in a box of that name; 1 where there is none. Or a higher one, up to which the F1 of its name
    among what is found falls little (NAME_GIVEN_UP), or a still higher one that no fish reaches in folders in
    which no fish has a name, nor in `close_ups` of these (NAME_GIVEN_UP_TO_STRANGERS): scores (fish, members).
    """
    parts = zip(*(_found(*part, threshold, chosen, power) for part in given))
    scores, truth, counts, places = map(np.concatenate, parts)
    if not len(truth):
        return chosen._replace(name_above=(1.0,) * len(chosen.members))
    for place in set(places):
        counts[places == place] /= counts[places == place].sum()
    inside = truth >= 0
    chosen = chosen._replace(temperature=temperature(scores[inside], truth[inside], counts[inside]))
    of_members = measurement.shares(scores, chosen.temperature)
    name, share = of_members.argmax(axis=1), of_members.max(axis=1)
    generic = np.isin(chosen.members, chosen.generic)
    common = _share(share, name == truth, counts, ~generic[name])
    own = [_share(share, name == truth, counts, name == label) for label in range(len(chosen.members))]
    unnamed = {sample.folder for inputs, *_ in given for sample in nameless(inputs.samples, chosen)}
    strange = scores[[place in unnamed for place in places]]
    strange = measurement.shares(np.concatenate([strange, *close_ups]), chosen.temperature)
    high = []
    for label in range(len(own)):
        f1 = _f1(np.where(name == label, share, 0), truth == label, counts)
        most = strange[strange.argmax(axis=1) == label, label].max(initial=0)
        high.append(max(_highest(f1, NAME_GIVEN_UP), min(_above(most), _highest(f1, NAME_GIVEN_UP_TO_STRANGERS))))
    return chosen._replace(name_above=tuple(max(common, *pair) for pair in zip(own, high)))


def nameless(samples, chosen):
    """Those of folders in which no fish has a name of the open set; none where no folder has one."""
    names = set(chosen.members) - set(chosen.generic)
    known = {sample.folder for sample in samples if names.intersection(sample.labels)}
    return [sample for sample in samples if known and sample.folder not in known]


def scores_found(grid, sizes, calibration, threshold, chosen):
    """The open set's fish that count in one picture: points (x, y, strength), and members' scores (fish, members)."""
    grid = grid[:, :, 1:]
    labels, of_units = measurement.units(grid, chosen)
    group, best = of_units[:, :, -1], of_units.argmax(axis=2) == len(labels) - 1
    rows, columns, strengths = measurement.individuals(group, calibration.before(threshold), best, sizes)
    return measurement.points(group, rows, columns, strengths), grid[rows, columns][:, chosen.members]


def _found(inputs, outputs, calibrations, threshold, chosen, power):
    """Of the open set's fish that count in pictures with complete labels: scores (fish, members), the
    place of the true name among these or -1, what each counts, and its folder.
    """
    scores, truth, counts, places = [], [], [], []
    of_picture = weights(inputs.samples, power)
    for index, (sample, boxes) in enumerate(zip(inputs.samples, inputs.boxes)):
        if not sample.complete:
            continue
        calibration, sizes = calibrations[int(inputs.moving[index])], measurement.sizes_of(outputs, index)
        found, of_members = scores_found(outputs[0][index], sizes, calibration, threshold, chosen)
        wanted = np.isin(sample.labels, chosen.members)
        taken = measurement.takers(found, boxes[wanted], measurement.CELL / 2)
        names = sample.labels[wanted]
        scores.append(of_members)
        truth += [chosen.members.index(names[box]) if box >= 0 else -1 for box in taken]
        counts += [of_picture[index]] * len(taken)
        places += [sample.folder] * len(taken)
    scores = np.concatenate([np.zeros((0, len(chosen.members)), np.float32), *scores])
    return scores, np.array(truth, int), np.array(counts, float), np.array(places, object)


def _share(share, right, counts, among):
    """The smallest share from which NAMED_RIGHT of those `among` that reach it are right, or 1."""
    for least in SHARES:
        named = among & (share >= least)
        if named.any() and counts[named & right].sum() >= NAMED_RIGHT * counts[named].sum():
            return float(least)
    return 1.0


def _f1(share, right, counts):
    """F1 of a name by the share from which it is given."""
    made = []
    for least in SHARES:
        named = share >= least
        made.append(2 * counts[named & right].sum() / max(1e-9, counts[named].sum() + counts[right].sum()))
    return np.array(made)


def _highest(f1, given_up):
    """The highest share from which F1 is within `given_up` of its best."""
    return float(SHARES[np.flatnonzero(f1 >= f1.max() - given_up)[-1]])


def _above(share):
    """The smallest of SHARES above `share`, or the highest."""
    return float(SHARES[min(np.searchsorted(SHARES, share, side="right"), len(SHARES) - 1)])
