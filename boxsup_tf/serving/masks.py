"""Masks of image files, from a server."""

import io
import os
import struct
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from boxsup_tf import drawing
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
) -> int:
    """Writes OUTPUT_DIR/NAME.png, palette PNGs, for images that a server looks at.

    Masks that exist are skipped, so an interrupted run goes on where it stopped. Photographs that
    their camera noted as turned are sent upright, so their masks are, too.

    Args:
        ask: from an image file to a grey PNG of its labels: `rest_client` or `grpc_client`. May
            raise `RefusedImage`, or an InputError where no further question makes sense.
        path_of_name: JPEG or PNG files, as `inference.image_paths.find_images` names them.
        output_dir: made if need be.
        concurrency: images that are under way at a time.

    Returns:
        The number of masks that were written in this call.

    Raises:
        InputError: there is no such server (what was finished stays); or images could not be read
            or were refused (all the others are finished then).
    """
    mask_of_path = {
        path: mask
        for name, path in path_of_name.items()
        if not files.exists(mask := path_below(output_dir, f"{name}.png"))
    }

    def process(path: str, mask: str) -> None:
        label_map = np.array(Image.open(io.BytesIO(ask(_read_upright(path)))))
        files.make_folders(os.path.dirname(mask))
        drawing.write_palette_png(mask, label_map)

    failures = []
    with ThreadPoolExecutor(concurrency) as pool:
        futures = {pool.submit(process, path, mask): path for path, mask in mask_of_path.items()}
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
    return len(mask_of_path)


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
