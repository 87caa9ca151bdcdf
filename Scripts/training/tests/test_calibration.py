"""Calibration, open sets, and when a fish is named."""

import pathlib
import unittest
import unittest.mock

import numpy as np

from training import calibration, configuration, export, measurement
from training.measurement import Calibration, OpenSet
from training.tests import fixtures

SIZE = {"width": 64, "height": 32, "motion": True, "movingCameraAbove": 45}


def grid(*cells, channels=4):
    """Scores (1, 4, 8, channels) that are 0 but for (row, column, *scores of the labels)."""
    made = np.zeros((1, 4, 8, channels), np.float32)
    for row, column, *scores in cells:
        made[0, row, column, 1:] = scores
    return made


def sample(boxes=(), labels=None, moved=True, **values):
    """A picture of the grid's size, with the same motion everywhere or none."""
    made = fixtures.sample(np.zeros((32, 64, 3), np.uint8), boxes, **values)
    made.motion = np.full((32, 64), 9 * moved, np.uint8)
    if labels is not None:
        made.labels = np.array(labels)
    return made


class CalibrationTests(unittest.TestCase):
    def test_platt_finds_the_probabilities_that_were_drawn(self):
        generator = np.random.default_rng(3)
        scores = generator.uniform(0.05, 0.95, 6000)
        true = Calibration(1.8, -0.7)
        right = (generator.random(6000) < true.of(scores)).astype(float)
        found = calibration.platt(scores, right, np.ones(6000))
        np.testing.assert_allclose(found, true, atol=0.12)
        self.assertAlmostEqual(found.of(found.before(0.37)), 0.37, places=6)

    def test_platt_has_an_answer_for_peaks_that_are_told_apart_and_for_none(self):
        found = calibration.platt(np.array([0.2, 0.8]), np.array([0, 1.0]), np.ones(2))
        self.assertTrue(0.05 <= found.scale < 10)
        self.assertEqual(calibration.platt(np.zeros(0), np.zeros(0), np.zeros(0)), (1, 0))
        backward = calibration.platt(np.linspace(0.1, 0.9, 50), np.arange(50) < 25, np.ones(50))
        self.assertEqual(backward.scale, 0.05)

    def test_a_video_counts_less_than_its_pictures(self):
        many = [fixtures.sample(np.zeros((1, 1, 3), np.uint8), video="a")] * 16
        one = [fixtures.sample(np.zeros((1, 1, 3), np.uint8), video="b")]
        counts = calibration.weights(many + one, 0.5)
        self.assertAlmostEqual(counts[:16].sum(), 4)
        self.assertAlmostEqual(counts[16], 1)

    def test_motion_and_none_are_fitted_apart(self):
        box = [[16, 8, 8, 8]]
        samples = [sample(box if i % 4 else [], video=f"v{i}", folder="a") for i in range(40)]
        samples += [sample(moved=False, complete=False, file="p", folder="a")]
        inputs = measurement.Inputs(samples, SIZE)
        self.assertEqual(inputs.moving.sum(), 40)
        still = inputs.still()
        self.assertEqual(still.pictures[..., 3].max(), 0)
        self.assertEqual(inputs.pictures[0, 0, 0, 3], 9)
        outputs = [np.repeat(grid((1, 2, 0.5), channels=2), 41, axis=0)]
        weak = [np.repeat(grid((1, 2, 0.2), channels=2), 40, axis=0)]
        without, moving = calibration.of_val(inputs, outputs, still, weak, {"a"}, 0.5)
        self.assertAlmostEqual(float(moving.of(0.5)), 0.75, delta=0.04)
        self.assertAlmostEqual(float(without.of(0.2)), 0.75, delta=0.04)

    def test_pictures_outside_the_folders_take_no_part(self):
        wanted = [sample([[16, 8, 8, 8]], video=f"v{i}", folder="a") for i in range(30)]
        other = [sample(video=f"o{i}", folder="b") for i in range(30)]
        inputs = measurement.Inputs(wanted + other, SIZE)
        given = [(inputs, [np.repeat(grid((1, 2, 0.5), channels=2), 60, axis=0)])]
        self.assertGreater(calibration.fit(given, {"a"}, 0.5).of(0.5), 0.9)
        self.assertAlmostEqual(float(calibration.fit(given, {"c"}, 0.5).of(0.5)), 0.5, delta=0.02)

    def test_scores_are_calibrated_before_the_floor(self):
        scores = grid((1, 2, 0.3), (1, 6, 0.6), channels=2)[0, :, :, 1:]
        found = measurement.detections(scores, 0.4, Calibration(1, 1))
        np.testing.assert_allclose(found[:, 2], [0.803, 0.538], atol=1e-3)
        found = measurement.detections(scores, 0.4, Calibration(1, -1))
        self.assertEqual(len(found), 0)
        found = measurement.detections(scores, 0.1, Calibration(1, 9))
        self.assertEqual(len(found), 2)


