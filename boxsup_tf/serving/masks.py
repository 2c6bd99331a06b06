"""Masks of image files, from a server."""

import io
import os
import struct
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from boxsup_tf import drawing, sheet
from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.names import path_below
from boxsup_tf.records.upright import orientation


class RefusedImage(InputError):
    """A server does not take one image; it would take others."""


def request_masks(
    ask: Callable[[bytes], bytes],
    path_of_name: Mapping[str, str],
    output_dir: str,
    concurrency: int = 4,
    overlay_dir: str = "",
    class_names: Sequence[str] = (),
) -> int:
    """Writes OUTPUT_DIR/NAME.png, palette PNGs, for images that a server looks at.

    And, if asked for, OVERLAY_DIR/NAME.jpg, the masks over their images.

    Masks that exist are skipped, so an interrupted run goes on where it stopped. Photographs that
    their camera noted as turned are sent upright, so their masks are, too.

    Args:
        ask: from an image file to a grey PNG of its labels: `rest_client` or `grpc_client`. May
            raise `RefusedImage`, or an InputError where no further question makes sense.
        path_of_name: JPEG or PNG files, as `inference.image_paths.find_images` names them.
        output_dir: made if need be.
        concurrency: images that are under way at a time.
        overlay_dir: made if need be; empty: no overlays.
        class_names: for their legend; none where they are not known.

    Returns:
        The number of masks that were written in this call.

    Raises:
        InputError: there is no such server (what was finished stays); or images could not be read
            or were refused (all the others are finished then).
    """
    outputs = {
        path: [path_below(output_dir, f"{name}.png")]
        + [path_below(folder, f"{name}.jpg") for folder in (overlay_dir,) if folder]
        for name, path in path_of_name.items()
    }
    missing = {
        path: made for path, made in outputs.items() if not all(files.exists(file) for file in made)
    }

    def process(path: str, mask: str, overlay: str = "") -> None:
        encoded = _read_upright(path)
        label_map = np.array(Image.open(io.BytesIO(ask(encoded))))
        if overlay:
            image = np.array(Image.open(io.BytesIO(encoded)).convert("RGB"))
            picture = drawing.overlay(image, label_map)
            if class_names:
                picture = sheet.with_legend(picture, np.unique(label_map), class_names)
            files.make_folders(os.path.dirname(overlay))
            drawing.write_image(overlay, picture)
        files.make_folders(os.path.dirname(mask))
        drawing.write_palette_png(mask, label_map)

    failures = []
    with ThreadPoolExecutor(concurrency) as pool:
        futures = {pool.submit(process, path, *made): path for path, made in missing.items()}
        try:
            progress = tqdm(as_completed(futures), total=len(futures), desc="ask", unit="image")
            for future in progress:
                try:
                    future.result()
                except RefusedImage as error:
                    failures.append(f"{futures[future]}: {error}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if failures:
        listed = "\n  ".join(sorted(failures))
        raise InputError(
            f"{len(failures)} of {len(path_of_name)} images have no mask (the others are done):\n"
            f"  {listed}"
        )
    return len(missing)


def _read_upright(path: str) -> bytes:
    """The file's bytes; as PNG where a JPEG had to be turned (see `records.upright`)."""
    try:
        encoded = files.read(path)
    except OSError as error:
        raise RefusedImage(f"cannot read the image: {error.strerror}") from None
    if orientation(encoded) == 1:
        return encoded
    turned = io.BytesIO()
    try:
        image = Image.open(io.BytesIO(encoded), formats=["JPEG"])
        ImageOps.exif_transpose(image).convert("RGB").save(turned, "PNG")
    except (Image.DecompressionBombError, SyntaxError, OSError, ValueError, struct.error):
        return encoded  # the server says what is wrong
    return turned.getvalue()
