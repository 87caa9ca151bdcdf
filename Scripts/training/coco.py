"""COCO folders as arrays in memory: pictures scaled once, boxes by label."""

import dataclasses
import json
import pathlib

import cv2
import numpy as np


@dataclasses.dataclass
class Sample:
    """One picture with its boxes.

    `image` is RGB uint8. `boxes` are [left, top, width, height] in pixels of `image`, `labels`
    the index of each box's label. `ignored` are boxes that are neither fish nor background.
    `complete` is false where unlabelled fish are known or suspected; `source`, `video` (empty for
    a single picture), `folder` (as the configuration names it) and `file` say where it comes from.
    `motion` is the motion channel (rows, columns) of the letterboxed picture at the model's input
    size, where the model has one.
    """

    image: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    ignored: np.ndarray
    complete: bool
    source: str
    video: str
    folder: str = ""
    file: str = ""
    motion: np.ndarray | None = None


def label_indices(config):
    """Map COCO category names to label indices, counted from 0."""
    return {
        name: index for index, label in enumerate(config["labels"]) for name in label["classes"]
    }


def load(folder, config, scale_of=None):
    """Every picture of one COCO folder (`annotations.coco.json` and the files it names).

    `scale_of(width, height)` gives the factor at which a picture is kept (area averaging);
    without it, pictures keep their size.
    """
    folder = pathlib.Path(folder)
    document = json.loads((folder / "annotations.coco.json").read_text())
    indices = label_indices(config)
    names = {category["id"]: category["name"] for category in document["categories"]}
    annotations = {}
    for annotation in document["annotations"]:
        annotations.setdefault(annotation["image_id"], []).append(annotation)
    samples = []
    for entry in document["images"]:
        image = read_rgb(folder / entry["file_name"])
        height, width = image.shape[:2]
        scale = min(1.0, scale_of(width, height)) if scale_of else 1.0
        if scale < 1:
            size = (round(width * scale), round(height * scale))
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        boxes, labels, ignored = [], [], []
        for annotation in annotations.get(entry["id"], []):
            box = [value * scale for value in annotation["bbox"]]
            name = names[annotation["category_id"]]
            if annotation.get("iscrowd"):
                ignored.append(box)
            elif name in indices and min(annotation["bbox"][2:]) >= 2:
                boxes.append(box)
                labels.append(indices[name])
        samples.append(
            Sample(
                image,
                np.array(boxes, np.float32).reshape(-1, 4),
                np.array(labels, np.int64),
                np.array(ignored, np.float32).reshape(-1, 4),
                entry.get("labels") != "incomplete",
                entry.get("source") or folder.parent.name,
                entry.get("video", ""),
                f"{folder.parent.name}/{folder.name}",
                entry["file_name"],
            )
        )
    return samples


def read_rgb(path):
    """A picture file as RGB uint8; raises FileNotFoundError naming it."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise FileNotFoundError(f"{path}: cannot be read as a picture")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def letterbox(image, width, height):
    """Fit `image` into width × height with black bars, by area averaging.

    Returns the canvas, the scale, and the left and top of the picture in it: exactly what a
    survey does with a frame.
    """
    rows, columns = image.shape[:2]
    scale = min(width / columns, height / rows)
    inner = (round(columns * scale), round(rows * scale))
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    canvas = np.zeros((height, width, 3), np.uint8)
    scaled = cv2.resize(image, inner, interpolation=cv2.INTER_AREA)
    canvas[top : top + inner[1], left : left + inner[0]] = scaled
    return canvas, scale, left, top
