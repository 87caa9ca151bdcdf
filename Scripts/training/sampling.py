"""Which pictures a round of training sees: videos in balance, sources by their shares."""

import collections

import numpy as np


def probabilities(samples, power, shares):
    """How often each sample is drawn, summing to 1.

    A video of n pictures is drawn n ** `power` times as often as a single picture: its frames are
    near-duplicates. `shares` gives the parts of the whole that folders or sources receive; what is
    left is divided among the others.
    """
    sizes = collections.Counter((s.folder, s.video) for s in samples if s.video)
    drawn = np.array(
        [sizes[s.folder, s.video] ** (power - 1) if s.video else 1.0 for s in samples], float
    )
    group = np.array([next((n for n in shares if n in (s.folder, s.source)), "") for s in samples])
    present = {name: share for name, share in shares.items() if (group == name).any()}
    rest = 1 - sum(present.values()) if (group == "").any() else 0.0
    for name in set(group):
        members = group == name
        drawn[members] *= present.get(name, rest) / drawn[members].sum()
    return drawn / drawn.sum()


def draw(chances, count, generator):
    """`count` indices, each about `count` × its chance times, in random order.

    Systematic: a sample of chance c comes floor(count × c) or one more times, so that a round
    leaves out as little as it can.
    """
    order = generator.permutation(len(chances))
    edges = np.cumsum(chances[order])
    edges /= edges[-1]
    places = (np.arange(count) + generator.random()) / count
    return generator.permutation(order[np.searchsorted(edges, places, side="right")])
