"""benchmarks/assignments.py: texts become values of the fields' types."""

import dataclasses
import pathlib
import sys

import pytest

from boxsup_tf.errors import InputError

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "benchmarks"))
from assignments import parse_values


@dataclasses.dataclass(frozen=True)
class Thing:
    t_width: int
    t_rate: float
    t_switch: bool
    t_name: str
    t_rates: tuple[float, ...]
    t_maybe: int | None


def test_values_are_parsed_by_the_fields_types():
    texts = ["t_width=3", "t_rate=0.5", "t_switch=false", "t_name=x=y", "t_rates=1+2", "t_maybe=2"]
    values = parse_values(Thing, texts, "things")
    assert values == {
        **{"t_width": 3, "t_rate": 0.5, "t_switch": False, "t_name": "x=y"},
        **{"t_rates": ["1", "2"], "t_maybe": 2},
    }
    for wrong, expected in {
        "t_width": "option=value",
        "t_width=few": "a whole number",
        "t_rate=few": "a number",
        "t_switch=maybe": "true or false",
    }.items():
        with pytest.raises(InputError, match=f"--things: '{wrong}': expected {expected}"):
            parse_values(Thing, [wrong], "things")
