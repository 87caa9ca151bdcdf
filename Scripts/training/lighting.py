"""Light and texture of real pictures on drawn fish, so that how a fish was made tells less of what it is.

Fish are premultiplied RGBA, float32, 0 to 1.
"""

import cv2
import numpy as np

CONTRASTED = 0.6
"""Fish whose own colours have another contrast and gamma: cameras and lamps differ."""

LIT = 0.7
"""Fish lit from above as round bodies: bright backs, dark bellies."""

SHINING = 0.35
"""Of these, fish with a highlight."""

TEXTURED = 0.5
"""Fish that take the fine light and shade of a real picture."""


def lit(fish, generator):
    """A fish as it looks in another light; `generator` draws which."""
    alpha = np.ascontiguousarray(fish[..., 3])
    colour = fish[..., :3] / np.maximum(alpha, 1e-3)[..., np.newaxis]
    if generator.random() < CONTRASTED:
        contrast, middle = float(np.exp(generator.normal(0.1, 0.3))), generator.uniform(0.3, 0.6)
        colour = np.clip((colour - middle) * contrast + middle, 0, 1)
        colour **= float(np.exp(generator.normal(0.15, 0.3)))
    if generator.random() < LIT:
        up = _upward(alpha, generator.normal(0, 0.4))
        ramp = np.linspace(1, -1, len(alpha))[:, np.newaxis]
        shade = 1 + generator.uniform(0, 0.6) * up + generator.uniform(0, 0.3) * ramp
        colour *= np.clip(shade, 0.15, 1.8)[..., np.newaxis]
        if generator.random() < SHINING:
            colour += (np.clip(up, 0, 1) ** 3 * generator.uniform(0.05, 0.4))[..., np.newaxis]
    return np.dstack([np.clip(colour, 0, 1) * alpha[..., np.newaxis], alpha])


def textured(fish, picture, generator):
    """A fish with the light and shade of a part of `picture` (uint8), as large as itself, give or take."""
    rows, columns = fish.shape[:2]
    scale = np.exp(generator.uniform(-0.5, 0.7))
    down, across = (
        int(np.clip(side * scale, min(8, most - 1), most - 1))
        for side, most in zip((rows, columns), picture.shape)
    )
    top, left = (int(generator.integers(most - side)) for side, most in zip((down, across), picture.shape))
    part = cv2.cvtColor(np.ascontiguousarray(picture[top : top + down, left : left + across]), cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(part, (columns, rows)).astype(np.float32) / 255 + 0.05
    smooth = cv2.GaussianBlur(grey, (0, 0), max(1, 0.08 * max(rows, columns)))
    fine = np.log(grey / smooth)
    strength = generator.uniform(0.04, 0.3) / max(0.02, float(fine.std()))
    shade = np.exp(np.clip(fine * strength, -1, 0.8))
    alpha = fish[..., 3:]
    return np.concatenate([np.minimum(fish[..., :3] * shade[..., np.newaxis], alpha), alpha], axis=2)


def _upward(alpha, angle):
    """How far each pixel's surface, of a body as round as its outline, looks to the light; about -1 to 1.

    The light comes from above, turned by `angle` in radians.
    """
    height = cv2.GaussianBlur(alpha, (0, 0), max(1, 0.12 * min(alpha.shape)))
    down, across = cv2.Sobel(height, cv2.CV_32F, 0, 1), cv2.Sobel(height, cv2.CV_32F, 1, 0)
    body = alpha > 0.5
    steepest = float(np.percentile(abs(down[body]), 95)) if body.any() else 0.0
    return np.clip((np.cos(angle) * down + np.sin(angle) * across) / max(1e-4, steepest), -1.2, 1.2)
