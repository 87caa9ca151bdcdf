"""Configuration files: what is accepted, and errors that name file and key."""

import contextlib
import io
import json
import pathlib
import tempfile
import unittest

import numpy as np

from training import coco, configuration, sampling, starting
from training.__main__ import arguments
from training.tests import fixtures

MODELS = pathlib.Path(__file__).resolve().parents[3] / "Species/models"


class ConfigurationTests(unittest.TestCase):
    def wrong(self, expected, **changes):
        config = json.loads(json.dumps(fixtures.CONFIGURATION)) | changes
        config = {key: value for key, value in config.items() if value is not ...}
        with self.assertRaises(configuration.ConfigurationError) as caught:
            configuration.checked(config, "x/training.json")
        self.assertIn("x/training.json", str(caught.exception))
        self.assertIn(expected, str(caught.exception))

    def test_errors_name_the_key(self):
        self.wrong("'labels' is missing", labels=...)
        for given in ("many", True, 2.5):
            self.wrong("'rounds' must be a whole number", rounds=given)
        self.wrong("'batchSize' must be a whole number", batchSize="32")
        for given in (None, True, 1.5, [[]], [{}]):
            self.wrong("'selectThresholdOn' must be a list of strings", selectThresholdOn=given)
            self.wrong("'val' must be a list", val=given)
        self.wrong("'network.wideBlocks' must be a whole number", network={"kind": "context", "wideBlocks": "x"})
        self.wrong("'network.contextChannels' must be", network={"kind": "context", "contextChannels": -1})
        self.wrong("'label' and 'taxon' of 'labels' must be strings", labels=[{"label": [], "classes": ["fish"]}])
        for zoom in ([], [1], [1, 0], ["x", 1]):
            self.wrong("'augmentation.zoom' must be two numbers", augmentation={"zoom": zoom})
        self.wrong("'augmentation.mosaic' must be from 0 to 1", augmentation={"mosaic": 1.5})
        self.wrong("'sampling.shares' must be numbers", sampling={"shares": {"a": "b"}})
        self.wrong("'learningRate' must be above 0", learningRate=-1)
        self.wrong("'rendered.scenes' must be at least 0", rendered={"scenes": -1})
        self.wrong("in 'before': 'rounds' must be a whole number", before=[{"rounds": "x"}])
        self.wrong("'learningRate' must be a number", learningRate=True)
        self.wrong("'rendered.scenes' must be a whole number", rendered={"scenes": None})
        self.wrong("'sampling.power' must be a number", sampling={"power": "0.5"})
        self.wrong("'input.portrait' must be true or false", input={"width": 64, "height": 32, "portrait": 1})
        self.wrong("'crop' must be a multiple of 32, not 100", crop=100)
        self.wrong("unknown key 'epochs'", epochs=3)
        self.wrong("unknown key 'mosiac' in 'augmentation'", augmentation={"mosiac": 1})
        self.wrong("'loss.kind' must be one of focal, fomo", loss={"kind": "hinge"})
        self.wrong("'network.backbone' must be one of", network={"kind": "context", "backbone": "resnet"})
        self.wrong("'network.widths' must be 7 numbers", network={"kind": "context", "widths": [48, 64]})
        self.wrong("has the backbone mobilenet-v2 alone", network={"kind": "fomo", "backbone": "efficientnet-lite0"})
        self.wrong("multiple of 32", input={"width": 100, "height": 96, "pixelRange": [0, 1]})
        self.wrong(
            "movingCameraAbove",
            input={"width": 96, "height": 96, "pixelRange": [0, 1], "motion": True},
        )
        self.wrong("selectThresholdOn", selectThresholdOn=["elsewhere"])
        self.wrong("'labels' is empty", labels=[])
        size = fixtures.CONFIGURATION["input"]
        self.wrong("unknown key 'portriat' in 'input'", input=size | {"portriat": True})
        self.wrong("unknown key 'contextBlock' in 'network'", network={"kind": "context", "contextBlock": 2})
        self.wrong("'before' must be a list", before=5)
        self.wrong("'meanOfTrainings' must be true or false", meanOfTrainings=1)
        self.wrong("'meanOfTrainings' is of trainings in 'before'", meanOfTrainings=True)
        other = {"network": {"contextBlocks": 9}}
        self.wrong("'meanOfTrainings' is of trainings of one 'network'", before=[other], meanOfTrainings=True)
        self.wrong("'loss' must be an object", loss=None)
        self.wrong("'distillation.teacher' must name", distillation={"teacher": []})
        self.wrong("'patience' must be at least 1", patience=0)
        self.wrong("'average' must be at least 0 and below 1, not 1.5", average=1.5)
        self.wrong("'floor' must be above 0 and below 1, not 2", floor=2)

    def test_a_missing_file_is_named(self):
        with self.assertRaisesRegex(configuration.ConfigurationError, "nowhere.json: no such"):
            configuration.load("nowhere.json")

    def test_every_shipped_configuration_is_good(self):
        paths = sorted(MODELS.glob("*/training.json"))
        self.assertTrue(paths)
        for path in paths:
            config = configuration.load(path)
            self.assertEqual(config["name"], path.parent.name)

    def test_new_writes_a_configuration_that_loads(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            fixtures.write_coco(folder / "mine", scenes=1, seed=1)
            like = folder / "models/like"
            like.mkdir(parents=True)
            (like / "training.json").write_text(json.dumps(fixtures.CONFIGURATION))
            options = arguments(["new", "harbour", "--train", str(folder / "mine"), "--like", "like"])
            path = starting.write(options, folder / "models")
            config = configuration.load(path)
            self.assertEqual(config["labels"][0]["classes"], ["fish"])
            self.assertEqual(config["train"], [str((folder / "mine").resolve())])
            with self.assertRaisesRegex(configuration.ConfigurationError, "exists already"):
                starting.write(options, folder / "models")

    def test_new_goes_on_from_each_shipped_model(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            fixtures.write_coco(folder / "mine", scenes=1, seed=1)
            written = folder / "written"
            for pattern in sorted(MODELS.glob("*/training.json")):
                like, models = pattern.parent.name, written / pattern.parent.name
                models.mkdir(parents=True)
                (models / like).symlink_to(pattern.parent)
                options = arguments(["new", "harbour", "--train", str(folder / "mine"), "--like", like])
                if json.loads(pattern.read_text())["network"]["kind"] == "named":
                    with self.assertRaisesRegex(configuration.ConfigurationError, "--like reef-ten: .*drawn"):
                        starting.write(options, models)
                    continue
                config = configuration.load(starting.write(options, models))
                self.assertEqual(len(config["startFrom"]), 1)
                self.assertGreater(config["rounds"], 0)
                if (pattern.parent / "weights.npz").exists():
                    self.assertEqual(config["startFrom"], [f"../{like}/weights.npz"])
                    alike = len(json.loads(pattern.read_text())["labels"]) == 1
                    self.assertEqual(config["rounds"] == starting.ONWARD["rounds"], alike)

    def test_new_takes_labels_in_the_order_of_its_model_and_refuses_what_cannot_be(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            fixtures.write_coco(folder / "mine", scenes=1, seed=1)
            truth = json.loads((folder / "mine/annotations.coco.json").read_text())
            known = json.loads((MODELS / "aquarium/training.json").read_text())["labels"]
            names = [entry["label"] for entry in known]
            truth["categories"] += [{"id": 90 + n, "name": name} for n, name in enumerate(names)]
            (folder / "mine/annotations.coco.json").write_text(json.dumps(truth))
            (folder / "models").mkdir()
            (folder / "models/aquarium").symlink_to(MODELS / "aquarium")
            given = ["--train", str(folder / "mine"), "--like", "aquarium", "--labels"]
            options = arguments(["new", "harbour", *given, *reversed(names)])
            config = json.loads(starting.write(options, folder / "models").read_text())
            self.assertEqual([entry["label"] for entry in config["labels"]], names)
            self.assertEqual(config["rounds"], starting.ONWARD["rounds"])
            for name, labels, said in (
                ("a/b", names, "a/b"), ("my site", names, "my site"), ("..", names, "name"), ("Grün", names, "Grün"),
                ("twice", ["fish", "fish"], "twice"), ("none", ["crab"], "crab"),
            ):
                with self.assertRaisesRegex(configuration.ConfigurationError, said):
                    starting.write(arguments(["new", name, *given, *labels]), folder / "models")
                self.assertEqual({path.name for path in (folder / "models").iterdir()}, {"aquarium", "harbour"})

    def test_what_is_no_truth_is_refused_with_the_files_name(self):
        good = {
            "images": [{"id": 1, "file_name": "a.jpg"}],
            "annotations": [{"image_id": 1, "category_id": 2, "bbox": [0, 0, 9, 9]}],
            "categories": [{"id": 2, "name": "fish"}],
        }
        wrong = {
            "one object": [good],
            "no list 'images'": good | {"images": None},
            r"images\[0\] has no 'file_name'": good | {"images": [{"id": 1}]},
            r"annotations\[0\] has no 'bbox'": good | {"annotations": [{"image_id": 1, "category_id": 2}]},
            r"annotations\[0\] is of the image '1'": good
            | {"annotations": [good["annotations"][0] | {"image_id": "1"}]},
            r"annotations\[0\] has the unknown category 3": good
            | {"annotations": [good["annotations"][0] | {"category_id": 3}]},
            r"annotations\[0\]: 'bbox'": good | {"annotations": [good["annotations"][0] | {"bbox": [1, 2]}]},
        }
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "annotations.coco.json"
            for said, document in wrong.items():
                path.write_text(json.dumps(document))
                with self.assertRaisesRegex(configuration.ConfigurationError, f"{path}.*{said}"):
                    coco.load(pathlib.Path(folder), fixtures.CONFIGURATION)
            path.write_bytes(json.dumps(good, ensure_ascii=False).replace("fish", "poisson à").encode("latin-1"))
            with self.assertRaisesRegex(configuration.ConfigurationError, f"{path}.*utf-8"):
                coco.load(pathlib.Path(folder), fixtures.CONFIGURATION)
            path.unlink()
            clip = pathlib.Path(folder) / "a.mp4"
            clip.touch()
            clip.with_suffix(".gt.json").write_text(json.dumps({"frames": [{}]}))
            with self.assertRaisesRegex(configuration.ConfigurationError, "a.gt.json.*boxes_xywhn"):
                coco.load(pathlib.Path(folder), fixtures.CONFIGURATION)

    def test_a_folder_without_annotations_is_named_with_the_remedy(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(FileNotFoundError, "annotations.coco.json.*--data"):
                coco.load(folder, fixtures.CONFIGURATION)

    def test_earlier_trainings_say_what_is_different_in_them(self):
        small = {"input": {"width": 64}, "rounds": 7}
        config = fixtures.CONFIGURATION | {"rounds": 3, "before": [small]}
        earlier = configuration.checked(config, "test")["before"][0]
        self.assertEqual((earlier["input"]["width"], earlier["rounds"]), (64, 7))
        self.assertEqual(earlier["input"]["height"], config["input"]["height"])
        self.assertEqual(earlier["before"], [])
        for wrong in ("small", {"labels": []}, {"width": 64}):
            with self.assertRaises(configuration.ConfigurationError):
                configuration.checked(config | {"before": [wrong]}, "test")

    def test_nothing_is_learnt_only_behind_earlier_trainings(self):
        none = fixtures.CONFIGURATION | {"rounds": 0}
        with self.assertRaisesRegex(configuration.ConfigurationError, "'rounds' must be at least 1"):
            configuration.checked(none, "test")
        config = configuration.checked(none | {"before": [{"rounds": 2}]}, "test")
        self.assertEqual((config["rounds"], config["before"][0]["rounds"]), (0, 2))

    def test_the_command_line_refuses_half_a_new(self):
        with contextlib.redirect_stderr(io.StringIO()) as text, self.assertRaises(SystemExit):
            arguments(["new", "harbour"])
        self.assertIn("--train", text.getvalue())


class SamplingTests(unittest.TestCase):
    def samples(self):
        image = np.zeros((1, 1, 3), np.uint8)
        long = [fixtures.sample(image, video="long", folder="a") for _ in range(100)]
        short = [fixtures.sample(image, video="short", folder="a") for _ in range(4)]
        single = [fixtures.sample(image, folder="b") for _ in range(10)]
        return long + short + single

    def test_videos_are_balanced_and_folders_get_their_share(self):
        chances = sampling.probabilities(self.samples(), 0.5, {"b": 0.25})
        self.assertAlmostEqual(chances.sum(), 1)
        self.assertAlmostEqual(chances[-10:].sum(), 0.25)
        self.assertAlmostEqual(chances[:100].sum() / chances[100:104].sum(), 10 / 2)

    def test_a_round_draws_each_as_often_as_it_should(self):
        chances = sampling.probabilities(self.samples(), 0.5, {"b": 0.25})
        drawn = sampling.draw(chances, 400, np.random.default_rng(1))
        counts = np.bincount(drawn, minlength=114)
        self.assertEqual(len(drawn), 400)
        self.assertTrue((abs(counts - 400 * chances) <= 1.0001).all())


if __name__ == "__main__":
    unittest.main()
