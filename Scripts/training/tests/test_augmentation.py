"""Pictures, motion and boxes must move together."""

import unittest
import unittest.mock

import numpy as np

from training import augmentation, coco, motion, targets
from training.tests import fixtures


def lit(picture):
    """The box around what is bright: left, top, right, bottom."""
    rows, columns = np.nonzero(picture > 100)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])


class AugmentationTests(unittest.TestCase):
    def boxed(self):
        """A white box on black that moved, and still pictures around it."""
        samples = []
        for index in range(5):
            image = np.zeros((360, 640, 3), np.uint8)
            image[100:220, 60 + 110 * index : 160 + 110 * index] = 255
            box = [[60 + 110 * index, 100, 100, 120]]
            samples.append(fixtures.sample(image, box, video="v", file=str(index)))
        motion.add(samples, 320, 192, 255, coco.letterbox)
        return samples

    def test_a_filmed_picture_shows_the_same(self):
        generator = np.random.default_rng(3)
        picture = np.full((96, 160, 3), 60, np.uint8)
        picture[30:70, 40:110] = (220, 180, 40)
        changed = 0
        for _ in range(60):
            made = augmentation.filmed(picture, generator)
            self.assertEqual((made.shape, made.dtype), (picture.shape, np.uint8))
            self.assertLess(abs(made[40:60, 50:100].astype(float) - picture[40:60, 50:100]).mean(), 6)
            changed += int((made != picture).any())
        self.assertGreater(changed, 40)
        self.assertLess(changed, 60)

    @unittest.mock.patch.object(augmentation, "recolouring", lambda generator: lambda part: part)
    def test_the_box_stays_around_what_it_was_around(self):
        generator, seen, samples = np.random.default_rng(5), 0, self.boxed()
        for number in range(300):
            view = augmentation.random_view(
                samples[number % 5], 320, 192, generator, motion=True, dropped=0
            )
            self.assertEqual(view.picture.shape, (192, 320, 4))
            if len(view.boxes) == 0:
                continue
            left, top, across, down = view.boxes[0]
            box = np.array([left, top, left + across, top + down])
            seen += 1
            np.testing.assert_allclose(lit(view.picture[..., 0]), box, atol=3)
            if view.picture[..., 3].max() > 150:
                np.testing.assert_allclose(lit(view.picture[..., 3]), box, atol=6)
        self.assertGreater(seen, 100)

    def test_a_box_cut_off_is_ignored_and_not_learned(self):
        sample = fixtures.sample(np.zeros((100, 100, 3), np.uint8), [[0, 0, 100, 100]])
        found = augmentation._moved_boxes(sample, 70, 0, 1.0, 100, 100, False)
        self.assertEqual((len(found[0]), len(found[2])), (0, 1))

    def test_a_flip_mirrors_the_box(self):
        sample = fixtures.sample(np.zeros((100, 200, 3), np.uint8), [[10, 20, 30, 40]])
        boxes, _, _ = augmentation._moved_boxes(sample, 0, 0, 1.0, 200, 100, True)
        self.assertEqual(boxes.tolist(), [[160, 20, 30, 40]])

    def test_a_mosaic_is_made_of_whole_cells(self):
        generator = np.random.default_rng(2)
        samples = [
            fixtures.sample(np.full((90, 160, 3), 50 * (n + 1), np.uint8)) for n in range(4)
        ]
        for _ in range(20):
            picture, parts = augmentation.mosaic(samples, 320, 192, generator, targets.CELL)
            covered = np.zeros((192, 320), int)
            for left, top, view in parts:
                rows, columns = view.picture.shape[:2]
                self.assertEqual((left % 8, top % 8, rows % 8, columns % 8), (0, 0, 0, 0))
                covered[top : top + rows, left : left + columns] += 1
            self.assertTrue((covered == 1).all())
            self.assertEqual(picture.shape, (192, 320, 3))

    def test_a_pasted_fish_brings_its_box_and_its_motion(self):
        generator = np.random.default_rng(6)
        picture = np.zeros((96, 160, 4), np.uint8)
        picture[..., :3] = 40
        picture[30:50, 60:100] = (200, 200, 200, 180)
        other = augmentation.View(
            picture, np.array([[56, 26, 48, 28]], np.float32), np.array([0]), np.zeros((0, 4))
        )
        plain = np.full((96, 160, 4), 90, np.uint8)
        plain[..., 3] = 1
        none = np.zeros((0, 4), np.float32)
        view = augmentation.View(plain, none, np.array([], int), none)
        made = augmentation.pasted(view, other, generator)
        left, top, across, down = made.boxes[0]
        columns = lit(np.where(made.picture[..., 3] > 90, 255, 0))
        self.assertTrue(left <= columns[0] and columns[2] <= left + across)
        self.assertTrue(top <= columns[1] and columns[3] <= top + down)
        self.assertEqual(made.labels.tolist(), [0])
        self.assertEqual(plain[..., :3].max(), 90)

    def test_a_fish_that_does_not_move_is_not_pasted(self):
        still = np.zeros((96, 160, 4), np.uint8)
        view = augmentation.View(still, np.array([[50, 20, 40, 40.0]]), np.array([0]), np.zeros((0, 4)))
        made = augmentation.pasted(view, view, np.random.default_rng(1))
        self.assertEqual(len(made.boxes), 1)

    def test_bars_stay_black(self):
        generator = np.random.default_rng(3)
        image = np.full((100, 50, 3), 128, np.uint8)
        for _ in range(50):
            change = augmentation.recolouring(generator)
            picture = augmentation.window(image, -75, 0, 1.0, 200, 100, change)
            self.assertFalse(picture[:, :75].any() or picture[:, 125:].any())

    def test_letterbox_keeps_shape_and_centres(self):
        canvas, scale, left, top = coco.letterbox(np.full((704, 528, 3), 9, np.uint8), 320, 192)
        self.assertEqual((left, top, round(528 * scale)), (88, 0, 144))
        self.assertFalse(canvas[:, :88].any() or canvas[:, 232:].any())
        self.assertTrue((canvas[:, 88:232] == 9).all())


if __name__ == "__main__":
    unittest.main()
