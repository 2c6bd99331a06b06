"""settings: dataclasses that say what they mean and allow, and are made of texts."""

import dataclasses
import math

import pytest

from boxsup_tf import settings
from boxsup_tf.errors import InputError
from boxsup_tf.proposals import registry


@dataclasses.dataclass(frozen=True)
class Base:
    """What every one has.

    Attributes:
        t_width, t_height: pixels; a doc for two,
            which goes on in the next line: with a colon.
        t_name: of the thing.
    """

    t_width: int = 3
    t_height: int = 4
    t_name: str = ""


@dataclasses.dataclass(frozen=True)
class Thing(Base):
    """One of all kinds.

    Attributes:
        t_name: another text than the base's.
        t_needed: has no default.
        Numbers, t=1:
        t_rate: a number.
        t_rates: some numbers.
        t_share: of the whole.
        t_maybe: a number, or none.
        Others:
        t_switch: yes or no.
        t_kind: soft_hard or odd.
        t_words: some words.
    """

    t_name: str = "thing"
    t_switch: bool = True
    t_rate: float = settings.option(0.5, above=0)
    t_kind: str = settings.option("soft", choices=["soft", "hard", "odd"])
    t_rates: tuple[float, ...] = (1.0, 0.5)
    t_words: tuple[str, ...] = ()
    t_share: float = settings.option(0.25, at_least=0, below=1)
    t_maybe: int | None = settings.option(None, at_least=1, at_most=3)
    t_needed: int = dataclasses.field(kw_only=True)


@dataclasses.dataclass(frozen=True)
class Undocumented(Thing):
    pass


def test_docs_come_from_the_class_and_its_bases():
    docs = {name: text for name, (_, text) in settings.documentation(Thing).items()}
    both = "pixels; a doc for two, which goes on in the next line: with a colon."
    assert docs["t_width"] == docs["t_height"] == both
    assert docs["t_name"] == "another text than the base's."
    assert settings.documentation(Base)["t_name"] == ("", "of the thing.")
    assert docs.keys() == {field.name for field in dataclasses.fields(Thing)}
    assert settings.documentation(Undocumented) == settings.documentation(Thing)
    assert settings.documentation(object) == {}


def test_descriptions_stand_under_their_headings_and_say_what_is_allowed():
    described = settings.descriptions(Thing)
    assert list(described) == list(settings.documentation(Thing))
    assert described["t_needed"] == ("", "Has no default.")
    assert described["t_rate"] == ("Numbers, t=1", "A number. More than 0.")
    assert described["t_share"] == ("Numbers, t=1", "Of the whole. At least 0 and less than 1.")
    assert described["t_maybe"][1] == "A number, or none. A number in 1 .. 3."
    # A name stays as it is written.
    assert described["t_kind"] == ("Others", "soft_hard or odd. One of soft, hard, odd.")


@pytest.mark.parametrize("method", registry.method_names())
def test_every_option_of_every_method_is_documented(method):
    options = registry.get_method(method).Options
    docs = settings.documentation(options)
    for field in dataclasses.fields(options):
        assert docs[field.name][1].endswith("."), field.name


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("t_kind", "rough", "--t_kind=rough: expected one of soft, hard, odd"),
        ("t_rate", 0, "--t_rate=0: expected more than 0"),
        ("t_rate", math.nan, "--t_rate=nan: expected more than 0"),
        ("t_rate", math.inf, "--t_rate=inf: expected more than 0"),
        ("t_share", 1.0, "--t_share=1.0: expected at least 0 and less than 1"),
        ("t_share", -0.1, "--t_share=-0.1: expected at least 0 and less than 1"),
        ("t_maybe", 4, "--t_maybe=4: expected a number in 1 .. 3"),
        ("t_maybe", 0, "--t_maybe=0: expected a number in 1 .. 3"),
    ],
)
def test_a_value_that_is_not_allowed_is_named(name, value, message):
    thing = Thing(t_needed=1, **{name: value})
    with pytest.raises(InputError) as caught:
        settings.check(thing)
    assert str(caught.value) == message
    with pytest.raises(InputError, match=f"thing's {name}="):
        settings.check(thing, prefix="thing's ")


def test_values_at_their_bounds_are_allowed():
    settings.check(Thing(t_needed=1, t_rate=1e-9, t_share=0.0, t_maybe=3, t_kind="odd"))
    settings.check(Thing(t_needed=1, t_maybe=1))


def test_values_that_are_missing_keep_their_defaults():
    made = settings.from_values(Thing, {"t_needed": 1, "t_rates": ["2"]})
    assert made == Thing(t_needed=1, t_rates=(2.0,))


def test_a_bad_value_is_named():
    with pytest.raises(InputError, match="--t_rates=1,x: expected a list of float"):
        settings.from_values(Thing, {"t_needed": 1, "t_rates": ["1", "x"]})
    with pytest.raises(InputError, match="--t_rate=0: expected more than 0"):
        settings.from_values(Thing, {"t_needed": 1, "t_rate": 0})


def test_values_are_written_as_flags_take_them():
    values = [dataclasses.MISSING, None, "", "a", True, 3, 0.5, 1e-3, (1.0, 0.5), ("x", "y")]
    written = ["", "", "", "a", "true", "3", "0.5", "0.001", "1,0.5", "x,y"]
    assert [settings.format_value(value) for value in values] == written
