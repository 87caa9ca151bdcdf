"""What a survey sees of photos that one fish nearly fills, cut from pictures in which it is smaller."""

import cv2
import numpy as np

from evaluation.close_ups import HEIGHT, SHARES, WIDTH, part

from . import coco


def looks(sample, size):
    """Pictures in the model's input (rows, columns, channels), uint8 and without motion, of photos of each box of a
    sample: one of the photo as it is and one of it halved, as photos are looked at twice.
    """
    rows, columns = sample.image.shape[:2]
    made = []
    for box in sample.boxes:
        for share in SHARES:
            shown = part(box, share, columns, rows)
            if shown is None:
                continue
            left, top, wide, tall = map(round, shown)
            photo = sample.image[top : top + tall, left : left + wide]
            photo = cv2.resize(photo, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
            surrounded = np.pad(photo, ((HEIGHT // 2,) * 2, (WIDTH // 2,) * 2, (0, 0)))
            made += [coco.letterbox(seen, size["width"], size["height"])[0] for seen in (photo, surrounded)]
    if size.get("motion"):
        made = [np.pad(picture, ((0, 0), (0, 0), (0, 1))) for picture in made]
    return made
