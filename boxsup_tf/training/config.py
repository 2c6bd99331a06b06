"""TrainConfig: everything that decides what a training run computes."""

import dataclasses

from boxsup_tf.errors import InputError
from boxsup_tf.models.network_family import families, family_of
from boxsup_tf.settings import check_choices, choice
from boxsup_tf.supervision.scoring import BELIEFS, NORMALISERS, ScoringConfig

OPTIMIZERS = ("sgd", "adamw")
SCHEDULES = ("step", "poly")
LOSS_AT = ("grid", "pixels")
DIFFICULT = ("learn", "ignore")
PRECISIONS = ("float32", "bfloat16")
UPDATE_PRECISIONS = ("auto", *PRECISIONS)


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """A run's settings; the defaults are the paper's (Sec. 4) and DeepLab's where it is silent.

    When and how the network is believed, and k, are as measured on photographs (docs/results.md).

    Attributes:
        train_data: comma-separated DIR:box and DIR:mask.
        val_data: a folder with masks; empty: no validation.
        validate_every: epochs from one validation to the next; the last epoch has one anyway.
        init: see the network's family, or a run's folder.
        network: `largefov`, or the first `deeplab`.
        width_multiplier: of the network's channels.
        epochs: of network updates, each after a mask update.
        batch_size: images a step.
        accumulate: parts that a batch is worked off in, one after the other, where memory is
            short; the update is that of the whole batch.
        precision: `bfloat16` computes in it where that is safe and keeps weights in float32.
        frozen_blocks: number of first blocks (VGG-16 has five) that keep their initial weights.
        feature_cache: a folder for what the frozen blocks make of every view, which is then
            computed once; runs with the same frozen weights may share it. Needs
            `augmentations`.
        augmentations: so many fixed crops an image, taken in turn; 0: a new one every epoch.
        crop_size: pixels, 8 n + 1.
        min_scale, max_scale: range of the random scaling.
        seed: of weights, draws, augmentation and order.
        loss_at: `grid`: a label every 8 pixels counts, as in DeepLab; `pixels`: every one.
        optimizer: `sgd` with layer-wise rates, or `adamw`.
        learning_rate: at the start.
        last_layer_rate: factor of the last layer's learning rate, with `sgd`: it is fresh where
            the others are trained.
        schedule: `step`: times 0.1 every `decay_epochs`; `poly`: (1 - step / steps) ** 0.9, with
            which a run's number of epochs cannot change.
        decay_epochs: for `step`.
        momentum: of `sgd`.
        weight_decay: not on biases. L2 in the gradient for sgd, decoupled for adamw.
        clip_norm: largest global norm of a gradient; 0: not clipped.
        dropout: after fc6 and fc7.
        feedback_weight: lambda, the weight of E_r against E_o.
        warmup_epochs: the mask updates of so many epochs do not ask the network.
        ramp_epochs: after them, lambda rises to its full weight in so many steps more.
        min_agreement: the boxes of a class ask the network once its IoU with the pseudo-masks,
            over the crops of the epoch before, has reached this; 0: always. Before the first epoch
            it counts as 0.
        prior_weight: of the preference for large candidates that stands in for the network's
            belief until that has its full weight.
        update_every: epochs from one mask update to the next; 0: the first one is the last.
        k: each box draws among its k best candidates; the paper's 5 costs more mask quality here
            than its variety gives back.
        min_box_iou: candidates whose tight box overlaps the box less are not eligible, unless
            none does better.
        clip_to_box: a candidate stands for its part inside the box.
        belief, normaliser: how E_r is computed, see `supervision.scoring`.
        difficult: `learn`: boxes annotated as difficult are objects as others are; `ignore`: they
            choose no candidate, and their pixels are void where nothing else is painted.
        update_scale: the network sees images at so many times their size in a mask update.
        update_precision: what the network computes in in a mask update, where `precision` is
            float32; `auto`: bfloat16 where the hardware computes in it.
        update_batch: images of equal size that pass the network together in a mask update, at
            most.
        checkpoint_minutes: at most this long between checkpoints inside an epoch.
        keep_checkpoints: so many of the last ones are kept, and the best by validation.
        num_pictures: examples shown in TensorBoard and in the mask-evolution picture.
    """

    train_data: str
    val_data: str = ""
    validate_every: int = 1
    init: str = "imagenet"
    network: str = choice("largefov", tuple(families()))
    width_multiplier: float = 1.0
    epochs: int = 45
    batch_size: int = 20
    accumulate: int = 1
    precision: str = choice("float32", PRECISIONS)
    frozen_blocks: int = 0
    feature_cache: str = ""
    augmentations: int = 0
    crop_size: int = 321
    min_scale: float = 0.75
    max_scale: float = 1.25
    seed: int = 0
    loss_at: str = choice("grid", LOSS_AT)
    optimizer: str = choice("sgd", OPTIMIZERS)
    learning_rate: float = 0.001
    last_layer_rate: float = 10.0
    schedule: str = choice("step", SCHEDULES)
    decay_epochs: int = 15
    momentum: float = 0.9
    weight_decay: float = 5e-4
    clip_norm: float = 0.0
    dropout: float = 0.5
    feedback_weight: float = 3.0
    warmup_epochs: int = 2
    ramp_epochs: int = 0
    min_agreement: float = 0.2
    prior_weight: float = 0.0
    update_every: int = 1
    k: int = 1
    min_box_iou: float = 0.5
    clip_to_box: bool = True
    belief: str = choice("calibrated", BELIEFS)
    normaliser: str = choice("image", NORMALISERS)
    difficult: str = choice("learn", DIFFICULT)
    update_scale: float = 1.25
    update_precision: str = choice("auto", UPDATE_PRECISIONS)
    update_batch: int = 1
    checkpoint_minutes: float = 10.0
    keep_checkpoints: int = 2
    num_pictures: int = 4

    def __post_init__(self) -> None:
        def expect(name: str, holds: bool, expected: str) -> None:
            if not holds:
                raise InputError(f"--{name}={getattr(self, name)}: expected {expected}")

        check_choices(self)
        family = family_of(self.network)
        stride, num_blocks = family.stride, len(family.block_ends)
        on_grid = self.crop_size > 0 and self.crop_size % stride == 1
        expect("crop_size", on_grid, f"{stride} n + 1, such as {40 * stride + 1}")
        expect("min_scale", 0 < self.min_scale <= self.max_scale, "0 < min_scale <= max_scale")
        expect("width_multiplier", self.width_multiplier > 0, "more than 0")
        expect("dropout", 0 <= self.dropout < 1, "0 <= dropout < 1")
        expect("min_box_iou", 0 <= self.min_box_iou <= 1, "a number in 0 .. 1")
        expect("min_agreement", 0 <= self.min_agreement <= 1, "a number in 0 .. 1")
        expect("update_scale", self.update_scale > 0, "more than 0")
        expect(
            "frozen_blocks",
            0 <= self.frozen_blocks <= num_blocks,
            f"a number in 0 .. {num_blocks}",
        )
        if self.feature_cache and not (self.frozen_blocks and self.augmentations):
            raise InputError(
                f"--feature_cache={self.feature_cache}: expected --frozen_blocks and "
                "--augmentations of at least 1: nothing else stays the same"
            )
        for name in (
            "epochs",
            "validate_every",
            "batch_size",
            "accumulate",
            "k",
            "decay_epochs",
            "update_batch",
            "keep_checkpoints",
        ):
            expect(name, getattr(self, name) >= 1, "at least 1")
        for name in (
            *("seed", "warmup_epochs", "num_pictures", "checkpoint_minutes", "weight_decay"),
            *("learning_rate", "last_layer_rate", "clip_norm", "feedback_weight"),
            *("augmentations", "ramp_epochs", "prior_weight", "update_every"),
        ):
            expect(name, getattr(self, name) >= 0, "at least 0")

    @property
    def dtype_policy(self) -> str:
        """Keras' name for the precision."""
        return "mixed_bfloat16" if self.precision == "bfloat16" else "float32"

    @property
    def scoring(self) -> ScoringConfig:
        return ScoringConfig(self.clip_to_box, self.belief, self.normaliser)
