"""Boxes that a model adds where labels are known to be incomplete."""

import unittest
import unittest.mock

import numpy as np

from training import configuration, teaching
from training.tests import fixtures

CONFIGURATION = configuration.checked(
    fixtures.CONFIGURATION | {"selfTraining": {"above": 0.6}, "startFrom": "teacher.npz"}, "test"
)


class TeachingTests(unittest.TestCase):
    def test_only_sure_fish_without_a_box_are_added_and_only_where_labels_are_incomplete(self):
        picture = np.zeros((192, 320, 3), np.uint8)
        known = [(16, 16, 32, 32)]
        samples = [fixtures.sample(picture, known, complete=complete) for complete in (True, False)]
        grids, sizes = np.zeros((1, 12, 20, 2), np.float32), np.ones((1, 12, 20, 2), np.float32)
        grids[0, 2, 2, 1] = 0.9  # the known fish
        grids[0, 6, 10, 1] = 0.8  # another
        grids[0, 9, 16, 1] = 0.5  # not sure
        with unittest.mock.patch.object(teaching.loop, "predict", return_value=[grids, sizes]):
            made, added = teaching.taught(CONFIGURATION, None, samples)
        self.assertEqual(added, 1)
        self.assertIs(made[0], samples[0])
        self.assertFalse(made[1].complete)
        self.assertEqual(len(samples[1].boxes), 1)
        # A cell of 8 pixels, twice as large both ways, in a picture twice as large as the input.
        np.testing.assert_allclose(made[1].boxes, [known[0], (152, 88, 32, 32)], atol=0.5)

    def test_it_needs_weights_to_start_from_and_sizes(self):
        for change in ({"startFrom": None}, {"network": {"kind": "context", "contextBlocks": 1, "contextChannels": 8}}):
            plan = fixtures.CONFIGURATION | {"selfTraining": {"above": 0.6}, "startFrom": "t.npz"} | change
            plan = {key: value for key, value in plan.items() if value is not None}
            with self.assertRaisesRegex(configuration.ConfigurationError, "selfTraining"):
                configuration.checked(plan, "test")


if __name__ == "__main__":
    unittest.main()
