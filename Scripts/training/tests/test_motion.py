"""The motion channel, as a survey computes it."""

import unittest

import numpy as np

from training import coco, motion
from training.tests import fixtures


class MotionTests(unittest.TestCase):
    def test_an_even_number_of_frames_takes_the_lower_middle(self):
        frames = [np.full((1, 1, 3), value, np.uint8) for value in (9, 1, 7, 3)]
        self.assertEqual(motion.background(frames).tolist(), [[[3, 3, 3]]])

    def test_the_median_is_each_channels_own(self):
        frames = [np.array([[[a, b, 0]]], np.uint8) for a, b in ((1, 30), (2, 10), (3, 20))]
        self.assertEqual(motion.background(frames).tolist(), [[[2, 20, 0]]])

    def test_the_channel_is_the_sum_of_differences_and_saturates(self):
        frame = np.array([[[10, 20, 30], [255, 255, 255]]], np.uint8)
        behind = np.array([[[12, 15, 30], [0, 0, 0]]], np.uint8)
        self.assertEqual(motion.channel(frame, behind).tolist(), [[7, 255]])

    def test_frames_are_spread_over_the_video(self):
        self.assertEqual(motion.spread(3), [0, 1, 2])
        self.assertEqual(motion.spread(25), list(range(25)))
        self.assertEqual(motion.spread(100), list(range(2, 100, 4)))
        for count in range(1, 400):
            places = motion.spread(count)
            self.assertEqual(len(set(places)), min(count, 25))
            self.assertTrue(0 <= places[0] and places[-1] < count)

    def test_a_short_video_and_a_moving_camera_have_no_motion(self):
        generator = np.random.default_rng(1)
        frames = generator.integers(0, 256, (6, 8, 8, 3)).astype(np.uint8)
        self.assertFalse(motion.of_video(frames[:4], 1e9)[0].any())
        channels, level = motion.of_video(frames, 45)
        self.assertGreater(level, 45)
        self.assertFalse(channels.any())
        self.assertTrue(motion.of_video(frames, 1e9)[0].any())

    def test_a_fish_that_passes_shows_where_it_is(self):
        frames = [np.full((90, 160, 3), 60, np.uint8) for _ in range(9)]
        for index, frame in enumerate(frames):
            frame[40:50, 16 * index : 16 * index + 16] = 200
        samples = [
            fixtures.sample(frame, video="one", file=f"{index:03}")
            for index, frame in enumerate(frames)
        ]
        motion.add(samples[::-1], 160, 96, 45, coco.letterbox)
        for index, sample in enumerate(samples):
            rows, columns = np.nonzero(sample.motion)
            self.assertEqual((columns.min(), columns.max()), (16 * index, 16 * index + 15))
            self.assertEqual((rows.min(), rows.max()), (43, 52))

    def test_single_pictures_have_none(self):
        sample = fixtures.sample(np.full((90, 160, 3), 60, np.uint8))
        motion.add([sample], 160, 96, 45, coco.letterbox)
        self.assertFalse(sample.motion.any())


if __name__ == "__main__":
    unittest.main()
