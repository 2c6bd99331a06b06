"""Recipes in small: generated data in the published layouts, and flags for a few steps.

`rows/miniature/COMMAND.flags` has what replaces a step's own flags, and
`rows/miniature/generate_proposals.METHOD.flags` what only one method knows. Trainings begin with a
network that learnt generated images, in the place of ImageNet's. All else of a recipe is the same.
"""

import dataclasses
import os

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.json_file import write_json
from boxsup_tf.miniature.coco import write_coco
from boxsup_tf.miniature.context import write_context
from boxsup_tf.miniature.sbd import write_sbd
from boxsup_tf.miniature.voc import write_voc
from boxsup_tf.recipes.recipe import Recipe
from boxsup_tf.recipes.step import ROWS, SUFFIX, Step, flags_of, load_step, read_flagfile

# What the miniature has of `needs.NEEDS`.
_DATA = ("voc2012", "voc2012_test", "voc2007", "sbd", "coco2014", "context")
_FOLDER = os.path.join(ROWS, "miniature")
# What makes the network that trainings begin with.
IMAGENET = ("miniature/imagenet.prepare_data", "miniature/imagenet.train")


def in_miniature(recipe: Recipe) -> Recipe:
    """The recipe with the miniature's flags in all of its steps.

    Raises:
        InputError: it has none, or a file of flags is not well formed.
    """
    if missing := sorted({*recipe.data} - {*_DATA}):
        raise InputError(f"{recipe.name}: {missing[0]} has no miniature: expected --data_root")
    imagenet = (load_step(name) for name in IMAGENET)
    steps = (*imagenet, *(_smaller(step) for step in recipe.steps))
    return dataclasses.replace(recipe, steps=steps)


def _smaller(step: Step) -> Step:
    names = [step.command]
    if method := dict(step.flags).get("method"):
        names.append(f"{step.command}.{method}")
    for name in names:
        path = os.path.join(_FOLDER, name + SUFFIX)
        if files.exists(path):
            step = step.but(flags_of(path, read_flagfile(path)))
    return step


def make_data(folder: str, image_size: int = 112) -> None:
    """Writes the generated data, if it is not there yet.

    Args:
        folder: in the place of the published data.
        image_size: mean side, pixels.
    """
    done = os.path.join(folder, "miniature.json")
    if files.exists(done):
        return
    write_voc(folder, num_train=12, num_val=8, num_test=4, image_size=image_size)
    write_sbd(folder, image_size=image_size)
    write_coco(os.path.join(folder, "coco"), image_size=image_size)
    write_context(folder, image_size=image_size)
    write_json(done, {"image_size": image_size})
