"""Masks by gRPC, from TensorFlow Serving (tensorflow.serving.PredictionService)."""

import grpc
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from boxsup_tf.errors import InputError
from boxsup_tf.inference.interface import MASK_BYTES, SIGNATURE_MASKS
from boxsup_tf.serving.masks import RefusedImage

_MAX_MESSAGE = 2**30  # bytes; gRPC's own limit of 4 MB is less than a large photograph
_NO_FURTHER_QUESTION = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.NOT_FOUND)


class GrpcClient:
    """Asks one model of a server; may be used by several threads.

    Args:
        target: of the server, as localhost:8500.
        model_name: that the server has.
    """

    def __init__(self, target: str, model_name: str) -> None:
        self._target, self._model_name = target, model_name
        limits = ("grpc.max_send_message_length", "grpc.max_receive_message_length")
        channel = grpc.insecure_channel(target, [(limit, _MAX_MESSAGE) for limit in limits])
        self._stub = PredictionServiceStub(channel)

    def __call__(self, encoded: bytes) -> bytes:
        """A grey PNG of the labels.

        Args:
            encoded: a JPEG or PNG file.

        Raises:
            RefusedImage: the server does not take this image.
            InputError: there is no such server, or no such model.
        """
        request = PredictRequest(output_filter=[MASK_BYTES])
        request.model_spec.name = self._model_name
        request.model_spec.signature_name = SIGNATURE_MASKS
        request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([encoded]))
        try:
            response = self._stub.Predict(request, timeout=600)
        except grpc.RpcError as error:
            reason = error.details()
            if error.code() in _NO_FURTHER_QUESTION:
                raise InputError(
                    f"{self._target}: {reason}: expected TensorFlow Serving there, with a model "
                    f"{self._model_name}"
                ) from None
            raise RefusedImage(f"refused: {reason}") from None
        return response.outputs[MASK_BYTES].string_val[0]
