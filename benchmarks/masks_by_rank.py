"""What masks of chosen images bring: those that rank_for_masks names against those of a draw."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from rewritten_records import write_part
from trained_runs import Scored, train_and_score

SHARES = (0.05, 0.1, 0.2)
# All of VGG-16's blocks are frozen and read from disk, so a run takes minutes.
_BUDGET: dict[str, Any] = {
    **{"precision": "bfloat16", "frozen_blocks": 5, "augmentations": 4, "batch_size": 8},
    **{"optimizer": "adamw", "learning_rate": 3e-4, "schedule": "poly", "num_pictures": 0},
}
_COLUMNS = ("score", "changed", "spread", "entropy", "wrong")
_CLASSES = ("cat", "dog", "horse", "cow", "sheep", "person")


def prepare_photographs(folder: str, data_dir: str, max_side: int) -> tuple[str, str]:
    """Records of VOC's photographs of animals and people, the training's with pools; two folders.

    Args:
        folder: gets them.
        data_dir: the VOCdevkit.
        max_side: pixels.
    """
    from boxsup_tf.data.prepare import make_reader, prepare
    from boxsup_tf.proposals.generate import generate
    from boxsup_tf.proposals.registry import make_options

    for split in ("train", "val"):
        reader = make_reader("voc", data_dir, split, _CLASSES, max_side)
        prepare(reader, os.path.join(folder, split), 2)
    pools = os.path.join(folder, "pools")
    options = make_options("union", {"methods": ("scg", "grabcut"), "edges": "gradient"})
    generate(os.path.join(folder, "train"), pools, "union", options, 1)
    return pools, os.path.join(folder, "val")


def settings_of(folder: str, weights: str, max_side: int, epochs: int) -> dict[str, Any]:
    """Of trainings on photographs; arguments as those of `measure`."""
    return _BUDGET | {
        **{"init": weights, "crop_size": max_side // 8 * 8 + 1, "epochs": epochs},
        "feature_cache": os.path.join(folder, "features"),
    }


def measure(
    folder: str, data_dir: str, weights: str, seeds: Sequence[int], max_side: int, epochs: int
) -> dict[str, Any]:
    """Validation mean IoU by share of masks and by who chose them, for every seed.

    Args:
        folder: keeps what is made; a second call goes on.
        data_dir: the VOCdevkit.
        weights: VGG-16's convolutions, a Keras file.
        seeds: of the runs and of the draws.
        max_side: of the photographs, pixels.
        epochs: of every run.
    """
    from boxsup_tf.records.dataset_info import load_complete
    from boxsup_tf.records.index import load_index

    pools, val = prepare_photographs(folder, data_dir, max_side)
    ids = sorted(load_index(pools, load_complete(pools)).table["source_id"].tolist())
    budget = settings_of(folder, weights, max_side, epochs)

    def run(name: str, train_data: str, seed: int) -> Scored:
        model_dir = os.path.join(folder, f"{name}_{seed}")
        return train_and_score(model_dir, val, budget | {"train_data": train_data, "seed": seed})

    runs: dict[str, dict[int, Scored]] = {}
    for seed in seeds:
        boxes = run("boxes", f"{pools}:box", seed)
        runs.setdefault("0 boxes", {})[seed] = boxes
        order = _order(boxes.model_dir, pools)
        drawn = np.random.default_rng(seed).permutation(ids).tolist()
        for share in SHARES:
            for who, first in (("rank", order), ("random", drawn)):
                chosen = first[: round(share * len(ids))]
                name = f"{share:g}_{who}"
                place = os.path.join(folder, f"{name}_{seed}_")
                masks = write_part(pools, f"{place}masks", chosen)
                rest = write_part(pools, f"{place}rest", set(ids) - set(chosen))
                data = f"{rest}:box,{masks}:mask"
                runs.setdefault(f"{share:g} {who}", {})[seed] = run(name, data, seed)
    tables = [os.path.join(runs["0 boxes"][seed].model_dir, "ranking.csv") for seed in seeds]
    found = summary(runs) | ranking_quality(tables)

    def means(who: str) -> dict[str, float]:
        names = {f"{share:g}": f"{share:g} {who}" for share in SHARES}
        return {
            share: float(np.mean([run.mean_iou for run in runs[name].values()]))
            for share, name in names.items()
        }

    return {
        "masks": found,
        **{"masks_by_rank": means("rank"), "masks_at_random": means("random")},
        "boxes_alone": float(np.mean([run.mean_iou for run in runs["0 boxes"].values()])),
    }


def _order(model_dir: str, pools: str) -> list[str]:
    """Ids, most urgent first; the table is kept beside the run."""
    from boxsup_tf.box_quality.mask_ranking import rank_for_masks, write_ids, write_table

    path = os.path.join(model_dir, "ranking.txt")
    if not os.path.exists(path):
        images = rank_for_masks(model_dir, pools, with_masks=True)
        write_table(os.path.join(model_dir, "ranking.csv"), images)
        write_ids(path, images)
    with open(path, encoding="utf-8") as file:
        return file.read().split()


def summary(runs: dict[str, dict[int, Scored]], draws: int = 2000) -> dict[str, Any]:
    """Scores by run and seed; by share the mean gain of ranking over drawing, with 95 % of draws.

    A draw takes validation images and seeds with replacement, the same for both.
    """
    found: dict[str, Any] = {
        "validation_mean_iou": {
            name: {str(seed): scored.mean_iou for seed, scored in by_seed.items()}
            for name, by_seed in runs.items()
        },
        "gain": {},
    }
    generator = np.random.default_rng(0)
    pairs = [(f"{share:g} rank", f"{share:g} random") for share in SHARES]
    pairs += [(name, "0 boxes") for name in runs if name != "0 boxes"]
    for one, other in pairs:
        both = [np.stack([r.counts for r in runs[name].values()]) for name in (one, other)]
        num_seeds, num_images = both[0].shape[:2]

        def gain(seeds: np.ndarray, images: np.ndarray, both: list = both) -> float:
            scores = [_mean_iou(np.tensordot(images, c[seeds], (0, 1))).mean() for c in both]
            return float(scores[0] - scores[1])

        everything = gain(np.arange(num_seeds), np.ones(num_images))
        drawn = [
            gain(
                generator.integers(0, num_seeds, size=(num_seeds,)),
                generator.multinomial(num_images, np.full(num_images, 1 / num_images)),
            )
            for _ in range(draws)
        ]
        interval = np.quantile(drawn, [0.025, 0.975]).tolist()
        found["gain"][f"{one} over {other}"] = {"mean": everything, "interval": interval}
    return found


def _mean_iou(counts: np.ndarray) -> np.ndarray:
    """Of counts [..., C, C], over the classes that occur."""
    hits = np.einsum("...cc->...c", counts)
    union = counts.sum(axis=-1) + counts.sum(axis=-2) - hits
    return np.nanmean(np.where(union > 0, hits / np.maximum(union, 1), np.nan), axis=-1)


def ranking_quality(tables: Sequence[str]) -> dict[str, Any]:
    """How the score and its parts follow what is wrong with the masks.

    Args:
        tables: of `write_table`, of images with masks.

    Returns:
        By table: Spearman's rho of the score and of its parts with the share of wrong pixels, and
        how much of all that is wrong is in the first images.
    """
    import csv

    from scipy.stats import spearmanr

    found: dict[str, Any] = {"spearman": {}, "wrong_in_first": {}}
    for path in tables:
        with open(path, encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["wrong"]]
        columns = {name: np.array([float(row[name]) for row in rows]) for name in _COLUMNS}
        wrong = columns.pop("wrong")
        for name, column in columns.items():
            rho = float(spearmanr(column, wrong).statistic)
            found["spearman"].setdefault(name, []).append(rho)
        for share in SHARES:
            first = wrong[: round(share * len(wrong))].sum() / wrong.sum()
            found["wrong_in_first"].setdefault(f"{share:g}", []).append(float(first))
    return found
