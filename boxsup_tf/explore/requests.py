"""What the page sends, checked field by field."""

from typing import Annotated, Literal, TypeVar

import pydantic

from boxsup_tf.errors import InputError
from boxsup_tf.explore.choice import ChoiceSettings
from boxsup_tf.explore.explorer import LAYERS
from boxsup_tf.explore.opened_image import DrawnBox

_MOST_CANDIDATES = 200
_Edge = Annotated[float, pydantic.Field(allow_inf_nan=False)]


class ImageRequest(pydantic.BaseModel):
    """An image by its key."""

    model_config = pydantic.ConfigDict(extra="forbid", strict=True)

    image: str = pydantic.Field(max_length=100)


class BoxRequest(ImageRequest):
    """A box of an image, and how its candidate is chosen.

    Attributes:
        drawn: yxyx, pixels; None: the box is one of the image's own.
        label: of a drawn box.
        number: of one of the image's own boxes.
        settings: of the choice.
        count: the most candidates wanted.
    """

    drawn: tuple[_Edge, _Edge, _Edge, _Edge] | None = None
    label: int = pydantic.Field(1, ge=1)
    number: int = pydantic.Field(0, ge=0)
    settings: ChoiceSettings = ChoiceSettings()
    count: int = pydantic.Field(20, ge=1, le=_MOST_CANDIDATES)

    @property
    def drawn_box(self) -> DrawnBox | None:
        return DrawnBox(self.drawn, self.label) if self.drawn else None


class PictureRequest(BoxRequest):
    """A layer of an image, see `Explorer.picture`; `number` is the layer's."""

    layer: Literal[LAYERS]  # type: ignore[valid-type]


_Request = TypeVar("_Request", bound=ImageRequest)


def parse_request(kind: type[_Request], body: bytes) -> _Request:
    """A request from the JSON of its body.

    Raises:
        InputError: it is none; the message is for its sender.
    """
    try:
        return kind.model_validate_json(body)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "request"
        raise InputError(f"{where}: {first['msg']}") from None
