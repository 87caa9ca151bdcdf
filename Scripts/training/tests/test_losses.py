"""The losses, against numbers worked out by hand."""

import math
import unittest

import numpy as np
import tensorflow as tf

from training import losses


def scores(*fish):
    """A batch of one row of cells with these probabilities of the single label."""
    return tf.constant([[[[1 - p, p] for p in fish]]], tf.float32)


def cells(*values):
    return tf.constant([[list(values)]], tf.float32)


class LossTests(unittest.TestCase):
    def test_fomo_weighs_objects(self):
        heat, weight = cells(1, 0)[..., None], cells(1, 1)
        loss = losses.fomo(scores(0.5, 0.25), heat, weight, 0.3, 100)
        wanted = -(100 * math.log(0.5) + math.log(0.75)) / 2
        self.assertAlmostEqual(float(loss), wanted, places=4)

    def test_fomo_is_the_plain_cross_entropy_at_weight_one(self):
        heat, weight = cells(1, 0, 0)[..., None], cells(1, 1, 1)
        loss = losses.fomo(scores(0.5, 0.2, 0.1), heat, weight, 1.0, 1)
        wanted = -(math.log(0.5) + math.log(0.8) + math.log(0.9)) / 3
        self.assertAlmostEqual(float(loss), wanted, places=5)

    def test_imitation_is_nothing_where_pupil_and_teacher_agree(self):
        self.assertEqual(float(losses.imitation(scores(0.3, 0.9), scores(0.3, 0.9))), 0)
        apart = float(losses.imitation(scores(0.5, 0.9), scores(0.8, 0.9)))
        wanted = -(0.3**2) * (0.8 + 0.2) * math.log(0.5) / 1.7
        self.assertAlmostEqual(apart, wanted, places=5)

    def test_focal_pulls_the_centre_and_pushes_the_rest(self):
        heat, weight = cells(1, 0.5, 0)[..., None], cells(1, 1, 1)
        loss = losses.focal(scores(0.5, 0.5, 0.5), heat, weight, 0.9)
        push = 0.25 * math.log(0.5)
        wanted = -(push + 0.5**4 * push + push)
        self.assertAlmostEqual(float(loss), wanted, places=5)

    def test_confident_peaks_beside_incomplete_labels_are_not_punished(self):
        heat = cells(1, 0)[..., None]
        for loss in (losses.focal, lambda *values: losses.fomo(*values, 100)):
            sure = loss(scores(0.5, 0.8), heat, cells(1, -1), 0.3)
            unsure = loss(scores(0.5, 0.2), heat, cells(1, -1), 0.3)
            punished = loss(scores(0.5, 0.8), heat, cells(1, 1), 0.3)
            alone = loss(scores(0.5, 1e-7), heat, cells(1, 1), 0.3)
            self.assertAlmostEqual(float(sure), float(alone), places=4)
            self.assertGreater(float(unsure), float(alone))
            self.assertGreater(float(punished), float(sure))

    def test_ignored_cells_do_not_count(self):
        heat = cells(1, 0)[..., None]
        loss = losses.focal(scores(0.5, 0.8), heat, cells(1, 0), 0.3)
        self.assertAlmostEqual(float(loss), -0.25 * math.log(0.5), places=5)

    def test_sizes_count_where_they_are_known(self):
        wanted = np.zeros((1, 1, 2, 2), np.float32)
        given = np.array([[[[1, 2], [5, 5]]]], np.float32)
        self.assertAlmostEqual(float(losses.size(given, wanted, cells(1, 0))), 3)


if __name__ == "__main__":
    unittest.main()
