"""Photos that one fish nearly fills."""

import unittest

import numpy as np

from training import close_ups
from training.tests import fixtures

SIZE = {"width": 896, "height": 512}


class CloseUpTests(unittest.TestCase):
    def test_a_box_takes_its_shares_of_a_photo_and_half_of_these(self):
        picture = np.full((1000, 1000, 3), 60, np.uint8)
        picture[400:500, 400:500] = (250, 200, 100)
        sample = fixtures.sample(picture, [[400, 400, 100, 100], [10, 10, 60, 60]])
        looks = close_ups.looks(sample, SIZE)
        self.assertEqual({look.shape for look in looks}, {(512, 896, 3)})
        across = [int((look[256] > 150).any(axis=1).sum()) for look in looks]
        # A photo of 4 : 3 is 683 pixels wide there.
        for made, wanted in zip(across, (273, 137, 410, 205, 546, 273)):
            self.assertAlmostEqual(made, wanted, delta=3)
        self.assertEqual(len(looks), 6)
        self.assertEqual(looks[1][:120].max(), 0)
        self.assertGreater(looks[1][140:372, 290:606].min(), 40)

    def test_motion_is_none_and_pictures_without_boxes_have_no_photos(self):
        sample = fixtures.sample(np.full((90, 120, 3), 9, np.uint8), [[10, 10, 80, 60]])
        looks = close_ups.looks(sample, SIZE | {"motion": True})
        self.assertEqual({look.shape for look in looks}, {(512, 896, 4)})
        self.assertEqual(max(look[..., 3].max() for look in looks), 0)
        self.assertEqual(close_ups.looks(fixtures.sample(np.zeros((90, 120, 3), np.uint8), []), SIZE), [])
