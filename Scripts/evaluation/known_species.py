"""Pictures in which the species of some boxes was recognised, with these boxes as truth of their own classes."""

import csv
import json


def write(folder, file):
    """The COCO file of a folder of pictures, in which boxes that `species.csv` beside the folder names are of that
    species' class; returns whether it names any.

    A picture's source is its tank, where one of its boxes is named, else the folder's name.
    """
    table = folder.parent / "species.csv"
    if not table.exists():
        return False
    with table.open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == folder.name]
    species = {int(row["annotation_id"]): row["species"] for row in rows}
    tanks = {row["file_name"]: f"tank {row['tank']}" for row in rows}
    truth = json.loads((folder / "annotations.coco.json").read_text())
    first = 1 + max(category["id"] for category in truth["categories"])
    classes = {name: first + index for index, name in enumerate(sorted(set(species.values())))}
    truth["categories"] += [{"id": number, "name": name} for name, number in classes.items()]
    for image in truth["images"]:
        image["source"] = tanks.get(image["file_name"], folder.name)
    for annotation in truth["annotations"]:
        if annotation["id"] in species:
            annotation["category_id"] = classes[species[annotation["id"]]]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(truth))
    return bool(rows)
