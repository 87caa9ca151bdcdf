"""What the network should give for one picture: score peaks, and the size at each."""

import typing

import numpy as np

CELL = 8
"""Pixels of the input for each cell of the output grid."""

SIGMAS = 6
"""So many sigmas of its peak are a fish's side; a sigma is at least half a cell."""

SIZE_RANGE = (-2.0, 6.0)
"""Limits of log2(side / CELL) that the size head learns."""


class Target(typing.NamedTuple):
    """One picture's target by cell of the grid.

    `heat` (rows, columns, labels): 1 at the cell of each box's centre; for the focal loss a
    Gaussian around it. `weight` (rows, columns): 1 where background is certain, 0 where it is to
    be ignored, -1 where it is to be ignored only if the network is confident, because labels are
    incomplete. `sizes` (rows, columns, 2): log2 of width and height in cells, meant only where
    `sized` (rows, columns) is 1.
    """

    heat: np.ndarray
    weight: np.ndarray
    sizes: np.ndarray
    sized: np.ndarray


def make(boxes, labels, ignored, complete, width, height, label_count, gaussian=True):
    """The Target of boxes [left, top, width, height] in pixels of a width × height input.

    Peaks are as wide as the fish: sigma is a sixth of the side, at least half a cell. Sizes are given
    at the centre's cell and at those of its neighbours whose middles lie in the box; where two
    boxes meet, the nearer centre has the cell.
    """
    rows, columns = height // CELL, width // CELL
    heat = np.zeros((rows, columns, label_count), np.float32)
    weight = np.full((rows, columns), 1 if complete else -1, np.float32)
    sizes = np.zeros((rows, columns, 2), np.float32)
    nearest = np.full((rows, columns), np.inf, np.float32)
    for left, top, across, down in ignored:
        weight[
            int(top // CELL) : int((top + down) // CELL) + 1,
            int(left // CELL) : int((left + across) // CELL) + 1,
        ] = 0
    x, y = np.arange(columns) + 0.5, (np.arange(rows) + 0.5)[:, None]
    for (left, top, across, down), label in zip(boxes, labels):
        centre_x, centre_y = (left + across / 2) / CELL, (top + down / 2) / CELL
        row = min(rows - 1, int(centre_y))
        column = min(columns - 1, int(centre_x))
        if gaussian:
            sigma_x, sigma_y = (max(0.5, side / CELL / SIGMAS) for side in (across, down))
            peak = np.exp(-(((x - centre_x) / sigma_x) ** 2) / 2) * np.exp(
                -(((y - centre_y) / sigma_y) ** 2) / 2
            )
            np.maximum(heat[:, :, label], peak * 0.99, out=heat[:, :, label])
        heat[row, column, label] = 1
        weight[row, column] = 1
        size = np.clip(np.log2(np.maximum([across, down], 0.1) / CELL), *SIZE_RANGE)
        for r in range(max(0, row - 1), min(rows, row + 2)):
            for c in range(max(0, column - 1), min(columns, column + 2)):
                away = np.hypot(c + 0.5 - centre_x, r + 0.5 - centre_y)
                inside = (
                    abs(c + 0.5 - centre_x) * CELL <= across / 2
                    and abs(r + 0.5 - centre_y) * CELL <= down / 2
                )
                if ((r, c) == (row, column) or inside) and away < nearest[r, c]:
                    nearest[r, c] = away
                    sizes[r, c] = size
    return Target(heat, weight, sizes, np.isfinite(nearest).astype(np.float32))
