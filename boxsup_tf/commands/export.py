"""Exports a trained model as a SavedModel that needs TensorFlow alone.

    boxsup export --model_dir=runs/voc --output_dir=exports/voc --scales=0.8,1.0,1.2

Writes OUTPUT_DIR/VERSION, the next free number, as TensorFlow Serving expects it
(docs/serving.md).
"""

import dataclasses

from boxsup_tf.crf.parameters import load_parameters
from boxsup_tf.inference.export import MAX_MEGAPIXELS, PRECISIONS, export
from boxsup_tf.inference.tiling import TILE_SIZE
from boxsup_tf.models.saved_network import load_segmenter
from boxsup_tf.settings import option


@dataclasses.dataclass(frozen=True)
class Options:
    """What is exported.

    Attributes:
        model_dir: Folder of a training run, or the folder best in it.
        output_dir: Folder of the versions.
        scales: Image scales to average over, as 0.8,1.0,1.2.
        flip: Average over the mirror image, too; twice the time.
        precision: Of the weights; bfloat16 halves their size.
        crf: End the graph with a CRF, in TensorFlow operations alone.
        crf_parameters: With --crf: a name, or tune_crf's crf.json.
        max_megapixels: The model refuses requests of more pixels, which take some 900 bytes each;
          at least a tile of predict.
    """

    model_dir: str
    output_dir: str
    scales: tuple[float, ...] = (1.0,)
    flip: bool = False
    precision: str = option("float32", choices=PRECISIONS)
    crf: bool = False
    crf_parameters: str = "deeplab_largefov"
    max_megapixels: float = option(MAX_MEGAPIXELS, at_least=TILE_SIZE**2 / 1e6)


def run(options: Options) -> None:
    crf_parameters = load_parameters(options.crf_parameters) if options.crf else None
    segmenter = load_segmenter(options.model_dir)
    path = export(
        segmenter,
        options.output_dir,
        scales=options.scales,
        flip=options.flip,
        precision=options.precision,
        crf_parameters=crf_parameters,
        max_megapixels=options.max_megapixels,
    )
    num_classes = len(segmenter.class_names)
    num_scales = len(options.scales)
    print(f"{path}: {num_classes} classes, {num_scales} scale(s), {options.precision}")
