"""Naming what a finder finds: crops, their targets, and the network of both."""

import pathlib
import tempfile
import unittest
import unittest.mock

import numpy as np

from training import configuration, efficientnet, names, network, training
from training.tests import fixtures
from training.tests.test_composed import stock

CONFIGURATION = configuration.checked(
    fixtures.CONFIGURATION
    | {
        "input": {"width": 256, "height": 192, "pixelRange": [0, 1], "motion": True, "movingCameraAbove": 45},
        "network": {
            "kind": "named",
            "contextBlocks": 1,
            "contextChannels": 24,
            "sizes": True,
            "namesChannels": 16,
            "namesBlocks": 1,
        },
        "labels": [{"label": name, "classes": [name]} for name in ("red", "blue", "fish")],
        "startFrom": "finder.npz",
        "composed": {},
    },
    "test",
)

FINDER = CONFIGURATION | {
    "network": {"kind": "context", "contextBlocks": 1, "contextChannels": 24, "sizes": True},
    "input": CONFIGURATION["input"] | {"width": 128, "height": 96},
    "labels": CONFIGURATION["labels"][:1],
}


def task(train=(), val=(), doubted=()):
    made = stock(red=(200, 30, 30), blue=(30, 30, 200), fish=(120, 120, 120))
    with unittest.mock.patch.object(names.composed, "stock_of", return_value=made):
        return names.Names(CONFIGURATION, list(train), list(val), None, doubted)


