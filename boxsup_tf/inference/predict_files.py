"""Masks and overlays of image files."""

import os
from collections.abc import Sequence

from tqdm import tqdm

from boxsup_tf import drawing
from boxsup_tf.data.example import decode_image, read_image_file
from boxsup_tf.errors import InputError
from boxsup_tf.inference.saved_model import SavedModel


def predict_files(saved_model: SavedModel, image_paths: Sequence[str], output_dir: str) -> int:
    """Writes OUTPUT_DIR/masks/STEM.png (palette PNG) and OUTPUT_DIR/overlays/STEM.jpg.

    Images whose two files exist are skipped, so an interrupted run goes on where it stopped.

    Args:
        saved_model: an exported model.
        image_paths: JPEG or PNG files; a path that occurs twice is taken once.
        output_dir: made if need be.

    Returns:
        The number of images that were predicted in this call.

    Raises:
        InputError: two files would write the same outputs (nothing is written then); or images
            could not be read (all the others are finished then).
    """
    path_of_stem = _by_stem(image_paths)
    masks, overlays = (os.path.join(output_dir, name) for name in ("masks", "overlays"))
    for folder in (masks, overlays):
        os.makedirs(folder, exist_ok=True)
    failures: list[str] = []
    done = 0
    for stem, path in tqdm(path_of_stem.items(), desc="predict", unit="image"):
        mask_path = os.path.join(masks, f"{stem}.png")
        overlay_path = os.path.join(overlays, f"{stem}.jpg")
        if os.path.exists(mask_path) and os.path.exists(overlay_path):
            continue
        try:
            encoded, _, _ = read_image_file(path)
        except InputError as error:
            failures.append(str(error))
            continue
        image = decode_image(encoded).numpy()
        label_map = saved_model.predict(image[None])[0][0].numpy()
        drawing.write_image(overlay_path, drawing.overlay(image, label_map))
        drawing.write_palette_png(mask_path, label_map)
        done += 1
    if failures:
        listed = "\n  ".join(failures)
        raise InputError(
            f"{len(failures)} of {len(path_of_stem)} images could not be read (the others are "
            f"done):\n  {listed}"
        )
    return done


def _by_stem(image_paths: Sequence[str]) -> dict[str, str]:
    path_of_stem: dict[str, str] = {}
    for path in image_paths:
        stem = os.path.splitext(os.path.basename(path))[0]
        other = path_of_stem.setdefault(stem, path)
        if os.path.abspath(other) != os.path.abspath(path):
            raise InputError(
                f"{path}: would write the same files as {other}: expected names that differ in "
                "more than folder and ending"
            )
    return path_of_stem
