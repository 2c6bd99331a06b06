"""Searches the parameters of the CRF on held-out images, coarse to fine.

BoxSup, Sec. 4, sets them on 100 validation images. The search is DeepLab's: L.-C. Chen,
G. Papandreou, I. Kokkinos, K. Murphy, A. L. Yuille (TPAMI 2018, Sec. 4.1.1) try w1 in 3 .. 6,
sigma alpha in 30, 40 .. 100 and sigma beta in 3 .. 6, then smaller steps around the best.
"""

import dataclasses
import functools
import itertools
import os
import shutil
from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

import numpy as np
from tqdm import tqdm

from boxsup_tf.crf.dense_crf import MIN_SHARE
from boxsup_tf.crf.parameters import CRF_FILE, CrfParameters, check_installed, parse_parameters
from boxsup_tf.errors import InputError
from boxsup_tf.evaluation import crf_score
from boxsup_tf.evaluation.examples import read_examples
from boxsup_tf.inference.segmentation_model import SegmentationModel
from boxsup_tf.io.local_disk import on_local_disk
from boxsup_tf.io.owned_folder import OwnedFolder
from boxsup_tf.metrics.confusion import ConfusionMatrix
from boxsup_tf.records.dataset_info import DatasetInfo, check_same_classes, load_complete
from boxsup_tf.records.example import decode_image
from boxsup_tf.schema import check_type
from boxsup_tf.settings import check, option
from boxsup_tf.workers.worker_pool import Failure, WorkerPool


@dataclasses.dataclass(frozen=True)
class Grid:
    """Values to try; a parameter with one value is never changed.

    Attributes:
        w1: weights of the appearance kernel.
        theta_alpha: its widths in pixels.
        theta_beta: its widths in levels of R, G and B.
        w2: weights of the smoothness kernel.
        theta_gamma: its widths in pixels.
        iterations: of the mean field.
        refinements: how often the steps are halved around the best.
    """

    w1: tuple[float, ...] = (3.0, 4.0, 5.0, 6.0)
    theta_alpha: tuple[float, ...] = (30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0)
    theta_beta: tuple[float, ...] = (3.0, 4.0, 5.0, 6.0)
    w2: tuple[float, ...] = (3.0,)
    theta_gamma: tuple[float, ...] = (3.0,)
    iterations: int = option(10, at_least=1)
    refinements: int = option(2, at_least=0)

    def __post_init__(self) -> None:
        check(self)

    def settings(self) -> list[CrfParameters]:
        """All of the grid.

        Raises:
            InputError: a value is not one for a CRF, or there is none.
        """
        settings = self._product([getattr(self, name) for name in _SEARCHED])
        if not settings:
            raise InputError("CRF: no setting to try: expected a value for every parameter")
        return settings

    def around(self, best: CrfParameters, refinement: int) -> list[CrfParameters]:
        """The settings within one step of the best; steps are halved `refinement` times."""
        choices = []
        for name in _SEARCHED:
            value, tried = getattr(best, name), sorted(set(getattr(self, name)))
            step = min(np.diff(tried), default=0.0) / 2**refinement
            near = {float(value + sign * step) for sign in (-1, 0, 1)}
            choices.append(sorted(choice for choice in near if choice > 0 or choice == value))
        return self._product(choices)

    def _product(self, choices: Sequence[Sequence[float]]) -> list[CrfParameters]:
        return [
            CrfParameters(**dict(zip(_SEARCHED, values, strict=True)), iterations=self.iterations)
            for values in itertools.product(*choices)
        ]


_SEARCHED = ("w1", "theta_alpha", "theta_beta", "w2", "theta_gamma")


def tune(
    model: SegmentationModel,
    dataset_dir: str,
    output_dir: str,
    grid: Grid,
    num_images: int = 100,
    num_workers: int = 1,
) -> dict:
    """Scores settings of the CRF by mean IoU over one confusion matrix.

    What was tried is read from OUTPUT_DIR/crf.json and not tried again, not even with another grid.

    Args:
        model: its probabilities are refined; crf.json holds its settings.
        dataset_dir: a folder of records with masks.
        output_dir: made if need be. Score maps lie in it until the search is done, unless it is not
            on the local disk: then in a temporary folder, as long as the program runs.
        grid: what to try.
        num_images: spread evenly over the data; all where there are fewer.
        num_workers: processes.

    Returns:
        What crf.json holds: `settings`, `unrefined_mean_iou` without CRF, `best` and all `tried`
        (each `parameters` and `mean_iou`).

    Raises:
        InputError: the data are missing, damaged or of other classes; crf.json is of another
            model or other data; pydensecrf is missing, or the CRF failed on an image. What was
            tried before is in crf.json.
    """
    check_installed("tune_crf")
    info = load_complete(dataset_dir)
    check_same_classes("the model", model.class_names, dataset_dir, info.class_names)
    info.check_masks(dataset_dir)
    num_images = min(num_images, info.num_images_with_masks)
    settings = model.settings | {
        "data_digest": info.digest,
        "num_images": num_images,
        "min_share": MIN_SHARE,
    }
    candidates = grid.settings()
    start = functools.partial(check_installed, "tune_crf")
    with (
        on_local_disk(os.path.join(output_dir, "score_maps")) as score_maps,
        WorkerPool(crf_score.confusion_with_crf, num_workers, start) as pool,
    ):
        search = _Search(output_dir, settings, score_maps)
        for refinement in range(grid.refinements + 1):
            if refinement:
                candidates += grid.around(search.best_of(candidates), refinement)
            todo = search.untried(candidates)
            if todo:
                paths = _write_score_maps(model, dataset_dir, info, score_maps, num_images)
                search.run(pool, paths, todo)
        shutil.rmtree(score_maps, ignore_errors=True)
    return search.contents


