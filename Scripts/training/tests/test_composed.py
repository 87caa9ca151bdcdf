"""Pictures put together: individuals, what their boxes say, and names of real boxes."""

import json
import pathlib
import tempfile
import unittest

import cv2
import numpy as np

from training import coco, composed
from training.scenes import cutouts
from training.scenes.individuals import TEN, individual
from training.scenes.species import SPECIES
from training.scenes.strangers import stranger
from training.tests import fixtures

INDICES = {name: index for index, name in enumerate([*TEN, composed.STRANGER])}


def stock(places=None, **fish):
    """A Stock of grey places and flat fish of the given colours."""
    bodies = {name: [_flat(colour)] for name, colour in fish.items()}
    return composed.Stock(bodies, places or [np.full((360, 640, 3), 90, np.uint8)], [])


def _flat(colour):
    picture = np.zeros((100, cutouts.LENGTH, 4), np.uint8)
    picture[10:90] = (*colour, 255)
    return picture


class IndividualTests(unittest.TestCase):
    def test_the_ten_are_those_of_the_sample_survey(self):
        self.assertEqual(list(TEN), list(SPECIES))

    def test_each_is_drawn_trimmed_and_differs_from_the_next(self):
        for name in TEN:
            first, again, other = (
                cutouts.cutout(*individual(name, generator), generator)
                for generator in map(np.random.default_rng, (3, 3, 4))
            )
            self.assertTrue(np.array_equal(first, again), name)
            self.assertFalse(np.array_equal(first, other), name)
            self.assertTrue(first[..., 3].any(axis=1).all() and first[..., 3].any(axis=0).all())
            self.assertGreater(first.shape[1], 0.9 * cutouts.LENGTH, name)
            self.assertTrue((first[..., :3].max(axis=2) <= first[..., 3].astype(int) + 1).all())

    def test_strangers_are_drawn(self):
        for number in range(12):
            generator = np.random.default_rng(number)
            self.assertEqual(cutouts.cutout(*stranger(generator), generator).shape[2], 4)


class PictureTests(unittest.TestCase):
    def test_boxes_lie_in_the_picture_and_have_their_label(self):
        made = stock(**{"Naso brevirostris": (200, 40, 40), "fish": (40, 40, 200)})
        seen = set()
        for number in range(30):
            generator = np.random.default_rng(number)
            one = composed.picture(made, INDICES, 240, 144, generator, number)
            self.assertEqual(one.image.shape, (144, 240, 3))
            self.assertTrue((one.boxes[:, :2] >= 0).all())
            self.assertTrue((one.boxes[:, :2] + one.boxes[:, 2:] <= (240, 144)).all())
            seen |= set(one.labels)
        self.assertEqual(seen, {INDICES["Naso brevirostris"], INDICES["fish"]})

    def test_what_is_hidden_is_ignored(self):
        canvas = composed._Canvas(np.zeros((100, 200, 3), np.uint8))
        sprite = np.ones((40, 80, 4), np.float32)
        generator = np.random.default_rng(0)
        canvas.lay(sprite, 20, 20, 0, 80, generator)
        canvas.lay(sprite, 30, 22, 1, 80, generator)
        boxes, labels, hidden = canvas.boxes()
        self.assertEqual(list(labels), [1])
        self.assertEqual(list(boxes[0]), [30, 22, 80, 40])
        self.assertEqual(list(hidden[0]), [20, 20, 80, 40])
        self.assertLess(canvas.free(np.array([20, 20, 80, 40])), 0.2)

    def test_real_boxes_move_with_their_part_of_the_frame(self):
        image = np.zeros((144, 240, 3), np.uint8)
        image[50:90, 100:160] = 255
        frame = fixtures.sample(image, [[100, 50, 60, 40]])
        made = composed.Stock({}, [image], [[frame]])
        found = 0
        for number in range(30):
            background = composed._Background(made, 240, 144, np.random.default_rng(number))
            for left, top, across, down in background.boxes.astype(int):
                part = background.picture[top + 2 : top + down - 2, left + 2 : left + across - 2]
                self.assertGreater(part.mean(), 200)
                found += 1
        self.assertGreater(found, 3)

    def test_a_tilted_fish_keeps_its_size(self):
        for angle in (0, 40, 90):
            sprite = np.ones((30, 90, 4), np.float32)
            turned = composed._warped(sprite, angle, 0.0, 0.0)
            self.assertAlmostEqual(turned[..., 3].sum() / 2700, 1, delta=0.06)


class NamedTests(unittest.TestCase):
    def test_boxes_receive_their_species_and_doubtful_ones_are_ignored(self):
        with tempfile.TemporaryDirectory() as folder:
            data = pathlib.Path(folder)
            self.write(data / "tank/train")
            (data / "tank/species.csv").write_text(
                "annotation_id,file_name,species\n2,a_1.png,Naso brevirostris\n"
            )
            plan = {"named": "tank/species.csv", "doubtful": [3], "leftOut": ["b_"]}
            labels = [{"label": name, "classes": [name]} for name in ("Naso brevirostris", "fish")]
            config = {"labels": labels, "composed": plan}
            read = coco.load(data / "tank/train", config)
            self.assertEqual(len(read), 2)
            (sample,) = composed.named(read, config, data)
            self.assertEqual(sample.source, composed.NAMED)
            self.assertEqual(list(sample.labels), [1, 0])
            self.assertEqual(sample.ignored[:, 0].tolist(), [40])

    def write(self, folder):
        folder.mkdir(parents=True)
        for name in ("a_1.png", "b_1.png"):
            cv2.imwrite(str(folder / name), np.zeros((40, 60, 3), np.uint8))
        boxes = [[0, 0, 9, 9], [20, 20, 9, 9], [40, 20, 9, 9]]
        document = {
            "images": [
                {"id": number + 1, "file_name": name, "width": 60, "height": 40}
                for number, name in enumerate(("a_1.png", "b_1.png"))
            ],
            "annotations": [
                {"id": number + 1, "image_id": 1, "category_id": 1, "bbox": box}
                for number, box in enumerate(boxes)
            ],
            "categories": [{"id": 1, "name": "fish"}],
        }
        (folder / "annotations.coco.json").write_text(json.dumps(document))


if __name__ == "__main__":
    unittest.main()
