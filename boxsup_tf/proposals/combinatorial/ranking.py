"""Orders candidates so that the first n are a good choice of n, for any n.

Each candidate gets a learnt estimate of its best overlap with an object. Sorted by it alone,
the first hundreds would be copies of a few regions; J. Pont-Tuset et al. (TPAMI 2017, Sec. 6)
therefore take the maximum marginal relevance (J. Carbonell, J. Goldstein, SIGIR 1998): the
estimate less a penalty for being like a better candidate. Ours is a fast form of it. Candidates
of nearly the same tight box and area share a cell of a grid; the finest grid in which a
candidate is still not the best of its cell tells how like a better one it is.
"""

import dataclasses
import functools
from importlib import resources

import numpy as np

from boxsup_tf.proposals.combinatorial.features import Described

# Sides of the grids' cells, in square roots of a candidate's area (and in its logarithm), and
# what a step to the next finer grid costs, in IoU: measured, see docs/proposals.md.
_SIDES = tuple(2.0 ** (1 - i / 2) for i in range(8))
_PENALTY = 0.08


@dataclasses.dataclass(frozen=True)
class Ranker:
    """The mean of K networks of dense layers with ReLU between them.

    Attributes:
        mean, scale: float32 [F], of the features they were trained on.
        kernels: float32 [K, inputs, outputs] of every layer.
        biases: float32 [K, outputs] of every layer.
    """

    mean: np.ndarray
    scale: np.ndarray
    kernels: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]

    def estimate(self, features: np.ndarray) -> np.ndarray:
        """float32 [N]: of candidates with these features, float32 [N, F], the best IoU to expect
        with an object."""
        x = ((features - self.mean) / self.scale)[None]
        for i, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            x = (np.maximum(x, 0) if i else x) @ kernel + bias[:, None]
        return x.mean(axis=0)[:, 0]


@functools.cache
def load_ranker(method: str, edges: str) -> Ranker:
    """The weights that come with the package.

    Args:
        method: mcg or scg.
        edges: the edge detector. Those of hed serve for detectors without weights of their own.
    """
    folder = resources.files("boxsup_tf.proposals.combinatorial")
    file = folder / ranker_file(method, edges)
    with (file if file.is_file() else folder / ranker_file(method, "hed")).open("rb") as opened:
        arrays = {key: value.astype(np.float32) for key, value in np.load(opened).items()}
    return make_ranker(arrays)


def ranker_file(method: str, edges: str) -> str:
    """The name of a file of weights."""
    return f"ranker_{method}_{edges}.npz"


def make_ranker(arrays: dict[str, np.ndarray]) -> Ranker:
    """A ranker of the arrays `mean`, `scale`, `kernel0`, `bias0`, ... of a file of weights."""
    layers = range(sum(key.startswith("kernel") for key in arrays))
    return Ranker(
        arrays["mean"],
        arrays["scale"],
        tuple(arrays[f"kernel{i}"] for i in layers),
        tuple(arrays[f"bias{i}"] for i in layers),
    )


def diverse_order(candidates: Described, estimates: np.ndarray, limit: int) -> np.ndarray:
    """int64: indices of at most `limit` candidates, the best choice of any number first.

    Args:
        estimates: float32 [N], how good each candidate is.
        limit: candidates that are like a better one in the finest grid are left out in any case.
    """
    by_estimate = np.argsort(-estimates, kind="stable")
    relevance = estimates.astype(np.float64)
    chosen = np.zeros(0, np.int64)
    for i, side in enumerate(_SIDES):
        cells = _cells(candidates, side)
        _, first = np.unique(cells[by_estimate], return_index=True)
        best = by_estimate[np.sort(first)]
        best = best[~np.isin(cells[best], cells[chosen])]
        relevance[best] -= i * _PENALTY
        chosen = np.concatenate([chosen, best])
    return chosen[np.argsort(-relevance[chosen], kind="stable")][:limit]


def _cells(candidates: Described, side: float) -> np.ndarray:
    """int64 [N]: the same number for candidates of nearly the same area and tight box."""
    level = np.round(np.log(candidates.areas) / side).astype(np.int64)
    # All candidates of one level share a step, or the cells of near equals would not match.
    step = np.exp(level * side / 2) * side
    corners = np.round(candidates.boxes / step[:, None]).astype(np.int64)
    cells = level
    for corner in corners.T:
        cells = cells * 100_003 + corner  # wraps around: a hash
    return cells
