"""Exports a trained model as a SavedModel that needs TensorFlow alone, or in one file.

    boxsup export --model_dir=runs/voc --output_dir=exports/voc --scales=0.8,1.0,1.2
    boxsup export --model_dir=runs/voc --output_dir=exports/phone --format=tflite \
        --image_size=375,500

Writes OUTPUT_DIR/VERSION, the next free number, as TensorFlow Serving expects it
(docs/serving.md); or with another format OUTPUT_DIR/model.FORMAT and label_map.txt.
"""

import dataclasses

from boxsup_tf.commands.next_step import say_next
from boxsup_tf.crf.parameters import load_parameters
from boxsup_tf.errors import InputError
from boxsup_tf.inference.export import MAX_MEGAPIXELS, PRECISIONS, export
from boxsup_tf.inference.export_file import FORMATS, export_file
from boxsup_tf.inference.tiling import TILE_SIZE
from boxsup_tf.io import files
from boxsup_tf.models.saved_network import CHECKPOINTS, choose_network, load_segmenter
from boxsup_tf.settings import check, option

_SAVED_MODEL = "saved_model"


@dataclasses.dataclass(frozen=True)
class Options:
    """What is exported.

    Attributes:
        model_dir: Folder of a training run.
        output_dir: Folder of the versions.
        checkpoint: The run's network of highest validation mean IoU, or its last; best is the last
          one where the run had no validation.
        scales: Image scales to average over, as 0.8,1.0,1.2.
        flip: Average over the mirror image, too; twice the time.
        precision: Of the weights. saved_model: float32 or bfloat16, half the size; tflite:
          float32, float16 or int8; onnx: float32.
        format: tflite is for LiteRT on small devices, onnx for ONNX Runtime (needs tf2onnx).
        image_size: HEIGHT,WIDTH of the images that a tflite or onnx model takes; tflite needs it.
        Only with --format=saved_model:
        crf: End the graph with a CRF, in TensorFlow operations alone.
        crf_parameters: With --crf: a name, or tune_crf's crf.json.
        max_megapixels: The model refuses requests of more pixels, which take some 900 bytes each;
          at least a tile of predict.
    """

    model_dir: str
    output_dir: str = option(written=True)
    checkpoint: str = option("best", choices=CHECKPOINTS)
    scales: tuple[float, ...] = (1.0,)
    flip: bool = False
    precision: str = "float32"
    format: str = option(_SAVED_MODEL, choices=(_SAVED_MODEL, *FORMATS))
    image_size: tuple[int, ...] | None = None
    crf: bool = option(False, only_with=f"format={_SAVED_MODEL}")
    crf_parameters: str = option("deeplab_largefov", only_with="crf")
    max_megapixels: float = option(
        MAX_MEGAPIXELS, at_least=TILE_SIZE**2 / 1e6, only_with=f"format={_SAVED_MODEL}"
    )

    def __post_init__(self) -> None:
        check(self)
        if self.format == _SAVED_MODEL:
            if self.precision not in PRECISIONS:
                raise InputError(
                    f"--precision={self.precision}: expected one of {', '.join(PRECISIONS)}"
                )
            if self.image_size:
                raise InputError("--image_size: a SavedModel takes images of any size")


def run(options: Options) -> None:
    crf_parameters = load_parameters(options.crf_parameters) if options.crf else None
    folder, what = choose_network(options.model_dir, options.checkpoint)
    segmenter = load_segmenter(folder)
    print(f"{folder}: {what}", flush=True)
    if options.format != _SAVED_MODEL:
        path = export_file(
            segmenter,
            options.output_dir,
            options.format,
            options.scales,
            options.flip,
            options.precision,
            options.image_size,
        )
        print(f"{path}: {files.size(path) / 1e6:.1f} MB, {options.precision}")
        return
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
    say_next(
        "predict", saved_model=options.output_dir, images="photos/*.jpg", output_dir="predictions"
    )
