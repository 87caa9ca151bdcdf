"""The figures of `fishcam evaluate` once more, by other means: LiteRT runs the model, SciPy matches.

Shares no code with Fishcam. Takes the pixels that `fishcam evaluate --save-inputs FOLDER` wrote, and
the same model, card and annotations; checks that each picture lies in its input where the card
says. Understands centroid models, decoder “peak”, fits “letterbox” and “stretch”.
"""

import argparse
import csv
import json
import pathlib

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from scipy.optimize import linear_sum_assignment


def outputs_of(interpreter, picture, pixel_range, places):
    """The grids (rows, columns, channels) that are a model's outputs number `places`, for a picture
    of uint8 (height, width, channels); None for None.
    """
    tensor = interpreter.get_input_details()[0]
    low, high = pixel_range or (0.0, 1.0)
    values = low + (high - low) * picture.astype(np.float64) / 255
    if tensor["dtype"] == np.float32:
        values = values.astype(np.float32)
    else:
        scale, zero = tensor["quantization"]
        limits = np.iinfo(tensor["dtype"])
        codes = np.floor(values / scale + 0.5) + zero
        values = np.clip(codes, limits.min, limits.max).astype(tensor["dtype"])
    interpreter.set_tensor(tensor["index"], values[None])
    interpreter.invoke()
    grids = []
    for place in places:
        if place is None:
            grids.append(None)
            continue
        output = interpreter.get_output_details()[place]
        grid = interpreter.get_tensor(output["index"])[0]
        if grid.dtype != np.float32:
            scale, zero = output["quantization"]
            grid = (grid.astype(np.float32) - zero) * np.float32(scale)
        grids.append(grid)
    return grids


def peaks(grid, background, floor, sizes=None):
    """[x, y, label, score, row, column] in cells: local maxima of the label that is best in a cell, and
    with sizes, log2 in cells, what no maximum explains in the cells beside them.
    """
    rows, columns, channels = grid.shape
    labels = [channel for channel in range(channels) if channel != background]
    best = np.array(labels)[np.argmax(grid[:, :, labels], axis=2)]
    found, touching = [], {}
    for row in range(rows):
        for column in range(columns):
            channel = best[row, column]
            score = float(grid[row, column, channel])
            if score < floor or score <= 0:
                continue
            top, left = max(0, row - 1), max(0, column - 1)
            around = grid[top : row + 2, left : column + 2, channel].astype(np.float64)
            down, across = np.mgrid[0 : around.shape[0], 0 : around.shape[1]]
            x = ((across + left - column) * around).sum() / around.sum()
            y = ((down + top - row) * around).sum() / around.sum()
            middle = np.clip([x, y], -0.5, 0.5) + 0.5
            one = column + middle[0], row + middle[1], labels.index(channel), score, row, column
            # The first of equal neighbours in reading order is the maximum.
            if np.argmax(around) == (row - top) * around.shape[1] + (column - left):
                found.append(one)
            else:
                touching[row, column] = one
    if sizes is None:
        return found
    beside = lambda one, other: one[2] == other[2] and max(abs(one[4] - other[4]), abs(one[5] - other[5])) == 1
    touching = [one for one in touching.values() if any(beside(one, other) for other in found)]
    explaining = []
    for one in sorted(found + touching, key=lambda one: -one[3]):
        if one in touching:
            given = [0.0]
            for other in explaining:
                if beside(one, other):
                    sigma = np.maximum(0.65, 1.3 / 6 * np.exp2(sizes[other[4], other[5]].astype(np.float64)))
                    away = np.array([one[5] + 0.5 - other[0], one[4] + 0.5 - other[1]])
                    given.append(other[3] * np.exp(-0.5 * ((away / sigma) ** 2).sum()))
            one = *one[:3], max(0.0, one[3] - max(given)), *one[4:]
        explaining.append(one)
    return [one for one in explaining if one[3] > 0 and one[3] >= floor]


def probability(score, line):
    """What a score means by a calibration's line; the score itself without one."""
    if line is None:
        return score
    score = min(max(score, 1e-6), 1 - 1e-6)
    odds = line["scale"] * np.log(score / (1 - score)) + line["offset"]
    return 1 / (1 + np.exp(-odds))


