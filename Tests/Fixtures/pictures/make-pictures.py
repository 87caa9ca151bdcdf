#!/usr/bin/env python3
"""Makes the small JPEG files of this folder (needs: pip install pillow).

Each shows, upright, 32 x 16 pixels: upper left red, upper right green, lower left blue, lower right
white. orientation-N.jpg is stored so that Exif orientation N makes it upright; cmyk.jpg has Adobe's
inverted CMYK; grey.jpg is its luminance.
"""
import pathlib

from PIL import Image, ImageOps

here = pathlib.Path(__file__).parent
upright = Image.new("RGB", (32, 16))
for x in range(32):
    for y in range(16):
        colours = [[(255, 0, 0), (0, 255, 0)], [(0, 0, 255), (255, 255, 255)]]
        upright.putpixel((x, y), colours[y // 8][x // 16])

# What turns the upright picture into the one that is stored, for each orientation.
stored = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
for orientation, operation in stored.items():
    picture = upright if operation is None else upright.transpose(operation)
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x0132] = "2024:05:03 08:30:00"
    file = here / f"orientation-{orientation}.jpg"
    picture.save(file, quality=95, subsampling=0, exif=exif)
    assert list(ImageOps.exif_transpose(Image.open(file)).size) == [32, 16]
upright.convert("CMYK").save(here / "cmyk.jpg", quality=95, subsampling=0)
upright.convert("L").save(here / "grey.jpg", quality=95)