def _write_score_maps(
    model: SegmentationModel, dataset_dir: str, info: DatasetInfo, folder: str, num_images: int
) -> list[str]:
    """The paths of the score maps; those that exist are kept."""
    os.makedirs(folder, exist_ok=True)
    chosen = [i * info.num_images_with_masks // num_images for i in range(num_images)]
    paths = {index: os.path.join(folder, f"{index:06d}.npz") for index in chosen}
    missing = {index: path for index, path in paths.items() if not os.path.exists(path)}
    if missing:
        for index, example in enumerate(read_examples(dataset_dir, info, "score maps")):
            if index in missing:
                image = decode_image(example.encoded).numpy()
                probabilities = model.probabilities(image[None])[0]
                truth = np.asarray(example.mask)
                crf_score.write_score_map(missing[index], image, probabilities, truth, MIN_SHARE)
    return list(paths.values())


class _Tried(TypedDict):
    parameters: dict
    mean_iou: float


class _Unrefined(TypedDict, total=False):
    unrefined_mean_iou: float
    best: _Tried


class _Contents(_Unrefined):
    settings: dict
    tried: list[_Tried]


class _Search:
    """crf.json, and what is still to be tried."""

    def __init__(self, output_dir: str, settings: dict, score_maps: str) -> None:
        self._folder = OwnedFolder(output_dir, CRF_FILE, "a search", "tune_crf.py")
        found = self._folder.read()
        if found is None or self._is_other_and_empty(found, settings):
            shutil.rmtree(score_maps, ignore_errors=True)  # of unknown origin
            self._folder.write({"settings": settings, "tried": []})
        self.contents: dict[str, Any] = self._folder.read() or {}
        try:
            check_type(self.contents, _Contents, "")
            found = self.contents["settings"]
            self._scores()
        except (ValueError, TypeError) as error:
            path = self._folder.file_path
            raise InputError(f"{path}: not a file of tune_crf.py: {error}") from None
        self._folder.check(found, settings)

    def _is_other_and_empty(self, found: dict, settings: dict) -> bool:
        """Whether a search has other settings and stopped before it tried anything."""
        was = found.get("settings")
        return found.get("tried") == [] and not self._folder.fits(was or {}, settings)

    def best_of(self, candidates: Sequence[CrfParameters]) -> CrfParameters:
        """The first of the best: the same whether or not the search was interrupted."""
        scores = self._scores()
        return max(candidates, key=lambda parameters: scores[parameters])

    def untried(self, candidates: Sequence[CrfParameters]) -> list[CrfParameters]:
        scores = self._scores()
        return [parameters for parameters in dict.fromkeys(candidates) if parameters not in scores]

    def run(self, pool: WorkerPool, paths: list[str], todo: Sequence[CrfParameters]) -> None:
        """Tries settings; each that is finished is written at once."""
        first = [] if "unrefined_mean_iou" in self.contents else [None]
        settings = [*first, *todo]
        # All settings are one row of tasks: no process waits for the last image of a setting.
        tasks = ((path, parameters) for parameters in settings for path in paths)
        results = pool.map(tasks)
        with tqdm(total=len(todo), desc="CRF", unit="setting") as progress:
            for parameters in settings:
                self._note(parameters, _mean_iou(itertools.islice(results, len(paths))))
                if parameters:
                    progress.set_postfix(best=f"{self.contents['best']['mean_iou']:.4f}")
                    progress.update()

    def _scores(self) -> dict[CrfParameters, float]:
        tried = self.contents["tried"]
        check_type(tried, list[_Tried], "tried")
        return {parse_parameters(entry["parameters"]): entry["mean_iou"] for entry in tried}

    def _note(self, parameters: CrfParameters | None, mean_iou: float) -> None:
        if parameters is None:
            self.contents["unrefined_mean_iou"] = mean_iou
        else:
            entry = {"parameters": dataclasses.asdict(parameters), "mean_iou": mean_iou}
            self.contents["tried"].append(entry)
            best = max(self.contents["tried"], key=lambda tried: tried["mean_iou"])
            self.contents["best"] = best
        self._folder.write(self.contents)


def _mean_iou(results: Iterable[tuple[Any, np.ndarray | Failure]]) -> float:
    counts = []
    for (path, parameters), result in results:
        if isinstance(result, Failure):
            raise InputError(f"{path}: the CRF with {parameters} failed: {result.reason}")
        counts.append(result)
    total = ConfusionMatrix(np.sum(counts, axis=0))
    if not total.counts.any():
        raise InputError("every pixel of the chosen masks is void: expected something to score")
    return total.mean_iou
