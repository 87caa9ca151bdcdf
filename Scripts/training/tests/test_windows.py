"""Windows of the classifier, and clips as a source of pictures."""

import json
import pathlib
import tempfile
import unittest

import cv2
import numpy as np

from training import coco, windows
from training.tests import fixtures


class WindowTests(unittest.TestCase):
    def sample(self, **values):
        return fixtures.sample(np.zeros((360, 640, 3), np.uint8), [[300, 100, 80, 60]], **values)

    def test_background_windows_touch_no_box(self):
        generator, found = np.random.default_rng(1), 0
        for _ in range(200):
            place = windows.on_background(self.sample(), 1.0, generator)
            if place:
                found += 1
                left, top, side, label = place
                apart = left >= 380 or left + side <= 300 or top >= 160 or top + side <= 100
                self.assertTrue(apart and label == 0)
                self.assertTrue(left >= 0 and top >= 0 and left + side <= 640 and top + side <= 360)
        self.assertGreater(found, 150)

    def test_pictures_with_incomplete_labels_give_no_background(self):
        sample = self.sample(complete=False)
        self.assertIsNone(windows.on_background(sample, 1.0, np.random.default_rng(1)))

    def test_fish_windows_hold_the_whole_box(self):
        generator = np.random.default_rng(2)
        for _ in range(100):
            left, top, side, label = windows.on_fish(self.sample(), 1.0, generator)
            self.assertEqual(label, 1)
            self.assertTrue(left <= 300.01 and left + side >= 379.99)
            self.assertTrue(top <= 100.01 and top + side >= 159.99)

    def test_windows_held_out_are_always_the_same(self):
        samples = [self.sample(), self.sample()]
        first, second = (windows.held_out(samples, 96, 96) for _ in range(2))
        np.testing.assert_array_equal(first[1], second[1])
        self.assertEqual(sorted(set(first[1])), [0, 1])


class ClipTests(unittest.TestCase):
    def write(self, folder, frames):
        writer = cv2.VideoWriter(
            str(folder / "one.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 5, (64, 48)
        )
        for _ in range(3):
            writer.write(np.full((48, 64, 3), 90, np.uint8))
        writer.release()
        truth = {"frames": [{"boxes_xywhn": [[0.5, 0.5, 0.25, 0.5]]} for _ in range(frames)]}
        (folder / "one.gt.json").write_text(json.dumps(truth))

    def test_frames_and_boxes_of_a_clip(self):
        with tempfile.TemporaryDirectory() as folder:
            self.write(pathlib.Path(folder), frames=3)
            samples = coco.load(folder, fixtures.CONFIGURATION)
            self.assertEqual([sample.video for sample in samples], ["one"] * 3)
            self.assertEqual(samples[2].boxes.tolist(), [[24, 12, 16, 24]])

    def test_a_clip_that_is_too_short_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            self.write(pathlib.Path(folder), frames=5)
            with self.assertRaisesRegex(FileNotFoundError, "one.mp4: ends before frame 3"):
                coco.load(folder, fixtures.CONFIGURATION)


if __name__ == "__main__":
    unittest.main()
