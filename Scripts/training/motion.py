"""The motion channel: what a camera that stands still shows to have moved.

The same as a survey computes: everything here is uint8 arithmetic at the model's input size.
"""

import numpy as np

FRAMES = 25
"""A background is the median of at most this many frames."""

FEWEST = 5
"""A video of fewer frames has no background, and no motion."""

MOVING_CAMERA_ABOVE = 45
"""For models without motion, whose training still cuts fish out by it."""


GAIN_LIMITS = 0.8, 2.5
"""How much less, and more, motion a recording is given, to bring its mean to a model's `motionLevel`."""


def spread(count, most=FRAMES):
    """Indices of up to `most` of `count` frames: the middles of equal parts."""
    chosen = min(count, most)
    return [(2 * part + 1) * count // (2 * chosen) for part in range(chosen)]


def background(frames):
    """Median by pixel and channel of frames (count, rows, columns, 3); the lower of two middles."""
    frames = np.asarray(frames)
    middle = (len(frames) - 1) // 2
    return np.partition(frames, middle, axis=0)[middle]


def channel(frame, behind):
    """min(255, |ΔR| + |ΔG| + |ΔB|) of a frame and its background, both (rows, columns, 3) uint8."""
    difference = np.abs(frame.astype(np.int16) - behind).sum(axis=2)
    return np.minimum(difference, 255).astype(np.uint8)


def gain(level, wanted):
    """What motion is multiplied by, in 256ths, where its mean is `level` and is to be about `wanted`."""
    least, most = (int(256 * limit + 0.5) for limit in GAIN_LIMITS)
    if level <= 0:
        return most
    return min(max(int(256 * wanted / level + 0.5), least), most)


def multiplied(moved, factor):
    """Motion times `factor` 256ths, at most 255."""
    return np.minimum((moved.astype(np.int32) * factor + 128) >> 8, 255).astype(np.uint8)


def of_video(frames, moving_above, wanted=None):
    """Motion channels (count, rows, columns) of one video's letterboxed frames, in their order.

    All zero where there are too few frames, or where the camera moves: where the mean of the
    channel over the background's own frames is above `moving_above`. Else multiplied by the `gain` of that
    mean, where a mean is `wanted`. Returns them and the mean.
    """
    still = np.zeros((len(frames), *frames[0].shape[:2]), np.uint8)
    if len(frames) < FEWEST:
        return still, 0.0
    chosen = spread(len(frames))
    behind = background([frames[index] for index in chosen])
    level = float(np.mean([channel(frames[index], behind) for index in chosen]))
    if level > moving_above:
        return still, level
    channels = np.stack([channel(frame, behind) for frame in frames])
    return channels if wanted is None else multiplied(channels, gain(level, wanted)), level


def add(samples, size, letterbox):
    """Give every sample its `motion`, letterboxed as a survey would see it.

    `size` is a configuration's `input`: `width`, `height`, and optionally `movingCameraAbove` and `motionLevel`.

    Frames of a video are the samples of one folder and video, in the order of their file names.
    Returns the mean motion by (folder, video).
    """
    width, height = size["width"], size["height"]
    above, wanted = size.get("movingCameraAbove", MOVING_CAMERA_ABOVE), size.get("motionLevel")
    videos, levels = {}, {}
    for sample in samples:
        if sample.video:
            videos.setdefault((sample.folder, sample.video), []).append(sample)
        else:
            sample.motion = np.zeros((height, width), np.uint8)
    for key, members in videos.items():
        members.sort(key=lambda sample: sample.file)
        frames = [letterbox(sample.image, width, height)[0] for sample in members]
        channels, levels[key] = of_video(frames, above, wanted)
        for sample, moved in zip(members, channels):
            sample.motion = moved
    return levels