class CropTests(unittest.TestCase):
    def test_a_fish_weighs_one_and_lies_around_the_middle(self):
        picture = fixtures.sample(np.full((360, 640, 3), 90, np.uint8), [(100, 100, 60, 30), (400, 50, 20, 20)])
        made, generator = task([picture]), np.random.default_rng(3)
        for _ in range(40):
            crop, (target,) = made.example(0, [0], generator)
            self.assertEqual(crop.shape, (made.side, made.side, 3))
            self.assertEqual(crop.dtype, np.uint8)
            cells = target.sum(axis=(0, 1))
            self.assertTrue((abs(cells - np.round(cells)) < 0.6).all(), cells)
            self.assertGreater(target[2:8, 2:8].sum(), 0)

    def test_a_composed_crop_shows_the_colour_of_the_label_it_teaches(self):
        made, generator = task(), np.random.default_rng(5)
        right = 0
        for _ in range(60):
            crop, boxes, labels = names.composed.crop(made.stock, made.indices, made.side, 256, generator)
            left, top, across, down = boxes[-1]
            red, _, blue = crop[int(top + down / 2), int(left + across / 2)].astype(int)
            seen = 0 if red > blue + 8 else 1 if blue > red + 8 else 2
            right += seen == labels[-1]
        self.assertGreater(right, 40)

    def test_of_boxes_over_one_another_the_nearer_is_named(self):
        boxes = np.array([(20, 20, 120, 120), (60, 60, 40, 40)], float)
        target = task()._target(boxes, np.array([0, 1]))
        self.assertEqual(target[5, 5].argmax(), 1)
        self.assertEqual(target[3, 3].argmax(), 0)
        self.assertAlmostEqual(target[..., 1].sum(), 1, places=5)

    def test_val_is_measured_by_what_its_middle_cells_say(self):
        picture = fixtures.sample(np.full((192, 256, 3), 90, np.uint8), [(60, 60, 40, 30), (150, 90, 40, 30)])
        picture.labels[:] = [0, 1]
        made = task(val=[picture])
        grids = np.zeros((2, 10, 10, 3), np.float32)
        grids[0, 4:6, 4:6, 0] = grids[1, 4:6, 4:6, 1] = 1
        self.assertEqual(made.measure(lambda crops: [grids])[0], 1.0)
        self.assertEqual(made.measure(lambda crops: [grids[::-1]])[0], 0.0)

    def test_sources_of_one_label_count_together_as_one(self):
        empty = np.full((192, 256, 3), 90, np.uint8)
        several = fixtures.sample(empty, [(60, 60, 40, 30), (150, 90, 40, 30)])
        several.labels[:] = [0, 1]
        several.source = "several"
        others = [fixtures.sample(empty, [(60, 60, 40, 30)]) for _ in range(3)]
        for number, sample in enumerate(others):
            sample.labels[:], sample.source = 2, str(number)
        made = task(val=[several, *others])
        always = np.zeros((5, 10, 10, 3), np.float32)
        always[..., 2] = 1
        self.assertAlmostEqual(made.measure(lambda crops: [always])[0], 0.5)

    def test_other_fish_are_learnt_until_they_are_clear_enough(self):
        made, wanted = task(), np.zeros((1, 10, 10, 3), np.float32)
        made.generic = [2]

        def loss(label, share):
            wanted[:] = 0
            wanted[0, 4, 4, label] = 1
            given = np.full((1, 10, 10, 3), (1 - share) / 2, np.float32)
            given[..., label] = share
            return float(made.loss([given], wanted))

        self.assertEqual(loss(2, names.ENOUGH), 0)
        self.assertEqual(loss(2, 0.9), 0)
        self.assertGreater(loss(2, 0.3), loss(2, 0.5))
        self.assertGreater(loss(0, 0.7), loss(0, 0.9))

    def test_what_the_finder_finds_is_shown_as_of_no_kind_by_how_nearly_it_was_named(self):
        pixels = np.full((360, 640, 3), 90, np.uint8)
        pixels[200:240, 500:560] = 250
        picture = fixtures.sample(pixels, [(60, 60, 60, 60)])
        picture.labels[:] = 0
        bright_box, dark_box = np.float32((500, 200, 60, 40)), np.float32((300, 100, 30, 30))
        made = task([picture], doubted=[(0, bright_box, 0.9), (0, dark_box, 0.3)])
        made.generic, generator = [2], np.random.default_rng(1)
        shown = 0
        plain = {"COMPOSED_SHARE": 0, "FILMED": 0, "RECOLOURED": 0, "DOUBTED_SHARE": 0.5}
        with unittest.mock.patch.multiple(names, **plain):
            for _ in range(200):
                crop, (target,) = made.example(0, [0], generator)
                bright = crop[78:82, 78:82].mean() > 150
                if bright:
                    self.assertGreater(target[3:7, 3:7, 2].sum(), 0)
                shown += bright
        self.assertGreater(shown, 70)
        self.assertLess(shown, 110)
        self.assertEqual(len(picture.boxes), 1)

    def test_fish_whose_species_is_known_are_shown_more_often(self):
        picture = fixtures.sample(np.full((192, 256, 3), 90, np.uint8), [(20 * x, 60, 20, 20) for x in range(10)])
        picture.labels[:] = [1] + [2] * 9
        made, generator = task(), np.random.default_rng(1)
        made.generic = [2]
        plain = sum(made._chosen(picture, generator) == 0 for _ in range(400))
        picture.source = names.composed.NAMED
        known = sum(made._chosen(picture, generator) == 0 for _ in range(400))
        self.assertLess(plain, 80)
        self.assertGreater(known, 260)


