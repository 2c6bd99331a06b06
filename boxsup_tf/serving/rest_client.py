"""Masks by HTTP, from scripts/serve.py or TensorFlow Serving."""

import base64

import urllib3

from boxsup_tf.errors import InputError
from boxsup_tf.inference.interface import SIGNATURE_MASKS
from boxsup_tf.serving.masks import RefusedImage

_BUSY = 503
_NO_SUCH_MODEL = 404
# Of a server that is there; all other errors say that none is.
_OF_ONE_IMAGE = (urllib3.exceptions.ProtocolError, urllib3.exceptions.ReadTimeoutError)


class RestClient:
    """Asks one model of a server; may be used by several threads.

    Args:
        url: of the server, as http://localhost:8501.
        model_name: that the server has.
        concurrency: connections that are kept open.
    """

    def __init__(self, url: str, model_name: str, concurrency: int = 4) -> None:
        self._url = f"{url.rstrip('/')}/v1/models/{model_name}:predict"
        # A busy server is asked again, for about two minutes; one that is away is not. A connection
        # that was kept open may have ended meanwhile.
        retries = urllib3.Retry(
            8,
            connect=0,
            read=1,
            status_forcelist=[_BUSY],
            allowed_methods=None,
            backoff_factor=0.5,
            raise_on_status=False,
        )
        timeout = urllib3.Timeout(connect=10, read=600)
        self._pool = urllib3.PoolManager(maxsize=concurrency, retries=retries, timeout=timeout)

    def class_names(self) -> tuple[str, ...]:
        """The model's, index is label; none where the server does not tell, as TensorFlow Serving.

        Raises:
            InputError: there is no server.
        """
        try:
            answer = self._pool.request("GET", self._url.removesuffix(":predict") + "/metadata")
            classes = answer.json()["metadata"]["classes"]
            return tuple(str(entry["name"]) for entry in classes)
        except urllib3.exceptions.HTTPError as error:
            raise self._no_answer(error) from None
        except (ValueError, LookupError, TypeError):
            return ()

    def __call__(self, encoded: bytes) -> bytes:
        """A grey PNG of the labels.

        Args:
            encoded: a JPEG or PNG file.

        Raises:
            RefusedImage: the server does not take this image, or breaks off.
            InputError: there is no such server, or no such model.
        """
        body = {
            "signature_name": SIGNATURE_MASKS,
            "instances": [{"b64": base64.b64encode(encoded).decode()}],
        }
        try:
            response = self._pool.request("POST", self._url, json=body)
        except urllib3.exceptions.HTTPError as error:
            if isinstance(reason := getattr(error, "reason", error), _OF_ONE_IMAGE):
                raise RefusedImage(f"no answer: {reason}") from None
            raise self._no_answer(error) from None
        try:
            answer = response.json()
            if response.status == 200:
                return base64.b64decode(answer["predictions"][0]["b64"])
            reason = answer["error"]
        except (ValueError, LookupError, TypeError):
            raise InputError(
                f"{self._url}: status {response.status}, {response.data[:80]!r}: expected the "
                "answer of serve.py or TensorFlow Serving"
            ) from None
        if response.status in (_NO_SUCH_MODEL, _BUSY):
            raise InputError(f"{self._url}: {reason}")
        raise RefusedImage(f"refused: {reason}")

    def _no_answer(self, error: urllib3.exceptions.HTTPError) -> InputError:
        # urllib3 names objects of its own before the cause.
        cause = str(getattr(error, "reason", error)).rsplit(": ", 1)[-1]
        return InputError(
            f"{self._url}: no answer ({cause}): expected a server there, as serve.py is"
        )
