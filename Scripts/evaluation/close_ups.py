"""Photos that one animal nearly fills, cut from pictures whose boxes are known.

Each is a box's surroundings, 4 : 3, enlarged to 960 × 720, in which the box's longer side takes a share of the
width. Its other animals have no boxes, so only recall can be measured.
"""

import json
import subprocess

SHARES = (0.4, 0.6, 0.8)
"""What an animal's longer side takes of the photo's width."""

LEAST = 70
"""Pixels of a box's longer side from which it is shown."""

WIDTH, HEIGHT = 960, 720


def part(box, share, width, height):
    """Left, top, width and height of the part of a picture in whose width a box's longer side takes a share, as
    nearly in its middle as the picture's edges allow; None where the box is too small or the picture.
    """
    left, top, across, down = box
    wide = max(across, down) / share
    tall = wide * HEIGHT / WIDTH
    if max(across, down) < LEAST or wide > width or tall > height:
        return None
    x = min(max(0, left + across / 2 - wide / 2), width - wide)
    y = min(max(0, top + down / 2 - tall / 2), height - tall)
    return x, y, wide, tall


def write(annotations, classes, folder):
    """Photos of the boxes of some classes of a COCO file, and the COCO file of these; returns its path.

    Sources are “0.4” and so on; and “0.4 as frame”, where the same picture is a video's only frame, which is
    looked at once, as a photo was without a second look.
    """
    given = json.loads(annotations.read_text())
    pictures = {image["id"]: image for image in given["images"]}
    names = {category["id"]: category["name"] for category in given["categories"]}
    folder.mkdir(parents=True)
    images, boxes, cuts = [], [], {}
    for annotation in given["annotations"]:
        left, top, width, height = annotation["bbox"]
        if names[annotation["category_id"]] not in classes:
            continue
        picture = pictures[annotation["image_id"]]
        for share in SHARES:
            shown = part(annotation["bbox"], share, picture["width"], picture["height"])
            if shown is None:
                continue
            x, y, wide, tall = shown
            name = f"{share}-{annotation['id']}.jpg"
            cuts.setdefault(picture["file_name"], []).append(((wide, tall, x, y), folder / name))
            scale = WIDTH / wide
            box = [(left - x) * scale, (top - y) * scale, width * scale, height * scale]
            for source, file in ((f"{share}", name), (f"{share} as frame", f"frame-{name}")):
                if file != name:
                    (folder / file).symlink_to(folder / name)
                image = {"id": len(images) + 1, "file_name": file, "width": WIDTH, "height": HEIGHT}
                video = {} if file == name else {"video": file}
                images.append(image | video | {"source": source, "labels": "incomplete"})
                boxes.append(annotation | {"id": len(images), "image_id": len(images), "bbox": box})
    for name, parts in cuts.items():
        _cut(annotations.parent / name, parts)
    path = folder / "annotations.coco.json"
    path.write_text(
        json.dumps({"images": images, "annotations": boxes, "categories": given["categories"]})
    )
    return path


def _cut(picture, parts):
    """Parts (width, height, left, top; pixels) of a picture, each as a photo."""
    command = ["ffmpeg", "-v", "error", "-i", picture]
    for part, photo in parts:
        crop = ":".join(f"{value:.0f}" for value in part)
        command += ["-vf", f"crop={crop},scale={WIDTH}:{HEIGHT}:flags=bicubic", "-q:v", "2", photo]
    subprocess.run(command, check=True)