class DoubtedTests(unittest.TestCase):
    def setUp(self):
        self.config = CONFIGURATION | {"openSet": {"label": "?", "labels": ["red", "blue", "fish"], "taxon": "fish"}}
        self.config["labels"] = [{**label, "taxon": label["label"]} for label in CONFIGURATION["labels"]]

    def found(self, samples):
        """What is doubted where networks find the same at one cell, and a fish that is clearly of no kind at another."""

        def predict(model, pictures):
            count, rows, columns = len(pictures), *(side // 16 for side in pictures.shape[1:3])
            scores, sizes = np.zeros((count, rows, columns, 4), np.float32), np.ones((count, rows, columns, 2), np.float32)
            scores[:, 4, 4, 1:] = 0.01, 0.01, 0.9
            scores[:, 9, 10, 1:] = 0.1, 0.3, 0.2
            return [scores, sizes]

        for sample in samples:
            sample.motion = np.zeros((192, 256), np.uint8)
        with unittest.mock.patch.object(names.loop, "predict", predict):
            return names.doubted(self.config, network.build(self.config), samples)

    def test_it_is_what_is_found_where_no_species_is_known_by_its_likeliest_name(self):
        empty = np.full((192, 256, 3), 90, np.uint8)
        unknown, known = fixtures.sample(empty, []), fixtures.sample(empty, [])
        known.source = names.composed.NAMED
        [(index, box, score)] = self.found([unknown, known])
        self.assertEqual(index, 0)
        self.assertAlmostEqual(score, 0.3, places=5)
        np.testing.assert_allclose(box, (152, 136, 32, 32), atol=8)

    def test_pictures_taller_than_wide_are_searched_at_the_scale_at_which_they_are_seen(self):
        pictures = [fixtures.sample(np.full((512, 384, 3), 90, np.uint8), []) for _ in range(2)]
        pictures.insert(1, fixtures.sample(np.full((192, 256, 3), 90, np.uint8), []))
        self.config["input"] = self.config["input"] | {"portrait": True}
        found = {index: box for index, box, _ in self.found(pictures)}
        self.assertEqual(sorted(found), [0, 1, 2])
        np.testing.assert_allclose(found[1], (152, 136, 32, 32), atol=8)
        for place in (0, 2):
            np.testing.assert_allclose(found[place], (304, 272, 64, 64), atol=16)


class NetworkTests(unittest.TestCase):
    def test_it_finds_what_its_finder_finds_and_names_with_what_was_trained(self):
        finder, whole, part = network.build(FINDER), network.build(CONFIGURATION), network.naming(CONFIGURATION, 192)
        network.set_weights(whole, network.finder(network.weights(finder), 3))
        self.assertEqual(network.set_weights(whole, network.weights(part)), len(part.weights))
        pixels = np.random.default_rng(1).random((1, 192, 256, 4)).astype(np.float32)
        halved = pixels.reshape(1, 96, 2, 128, 2, 4).mean(axis=(2, 4))
        scores, sizes = whole.predict(pixels, verbose=0)
        wanted, wanted_sizes = finder.predict(halved, verbose=0)
        np.testing.assert_allclose(scores[..., 1:].sum(axis=3), wanted[..., 1], atol=1e-5)
        np.testing.assert_allclose(scores[..., 0], wanted[..., 0], atol=1e-5)
        np.testing.assert_allclose(sizes, wanted_sizes, atol=1e-4)
        shares = scores[..., 1:] / scores[..., 1:].sum(axis=3, keepdims=True)
        middle = part.predict(pixels[:, :, :192, :3], verbose=0)
        np.testing.assert_allclose(shares[0, 6, 4], middle[0, 6, 4], atol=0.05)

    def test_it_names_with_imagenets_weights_unless_others_are_given(self):
        config, model = CONFIGURATION | {"startFrom": ["finder.npz"]}, network.build(CONFIGURATION)
        first = model.get_layer(f"{network.NAMES}Conv1").kernel
        known = efficientnet.imagenet()["Conv1/kernel"]
        with tempfile.TemporaryDirectory() as folder:
            home = pathlib.Path(folder)
            np.savez(home / "finder.npz", **network.weights(network.build(FINDER)))
            training.start(config, model, home, home / "none")
            np.testing.assert_allclose(first.numpy()[:, :, :3], known)
            self.assertEqual(np.abs(first.numpy()[:, :, 3]).max(), 0)
            np.savez(home / "names.npz", **{f"{network.NAMES}Conv1/kernel": known * 2})
            config["startFrom"] = ["finder.npz", "names.npz"]
            training.start(config, model, home, home / "none")
            np.testing.assert_allclose(first.numpy()[:, :, :3], known * 2)


if __name__ == "__main__":
    unittest.main()