def found_on(grid, sizes, card, line, floor):
    """[x, y, label's name, probability] of what the card's labels, or its open set, find."""
    labels = card["labels"]
    channels = [c for c in range(grid.shape[2]) if c != card.get("background")]
    grid = grid[:, :, channels]
    # Scores this low cannot be of a probability that is kept: lines rise, and floors are above 0.
    least = next((s for s in np.linspace(0, 1, 2001)[1:] if probability(s, line) >= floor), 1)
    least = max(1e-9, least - 0.0005)
    opened = card.get("openSet")
    names = [label["label"] for label in labels]
    inside = sorted(names.index(name) for name in opened["labels"]) if opened else []
    outside = [index for index in range(len(names)) if index not in inside]
    units = [grid[:, :, index] for index in outside]
    if opened:
        together = np.zeros(grid.shape[:2], np.float32)
        for index in inside:
            together = together + grid[:, :, index]
        units.append(together)
    for x, y, unit, score, row, column in peaks(np.dstack(units), None, least, sizes):
        kept = probability(min(1.0, score), line)
        if kept < floor:
            continue
        if unit < len(outside):
            name = names[outside[unit]]
        else:
            powers = grid[row, column, inside].astype(np.float64) ** (1 / opened["temperature"])
            first = labels[inside[int(powers.argmax())]]
            share = opened["nameAbove"][opened["labels"].index(first["label"])]
            clear = powers.max() / powers.sum() >= share
            named = clear and first.get("taxon") != opened["taxon"]
            name = first["label"] if named else opened["label"]
        yield x, y, name, kept


def halved(picture):
    """A picture at half its size, in the middle of a black one of its shape."""
    rows, columns = picture.shape[0] // 2, picture.shape[1] // 2
    blocks = picture[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2, -1).astype(np.float64)
    black = np.zeros_like(picture)
    top, left = (picture.shape[0] - rows) // 2, (picture.shape[1] - columns) // 2
    black[top : top + rows, left : left + columns] = np.floor(blocks.mean(axis=(1, 3)) + 0.5)
    return black, (left, top)


def both_looks(first, second):
    """[x, y, label, score, width, height] of what two looks at a photo find, all as shares of the photo:
    of the second what is large; from the highest score to the lowest, what is not known yet.
    """
    area = lambda one: one[4] * one[5]
    large = lambda one: max(one[4:]) >= 0.4
    inside = lambda one, box: abs(one[0] - box[0]) <= box[4] / 2 and abs(one[1] - box[1]) <= box[5] / 2

    def overlap(one, other):
        corners = [(np.array(box[:2]) - np.array(box[4:]) / 2, np.array(box[:2]) + np.array(box[4:]) / 2) for box in (one, other)]
        sides = np.minimum(corners[0][1], corners[1][1]) - np.maximum(corners[0][0], corners[1][0])
        both = sides.prod() if (sides > 0).all() else 0
        return both / (area(one) + area(other) - both)

    kept = []
    found = [(one, True) for one in second if large(one)] + [(one, False) for one in first]
    for one, again in sorted(found, key=lambda part: -part[0][3]):
        known = any(
            (large(one) and large(other) and overlap(one, other) >= 0.5)
            or (other_again and inside(one, other))
            or (again and inside(other, one) and area(other) >= area(one) / 4)
            for other, other_again in kept
        )
        if not known:
            kept.append((one, again))
    return [one for one, _ in kept]


def placed(width, height, input_width, input_height, fit):
    """Left, top, width and height of a picture in the input."""
    if fit == "stretch":
        return 0, 0, input_width, input_height
    scale = min(input_width / width, input_height / height)
    inner = [int(np.floor(side * scale + 0.5)) for side in (width, height)]
    return (input_width - inner[0]) // 2, (input_height - inner[1]) // 2, *inner


