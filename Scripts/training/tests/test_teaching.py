"""Boxes that a model adds where labels are known to be incomplete, and a teacher to imitate."""

import json
import pathlib
import tempfile
import unittest
import unittest.mock

import numpy as np

from training import centroids, configuration, loop, network, teaching
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


class TeacherTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        plan = fixtures.CONFIGURATION | {"input": {"width": 320, "height": 192, "pixelRange": [0, 1]}}
        plan["input"] |= {"motion": True, "movingCameraAbove": 45}
        (self.home / "training.json").write_text(json.dumps(plan))
        self.plan = plan

    def pupil(self, **changes):
        plan = fixtures.CONFIGURATION | {"network": {"kind": "fomo"}, "rounds": 3, "stepsPerRound": 4, "batchSize": 2}
        plan |= {"val": [], "distillation": {"teacher": "training.json", "share": 1.0}} | changes
        return configuration.checked(plan, "test")

    def test_a_pupil_without_motion_comes_nearer_to_a_teacher_with_motion(self):
        model = network.build(configuration.checked(self.plan, "test"))
        bias = model.get_layer("logits").bias
        bias.assign([0.0, 1.0])  # it sees fish everywhere, as no label says
        np.savez(self.home / "weights.npz", **network.weights(model))
        config = self.pupil()
        teacher = teaching.teacher(config, self.home)
        self.assertEqual(teacher.input.shape[1:], (96, 160, 4))
        np.testing.assert_array_equal(teacher.get_layer("logits").bias, [0.0, 1.0])
        samples = [fixtures.sample(np.full((96, 160, 3), 90, np.uint8), motion=None)]
        pupil = network.build(config)
        before = loop.predict(pupil, samples[0].image[np.newaxis])[0][..., 1].mean()
        task = centroids.Centroids(config, samples, samples)
        training = loop.Loop(config, pupil, task, samples, self.home / "work", teacher)
        training.run(lambda line: None)
        training.averaged()
        after = loop.predict(pupil, samples[0].image[np.newaxis])[0][..., 1].mean()
        self.assertGreater(after, before + 0.02)

    def test_of_several_teachers_the_logits_are_averaged(self):
        names, single = [], []
        for number, motion in enumerate((True, False)):
            folder = self.home / f"teacher{number}"
            folder.mkdir()
            plan = self.plan | {"input": self.plan["input"] | {"motion": motion}}
            (folder / "training.json").write_text(json.dumps(plan))
            model = network.build(configuration.checked(plan, "test"))
            np.savez(folder / "weights.npz", **network.weights(model))
            names.append(f"teacher{number}/training.json")
            one = {"distillation": {"teacher": names[-1], "share": 0.5}}
            single.append(teaching.teacher(self.pupil(**one), self.home))
        both = teaching.teacher(self.pupil(distillation={"teacher": names, "share": 0.5}), self.home)
        pixels = np.random.default_rng(2).random((2, 96, 160, 4)).astype(np.float32)
        logits = []
        for model, values in zip(single, (pixels, pixels[..., :3])):
            scores = np.asarray(model(values)[0])
            logits.append(np.log(scores[..., 1] / scores[..., 0]))
        wanted = 1 / (1 + np.exp(-np.mean(logits, axis=0)))
        np.testing.assert_allclose(np.asarray(both(pixels))[..., 1], wanted, rtol=1e-3)

    def test_a_teacher_must_be_trained_and_alike(self):
        with self.assertRaisesRegex(configuration.ConfigurationError, "train the teacher first"):
            teaching.teacher(self.pupil(), self.home)
        labels = [{"label": name, "classes": [name]} for name in ("fish", "shark")]
        with self.assertRaisesRegex(configuration.ConfigurationError, "as many labels"):
            teaching.teacher(self.pupil(labels=labels), self.home)
        with self.assertRaisesRegex(configuration.ConfigurationError, "multiples of 32"):
            self.pupil(input={"width": 160, "height": 104, "pixelRange": [0, 1]})

    def test_without_distillation_there_is_none(self):
        self.assertIsNone(teaching.teacher(self.pupil(distillation=None), self.home))


if __name__ == "__main__":
    unittest.main()
