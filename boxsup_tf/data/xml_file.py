"""XML files in any encoding that Python knows."""

import re
import xml.etree.ElementTree as ElementTree

from boxsup_tf.errors import InputError
from boxsup_tf.records.example import read_bytes

_ENCODING = re.compile(rb"^\s*<\?xml[^>]*encoding\s*=\s*[\"']([\w.-]+)")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def read_xml(path: str, what: str) -> ElementTree.Element:
    """The root of an XML file, in whatever encoding it says.

    Raises:
        InputError: the file is missing (`what` was expected), or not well-formed.
    """
    encoded = read_bytes(path, what)
    try:
        try:
            return ElementTree.fromstring(encoded)
        except (LookupError, ValueError) as error:
            if isinstance(error, ElementTree.ParseError):
                raise
            # An encoding that expat does not know: Python may; if it knows none, it is UTF-8.
            name = _ENCODING.search(encoded)
            try:
                text = encoded.decode(name[1].decode("ascii") if name else "utf-8")
            except LookupError:
                text = encoded.decode("utf-8-sig")
            return ElementTree.fromstring(_DECLARATION.sub("", text))
    except (ElementTree.ParseError, ValueError, LookupError, RecursionError) as error:
        raise InputError(f"{path}: not well-formed XML: {error}") from None
