"""schema: what JSON holds against types."""

import math
from typing import Any, TypedDict

import pytest

from boxsup_tf.schema import check_type


class _Image(TypedDict, total=False):
    note: str | None


class _Required(_Image):
    id: str
    scores: dict[str, list[float | None]]


_GOOD = {"id": "a", "scores": {"cat": [1, 0.5, None, math.nan]}, "more": object()}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (_GOOD, _Required),
        (_GOOD | {"note": None}, _Required),
        (3, int | None),
        (None, int | None),
        (3, float),
        (-(2**63), int),
        ([1, 2], tuple[int, ...]),
        ((), list[str]),
        (True, bool),
        (object(), Any),
        ({}, dict),
    ],
)
def test_what_fits(value, kind):
    check_type(value, kind, "x")


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ([], _Required, "^it is a list: expected an object"),
        ({"scores": {}}, _Required, "it has no 'id'"),
        (_GOOD | {"note": 1}, _Required, "^note is 1: expected a text"),
        (_GOOD | {"scores": {"cat": [1, "2"]}}, _Required, r"^scores\['cat'\]\[1\] is '2': exp"),
        (True, int, "True: expected a whole number"),
        (1, bool, "1: expected true or false"),
        (1.0, int, "1.0: expected a whole number"),
        (10**400, float, "is a int: expected a number"),
        (2**63, int, "expected a whole number"),
        ("a" * 5000, list[str], "is 'a{59}: expected a list"),
        ("text", tuple[str, ...], "'text': expected a list"),
        (None, str, "None: expected a text"),
    ],
)
def test_what_does_not_fit_is_named(value, kind, message):
    with pytest.raises(TypeError, match=message):
        check_type(value, kind, "")
