"""Peaks, matching and figures."""

import unittest

import numpy as np

from training import measurement
from training.tests import fixtures


class MeasurementTests(unittest.TestCase):
    def test_of_equal_neighbours_the_first_is_the_peak(self):
        grid = np.zeros((4, 4))
        grid[1, 1:3] = 0.5
        found = measurement.peaks(grid, 0.1)
        self.assertEqual(len(found), 1)
        np.testing.assert_allclose(found[0], [16, 12, 0.5])

    def test_what_a_small_fish_does_not_explain_beside_it_is_another(self):
        grid, sizes = np.zeros((4, 5)), np.zeros((4, 5, 2))
        grid[1, 1], grid[2, 2] = 0.9, 0.8
        found = measurement.peaks(grid, 0.3, sizes=sizes)
        np.testing.assert_allclose(found[:, 2], [0.9, 0.34], atol=0.01)
        self.assertEqual(len(measurement.peaks(grid, 0.4, sizes=sizes)), 1)
        self.assertEqual(len(measurement.peaks(grid, 0.3, sizes=sizes + 3)), 1)
        self.assertEqual(len(measurement.peaks(grid, 0.3)), 1)

    def test_each_box_is_taken_once_and_as_many_as_possible(self):
        boxes = np.array([[0, 0, 20, 20], [10, 0, 20, 20]], np.float32)
        found = np.array([[15, 10, 0.9], [4, 10, 0.8], [5, 10, 0.7]], np.float32)
        self.assertEqual(measurement.takers(found, boxes, 0).tolist(), [1, 0, -1])

    def test_matching_is_the_best_there_is_at_every_threshold(self):
        generator = np.random.default_rng(4)
        for _ in range(60):
            boxes = np.column_stack(
                [generator.uniform(0, 60, (5, 2)), generator.uniform(10, 40, (5, 2))]
            ).astype(np.float32)
            points = generator.uniform(0, 80, (6, 2))
            found = np.column_stack([points, np.sort(generator.random(6))[::-1]]).astype("f4")
            right = measurement.takers(found, boxes, 4) >= 0
            for count in range(1, 7):
                self.assertEqual(right[:count].sum(), self.most(found[:count], boxes, 4))

    def most(self, found, boxes, margin, used=()):
        """The largest number of pairs, by trying all."""
        if len(found) == 0:
            return 0
        best = self.most(found[1:], boxes, margin, used)
        x, y, _ = found[0]
        for index, (left, top, across, down) in enumerate(boxes):
            near = left - margin <= x <= left + across + margin
            if index not in used and near and top - margin <= y <= top + down + margin:
                rest = self.most(found[1:], boxes, margin, (*used, index))
                best = max(best, 1 + rest)
        return best

    def test_incomplete_pictures_count_for_recall_alone(self):
        score = measurement.Score()
        found = np.array([[5, 5, 0.9], [50, 50, 0.9]], np.float32)
        box = np.array([[0, 0, 10, 10]], np.float32)
        score.add(found, box, True, "a")
        score.add(found, box, False, "b")
        figures = score.at(0.5)
        self.assertEqual((figures["precision"], figures["pictures"]), (0.5, 1))
        self.assertEqual((figures["recallWithIncomplete"], figures["countError"]), (1, 1))

    def test_a_threshold_is_the_highest_that_loses_little_up_to_a_half(self):
        box = np.array([[0, 0, 10, 10]], np.float32)
        for right, wrong, threshold in ((0.95, 0.05, 0.5), (0.35, 0.05, 0.33), (0.95, 0.7, 0.5)):
            score = measurement.Score()
            for _ in range(20):
                score.add(np.array([[5, 5, right]], np.float32), box, True, "a")
            score.add(np.array([[50, 50, wrong]], np.float32), box[:0], True, "a")
            self.assertAlmostEqual(measurement.best_threshold([score])[0], threshold, delta=0.011)

    def test_false_positives_on_empty_pictures_and_max_n(self):
        score = measurement.Score()
        none = np.zeros((0, 4), np.float32)
        score.add(np.array([[5, 5, 0.9]], np.float32), none, True, "a")
        score.add(np.zeros((0, 3), np.float32), none, True, "a")
        figures = score.at(0.5)
        self.assertEqual((figures["falsePerEmptyPicture"], figures["maxNError"]), (0.5, 1))

    def test_the_interval_is_wide_when_videos_differ(self):
        score = measurement.Score()
        box, peak = np.array([[0, 0, 10, 10]], np.float32), np.array([[5, 5, 0.9]], np.float32)
        for video in range(6):
            found = peak if video % 2 else np.zeros((0, 3), np.float32)
            for _ in range(50):
                score.add(found, box, True, str(video))
        low, high = score.at(0.5)["f1Interval"]
        self.assertAlmostEqual(score.at(0.5)["f1"], 0.667, places=2)
        self.assertLess(low, 0.45)
        self.assertGreater(high, 0.8)

    def test_overlap_is_intersection_over_union(self):
        one, others = np.array([[0, 0, 10, 10.0]]), np.array([[0, 0, 10, 10], [5, 0, 10, 10.0]])
        np.testing.assert_allclose(measurement.overlaps(one, others), [[1, 1 / 3]])

    def test_box_precision_of_right_and_wrong_sizes(self):
        boxes = [[8, 8, 16, 16], [40, 8, 16, 16]]
        inputs = measurement.Inputs(
            [fixtures.sample(np.zeros((32, 64, 3), np.uint8), boxes)], {"width": 64, "height": 32}
        )
        grid = np.zeros((1, 4, 8, 2), np.float32)
        grid[0, 1:3, 1:3, 1] = 0.4
        grid[0, 1:3, 5:7, 1] = 0.3
        sizes = np.full((1, 4, 8, 2), 1.0)
        precision = lambda: measurement.box_precision(inputs, [grid, sizes], "fixture")
        self.assertAlmostEqual(precision(), 1)
        sizes[0, :, :4] = 3
        self.assertAlmostEqual(precision(), 0.25)

    def test_peaks_of_one_predicted_box_are_merged(self):
        found = np.array([[20, 20, 0.9], [28, 20, 0.6], [60, 20, 0.5]], np.float32)
        sizes = np.full((6, 10, 2), 2.0)
        kept = measurement.merged(found, sizes, 0.9)
        self.assertEqual(kept[:, 0].tolist(), [20, 60])


if __name__ == "__main__":
    unittest.main()
