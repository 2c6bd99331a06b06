"""Superpixels and membership of a stream of masks, without ever holding all of them.

The exact common refinement, made by splitting the cells that a mask cuts in two, mask after
mask (partition refinement: R. Paige, R. E. Tarjan, Three Partition Refinement Algorithms, SIAM
Journal on Computing 1987). Hundreds of masks of a large photograph, held at once, would take
gigabytes.
"""

from collections.abc import Iterable

import numpy as np

from boxsup_tf.pools.packing import row_keys


def refine(masks: Iterable[np.ndarray], height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The cells of the masks' common refinement.

    Memory: the cell map and one mask, whatever the number of masks.

    Args:
        masks: bool [height, width] each; an empty one gives an empty row.
        height, width: the image's size in pixels.

    Returns:
        superpixels: int32 [height, width], values 0 .. R-1, each of which occurs.
        membership: bool [N, R]: mask n is exactly the union of the superpixels that it holds.
    """
    cells = np.zeros((height, width), np.int32)
    sizes = np.array([height * width])
    steps: list[tuple[np.ndarray, np.ndarray]] = []
    for mask in masks:
        inside = cells[mask]
        shares = np.bincount(inside, minlength=sizes.size)
        held = np.flatnonzero(shares)
        cut = held[shares[held] < sizes[held]]
        number = np.arange(sizes.size, dtype=np.int32)
        number[cut] = sizes.size + np.arange(cut.size)
        cells[mask] = number[inside]
        sizes[cut] -= shares[cut]
        sizes = np.concatenate([sizes, shares[cut]])
        steps.append((cut, number[held]))

    membership = np.zeros((len(steps), sizes.size), bool)
    num_cells = 1
    for n, (cut, held) in enumerate(steps):
        # What is cut out of a cell belongs to all the masks that the cell belonged to so far.
        membership[:n, num_cells : num_cells + cut.size] = membership[:n, cut]
        num_cells += cut.size
        membership[n, held] = True
    if len(membership) == 0:
        return cells, membership
    # Cells are numbered by which masks they are in: neighbours then share most masks, and a record
    # is a fifth smaller.
    order = np.argsort(row_keys(membership.T))
    number = np.empty(order.size, np.int32)
    number[order] = np.arange(order.size)
    return number[cells], membership[:, order]
