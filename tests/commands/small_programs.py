"""Programs on small data, as tests stop them, fill their disks and take their folders away."""

import pathlib

from boxsup_tf.data.shapes import ShapesReader
from tests.scripts.small_run import write_run, write_shapes


def small_programs(folder: pathlib.Path, out: pathlib.Path) -> dict[str, tuple[str, ...]]:
    """Commands by name, in the order in which one needs another.

    Args:
        folder: exists; gets records and a run that they read.
        out: each writes into the folder in it that has its name.
    """
    names = ShapesReader(1, seed=1).class_names
    write_run(folder / "run", names)
    write_shapes(folder / "records", {}, names, 2)
    shapes = ("--dataset=shapes", "--num_images=4", "--image_size=64", "--num_shards=2")
    model, records = f"--model_dir={folder}/run", f"{folder}/records"
    training = ("--init=random", "--width_multiplier=0.05", "--crop_size=65", "--epochs=1")
    programs = {
        "prepare_data": shapes,
        "extract_images": (f"--input_dir={records}",),
        "generate_proposals": (
            *(f"--input_dir={records}", "--method=rectangle", "--num_workers=1"),
        ),
        "train": (f"--train_data={records}:mask", *training, "--num_pictures=1"),
        "evaluate": (model, f"--data={records}"),
        "export": (model,),
        "predict": (f"--saved_model={out}/export", f"--images={out}/extract_images"),
    }
    return {
        name: (
            *(f"{name}.py", *flags),
            f"--{'model_dir' if name == 'train' else 'output_dir'}={out}/{name}",
        )
        for name, flags in programs.items()
    }
