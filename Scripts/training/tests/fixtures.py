"""A small COCO folder of rendered scenes, and samples made by hand."""

import json

import cv2
import numpy as np

from training import coco, rendered


def sample(image, boxes=(), **values):
    """A Sample of `image` with `boxes` of label 0; `values` replace its other fields."""
    fields = {
        "ignored": np.zeros((0, 4), np.float32),
        "complete": True,
        "source": "fixture",
        "video": "",
    }
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    return coco.Sample(image, boxes, np.zeros(len(boxes), np.int64), **fields | values)


def write_coco(folder, scenes, seed):
    """Write `scenes` rendered scenes of rendered.FRAMES frames as a COCO folder."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "fish"}]}
    for scene in range(scenes):
        for frame, (image, boxes, _) in enumerate(rendered.scene([seed, scene])):
            number = len(document["images"]) + 1
            name = f"scene{scene}_{frame:03}.jpg"
            small = cv2.resize(image, (320, 180), interpolation=cv2.INTER_AREA)
            cv2.imwrite(str(folder / name), small[..., ::-1])
            document["images"].append({"id": number, "file_name": name, "video": f"scene{scene}"})
            for box in boxes * 320 / image.shape[1]:
                document["annotations"].append(
                    {
                        "id": len(document["annotations"]) + 1,
                        "image_id": number,
                        "category_id": 1,
                        "bbox": [round(float(value), 1) for value in box],
                    }
                )
    (folder / "annotations.coco.json").write_text(json.dumps(document))


CONFIGURATION = {
    "name": "small",
    "version": "0.0.1",
    "description": "For tests.",
    "input": {"width": 160, "height": 96, "pixelRange": [0, 1]},
    "network": {"kind": "context", "contextBlocks": 1, "contextChannels": 24, "sizes": True},
    "labels": [{"label": "fish", "taxon": "fish", "classes": ["fish"]}],
    "train": ["train"],
    "val": ["val"],
    "rounds": 1,
    "stepsPerRound": 2,
    "trainingData": [],
    "licence": "Apache-2.0",
}
