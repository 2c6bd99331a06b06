"""One epoch of the network update (BoxSup, Sec. 3.3), from where it was left on."""

import math
from collections.abc import Iterator

from tqdm import tqdm

from boxsup_tf.training.checkpoints import Progress, diverged
from boxsup_tf.training.input_pipeline import TrainingPipeline
from boxsup_tf.training.network_update import NetworkUpdate


def train_epoch(
    pipeline: TrainingPipeline,
    network_update: NetworkUpdate,
    progress: Progress,
    num_steps: int,
    model_dir: str,
) -> Iterator[None]:
    """Takes the steps of the present epoch that are not done yet.

    Args:
        progress: says which ones; counts them, and adds up what they say.
        num_steps: of a whole epoch.
        model_dir: the run's folder, for the error.

    Yields:
        After every step, so that the caller can save.

    Raises:
        InputError: the loss is not a finite number.
    """
    epoch, done = int(progress.epoch), int(progress.step)
    pipeline.start(epoch, done)
    with tqdm(total=num_steps, initial=done, desc=f"epoch {epoch}", unit="step") as bar:
        for images, label_maps, example_ids in pipeline.dataset:
            batch_loss, counts = network_update.step(images, label_maps)
            loss = float(batch_loss)
            if not math.isfinite(loss):
                names = ", ".join(name.decode() for name in example_ids.numpy())
                raise diverged(model_dir, f"the loss is {loss}", progress, f" (images {names})")
            progress.agreement.assign_add(counts)
            progress.step.assign_add(1)
            bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
            bar.update()
            yield
