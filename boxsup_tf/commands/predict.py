r"""Predicts images with an exported model: masks, overlays, and what was found.

    boxsup predict --saved_model=exports/voc --images='photos/*.jpg' --output_dir=predictions
    boxsup predict --saved_model=exports/voc --images=photos --images=one.png \
        --output_dir=predictions --crf

Writes OUTPUT_DIR/masks/NAME.png (palette PNGs of labels), overlays/NAME.jpg and predictions.json:
the classes of every image and their areas. Quote patterns, the program expands them itself. An
interrupted run goes on where it stopped when the same command is given again. Images that cannot
be read are listed at the end, and the exit status is then 1.
"""

import dataclasses
import os

from boxsup_tf.crf.parameters import load_parameters
from boxsup_tf.inference.batching import BATCH_SIZE
from boxsup_tf.inference.image_paths import find_images
from boxsup_tf.inference.predict_files import predict_files
from boxsup_tf.inference.saved_model import load_saved_model
from boxsup_tf.inference.tiling import TILE_SIZE
from boxsup_tf.records.example import MAX_MEGAPIXELS
from boxsup_tf.settings import option


@dataclasses.dataclass(frozen=True)
class Options:
    """What is predicted, and how.

    Attributes:
        saved_model: Folder that export wrote.
        images: File, folder or quoted pattern; may be given again.
        output_dir: Folder for masks/, overlays/ and predictions.json.
        crf: Refine the masks along the images' edges.
        crf_parameters: With --crf: a name, or tune_crf's crf.json.
        tile_size: Pixels: images with a longer side pass the network in overlapping tiles of this
          side; smaller ones take less memory and more time.
        batch_size: Images of one size that pass the network together.
        num_workers: With --crf: processes that run it.
        max_megapixels: Larger images are refused.
    """

    saved_model: str
    images: tuple[str, ...] = option(repeated=True)
    output_dir: str = option()
    crf: bool = False
    crf_parameters: str = "deeplab_largefov"
    tile_size: int = TILE_SIZE
    batch_size: int = option(BATCH_SIZE, at_least=1)
    num_workers: int = option(os.cpu_count() or 1, at_least=1)
    max_megapixels: float = option(MAX_MEGAPIXELS, at_least=0)


def run(options: Options) -> None:
    crf_parameters = load_parameters(options.crf_parameters) if options.crf else None
    path_of_name = find_images(options.images, options.output_dir)
    done = predict_files(
        load_saved_model(options.saved_model),
        path_of_name,
        options.output_dir,
        crf_parameters=crf_parameters,
        tile_size=options.tile_size,
        batch_size=options.batch_size,
        num_workers=options.num_workers,
        max_megapixels=options.max_megapixels,
    )
    print(f"{options.output_dir}: {done} new of {len(path_of_name)} images")
