"""The Keras optimiser of a run, with its schedule and, for float16, its loss scale."""

import keras

from boxsup_tf.training.config import TrainConfig

_POLY_POWER = 0.9


def make_optimizer(config: TrainConfig, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """The Keras optimiser with its schedule.

    float16 has no number below 6e-8: there the loss, and so every gradient, is scaled up, by as
    much as leaves them finite; a step whose gradients are not is left out.
    """
    schedule: keras.optimizers.schedules.LearningRateSchedule
    if config.schedule == "poly":
        schedule = keras.optimizers.schedules.PolynomialDecay(
            config.learning_rate, config.epochs * steps_per_epoch, 0.0, _POLY_POWER
        )
    else:
        schedule = keras.optimizers.schedules.ExponentialDecay(
            config.learning_rate, config.decay_epochs * steps_per_epoch, 0.1, staircase=True
        )
    optimizer: keras.optimizers.Optimizer
    if config.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(schedule, momentum=config.momentum)
    else:
        optimizer = keras.optimizers.AdamW(schedule, weight_decay=config.weight_decay)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    if config.precision == "float16":
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer
