"""A whole small training on rendered scenes: a minute or two."""

import contextlib
import io
import json
import pathlib
import tempfile
import types
import unittest
import unittest.mock

import numpy as np
import tensorflow as tf

from training import configuration, loop, network, training
from training.__main__ import arguments
from training.tests import fixtures


class TrainingTests(unittest.TestCase):
    def test_a_short_training_learns_exports_and_resumes(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            fixtures.write_coco(folder / "data/train", scenes=12, seed=21)
            fixtures.write_coco(folder / "data/val", scenes=4, seed=22)
            config = fixtures.CONFIGURATION | {
                "rounds": 3, "stepsPerRound": 40, "batchSize": 8, "average": 0.9,
                "correctedBiases": True,
            }
            (folder / "training.json").write_text(json.dumps(config))
            first = self.train(folder, 1)
            last = self.train(folder, 3)
            self.assertIn("round 1/1", first)
            self.assertNotIn("round 1/3", last)
            self.assertIn("round 3/3", last)
            best = [float(line.split("best ")[1][:5]) for line in (first + last).splitlines()
                    if line.startswith("round")]
            self.assertGreater(best[-1], best[0])
            card = json.loads((folder / "card.json").read_text())
            self.assertEqual(set(card["outputs"]), {"scores", "sizes"})
            self.assertEqual([file["precision"] for file in card["files"]], ["int8", "float32"])
            figures = json.loads((folder / "figures.json").read_text())
            both = [figures[p]["val data"]["f1"] for p in ("int8", "float32")]
            self.assertLess(abs(both[0] - both[1]), 0.1)
            self.operators(folder / "small-int8.tflite")
            self.assertGreater(len(np.load(folder / "weights.npz").files), 100)

    def test_earlier_trainings_hand_on_their_weights(self):
        with tempfile.TemporaryDirectory() as folder:
            folder, size = pathlib.Path(folder), fixtures.CONFIGURATION["input"]
            config = fixtures.CONFIGURATION | {
                "rounds": 1, "stepsPerRound": 2, "batchSize": 2, "learningRate": 1e-9,
                "startFrom": "first.npz",
                "before": [
                    {"input": {"width": size["width"] // 2 // 32 * 32}},
                    {"stepsPerRound": 3},
                ],
            }
            options = self.prepared(folder, config)
            model = network.build(configuration.load(options.config))
            first = {name: 0 * value + 0.01 for name, value in network.weights(model).items()}
            np.savez(folder / "first.npz", **first)
            quiet = contextlib.redirect_stdout(io.StringIO())
            with quiet as text, unittest.mock.patch.object(training, "finish"):
                training.train(configuration.load(options.config), options, folder)
            self.assertEqual(text.getvalue().count("round 1/1"), 3)
            self.assertIn("training 2 of 3", text.getvalue())
            for best in ("before-1", "before-2", "."):
                kernel = np.load(folder / "work" / best / "best.npz")["Conv1/kernel"]
                self.assertTrue(np.allclose(kernel, 0.01, atol=1e-4))

    def test_what_it_starts_from_is_kept_where_no_round_is_better(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            config = fixtures.CONFIGURATION | {
                "rounds": 2, "stepsPerRound": 2, "batchSize": 2, "startFrom": "first.npz", "average": 0.0,
            }
            options = self.prepared(folder, config)
            model = network.build(configuration.load(options.config))
            np.savez(folder / "first.npz", **network.weights(model))
            for figures, kept in (((0.5, 0.4, 0.5), True), ((0.5, 0.6, 0.4), False)):
                quiet = contextlib.redirect_stdout(io.StringIO())
                measured = [(figure, "F1") for figure in figures]
                with quiet as text, unittest.mock.patch.object(training, "finish") as finish:
                    with unittest.mock.patch.object(loop.Loop, "measure", side_effect=measured):
                        training.train(configuration.load(options.config), options, folder)
                self.assertIn("start val F1 mean 0.500", text.getvalue())
                self.assertEqual("no round was better" in text.getvalue(), kept)
                first, now = np.load(folder / "first.npz"), network.weights(finish.call_args.args[1])
                self.assertEqual(all(np.array_equal(first[name], now[name]) for name in now), kept)

    def test_the_mean_of_trainings_is_that_of_what_each_has_kept(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            config = fixtures.CONFIGURATION | {
                "rounds": 1, "stepsPerRound": 2, "batchSize": 2,
                "before": [{"seed": 5}], "meanOfTrainings": True,
            }
            options = self.prepared(folder, config)
            quiet = contextlib.redirect_stdout(io.StringIO())
            with quiet, unittest.mock.patch.object(training, "finish") as finish:
                with unittest.mock.patch.object(network, "load_backbone"):
                    training.train(configuration.load(options.config), options, folder)
            first, last = (np.load(folder / "work" / place / "best.npz") for place in ("before-1", "."))
            self.assertFalse(np.array_equal(first["Conv1/kernel"], last["Conv1/kernel"]))
            for name, value in network.weights(finish.call_args.args[1]).items():
                self.assertTrue(np.allclose(value, (first[name] + last[name]) / 2, atol=1e-6), name)

    def test_without_rounds_files_are_of_the_earlier_trainings_weights_at_another_input(self):
        with tempfile.TemporaryDirectory() as folder:
            folder, size = pathlib.Path(folder), fixtures.CONFIGURATION["input"]
            config = fixtures.CONFIGURATION | {
                "input": size | {"height": size["height"] + 32},
                "before": [{"input": size, "rounds": 1}],
                "rounds": 0, "stepsPerRound": 2, "batchSize": 2,
            }
            options = self.prepared(folder, config, "--rounds", "2")
            quiet = contextlib.redirect_stdout(io.StringIO())
            with quiet as text, unittest.mock.patch.object(training, "finish") as finish:
                with unittest.mock.patch.object(network, "load_backbone"):
                    training.train(configuration.load(options.config), options, folder)
            self.assertEqual(text.getvalue().count("round "), 2)
            model = finish.call_args.args[1]
            self.assertEqual(model.input.shape[1], size["height"] + 32)
            best = np.load(folder / "work/before-1/best.npz")
            for name, value in network.weights(model).items():
                self.assertTrue(np.array_equal(value, best[name]), name)

    def prepared(self, folder, config, *more):
        """Options for training `config` on few pictures in `folder`."""
        fixtures.write_coco(folder / "data/train", scenes=3, seed=21)
        fixtures.write_coco(folder / "data/val", scenes=2, seed=22)
        (folder / "training.json").write_text(json.dumps(config))
        places = ["--data", str(folder / "data"), "--work", str(folder / "work")]
        return arguments([str(folder / "training.json"), *places, *more])

    def train(self, folder, rounds):
        options = arguments(
            [str(folder / "training.json"), "--data", str(folder / "data"), "--resume"]
            + ["--work", str(folder / "work"), "--rounds", str(rounds)]
        )
        with unittest.mock.patch.object(training, "start"), contextlib.redirect_stdout(io.StringIO()) as text:
            training.train(configuration.load(options.config), options, folder)
        return text.getvalue()

    def operators(self, path):
        interpreter = tf.lite.Interpreter(str(path))
        names = {operator["op_name"] for operator in interpreter._get_ops_details()}
        allowed = {"CONV_2D", "DEPTHWISE_CONV_2D", "PAD", "ADD", "SOFTMAX", "DELEGATE"}
        self.assertLessEqual(names, allowed | {"RESIZE_NEAREST_NEIGHBOR"})


class StartTests(unittest.TestCase):
    def test_of_several_models_the_later_one_wins_and_last_layers_of_other_shapes_stay_out(self):
        config = configuration.checked(fixtures.CONFIGURATION | {"val": ["val"]}, "test")
        model = network.build(config)
        prior = model.get_layer("logits").bias.numpy()
        with tempfile.TemporaryDirectory() as folder:
            home = pathlib.Path(folder)
            for name, value in (("first", 1.0), ("second", 2.0)):
                arrays = {
                    "Conv1/kernel": np.full(model.get_layer("Conv1").kernel.shape, value),
                    "logits/kernel": np.zeros((5, 2)),
                    "logits/bias": np.full(prior.shape, value),
                }
                if name == "first":
                    arrays["from_8/kernel"] = np.ones(model.get_layer("from_8").kernel.shape)
                np.savez(home / f"{name}.npz", **arrays)
            start = {"startFrom": ["first.npz", "second.npz"]}
            training.start(config | start, model, home, home / "none")
            self.assertTrue((model.get_layer("Conv1").kernel.numpy() == 2).all())
            self.assertTrue((model.get_layer("from_8").kernel.numpy() == 1).all())
            self.assertTrue((model.get_layer("logits").bias.numpy() == prior).all())
            with self.assertRaisesRegex(configuration.ConfigurationError, "no such file"):
                training.start(config | {"startFrom": ["third.npz"]}, model, home, home / "none")
            np.savez(home / "third.npz", **{"from_8/kernel": model.get_layer("from_8").kernel.numpy()})
            with self.assertRaisesRegex(configuration.ConfigurationError, "none: no such file; give MobileNetV2"):
                training.start(config | {"startFrom": ["third.npz"]}, model, home, home / "none")


class HeldBackTests(unittest.TestCase):
    def samples(self, videos, shown=True):
        """Pictures of videos: {name: how many}; without a name each stands alone."""
        return [
            types.SimpleNamespace(video=video, file=f"{video}{index}", boxes=[1] if shown else [])
            for video, count in videos.items()
            for index in range(count)
        ]

    def test_a_share_of_videos_and_of_pictures_is_held_back_but_no_more_than_half(self):
        for seed in range(20):
            config = {"valShare": 0.2, "seed": seed}
            for videos in ({"a": 9, "b": 9, "c": 30, "d": 40, "e": 7}, {"": 50}, {"a": 100, "b": 3}):
                samples = self.samples(videos)
                kept, held = training.held_back(samples, config)
                self.assertEqual(len(kept) + len(held), len(samples))
                self.assertFalse({s.video for s in kept if s.video} & {s.video for s in held})
                self.assertLessEqual(len(held), len(samples) / 2)
                if len(videos) != 2:
                    self.assertGreaterEqual(len(held), len(samples) / 5)

    def test_what_is_held_back_shows_an_animal(self):
        samples = self.samples({"a": 5, "b": 5}) + self.samples({"c": 5, "d": 5, "e": 5}, shown=False)
        for seed in range(20):
            kept, held = training.held_back(samples, {"valShare": 0.2, "seed": seed})
            self.assertTrue(any(s.boxes for s in held))

    def test_pictures_of_one_video_cannot_be_parted(self):
        for alone in (self.samples({"a": 30}), self.samples({"a": 30, "b": 10}, shown=False)):
            with self.assertRaisesRegex(configuration.ConfigurationError, "--val"):
                training.held_back(alone, {"valShare": 0.2, "seed": 1})


if __name__ == "__main__":
    unittest.main()
