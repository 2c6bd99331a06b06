"""A PyTorch twin of a network: the same layers, weights, loss and optimiser.

It lives in a process of its own, so that the two libraries' threads do not wait for each other's.
"""

import dataclasses
import importlib.util
import multiprocessing
from multiprocessing.connection import Connection
from typing import Any

import keras
import numpy as np

from boxsup_tf.labels import VOID
from boxsup_tf.models.vgg16 import FixedScale
from boxsup_tf.training.config import TrainConfig

_STRIDE = 8  # of the networks that the twin knows


@dataclasses.dataclass(frozen=True)
class _Layer:
    """One layer in words that both processes know."""

    kind: str
    values: dict[str, Any]


class TorchTwin:
    """Steps and scores of the twin; close it after use.

    Args:
        model: of `models.networks`, with sides of 8 n + 1 in mind.
        config: precision, rates and dropout of the training.
        compiled: whether torch.compile is asked for.
    """

    def __init__(self, model: keras.Model, config: TrainConfig, compiled: bool) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other_end = context.Pipe()
        arguments = (other_end, _read_layers(model), config, compiled)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        other_end.close()

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Without dropout, float32 [B, h, w, C] of images float32 [B, H, W, 3]."""
        return self._ask("logits", images)

    def set_batch(self, images: np.ndarray, label_maps: np.ndarray) -> None:
        """What all steps learn from: see `NetworkUpdate.step`."""
        self._ask("set_batch", images, label_maps)

    def step(self) -> None:
        """One step, done when it returns."""
        self._ask("step")

    def close(self) -> None:
        self._pipe.close()
        self._process.join()

    def _ask(self, *question: Any) -> Any:
        self._pipe.send(question)
        answer = self._pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


def is_installed() -> bool:
    return importlib.util.find_spec("torch") is not None


def _read_layers(model: keras.Model) -> list[_Layer]:
    """The layers of a network of `models.networks`, a chain."""
    found = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = layer.get_weights()
            values: dict[str, Any] = {"kernel": kernel, "bias": bias}
            values["dilation"] = layer.dilation_rate[0]
            values["relu"] = layer.activation is keras.activations.relu
            found.append(_Layer("convolution", values))
        elif isinstance(layer, keras.layers.MaxPooling2D):
            found.append(_Layer("max_pooling", {"stride": layer.strides[0]}))
        elif isinstance(layer, keras.layers.AveragePooling2D):
            found.append(_Layer("average_pooling", {}))
        elif isinstance(layer, FixedScale):
            found.append(_Layer("scale", {"factor": float(layer.scale)}))
        elif isinstance(layer, keras.layers.Dropout):
            found.append(_Layer("dropout", {"rate": layer.rate}))
        elif not isinstance(layer, keras.layers.InputLayer | keras.layers.ZeroPadding2D):
            raise ValueError(f"no twin of a {type(layer).__name__}")
    return found


def _serve(pipe: Connection, layers: list[_Layer], config: TrainConfig, compiled: bool) -> None:
    """Answers questions until the pipe closes."""
    twin = None
    while True:
        try:
            name, *arguments = pipe.recv()
        except EOFError:
            return
        try:
            twin = twin or _Twin(layers, config, compiled)
            pipe.send(getattr(twin, name)(*arguments))
        except Exception as error:
            pipe.send(RuntimeError(f"{type(error).__name__}: {error}"))


class _Twin:
    """The network itself, in the process that has PyTorch."""

    def __init__(self, layers: list[_Layer], config: TrainConfig, compiled: bool) -> None:
        import torch

        self._torch = torch
        modules = [module for layer in layers for module in self._modules(layer)]
        self._network = torch.nn.Sequential(*modules).to(memory_format=torch.channels_last)
        self._autocast = config.precision == "bfloat16"
        last = self._network[-1]
        factors = [
            (parameter, config.last_layer_rate if owner is last else 1.0, parameter.ndim == 1)
            for owner in self._network
            for parameter in owner.parameters()
        ]
        # The rates and the decay of `network_update`: biases learn twice as fast, undecayed.
        groups = [
            {
                "params": [parameter],
                "lr": config.learning_rate * factor * (2 if is_bias else 1),
                "weight_decay": 0.0 if is_bias else config.weight_decay,
            }
            for parameter, factor, is_bias in factors
        ]
        self._optimizer = torch.optim.SGD(groups, momentum=config.momentum)
        self._forward = torch.compile(self._scores) if compiled else self._scores

    def logits(self, images: np.ndarray) -> np.ndarray:
        self._network.eval()
        with self._torch.no_grad():
            scores = self._scores(self._as_batch(images))
        self._network.train()
        return scores.permute(0, 2, 3, 1).numpy()

    def set_batch(self, images: np.ndarray, label_maps: np.ndarray) -> None:
        self._images = self._as_batch(images)
        on_grid = label_maps[:, ::_STRIDE, ::_STRIDE]
        self._labels = self._torch.from_numpy(on_grid.astype(np.int64))

    def step(self) -> None:
        self._optimizer.zero_grad()
        scores = self._forward(self._images)
        total = self._torch.nn.functional.cross_entropy(
            scores, self._labels, ignore_index=VOID, reduction="sum"
        )
        loss = total / self._labels.numel()  # a void label counts as 0
        loss.backward()
        self._optimizer.step()
        loss.item()

    def _scores(self, images):
        """Like the policy mixed_bfloat16: the last layer computes in float32."""
        with self._torch.autocast("cpu", self._torch.bfloat16, enabled=self._autocast):
            features = self._network[:-1](images)
        return self._network[-1](features.float())

    def _as_batch(self, images: np.ndarray):
        batch = self._torch.from_numpy(images).permute(0, 3, 1, 2)
        return batch.contiguous(memory_format=self._torch.channels_last)

    def _modules(self, layer: _Layer) -> list:
        nn, values = self._torch.nn, layer.values
        if layer.kind == "max_pooling":
            return [nn.MaxPool2d(3, values["stride"], padding=1)]
        if layer.kind == "average_pooling":
            return [nn.AvgPool2d(3, 1, padding=1)]
        if layer.kind == "dropout":
            return [nn.Dropout(values["rate"])]
        if layer.kind == "scale":
            return [_scale_layer(nn, values["factor"])]
        kernel = values["kernel"]
        convolution = nn.Conv2d(
            kernel.shape[2],
            kernel.shape[3],
            kernel.shape[:2],
            padding="same",
            dilation=values["dilation"],
        )
        with self._torch.no_grad():
            convolution.weight.copy_(self._torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy()))
            convolution.bias.copy_(self._torch.from_numpy(values["bias"]))
        return [convolution, nn.ReLU(inplace=True)] if values["relu"] else [convolution]


def _scale_layer(nn, factor: float):
    class Scale(nn.Module):
        def forward(self, inputs):
            return inputs * factor

    return Scale()
