"""What the network is asked to give."""

import unittest

import numpy as np

from training import targets


def made(boxes, ignored=(), complete=True, gaussian=True):
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    return targets.make(
        boxes, np.zeros(len(boxes), int), ignored, complete, 64, 48, 1, gaussian=gaussian
    )


class TargetTests(unittest.TestCase):
    def test_the_centre_has_the_peak_and_its_size(self):
        target = made([[16, 16, 16, 32]])
        self.assertEqual(np.argwhere(target.heat[..., 0] == 1).tolist(), [[4, 3]])
        self.assertEqual(target.sizes[4, 3].tolist(), [1, 2])
        self.assertEqual(target.sized[4, 3], 1)

    def test_centres_on_every_edge_stay_on_the_grid(self):
        for box in ([56, 40, 8, 8], [0, 0, 4, 4], [60, 44, 8, 8], [0, 40, 2, 8], [64, 48, 0, 0]):
            target = made([box])
            self.assertEqual((target.heat == 1).sum(), 1, box)
            self.assertTrue(np.isfinite(target.sizes).all())

    def test_two_fish_in_one_cell_are_one_peak(self):
        self.assertEqual((made([[8, 8, 8, 8], [9, 9, 6, 6]]).heat == 1).sum(), 1)

    def test_a_neighbours_peak_does_not_lower_a_centre(self):
        heat = made([[0, 8, 60, 30], [26, 8, 30, 30]]).heat
        self.assertEqual((heat == 1).sum(), 2)
        self.assertLessEqual(heat.max(), 1)

    def test_the_nearer_centre_has_the_cell_between(self):
        target = made([[0, 16, 16, 8], [8, 16, 32, 8]])
        self.assertEqual(target.sizes[2, 1, 0], 1)
        self.assertEqual(target.sizes[2, 3, 0], 2)

    def test_sizes_are_limited(self):
        target = made([[10, 10, 0.5, 6000]])
        self.assertEqual(target.sizes[target.sized > 0].tolist()[0], [-2, 6])

    def test_ignored_boxes_and_incomplete_labels_do_not_push(self):
        target = made([[8, 8, 8, 8]], ignored=[[32, 0, 8, 48]])
        self.assertEqual(target.weight[0, 4], 0)
        self.assertEqual(target.weight[0, 0], 1)
        target = made([[8, 8, 8, 8]], complete=False)
        self.assertEqual((target.weight[1, 1], target.weight[0, 0]), (1, -1))

    def test_fomos_target_is_one_cell(self):
        heat = made([[8, 8, 40, 30]], gaussian=False).heat
        self.assertEqual((heat.sum(), heat.max()), (1, 1))


if __name__ == "__main__":
    unittest.main()
