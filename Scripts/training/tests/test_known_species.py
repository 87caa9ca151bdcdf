"""The truth of boxes whose species is known, which `Scripts/evaluate-models` makes."""

import json
import pathlib
import tempfile
import unittest

from evaluation import known_species


class KnownSpeciesTests(unittest.TestCase):
    def test_boxes_of_the_table_get_their_species_class_and_their_pictures_its_tank(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            boxes = [(1, 1), (1, 2), (2, 3)]
            truth = {
                "images": [{"id": n, "file_name": f"{n}.jpg"} for n in (1, 2)],
                "annotations": [
                    {"id": number, "image_id": image, "category_id": 1, "bbox": [0, 0, 9, 9]}
                    for image, number in boxes
                ],
                "categories": [{"id": 1, "name": "fish"}, {"id": 4, "name": "shark"}],
            }
            (folder / "tanks/train").mkdir(parents=True)
            (folder / "tanks/train/annotations.coco.json").write_text(json.dumps(truth))
            file = folder / "made/known.json"
            self.assertFalse(known_species.write(folder / "tanks/train", file))
            self.assertFalse(file.exists())
            rows = "split,annotation_id,file_name,species,tank\ntrain,2,1.jpg,Naso brevirostris,B\n"
            (folder / "tanks/species.csv").write_text(rows + "val,3,2.jpg,Naso vlamingii,A\n")
            self.assertTrue(known_species.write(folder / "tanks/train", file))
            made = json.loads(file.read_text())
            names = {category["id"]: category["name"] for category in made["categories"]}
            self.assertEqual(names, {1: "fish", 4: "shark", 5: "Naso brevirostris"})
            self.assertEqual([a["category_id"] for a in made["annotations"]], [1, 5, 1])
            self.assertEqual([image["source"] for image in made["images"]], ["tank B", "train"])


if __name__ == "__main__":
    unittest.main()
