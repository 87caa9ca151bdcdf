"""COCO folders and labelled clips as arrays in memory: pictures scaled once, boxes by label."""

import concurrent.futures
import dataclasses
import functools
import json
import pathlib
import typing

import cv2
import numpy as np

from .configuration import ConfigurationError


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


def categories(folder):
    """Names of the categories that a folder's boxes have."""
    path = pathlib.Path(folder) / "annotations.coco.json"
    if path.exists():
        return [category["name"] for category in _document(path)["categories"]]
    if any(pathlib.Path(folder).glob("*.gt.json")):
        return ["fish"]
    raise _missing(folder)


def load(folder, config, scale_of=None, most=None):
    """Every picture of one COCO folder (`annotations.coco.json` and the files it names), or of
    the clips (`NAME.mp4` with `NAME.gt.json`) of a folder without one.

    `scale_of(width, height)` gives the factor at which a picture is kept (area averaging);
    without it, pictures keep their size. `most` keeps that many, spread evenly.
    """
    folder = pathlib.Path(folder)
    if (folder / "annotations.coco.json").exists():
        entries = _coco_entries(folder)
    elif truths := sorted(folder.glob("*.gt.json")):
        entries = [entry for truth in truths for entry in _clip_entries(truth)]
    else:
        raise _missing(folder)
    if most and len(entries) > most:
        entries = [entries[index * len(entries) // most] for index in range(most)]
    indices = label_indices(config)
    with concurrent.futures.ThreadPoolExecutor() as threads:
        return list(threads.map(lambda entry: _sample(folder, entry, indices, scale_of), entries))


@dataclasses.dataclass
class _Entry:
    """A picture before it is read: `boxes` are (category, [left, top, width, height], crowd)."""

    read: typing.Callable
    file: str
    boxes: list
    complete: bool
    source: str
    video: str


def _missing(folder):
    return FileNotFoundError(
        f"{folder}: holds neither annotations.coco.json nor clips with NAME.gt.json; "
        "--data names the folder above those of a configuration that are not absolute"
    )


def _read_json(path):
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path}: is not one object, as truth is")
    return document


def _document(path):
    """A COCO file whose entries have what is read of them."""
    document = _read_json(path)
    needed = {
        "images": ("id", "file_name"),
        "annotations": ("image_id", "category_id", "bbox"),
        "categories": ("id", "name"),
    }
    for part, keys in needed.items():
        if not isinstance(document.get(part), list):
            raise ConfigurationError(f"{path}: has no list '{part}', as COCO files have")
        for number, entry in enumerate(document[part]):
            for key in keys:
                if not isinstance(entry, dict) or key not in entry:
                    raise ConfigurationError(f"{path}: {part}[{number}] has no '{key}'")
    images = {entry["id"] for entry in document["images"]}
    categories = {entry["id"] for entry in document["categories"]}
    for number, entry in enumerate(document["annotations"]):
        if entry["category_id"] not in categories:
            raise ConfigurationError(f"{path}: annotations[{number}] has the unknown category {entry['category_id']!r}")
        if entry["image_id"] not in images:
            raise ConfigurationError(f"{path}: annotations[{number}] is of the image {entry['image_id']!r}, which is not there")
        box = entry["bbox"]
        if not isinstance(box, list) or len(box) != 4 or not all(isinstance(v, (int, float)) for v in box):
            raise ConfigurationError(f"{path}: annotations[{number}]: 'bbox' is not [left, top, width, height]")
    return document


def _coco_entries(folder):
    document = _document(folder / "annotations.coco.json")
    names = {category["id"]: category["name"] for category in document["categories"]}
    boxes = {}
    for annotation in document["annotations"]:
        boxes.setdefault(annotation["image_id"], []).append(
            (names[annotation["category_id"]], annotation["bbox"], bool(annotation.get("iscrowd")))
        )
    return [
        _Entry(
            functools.partial(read_rgb, folder / entry["file_name"]),
            entry["file_name"],
            boxes.get(entry["id"], []),
            entry.get("labels") != "incomplete",
            entry.get("source") or folder.parent.name,
            entry.get("video", ""),
        )
        for entry in document["images"]
    ]


def _clip_entries(truth):
    """Frames of a clip; its boxes are centre, width and height as parts of the frame."""
    name = truth.name.removesuffix(".gt.json")
    clip = next(truth.parent.glob(f"{name}.[!g]*"), None)
    if clip is None:
        raise FileNotFoundError(f"{truth}: no clip {name}.mp4 beside it")
    frames = _read_json(truth).get("frames")
    if not isinstance(frames, list) or not all(isinstance(f, dict) and "boxes_xywhn" in f for f in frames):
        raise ConfigurationError(f"{truth}: has no 'frames' with 'boxes_xywhn'")
    video, entries = cv2.VideoCapture(str(clip)), []
    for number, frame in enumerate(frames):
        there, picture = video.read()
        if not there:
            raise FileNotFoundError(f"{clip}: ends before frame {number} of {truth.name}")
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        rows, columns = picture.shape[:2]
        boxes = [
            ("fish", [(x - w / 2) * columns, (y - h / 2) * rows, w * columns, h * rows], False)
            for x, y, w, h in frame["boxes_xywhn"]
        ]
        read = lambda picture=picture: picture
        entries.append(_Entry(read, f"{name}-{number:06}", boxes, True, name, name))
    return entries


def _sample(folder, entry, indices, scale_of):
    image = entry.read()
    height, width = image.shape[:2]
    scale = min(1.0, scale_of(width, height)) if scale_of else 1.0
    if scale < 1:
        size = (round(width * scale), round(height * scale))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    boxes, labels, ignored = [], [], []
    for name, box, crowd in entry.boxes:
        if crowd:
            ignored.append([value * scale for value in box])
        elif name in indices and min(box[2:]) >= 2:
            boxes.append([value * scale for value in box])
            labels.append(indices[name])
    return Sample(
        image,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(labels, np.int64),
        np.array(ignored, np.float32).reshape(-1, 4),
        entry.complete,
        entry.source,
        entry.video,
        f"{folder.parent.name}/{folder.name}",
        entry.file,
    )


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