class OpenSetTests(unittest.TestCase):
    chosen = OpenSet((0, 1), (1,), (0.8, 0.8))

    def test_a_fish_between_two_labels_is_one_without_a_name(self):
        scores = grid((1, 2, 0.35, 0.0, 0.0), (1, 3, 0.3, 0.3, 0.0))[0, :, :, 1:]
        apart = measurement.detections(scores, 0.1)
        self.assertEqual(len(apart), 1)
        found = measurement.detections(scores, 0.1, chosen=OpenSet((0, 1), (), (0.8, 0.8)))
        np.testing.assert_allclose(found[:, 2:], [[0.6, 3]])

    def test_a_clear_member_is_named_and_a_generic_one_is_not(self):
        scores = grid((1, 1, 0.6, 0.1, 0), (1, 4, 0.1, 0.6, 0), (1, 6, 0, 0, 0.4))[0, :, :, 1:]
        found = measurement.detections(scores, 0.1, chosen=self.chosen)
        self.assertEqual(found[:, 3].tolist(), [2, 0, 3])
        np.testing.assert_allclose(found[:, 2], [0.4, 0.7, 0.7], atol=1e-6)

    def test_temperature_evens_shares_out(self):
        given = measurement.shares([[0.8, 0.2]], 2)[0]
        np.testing.assert_allclose(given, [2 / 3, 1 / 3])
        np.testing.assert_allclose(measurement.shares([[0.8, 0]], 4)[0], [1, 0])

    def test_temperature_is_that_at_which_shares_are_probabilities(self):
        scores = np.tile([0.9, 0.1], (1000, 1))
        truth = (np.arange(1000) % 4 == 0).astype(int)
        found = calibration.temperature(scores, truth, np.ones(1000))
        self.assertAlmostEqual(measurement.shares(scores[:1], found)[0, 0], 0.75, delta=0.02)
        self.assertEqual(calibration.temperature(np.zeros((0, 2)), truth[:0], []), 1)

    def test_the_name_is_given_from_the_share_at_which_nine_in_ten_are_right(self):
        box, samples, outputs = [[16, 8, 8, 8]], [], []
        for number in range(100):
            sure = number % 2
            right = number % 20 != 1 if sure else number % 4
            samples.append(sample(box, [0 if right else 1], video=f"v{number}"))
            outputs.append(grid((1, 2, *((0.7, 0.1) if sure else (0.5, 0.3)), 0)))
        inputs = measurement.Inputs(samples, SIZE)
        chosen = OpenSet((0, 1), (), (0.5, 0.5))
        found = calibration.naming(
            [(inputs, [np.concatenate(outputs)], measurement.NONE)], 0.3, chosen, 0.5
        )
        weak, strong = measurement.shares([[0.5, 0.3], [0.7, 0.1]], found.temperature)[:, 0]
        self.assertTrue(weak < found.name_above[0] <= strong, found)
        hopeless = calibration.naming(
            [(inputs, [np.concatenate(outputs)[..., [0, 2, 1, 3]]], measurement.NONE)], 0.3, chosen, 0.5
        )
        self.assertEqual(hopeless.name_above, (1, 1))

    def test_a_name_that_is_often_wrong_is_given_from_a_higher_share(self):
        box, samples, outputs = [[16, 8, 8, 8]], [], []
        fish = [((0.7, 0.1, 0.0), 0)] * 40 + [((0.0, 0.9, 0.1), 1)] * 20
        fish += [((0.1, 0.7, 0.0), 1)] * 10 + [((0.0, 0.0, 0.8), 2)] * 30
        strangers = [((0.1, 0.7, 0.0), 2)]
        for folder, part in (("drawn", fish), ("filmed", strangers + fish[-24:])):
            for number, (scores, label) in enumerate(part):
                samples.append(sample(box, [label], video=f"v{number}", folder=folder))
                outputs.append(grid((1, 2, *scores), channels=4))
        inputs, given = measurement.Inputs(samples, SIZE), [np.concatenate(outputs)]
        chosen = OpenSet((0, 1, 2), (2,), (0.5, 0.5, 0.5))
        found = calibration.naming([(inputs, given, measurement.NONE)], 0.3, chosen, 0.5)
        shares = measurement.shares([[0.7, 0.1, 0], [0.1, 0.7, 0], [0, 0.9, 0.1]], found.temperature)
        self.assertLessEqual(found.name_above[0], shares[0, 0])
        self.assertTrue(shares[1, 1] < found.name_above[1] <= shares[2, 1], (found, shares))

    def test_a_name_is_given_from_the_highest_share_that_costs_little(self):
        box, samples, outputs = [[16, 8, 8, 8]], [], []
        fish = [((0.8, 0.1), 0)] * 200 + [((0.6, 0.2), 0)] * 3 + [((0.5, 0.4), 0)] * 40 + [((0.1, 0.8), 1)] * 100
        for number, (scores, label) in enumerate(fish):
            samples.append(sample(box, [label], video=f"v{number}"))
            outputs.append(grid((1, 2, *scores, 0)))
        inputs, given = measurement.Inputs(samples, SIZE), [np.concatenate(outputs)]
        chosen = OpenSet((0, 1), (1,), (0.5, 0.5))
        found = calibration.naming([(inputs, given, measurement.NONE)], 0.3, chosen, 0.5)
        least = measurement.shares([[0.5, 0.4]], found.temperature)[0, 0]
        self.assertAlmostEqual(found.name_above[0], least, delta=0.0101)
        rare = [place for place in range(len(fish)) if fish[place][0] != (0.5, 0.4)]
        inputs, given = measurement.Inputs([samples[place] for place in rare], SIZE), [given[0][rare]]
        found = calibration.naming([(inputs, given, measurement.NONE)], 0.3, chosen, 0.5)
        most = measurement.shares([[0.8, 0.1]], found.temperature)[0, 0]
        self.assertAlmostEqual(found.name_above[0], most, delta=0.0101)

    def test_no_fish_is_named_where_no_names_are_known_if_that_costs_little(self):
        def above(rare):
            fish = [((0.9, 0.0), 0)] * 60 + [((0.6, 0.2), 0)] * rare + [((0.0, 0.8), 1)] * 40
            filmed = [((0.7, 0.15), 1)] + [((0.0, 0.8), 1)] * 399
            found = self.drawn_and_filmed(fish, filmed)
            wrong = measurement.shares([[0.7, 0.15]], found.temperature)[0, 0]
            return found.name_above[0], wrong

        given, wrong = above(rare=3)
        self.assertGreater(given, wrong)
        given, wrong = above(rare=20)
        self.assertLess(given, wrong)

    def test_no_fish_of_a_close_up_is_named_if_that_costs_little(self):
        def above(*close_ups):
            fish = [((0.9, 0.0), 0)] * 60 + [((0.55, 0.3), 0)] * 3 + [((0.0, 0.8), 1)] * 40
            found = self.drawn_and_filmed(fish, [((0.0, 0.8), 1)] * 400, close_ups=close_ups)
            return found.name_above[0], measurement.shares([[0.6, 0.25]], found.temperature)[0, 0]

        given, wrong = above()
        self.assertLess(given, wrong)
        given, wrong = above(np.array([[0.1, 0.8], [0.6, 0.25]]), np.zeros((0, 2)))
        self.assertGreater(given, wrong)

    def test_fish_have_no_name_in_folders_of_which_none_is_named(self):
        def folders(*labels):
            samples = [sample([[16, 8, 8, 8]], [label], folder=f"f{label}") for label in labels]
            return [one.folder for one in calibration.nameless(samples, self.chosen)]

        self.assertEqual(folders(0, 1), ["f1"])
        self.assertEqual(folders(1, 1), [])

    def drawn_and_filmed(self, *parts, close_ups=()):
        """The names fitted on one fish a picture, by folder: scores of a name and of no kind, and which it is."""
        samples, outputs = [], []
        for folder, part in zip(("drawn", "filmed"), parts):
            for number, (scores, label) in enumerate(part):
                samples.append(sample([[16, 8, 8, 8]], [label], video=f"{folder}{number}", folder=folder))
                outputs.append(grid((1, 2, *scores, 0)))
        given = measurement.Inputs(samples, SIZE), [np.concatenate(outputs)], measurement.NONE
        return calibration.naming([given], 0.3, OpenSet((0, 1), (1,), (0.5, 0.5)), 0.5, close_ups)

    def test_shares_are_read_in_the_order_of_the_open_set(self):
        config = {
            "labels": [{"label": "tang"}, {"label": "diver"}, {"label": "fish", "taxon": "fish"}],
            "openSet": {"label": "x", "taxon": "fish", "labels": ["fish", "tang"]},
        }
        self.assertEqual(measurement.open_set(config, [0.9, 0.6]), OpenSet((0, 2), (2,), (0.6, 0.9)))

    def test_measure_chooses_one_threshold_for_the_open_set_and_counts_names(self):
        config = configuration.checked(
            fixtures.CONFIGURATION
            | {
                "input": {"width": 64, "height": 32, "pixelRange": [0, 1]},
                "labels": [
                    {"label": "tang", "taxon": "tang", "classes": ["tang"]},
                    {"label": "other fish", "taxon": "fish", "classes": ["fish"]},
                    {"label": "diver", "classes": ["diver"]},
                ],
                "openSet": {
                    "label": "fish, unidentified",
                    "taxon": "fish",
                    "labels": ["tang", "other fish"],
                },
            },
            "x",
        )
        self.assertEqual(measurement.open_set(config), OpenSet((0, 1), (1,), (0.5, 0.5)))
        box, samples, outputs = [[16, 8, 8, 8]], [], []
        for number in range(40):
            samples.append(sample(box, [number % 2], video=f"v{number}"))
            outputs.append(grid((1, 2, *((0.1, 0.7) if number % 2 else (0.7, 0.1)), 0)))
        # The second file gives two thirds of each score, so that other scores are as likely to be right.
        given = np.concatenate(outputs)
        answers = {"first": [given], "second": [given * [1, 2 / 3, 2 / 3, 2 / 3]]}
        with unittest.mock.patch.object(export, "run", lambda path, _: answers[path.name]):
            both, fitted = export.measure(
                config, {name: pathlib.Path(name) for name in answers}, {"scores": 0}, {"val": samples, "test": []}
            )
        figures = both["first"]
        self.assertEqual(both["second"]["val fixture"]["f1"], 1)
        self.assertEqual(set(fitted["calibration"]), set(answers))
        self.assertEqual(set(fitted["calibration"]["first"]), {"still"})
        self.assertEqual(set(fitted["openSet"]), {"threshold", "nameAbove", "temperature"})
        self.assertEqual(fitted["thresholds"][:2], [fitted["openSet"]["threshold"]] * 2)
        row = figures["val fixture fish, unidentified"]
        self.assertEqual(row["named"], {"named": 20, "right": 20, "unidentified": 20})
        self.assertEqual(row["f1"], 1)

    def test_measure_spares_fish_of_close_ups_a_name(self):
        config = configuration.checked(
            fixtures.CONFIGURATION
            | {
                "input": {"width": 64, "height": 32, "pixelRange": [0, 1]},
                "labels": [
                    {"label": "tang", "taxon": "tang", "classes": ["tang"]},
                    {"label": "other fish", "taxon": "fish", "classes": ["fish"]},
                ],
                "openSet": {"label": "fish, unidentified", "taxon": "fish", "labels": ["tang", "other fish"]},
            },
            "x",
        )
        drawn = [(0.9, 0.0)] * 30 + [(0.55, 0.3)]
        samples = [sample([[16, 8, 8, 8]], [0], video=f"d{n}", folder="drawn") for n in range(len(drawn))]
        # 640 pixels wide, so that the box is large enough to be cut out.
        for number in range(30):
            picture = np.zeros((320, 640, 3), np.uint8)
            samples.append(fixtures.sample(picture, [[160, 80, 80, 80]], video=f"f{number}", folder="filmed"))
            samples[-1].labels = np.array([1])
        whole = np.concatenate([grid((1, 2, *s), channels=3) for s in drawn + [(0.0, 0.8)] * 30])

        def above(look):
            def run(_, pictures):
                scores = whole if len(pictures) == len(samples) else np.repeat(look, len(pictures), axis=0)
                return [scores, np.zeros((*scores.shape[:3], 2), np.float32)] if len(pictures) else []

            with unittest.mock.patch.object(export, "run", run):
                files, places = {"only": pathlib.Path("only")}, {"scores": 0, "sizes": 1}
                _, fitted = export.measure(config, files, places, {"val": samples, "test": []})
            return fitted["openSet"]["nameAbove"][0], fitted["openSet"]["temperature"]

        given, heat = above(grid((1, 2, 0.6, 0.25), channels=3))
        wrong = measurement.shares([[0.6, 0.25]], heat)[0, 0]
        self.assertGreater(given, wrong)
        self.assertLess(above(grid(channels=3))[0], wrong)

    def test_a_wrong_open_set_is_named(self):
        def problem(**changes):
            plan = {"label": "fish, unidentified", "taxon": "fish", "labels": ["a", "b"]} | changes
            labels = [{"label": name, "classes": [name]} for name in "ab"]
            try:
                configuration.checked(fixtures.CONFIGURATION | {"labels": labels, "openSet": plan}, "x")
            except configuration.ConfigurationError as error:
                return str(error)

        self.assertIsNone(problem())
        self.assertIn("'openSet.labels'", problem(labels=["a", "c"]))
        self.assertIn("'openSet.labels'", problem(labels=["a"]))
        self.assertIn("'openSet.label'", problem(label="a"))
        self.assertIn("'openSet' needs", problem(threshold=0.4))


if __name__ == "__main__":
    unittest.main()
