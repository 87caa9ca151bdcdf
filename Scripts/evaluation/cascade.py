"""Whether one network finds animals better than another names them: a cascade against one multi-class network.

  PYTHONPATH=Scripts .venv/bin/python -m evaluation.cascade --fishcam .build/release/fishcam \\
    --classifier aquarium-window.tflite --data ../shared/data

`.venv` is that of Scripts/train. A network finds animals in `aquarium/val` (from its floor up); a square around each, 1.4 times as
large as its longer side, is cut out of the picture and named by the classifier (`fishcam classify`). Every variant has the threshold for
each class that gives its best F1 on these very pictures, so all figures flatter alike. “The truth” names what lies in a box by that box: no classifier could
do better. Prints tables.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

import cv2
import numpy as np

from training import augmentation

MARGIN = 7.0
"""As in compare-ways, in pixels of a picture whose longest side is 704."""
AROUND, SIDE = 1.4, 96
SURE = (0.5, 0.7, 0.9)
THREE = ("fish", "shark", "stingray")


def answer(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def found(fishcam, model, pictures):
    """By picture, its size and detections."""
    reports = answer(
        [fishcam, "detect", *pictures, "--model", model, "--threshold", "0.1", "--json"]
    )
    return {
        pathlib.Path(report["file"]).name: report["frames"][0]["detections"] for report in reports
    }


def names_of_crops(fishcam, classifier, detections, folder):
    """Adds to each detection what the classifier says of its crop: shares by label."""
    with tempfile.TemporaryDirectory() as work:
        paths, owners = [], []
        for name, found_there in detections.items():
            image = cv2.imread(str(folder / name))
            rows, columns = image.shape[:2]
            for one in found_there:
                side = AROUND * max(one["width"] * columns, one["height"] * rows, 8)
                left, top = one["x"] * columns - side / 2, one["y"] * rows - side / 2
                crop = augmentation.window(image, left, top, side / SIDE, SIDE, SIDE)
                paths.append(f"{work}/{len(paths):05}.png")
                cv2.imwrite(paths[-1], crop)
                owners.append(one)
        command = [fishcam, "classify", *paths, "--model", classifier, "--top", "20", "--json"]
        for one, report in zip(owners, answer(command)):
            one["crop"] = {item["label"]: item["score"] for item in report["labels"]}


def pairs(cells):
    """How many detections have a box of their own, at most (Kuhn)."""
    owner = {}

    def place(row, seen):
        for column in cells[row]:
            if column not in seen:
                seen.add(column)
                if column not in owner or place(owner[column], seen):
                    owner[column] = row
                    return True
        return False

    return sum(place(row, set()) for row in range(len(cells)))


def inside(one, box, size):
    left, top, width, height = box
    x, y = one["x"] * size[0], one["y"] * size[1]
    return (
        left - MARGIN <= x <= left + width + MARGIN and top - MARGIN <= y <= top + height + MARGIN
    )


def add_truth(truth, detections):
    """Adds to each detection the class of the box that it lies in, the nearest centre's, or its own label."""
    for name, items in detections.items():
        size = truth[name]["size"]
        boxes = [(label, box) for label, own in truth[name]["boxes"].items() for box in own]
        for one in items:
            x, y = one["x"] * size[0], one["y"] * size[1]
            around = [
                ((left + width / 2 - x) ** 2 + (top + height / 2 - y) ** 2, label)
                for label, (left, top, width, height) in boxes
                if inside(one, (left, top, width, height), size)
            ]
            one["true"] = min(around)[1] if around else one["label"]


def best_f1(truth, detections, label):
    """The best F1 of a label over thresholds, detections as (label, score) by `named`."""
    own = {
        name: [(one["score_now"], one) for one in items if one["label_now"] == label]
        for name, items in detections.items()
    }
    boxes = sum(len(truth[name]["boxes"].get(label, [])) for name in truth)
    best = 0.0
    for threshold in np.arange(0.1, 0.95, 0.02):
        right = count = 0
        for name, items in own.items():
            kept = [one for score, one in items if score >= threshold]
            there = truth[name]["boxes"].get(label, [])
            right += pairs(
                [
                    [i for i, box in enumerate(there) if inside(one, box, truth[name]["size"])]
                    for one in kept
                ]
            )
            count += len(kept)
        best = max(best, 2 * right / max(1, count + boxes))
    return best


def row(words, truth, detections, rule, labels):
    """One line of the table: macro F1 and each class, with names and scores by `rule`."""
    for items in detections.values():
        for one in items:
            one["label_now"], one["score_now"] = rule(one)
    values = [best_f1(truth, detections, label) for label in labels]
    cells = [words, f"**{np.mean(values):.3f}**", *(f"{value:.2f}" for value in values)]
    print("| " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fishcam", required=True)
    parser.add_argument("--classifier", required=True, help="a .tflite of the same classes, with its card")
    parser.add_argument("--data", required=True, type=pathlib.Path)
    options = parser.parse_args()
    folder = options.data / "aquarium/val"
    document = json.loads((folder / "annotations.coco.json").read_text())
    classes = {entry["id"]: entry["name"] for entry in document["categories"]}
    truth = {
        image["file_name"]: {"size": (image["width"], image["height"]), "boxes": {}, "id": image["id"]}
        for image in document["images"]
    }
    by_id = {entry["id"]: entry for entry in truth.values()}
    for note in document["annotations"]:
        by_id[note["image_id"]]["boxes"].setdefault(classes[note["category_id"]], []).append(note["bbox"])
    pictures = [str(folder / name) for name in truth]
    labels = sorted({label for entry in truth.values() for label in entry["boxes"]})

    def name(one, among):
        return max(among, key=lambda label: one["crop"].get(label, 0))

    print("| Finds | Names | macro F1 | " + " | ".join(labels) + " |")
    print("|" + "---|" * (len(labels) + 3))
    one_network = found(options.fishcam, "aquarium", pictures)
    names_of_crops(options.fishcam, options.classifier, one_network, folder)
    add_truth(truth, one_network)
    row("`aquarium` | itself", truth, one_network, lambda one: (one["label"], one["score"]), labels)
    row("`aquarium` | crop", truth, one_network, lambda one: (name(one, labels), one["score"]), labels)
    row(
        "`aquarium` | crop, score × share", truth, one_network,
        lambda one: (name(one, labels), one["score"] * one["crop"][name(one, labels)]), labels,
    )
    for sure in SURE:
        row(
            f"`aquarium` | crop where its share is {sure} or more, else itself", truth, one_network,
            lambda one: (
                name(one, labels) if one["crop"][name(one, labels)] >= sure else one["label"], one["score"]
            ), labels,
        )
    row("`aquarium` | the truth", truth, one_network, lambda one: (one["true"], one["score"]), labels)
    print("\n| Finds | Names | macro F1 | " + " | ".join(THREE) + " |")
    print("|" + "---|" * (len(THREE) + 3))
    row("`aquarium` | itself", truth, one_network, lambda one: (one["label"], one["score"]), THREE)
    first = found(options.fishcam, "fish", pictures)
    names_of_crops(options.fishcam, options.classifier, first, folder)
    add_truth(truth, first)
    row("`fish` | all fish", truth, first, lambda one: ("fish", one["score"]), THREE)
    row("`fish` | crop", truth, first, lambda one: (name(one, THREE), one["score"]), THREE)
    row(
        "`fish` | crop of all seven", truth, first, lambda one: (name(one, labels), one["score"]), THREE
    )
    row("`fish` | the truth", truth, first, lambda one: (one["true"], one["score"]), THREE)


if __name__ == "__main__":
    main()