def pair(costs):
    """Rows that get a column: as many as possible, of those ways the cheapest. inf is no pair."""
    if not costs.size:
        return np.zeros(0, int)
    allowed = np.isfinite(costs)
    large = 1 + (costs[allowed].max() if allowed.any() else 0) * (min(costs.shape) + 1)
    rows, columns = linear_sum_assignment(np.where(allowed, costs, large))
    return rows[allowed[rows, columns]]


class Sums:
    """Right, wrong and missed, and what else F1 and counts are made of."""

    def __init__(self):
        self.right = self.wrong = self.boxes = self.images = self.count_error = 0
        self.recalled = self.recall_boxes = self.empty = self.wrong_in_empty = 0

    def figures(self):
        share = lambda part, whole: part / whole if whole else None
        return {
            "complete_images": self.images,
            "boxes": self.boxes,
            "right": self.right,
            "wrong": self.wrong,
            "f1": share(2 * self.right, self.right + self.wrong + self.boxes),
            "precision": share(self.right, self.right + self.wrong),
            "recall": share(self.recalled, self.recall_boxes),
            "count_mae": share(self.count_error, self.images),
            "false_positives_per_empty_image": share(self.wrong_in_empty, self.empty),
        }


def measure(arguments):
    card = json.loads(pathlib.Path(arguments.card).read_text())
    document = json.loads(pathlib.Path(arguments.annotations).read_text())
    inputs = pathlib.Path(arguments.inputs)
    entries = {entry["file_name"]: entry for entry in json.loads((inputs / "inputs.json").read_text())}
    own = [f for f in card["files"] if f["file"] == pathlib.Path(arguments.model).name]
    own = own[0] if own else {}
    opened, levels = card.get("openSet"), {}
    for label in card["labels"]:
        threshold = label["threshold"]
        if opened and label["label"] in opened["labels"]:
            if label.get("taxon") == opened["taxon"]:
                continue
            threshold = opened["threshold"]
        levels[label["label"]] = threshold if arguments.threshold is None else arguments.threshold
    if opened:
        given = arguments.threshold
        levels[opened["label"]] = opened["threshold"] if given is None else given
    names, thresholds = list(levels), list(levels.values())
    floor = min([card["floor"], *thresholds])
    lines = own.get("calibration", {})
    table = {name: name for name in names}
    if arguments.classes:
        with open(arguments.classes, newline="", encoding="utf-8-sig") as file:
            table = {row["truth"]: row["label"] for row in csv.DictReader(file)}
    categories = {entry["id"]: table.get(entry["name"]) for entry in document["categories"]}
    annotations = {}
    for annotation in document["annotations"]:
        annotations.setdefault(annotation["image_id"], []).append(annotation)

    # Integer arithmetic is defined by the reference kernels; the faster ones round otherwise.
    kernels = OpResolverType.AUTO if arguments.fast else OpResolverType.BUILTIN_REF
    files = {False: arguments.model, True: arguments.model}
    if twin := own.get("portrait"):
        files[True] = str(pathlib.Path(arguments.model).with_name(twin["file"]))
    interpreters = {}
    for is_tall, file in files.items():
        interpreters[is_tall] = Interpreter(model_path=file, experimental_op_resolver_type=kernels)
        interpreters[is_tall].allocate_tensors()
    sums = {"all": Sums(), "near_centre": Sums()}
    for image in document["images"]:
        entry = entries[image["file_name"]]
        width, height = image["width"], image["height"]
        interpreter = interpreters[height > width]
        input_height, input_width = interpreter.get_input_details()[0]["shape"][1:3]
        box = placed(width, height, input_width, input_height, card["input"]["fit"])
        stated = tuple(entry[key] for key in ("left", "top", "width", "height"))
        assert box == stated, f"{image['file_name']}: placed at {stated} instead of {box}"
        left, top, inner_width, inner_height = box
        places = card.get("outputs", {})
        line = lines.get("moving" if entry.get("motion") else "still")
        rows, columns = interpreter.get_output_details()[places.get("scores", 0)]["shape"][1:3]
        cell = input_width / columns, input_height / rows

        def look(picture, corner, times, slack):
            """[x, y, label, score, width, height] as shares of the picture, of an input in which it lies
            at a corner, `times` smaller; up to `slack` cells outside.
            """
            grid, sizes = outputs_of(
                interpreter,
                picture,
                card["input"].get("pixelRange"),
                (places.get("scores", 0), places.get("sizes")),
            )
            for x, y, name, score in found_on(grid, sizes, card, line, floor):
                side = (0, 0)
                if sizes is not None:
                    side = np.exp2(sizes[min(int(y), rows - 1), min(int(x), columns - 1)].astype(np.float64))
                    side = side * cell * times
                    side = np.minimum(1, side / (inner_width, inner_height))
                x, y = (x * cell[0] - corner[0]) * times - left, (y * cell[1] - corner[1]) * times - top
                outside = max(-x, x - inner_width, 0) > cell[0] * slack
                if not outside and max(-y, y - inner_height, 0) <= cell[1] * slack:
                    point = np.clip([x / inner_width, y / inner_height], 0, 1)
                    yield *point, names.index(name), score, *side

        picture = np.load(inputs / entry["input"])
        found = list(look(picture, (0, 0), 1, 0.5))
        if entry.get("photo") and places.get("sizes") is not None:
            smaller, corner = halved(picture)
            found = both_looks(found, list(look(smaller, corner, 2, 0)))
        found = [(x * width, y * height, label) for x, y, label, score, *_ in found if score >= thresholds[label]]
        truth = []
        regions = []
        for annotation in annotations.get(image["id"], []):
            if annotation.get("iscrowd"):
                regions.append(annotation["bbox"])
            elif min(annotation["bbox"][2:]) >= 2 and categories[annotation["category_id"]]:
                name = categories[annotation["category_id"]]
                truth.append((annotation["bbox"], names.index(name)))
        margin = cell[0] / 2 * width / inner_width, cell[1] / 2 * height / inner_height

        def holds(box, x, y):
            return (
                box[0] - margin[0] <= x <= box[0] + box[2] + margin[0]
                and box[1] - margin[1] <= y <= box[1] + box[3] + margin[1]
            )

        for rule in ("all", "near_centre"):
            costs = np.full((len(found), len(truth)), np.inf)
            for row, (x, y, label) in enumerate(found):
                for column, (box, wanted) in enumerate(truth):
                    dx, dy = x - box[0] - box[2] / 2, y - box[1] - box[3] / 2
                    if rule == "near_centre":
                        dx, dy = dx / width, dy / height
                    near = holds(box, x, y) if rule == "all" else np.hypot(dx, dy) <= 0.2
                    if near and label == wanted:
                        costs[row, column] = np.hypot(dx, dy)
            right = set(pair(costs).tolist())
            wrong = [
                row
                for row, (x, y, _) in enumerate(found)
                if row not in right and not any(holds(region, x, y) for region in regions)
            ]
            targets = [sums[rule]]
            if rule == "all":
                targets.append(sums.setdefault(image.get("source"), Sums()))
            for target in targets:
                target.recalled += len(right)
                target.recall_boxes += len(truth)
                if image.get("labels") == "incomplete":
                    continue
                target.images += 1
                target.boxes += len(truth)
                target.right += len(right)
                target.wrong += len(wrong)
                target.count_error += abs(len(right) + len(wrong) - len(truth))
                if not truth and not regions:
                    target.empty += 1
                    target.wrong_in_empty += len(wrong)
    everything = sums.pop("all").figures()
    everything["near_centre_f1"] = sums.pop("near_centre").figures()["f1"]
    everything["by_source"] = {source: part.figures() for source, part in sums.items() if source}
    return everything


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help=".tflite file")
    parser.add_argument("--card", required=True, help="its card.json")
    parser.add_argument("--annotations", required=True, help="COCO file")
    parser.add_argument("--inputs", required=True, help="what evaluate --save-inputs wrote")
    parser.add_argument("--threshold", type=float, help="for all labels; the card's unless given")
    parser.add_argument("--classes", help="a table truth,label")
    parser.add_argument(
        "--fast", action="store_true", help="LiteRT's fast kernels, which round integers otherwise"
    )
    print(json.dumps(measure(parser.parse_args()), indent=2))
