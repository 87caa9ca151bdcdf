"""Light and texture on drawn fish: what they change, and what they leave."""

import unittest

import numpy as np

from training import lighting


def fish(colour=0.5):
    """An oval of one colour, premultiplied, with soft edges."""
    y, x = np.mgrid[-1:1:60j, -1:1:100j].astype(np.float32)
    alpha = np.clip((0.9 - np.hypot(x, y)) * 20, 0, 1)
    return np.dstack([np.full((60, 100, 3), colour, np.float32) * alpha[..., np.newaxis], alpha])


class LightTests(unittest.TestCase):
    def test_outlines_stay_and_colours_stay_within_them(self):
        for number in range(40):
            lit = lighting.lit(fish(), np.random.default_rng(number))
            self.assertEqual(lit.dtype, np.float32)
            self.assertTrue(np.array_equal(lit[..., 3], fish()[..., 3]))
            self.assertTrue((lit[..., :3] >= 0).all() and (lit[..., :3] <= lit[..., 3:]).all())

    def test_the_same_number_gives_the_same_light_and_another_another(self):
        first, again, other = (lighting.lit(fish(), np.random.default_rng(n)) for n in (1, 1, 2))
        self.assertTrue(np.array_equal(first, again))
        self.assertFalse(np.array_equal(first, other))

    def test_backs_are_brighter_than_bellies(self):
        backs, bellies = [], []
        for number in range(60):
            lit = lighting.lit(fish(), np.random.default_rng(number))
            backs.append(lit[12:24, 30:70, :3].mean())
            bellies.append(lit[36:48, 30:70, :3].mean())
        self.assertGreater(np.mean(backs), 1.15 * np.mean(bellies))


class TextureTests(unittest.TestCase):
    def test_a_fish_takes_the_light_and_shade_of_a_picture_but_not_its_colour(self):
        noise = np.random.default_rng(0)
        picture = np.zeros((120, 160, 3), np.uint8)
        picture[..., 0] = noise.integers(0, 256, (120, 160))
        for number in range(10):
            made = lighting.textured(fish(), picture, np.random.default_rng(number))
            middle = made[20:40, 30:70]
            self.assertGreater(middle[..., 0].std(), 0.01)
            self.assertTrue(np.allclose(middle[..., 0], middle[..., 2], atol=1e-6))
            self.assertTrue(np.array_equal(made[..., 3], fish()[..., 3]))

    def test_a_picture_of_one_colour_changes_nothing(self):
        picture = np.full((120, 160, 3), 80, np.uint8)
        made = lighting.textured(fish(), picture, np.random.default_rng(0))
        self.assertTrue(np.allclose(made, fish(), atol=1e-6))

    def test_pictures_smaller_than_the_fish_will_do(self):
        for shape in ((2, 3, 3), (9, 9, 3), (30, 200, 3)):
            picture = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
            made = lighting.textured(fish(), picture, np.random.default_rng(1))
            self.assertEqual((made.shape, made.dtype), (fish().shape, np.float32))
            self.assertTrue((made[..., :3] <= made[..., 3:]).all())
            self.assertTrue(np.isfinite(made).all())


if __name__ == "__main__":
    unittest.main()
