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


def of_video(frames, moving_above):
    """Motion channels (count, rows, columns) of one video's letterboxed frames, in their order.

    All zero where there are too few frames, or where the camera moves: where the mean of the
    channel over the background's own frames is above `moving_above`. Returns them and that mean.
    """
    still = np.zeros((len(frames), *frames[0].shape[:2]), np.uint8)
    if len(frames) < FEWEST:
        return still, 0.0
    chosen = spread(len(frames))
    behind = background([frames[index] for index in chosen])
    level = float(np.mean([channel(frames[index], behind) for index in chosen]))
    if level > moving_above:
        return still, level
    return np.stack([channel(frame, behind) for frame in frames]), level


def add(samples, width, height, moving_above, letterbox):
    """Give every sample its `motion` (height, width), letterboxed as a survey would see it.

    Frames of a video are the samples of one folder and video, in the order of their file names.
    Returns the mean motion by (folder, video).
    """
    videos, levels = {}, {}
    for sample in samples:
        if sample.video:
            videos.setdefault((sample.folder, sample.video), []).append(sample)
        else:
            sample.motion = np.zeros((height, width), np.uint8)
    for key, members in videos.items():
        members.sort(key=lambda sample: sample.file)
        frames = [letterbox(sample.image, width, height)[0] for sample in members]
        channels, levels[key] = of_video(frames, moving_above)
        for sample, moved in zip(members, channels):
            sample.motion = moved
    return levels
