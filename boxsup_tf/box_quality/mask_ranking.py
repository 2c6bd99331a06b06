"""Which images deserve a human's mask: those first whose pseudo-masks are most in doubt."""

import csv
import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata
from tqdm import tqdm

from boxsup_tf.box_quality.doubt import Doubt, DoubtMeter
from boxsup_tf.errors import InputError
from boxsup_tf.io.atomic_write import atomic_write
from boxsup_tf.models.saved_network import load_segmenter
from boxsup_tf.records.dataset_info import check_same_classes
from boxsup_tf.records.places import Places
from boxsup_tf.training.damaged_records import damaged_records_explained
from boxsup_tf.training.run_settings import read_config
from boxsup_tf.training.sources import SUPERVISION_BOX, load_source
from boxsup_tf.training.training_example import ExampleTable
from boxsup_tf.training.training_network import TrainingNetwork
from boxsup_tf.training.training_predictor import TrainingPredictor
from boxsup_tf.training.workers import Workers


@dataclasses.dataclass(frozen=True)
class RankedImage:
    """An image and what speaks for a mask of it.

    Attributes:
        source_id: of the example.
        score: mean of its places, 0 (least) .. 1 (most), in the orders by the doubt's three parts.
        doubt: what these are.
    """

    source_id: str
    score: float
    doubt: Doubt


def rank_for_masks(
    model_dir: str, data: str, k: int = 5, with_masks: bool = False
) -> list[RankedImage]:
    """Orders images that have boxes alone by what a human's mask of each would bring.

    Args:
        model_dir: of the run whose network is asked; or the folder `best` in it.
        data: a folder of records with candidate pools.
        k: candidates of a box whose disagreement counts.
        with_masks: rank the images that have a mask already, too.

    Returns:
        The images, that most in doubt first; equals by id.

    Raises:
        InputError: see `read_config`, `load_segmenter` and `load_source`; the classes are not the
            network's; no pool offers a choice; or no image is without a mask.
    """
    config = dataclasses.replace(read_config(model_dir), feature_cache="")
    source = load_source(data, SUPERVISION_BOX)
    segmenter = load_segmenter(model_dir, config.dtype_policy)
    check_same_classes(model_dir, segmenter.class_names, data, source.info.class_names)
    wanted = ~source.examples.table["one_per_box"]
    if not wanted.any():
        raise InputError(
            f"{data}: its pools hold one candidate per box: expected some to choose from, as of "
            "--method=mcg or union"
        )
    if not with_masks:
        wanted &= ~source.examples.table["has_mask"]
    if not wanted.any():
        raise InputError(
            f"{data}: all {len(wanted)} images have a mask already: expected some without, or "
            "--with_masks"
        )
    places = Places(*(column[wanted] for column in source.places))
    source = dataclasses.replace(source, examples=source.examples.where(wanted), places=places)
    examples = ExampleTable([source])
    predictor = TrainingPredictor(TrainingNetwork(segmenter, config), examples, config, Workers())
    spec = examples.read(examples.numbers()).element_spec
    meter = DoubtMeter(config, spec, len(segmenter.class_names), k)
    predicted = tqdm(predictor.predict_all(True), "rank", len(examples), unit="image")
    with damaged_records_explained(data):
        doubts = {
            example.record.source_id.numpy().decode(): meter(example, logits)
            for example, logits in predicted
        }
    return ranked(doubts)


def ranked(doubts: dict[str, Doubt]) -> list[RankedImage]:
    """The images by id in the order of their doubts, see `RankedImage`."""
    ids = sorted(doubts)
    parts = np.array([doubts[name][:3] for name in ids]).reshape(-1, 3)
    # Places, not values: the parts are of different kinds and spreads.
    places = rankdata(parts, axis=0) - 1
    scores = places.mean(axis=1) / max(len(ids) - 1, 1)
    order = np.argsort(-scores, kind="stable")
    return [RankedImage(ids[i], float(scores[i]), doubts[ids[i]]) for i in order]


def write_ids(path: str, images: Sequence[RankedImage]) -> None:
    """A list that `--only_ids` and `--without_ids` of prepare_data take: an id a line, in order."""
    with atomic_write(path) as file:
        file.write("".join(f"{image.source_id}\n" for image in images))


def write_table(path: str, images: Sequence[RankedImage]) -> None:
    """A CSV file of all that is known of the images, in order."""
    with atomic_write(path) as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["id", "score", *Doubt._fields])
        for image in images:
            values = (image.score, *image.doubt)
            rows.writerow([image.source_id, *("" if v is None else f"{v:.6f}" for v in values)])
