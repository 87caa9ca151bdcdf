"""Which of several int8 models is taken."""

import unittest
import unittest.mock

import numpy as np

from training import configuration, export, network
from training.tests import fixtures


class DifferenceTests(unittest.TestCase):
    def test_cells_that_see_nothing_and_outputs_that_are_no_scores_do_not_count(self):
        scores = np.zeros((1, 2, 2, 2), np.float32)
        scores[..., 0], scores[0, 0, 0] = 1, (0.4, 0.6)
        sizes = np.full((1, 2, 2, 2), 3.0, np.float32)
        given = scores.copy()
        given[0, 0, 0, 1], given[0, 1, 1, 1] = 0.5, 0.04  # seen by both; seen by none
        self.assertAlmostEqual(export.difference([scores, sizes], [sizes + 1, given]), 0.1, places=5)
        given[0, 1, 1, 1] = 0.3  # seen by one
        self.assertAlmostEqual(export.difference([scores, sizes], [sizes, given]), 0.2, places=5)


class QuantizeTests(unittest.TestCase):
    def test_the_nearest_draw_is_kept(self):
        config = configuration.checked(fixtures.CONFIGURATION, "test")
        model = network.build(config)
        samples = [fixtures.sample(np.full((96, 160, 3), 9 * n, np.uint8), video=str(n)) for n in range(8)]
        path = unittest.mock.Mock()
        written = []
        path.write_bytes = written.append
        path.read_bytes = lambda: written[-1]
        with (
            unittest.mock.patch.object(export, "REPRESENTATIVE", (2, 3, 4)),
            unittest.mock.patch.object(export, "convert", side_effect=[b"first", b"second", b"third"]),
            unittest.mock.patch.object(export, "run"),
            unittest.mock.patch.object(export, "difference", side_effect=[0.3, 0.1, 0.2]),
        ):
            pictures = export.quantize(config, model, samples, path)
        self.assertEqual(written[-1], b"second")
        self.assertEqual(len(pictures), 3)


if __name__ == "__main__":
    unittest.main()
