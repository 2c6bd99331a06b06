"""TrainConfig: everything that decides what a training run computes."""

import dataclasses
import math

from boxsup_tf.errors import InputError
from boxsup_tf.models.architecture import MAX_WIDTH, Architecture
from boxsup_tf.models.network_family import BATCH_NORMS, NetworkFamily, family_of, heads
from boxsup_tf.settings import check, option
from boxsup_tf.supervision.scoring import BELIEFS, NORMALISERS, ScoringConfig
from boxsup_tf.training.pixel_loss import LOSSES
from boxsup_tf.training.strategy import STRATEGIES

CLASS_WEIGHTS = ("none", "inverse", "median")
PRECISIONS = ("float32", "bfloat16", "float16")


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """A run's settings; the defaults are the paper's (Sec. 4) and DeepLab's where it is silent.

    When and how the network is believed, and k, are as measured on photographs (docs/results.md).

    Attributes:
        Data:
        train_data: comma-separated DIR:box and DIR:mask, records and what is learnt of them.
        val_data: a folder of records with masks; empty: no validation.
        augmentations: fixed crops per image, cycled over epochs; 0: a new crop every epoch.
        crop_size: pixels, a multiple of the network's step and 1 (docs/networks.md), such as 321.
        min_scale, max_scale: range of the random scaling.
        difficult: `learn`: boxes annotated as difficult are objects as others are; `ignore`: they
            choose no candidate, and their pixels are void where nothing else is painted.
        ignored_boxes: what is void of a box of a class that is not learnt: the whole `box`, or its
            `candidate` of smallest E_o, around which is background.
        void_band: pixels on either side of a pseudo-mask's outlines that are not learnt from.
        Network:
        network: the head: DeepLab-LargeFOV, the first DeepLab, FCN or DeepLabv3+
            (docs/networks.md).
        backbone: what the head stands on; empty: its own first choice.
        output_stride: pixels from one of the backbone's last features to the next; 0: the
            head's own first choice.
        width_multiplier: of the network's channels.
        init: where weights come from: `imagenet` (Keras' own; VGG-16 with its classifier), `hed`
            (an edge detector's VGG-16, without download), `random`, the path of a Keras weights
            file of the backbone (.h5), or the folder of another run, of which all layers that fit
            are taken.
        batch_norm: `frozen` normalises by the statistics that were loaded and trains the rest;
            `trained` by those of the whole batch, over all replicas, and needs large ones.
        frozen_blocks: number of the backbone's blocks (five in VGG-16), from the first, whose
            weights stay as they were loaded.
        feature_cache: a folder for what the frozen blocks make of every view, which is then
            computed once; runs with the same frozen weights may share it. Needs
            `augmentations`.
        dropout: after fc6 and fc7, in DeepLabv3+ after the pyramid.
        precision: `bfloat16` and `float16` compute in it where that is safe and keep weights in
            float32; `float16`, for GPUs that have no bfloat16, scales the loss.
        jit_compile: the network's pass forward and back through XLA.
        Optimisation:
        epochs: of network updates, each after a mask update.
        batch_size: images per step.
        accumulate: parts that a batch is worked off in, one after the other, where memory is
            short; the update is that of the whole batch.
        loss_at: `grid`: the label at each score of the network counts, as in DeepLab; `pixels`: of
            every pixel.
        loss: `cross_entropy`, or `focal`, which gives little weight to pixels that are known well.
        class_weights: factors of the loss by class: `none`; `inverse` to the frequency of a class's
            pixels; `median` frequency over its own, counted where the class is; or numbers with
            commas between, background first. They are scaled to a mean of 1 over the data's pixels.
        optimizer: `sgd` with layer-wise rates, or `adamw`.
        learning_rate: at the start.
        last_layer_rate: factor of the learning rate of the layers that make the scores, with
            `sgd`: they are fresh where the others are trained.
        schedule: `step`: times 0.1 every `decay_epochs`; `poly`: (1 - step / steps) ** 0.9, with
            which a run's number of epochs cannot change.
        decay_epochs: for `step`.
        momentum: of `sgd`.
        weight_decay: of kernels, not of biases or normalisation. L2 in the gradient for sgd,
            decoupled for adamw.
        clip_norm: largest global norm of a gradient; 0: not clipped.
        Mask update:
        feedback_weight: lambda, the weight of E_r against E_o.
        warmup_epochs: the first epochs, in whose mask updates the network is not asked.
        ramp_epochs: epochs after them in which lambda rises step by step to its full weight.
        min_agreement: predictions for a class are used once they reach this IoU with the class's
            masks, over the crops of the epoch before; 0: from the first mask update on.
        prior_weight: while predictions are not used yet, or not with their full weight, larger
            candidates are preferred with this weight; 0: they are not.
        update_every: epochs from one mask update to the next; 0: the first one is the last.
        k: each box draws among its k best candidates; the paper's 5 costs more mask quality here
            than its variety gives back.
        min_box_iou: candidates whose tight box overlaps the box less are not eligible, unless
            none does better; what does not overlap it never is.
        box_tolerance: of boxes that are not tight: the share of a box's side by which each of its
            edges may lie too far out. A candidate whose tight box ends in that band costs no E_o.
        retighten_boxes: within `box_tolerance`, boxes are tightened to what the network believes in
            them once it is asked, of all classes, whatever `min_agreement` leaves out.
        clip_to_box: a candidate stands for its part inside the box.
        belief: how predictions enter E_r. `cross_entropy`: as in the paper. `calibrated`: the same,
            but a network that sees too much background in a whole box is corrected for it.
            `centred`: only where in the box the object is counts, not how sure the network is.
        normaliser: E_r is divided by the pixels of the `image`, as in the paper, or of the `box`,
            which gives small objects as much weight as large ones.
        update_scale: images are resized by this factor before the network predicts them in a mask
            update; more than 1 finds small objects better and takes more time.
        update_precision: of the network in a mask update, where `precision` is float32; `auto`:
            bfloat16 where the hardware computes in it.
        update_batch: the most images of equal size that pass the network together in a mask
            update.
        Run:
        strategy: `one_device`; `mirrored`, all GPUs of this machine; `multi_worker`, all machines
            that TF_CONFIG names, of which each runs this command; or `auto`, what there is. The
            batch is that of all together, and what is learnt does not depend on it.
        seed: of weights, draws, augmentation and order.
        validate_every: epochs from one validation to the next; the last epoch has one anyway.
        checkpoint_minutes: the longest time between checkpoints inside an epoch.
        keep_checkpoints: the number of latest checkpoints kept, besides the best by validation.
        num_pictures: examples shown in TensorBoard and in the mask-evolution picture.
    """

    train_data: str
    val_data: str = ""
    validate_every: int = option(1, at_least=1)
    init: str = "imagenet"
    network: str = option("largefov", choices=tuple(heads()))
    backbone: str = ""
    output_stride: int = option(0, at_least=0)
    width_multiplier: float = option(1.0, above=0, at_most=MAX_WIDTH)
    epochs: int = option(45, at_least=1)
    batch_size: int = option(20, at_least=1)
    accumulate: int = option(1, at_least=1)
    precision: str = option("float32", choices=PRECISIONS)
    jit_compile: bool = False
    batch_norm: str = option("frozen", choices=BATCH_NORMS)
    frozen_blocks: int = option(0, at_least=0)
    feature_cache: str = ""
    augmentations: int = option(0, at_least=0)
    crop_size: int = option(321, at_least=1)
    min_scale: float = option(0.75, above=0)
    max_scale: float = option(1.25, above=0)
    strategy: str = option("auto", choices=STRATEGIES)
    seed: int = option(0, at_least=0)
    loss_at: str = option("grid", choices=("grid", "pixels"))
    loss: str = option("cross_entropy", choices=LOSSES)
    class_weights: str = "none"
    optimizer: str = option("sgd", choices=("sgd", "adamw"))
    learning_rate: float = option(0.001, at_least=0)
    last_layer_rate: float = option(10.0, at_least=0)
    schedule: str = option("step", choices=("step", "poly"))
    decay_epochs: int = option(15, at_least=1, only_with="schedule=step")
    momentum: float = option(0.9, at_least=0, at_most=1, only_with="optimizer=sgd")
    weight_decay: float = option(5e-4, at_least=0)
    clip_norm: float = option(0.0, at_least=0)
    dropout: float = option(0.5, at_least=0, below=1)
    feedback_weight: float = option(3.0, at_least=0)
    warmup_epochs: int = option(2, at_least=0)
    ramp_epochs: int = option(0, at_least=0)
    min_agreement: float = option(0.2, at_least=0, at_most=1)
    prior_weight: float = option(0.0, at_least=0)
    update_every: int = option(1, at_least=0)
    k: int = option(1, at_least=1)
    min_box_iou: float = option(0.5, at_least=0, at_most=1)
    box_tolerance: float = option(0.0, at_least=0, below=0.5)
    retighten_boxes: bool = option(False, only_with="box_tolerance")
    clip_to_box: bool = True
    belief: str = option("calibrated", choices=BELIEFS)
    normaliser: str = option("image", choices=NORMALISERS)
    difficult: str = option("learn", choices=("learn", "ignore"))
    ignored_boxes: str = option("box", choices=("box", "candidate"))
    void_band: int = option(0, at_least=0)
    update_scale: float = option(1.25, above=0)
    update_precision: str = option("auto", choices=("auto", "float32", "bfloat16"))
    update_batch: int = option(1, at_least=1)
    checkpoint_minutes: float = option(10.0, at_least=0)
    keep_checkpoints: int = option(2, at_least=1)
    num_pictures: int = option(4, at_least=0)

    def __post_init__(self) -> None:
        check(self)
        step, num_blocks = self.family.side_step, len(self.family.block_ends)
        if self.crop_size % step != 1:
            near = round(320 / step) * step + 1
            raise InputError(f"--crop_size={self.crop_size}: expected {step} n + 1, such as {near}")
        if self.frozen_blocks > num_blocks:
            raise InputError(
                f"--frozen_blocks={self.frozen_blocks}: expected at most the {num_blocks} blocks "
                f"of --network={self.network}"
            )
        if self.class_weights not in CLASS_WEIGHTS and not self.listed_class_weights:
            raise InputError(
                f"--class_weights={self.class_weights}: expected one of {', '.join(CLASS_WEIGHTS)} "
                "or numbers of at least 0 with commas between"
            )
        if self.batch_norm == "trained" and self.accumulate > 1:
            raise InputError(
                f"--batch_norm=trained: expected --accumulate=1, not {self.accumulate}: each part "
                "of a batch would have statistics of its own"
            )
        if self.min_scale > self.max_scale:
            raise InputError(
                f"--min_scale={self.min_scale}: expected at most --max_scale={self.max_scale}"
            )
        if self.feature_cache and not (self.frozen_blocks and self.augmentations):
            raise InputError(
                f"--feature_cache={self.feature_cache}: expected --frozen_blocks and "
                "--augmentations of at least 1: nothing else stays the same"
            )

    @property
    def listed_class_weights(self) -> tuple[float, ...]:
        """The numbers of `class_weights`; none where it is something else."""
        try:
            weights = tuple(map(float, self.class_weights.split(",")))
        except ValueError:
            return ()
        return weights if all(0 <= weight < math.inf for weight in weights) else ()

    @property
    def family(self) -> NetworkFamily:
        """Of the network."""
        return family_of(self.network, self.backbone, self.output_stride)

    def architecture(self, class_names: tuple[str, ...]) -> Architecture:
        """The network's, for these classes."""
        return Architecture(
            self.network, self.width_multiplier, class_names, self.backbone, self.output_stride
        )

    @property
    def dtype_policy(self) -> str:
        """Keras' name for the precision."""
        return self.precision if self.precision == "float32" else f"mixed_{self.precision}"

    @property
    def scoring(self) -> ScoringConfig:
        return ScoringConfig.of(self)
