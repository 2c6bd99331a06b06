"""settings: dataclasses documented, made into flags, and made of flags."""

import dataclasses
from collections.abc import Callable

import pytest
from absl import flags

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
        t_switch: yes or no.
        t_rate: a number.
        t_kind: one of three.
        t_rates: some numbers.
        t_words: some words.
    """

    t_name: str = "thing"
    t_switch: bool = True
    t_rate: float = 0.5
    t_kind: str = settings.choice("soft", ["soft", "hard", "odd"])
    t_rates: tuple[float, ...] = (1.0, 0.5)
    t_words: tuple[str, ...] = ()
    t_needed: int = dataclasses.field(kw_only=True)

    def __post_init__(self) -> None:
        settings.check_choices(self)


@dataclasses.dataclass(frozen=True)
class Undocumented(Thing):
    pass


@pytest.fixture
def parse() -> Callable[..., flags.FlagValues]:
    """Parses arguments with the flags that a dataclass defines, and forgets the flags again."""

    def parse(cls: type, *arguments: str) -> flags.FlagValues:
        before, own = set(flags.FLAGS), flags.FlagValues()
        try:
            settings.define_flags(cls)
        finally:
            for name in set(flags.FLAGS) - before:
                own[name] = flags.FLAGS[name]
                delattr(flags.FLAGS, name)
        own(["program", *arguments])
        return own

    return parse


def test_flags_of_the_program_become_a_dataclass():
    before = set(flags.FLAGS)
    was_parsed = flags.FLAGS.is_parsed()
    settings.define_flags(Base)
    try:
        flags.FLAGS(["program", "--t_width=8", "--t_name=x"])
        assert settings.parsed_flags(Base) == Base(t_width=8, t_name="x")
    finally:
        for name in set(flags.FLAGS) - before:
            delattr(flags.FLAGS, name)
        if not was_parsed:
            flags.FLAGS.unparse_flags()


def _make(cls: type, parsed: flags.FlagValues) -> object:
    names = [field.name for field in dataclasses.fields(cls)]
    return settings.from_flags(cls, {name: parsed[name].value for name in names})


def test_docs_come_from_the_class_and_its_bases():
    docs = settings.field_docs(Thing)
    both = "pixels; a doc for two, which goes on in the next line: with a colon."
    assert docs["t_width"] == docs["t_height"] == both
    assert docs["t_name"] == "another text than the base's."
    assert settings.field_docs(Base)["t_name"] == "of the thing."
    assert docs.keys() == {field.name for field in dataclasses.fields(Thing)}
    assert settings.field_docs(Undocumented) == docs
    assert settings.field_docs(object) == {}


@pytest.mark.parametrize("method", registry.method_names())
def test_every_option_of_every_method_is_documented(method):
    options = registry.get_method(method).Options
    docs = settings.field_docs(options)
    for field in dataclasses.fields(options):
        assert docs[field.name].endswith("."), field.name


def test_flags_not_given_are_the_defaults(parse):
    assert _make(Thing, parse(Thing, "--t_needed=7")) == Thing(t_needed=7)


def test_every_type_of_flag_reaches_its_field(parse):
    parsed = parse(
        Thing,
        "--t_needed=-2",
        "--t_width=11",
        "--t_name=a b",
        "--not_switch",
        "--t_rate=1e-3",
        "--t_kind=odd",
        "--t_rates=3,4.5",
        "--t_words=x,y",
    )
    thing = _make(Thing, parsed)
    assert thing == Thing(11, 4, "a b", False, 1e-3, "odd", (3.0, 4.5), ("x", "y"), t_needed=-2)
    assert [type(rate) for rate in thing.t_rates] == [float, float]


def test_empty_lists(parse):
    thing = _make(Thing, parse(Thing, "--t_needed=1", "--t_rates=", "--t_words="))
    assert thing.t_rates == () and thing.t_words == ()


@pytest.mark.parametrize(
    "arguments",
    [
        [],  # t_needed is needed
        ["--t_needed=1", "--t_kind=strange"],
        ["--t_needed=1", "--t_rate=fast"],
        ["--t_needed=1.5"],
    ],
)
def test_flags_refuse_what_is_no_value(parse, arguments):
    with pytest.raises(flags.Error, match="t_needed|t_kind|t_rate"):
        parse(Thing, *arguments)


def test_values_that_are_missing_keep_their_defaults():
    assert settings.from_flags(Thing, {"t_needed": 1, "t_rates": ["2"]}) == Thing(
        t_needed=1, t_rates=(2.0,)
    )


def test_a_bad_element_of_a_list_is_named():
    with pytest.raises(InputError, match="--t_rates=1,x: expected a list of float"):
        settings.from_flags(Thing, {"t_needed": 1, "t_rates": ["1", "x"]})


def test_a_bad_choice_is_named_with_those_there_are():
    with pytest.raises(InputError, match="--t_kind=rough: expected one of soft, hard, odd"):
        Thing(t_needed=1, t_kind="rough")


def test_a_help_text_is_the_documentation(parse):
    helped = parse(Thing, "--t_needed=1")
    for name, doc in settings.field_docs(Thing).items():
        assert helped[name].help.endswith(doc)


def test_a_type_without_a_flag_is_refused():
    with pytest.raises(TypeError, match="t_table"):
        settings.define_flag("t_table", dict, None, "")
    assert "t_table" not in flags.FLAGS


def test_values_are_parsed_by_the_fields_types():
    texts = ["t_width=3", "t_rate=0.5", "t_switch=false", "t_name=x=y", "t_rates=1+2"]
    values = settings.parse_values(Thing, texts, "things")
    assert values == {
        **{"t_width": 3, "t_rate": 0.5, "t_switch": False, "t_name": "x=y"},
        "t_rates": ["1", "2"],
    }
    for wrong in ("t_width", "t_width=few", "t_switch=maybe"):
        with pytest.raises(InputError, match=f"--things: '{wrong}': expected option=value"):
            settings.parse_values(Thing, [wrong], "things")
