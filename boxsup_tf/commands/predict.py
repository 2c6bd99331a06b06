r"""Predicts images with an exported model: masks, overlays, and what was found.

    boxsup predict --saved_model=exports/voc --images='photos/*.jpg' --output_dir=predictions
    boxsup predict --saved_model=exports/voc --images=photos --images=one.png \
        --output_dir=predictions --crf

Writes OUTPUT_DIR/masks/NAME.png (palette PNGs of labels), overlays/NAME.jpg and predictions.json:
the classes of every image and their areas. Quote patterns, the program expands them itself. An
interrupted run goes on where it stopped when the same command is given again. Images that cannot
be read are listed at the end, and the exit status is then 1. Images are read as prepare_data reads
them; a photograph that EXIF says is turned gets an upright mask.
"""

import dataclasses

from boxsup_tf.commands.next_step import say_next
from boxsup_tf.data.channels import ChannelOptions
from boxsup_tf.inference.image_paths import find_images
from boxsup_tf.inference.predict_files import PredictOptions, predict_files
from boxsup_tf.inference.saved_model import load_saved_model
from boxsup_tf.settings import option


@dataclasses.dataclass(frozen=True)
class Options:
    """What is predicted.

    Attributes:
        saved_model: Folder that export wrote.
        images: File, folder or quoted pattern; may be given again.
        output_dir: Folder for masks/, overlays/ and predictions.json.
    """

    saved_model: str
    images: tuple[str, ...] = option(repeated=True)
    output_dir: str = option(written=True)


def run(options: Options, details: PredictOptions, channels: ChannelOptions) -> None:
    path_of_name = find_images(options.images, options.output_dir)
    saved_model = load_saved_model(options.saved_model)
    done = predict_files(saved_model, path_of_name, options.output_dir, details, channels)
    print(f"{options.output_dir}: {done} new of {len(path_of_name)} images: masks/ and overlays/")
    say_next("serve", saved_model=options.saved_model)
