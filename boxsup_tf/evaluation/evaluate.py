"""Scores of a model on a data set, at full resolution, and the files that show them.

First the label maps that are missing are made and kept; all scores are then counted from the
kept ones. So an interrupted evaluation goes on where it stopped, and other bands, say, take no
network.
"""

import dataclasses
import os
import time

from boxsup_tf.crf.parameters import check_installed, load_parameters
from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.evaluation_folder import SECONDS_FILE, EvaluationFolder
from boxsup_tf.evaluation.examples import read_examples
from boxsup_tf.evaluation.label_maps import make_label_maps
from boxsup_tf.evaluation.result import CRF_FOLDER, Evaluation
from boxsup_tf.evaluation.score_kept import score_kept
from boxsup_tf.evaluation.trimap import check_widths
from boxsup_tf.evaluation.voc_server import check_for_server, write_archive
from boxsup_tf.inference.saved_model import check_no_crf_twice
from boxsup_tf.inference.segmentation_model import SegmentationModel
from boxsup_tf.io.json_file import write_json
from boxsup_tf.records.dataset_info import DatasetInfo, check_same_classes, load_complete
from boxsup_tf.settings import check, option


@dataclasses.dataclass(frozen=True)
class EvaluateOptions:
    """What is done beside scoring the model's own label maps.

    Attributes:
        trimap_widths: Widths, in pixels and ascending, of the bands around true boundaries in
          which, and outside of which, mean IoU is measured.
        crf: Refine the label maps by a dense CRF, too, and score both.
        crf_parameters: Name of a set of parameters (crf/parameters.py lists them), or a
          crf.json that tune_crf.py wrote.
        num_workers: Processes that run the CRF.
        batch_size: The most images of one size that pass the network together. Images that
          wait for others of their size are predicted again after an interruption.
        voc_server: Where not empty, images without a mask are predicted, too, and all label maps
          are packed as OUTPUT_DIR/NAME.tar.gz for VOC's server, with --crf also as
          OUTPUT_DIR/crf/NAME.tar.gz.
    """

    trimap_widths: tuple[float, ...] = (1, 2, 4, 8, 16, 32)
    crf: bool = False
    crf_parameters: str = option("deeplab_largefov", only_with="crf")
    num_workers: int = option(1, at_least=1, only_with="crf")
    batch_size: int = option(1, at_least=1)
    voc_server: str = ""

    def __post_init__(self) -> None:
        check_widths(self.trimap_widths)
        check(self)
        if os.path.basename(self.voc_server) != self.voc_server:
            raise InputError(f"--voc_server={self.voc_server}: expected a name without a folder")


def evaluate(
    model: SegmentationModel, dataset_dir: str, output_dir: str, options: EvaluateOptions
) -> list[Evaluation]:
    """Scores label maps by one confusion matrix over the whole set; void is left out.

    Args:
        model: predicts the images.
        dataset_dir: a folder of records; images without a mask are not scored.
        output_dir: made if need be. Into it go metrics.json; per_image.json, worst image first,
            and worst.jpg; confusion.json and .png; trimap.json and .png; predictions/ID.png; and
            seconds.json: what this call spent on the images that it predicted, and on the scores
            of all. With the CRF, crf/ holds the same of the label maps that it refined, but for
            seconds.json and the pictures of both.
        options: see there.

    Returns:
        The result of the model's own label maps and, with the CRF, that of the refined ones;
        none where an archive was asked for, and no image has a mask.

    Raises:
        InputError: the data set is missing, unfinished or damaged, has other classes than the
            model, or nothing to score; the output folder holds predictions of another model or
            data set, or refined by another CRF, or a run's metrics.json; an option does not fit
            the data; or a CRF is asked for, and the model ends with one, or pydensecrf is missing.
    """
    info = load_complete(dataset_dir)
    check_same_classes("the model", model.class_names, dataset_dir, info.class_names)
    if options.voc_server:
        check_for_server(dataset_dir, info)
    else:
        info.check_masks(dataset_dir)
    folders = _open(output_dir, model, info, options)
    start = time.perf_counter()
    num_predicted, seconds = make_label_maps(
        read_examples(dataset_dir, info, "predict", bool(options.voc_server)),
        model,
        folders,
        options.batch_size,
        load_parameters(options.crf_parameters) if options.crf else None,
        options.num_workers,
    )
    evaluations: list[Evaluation] = []
    if info.num_images_with_masks:
        evaluations = score_kept(dataset_dir, info, folders, options.trimap_widths)
    seconds["metrics"] = time.perf_counter() - start - sum(seconds.values())
    write_json(folders[0].file(SECONDS_FILE), {"num_predicted": num_predicted} | seconds)
    if options.voc_server:
        _pack(dataset_dir, info, folders, options)
    return evaluations


def _open(
    output_dir: str, model: SegmentationModel, info: DatasetInfo, options: EvaluateOptions
) -> list[EvaluationFolder]:
    """The folders of the model's own label maps and, if it is asked for, of the CRF's."""
    settings = model.settings | {"data": info.digest, "class_names": info.class_names}
    if not options.crf:
        return [EvaluationFolder(output_dir, settings, model.origin)]
    check_no_crf_twice("the exported model", model.has_crf)
    check_installed("--crf")
    crf = {"crf": dataclasses.asdict(load_parameters(options.crf_parameters))}
    return [
        EvaluationFolder(output_dir, settings, model.origin),
        EvaluationFolder(os.path.join(output_dir, CRF_FOLDER), settings | crf, model.origin),
    ]


def _pack(
    dataset_dir: str, info: DatasetInfo, folders: list[EvaluationFolder], options: EvaluateOptions
) -> None:
    for folder in folders:
        label_maps = (
            (example.source_id, folder.read_label_map(example, len(info.class_names)))
            for example in read_examples(dataset_dir, info, "pack", with_all=True)
        )
        path = folder.file(f"{options.voc_server}.tar.gz")
        write_archive(path, label_maps, info.class_names, info)
