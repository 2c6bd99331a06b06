"""union: the candidates of several methods in one pool.

BoxSup's feedback chooses among candidates; uniting methods widens the choice: GrabCut, which knows
the box, finds objects that groups of superpixels miss, and fails where these do not.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from boxsup_tf import settings
from boxsup_tf.errors import InputError
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals import registry
from boxsup_tf.proposals.join import join
from boxsup_tf.proposals.one_per_box import are_rectangles
from boxsup_tf.proposals.proposal_input import ProposalInput


@dataclasses.dataclass(frozen=True)
class Options:
    """Options of union; see `make_options`.

    Attributes:
        methods: the proposal methods to unite; a flag of theirs goes to each of them that has it.
    """

    methods: tuple[str, ...] = ("mcg", "grabcut")

    def __post_init__(self) -> None:
        known = [name for name in registry.method_names() if name != "union"]
        listed = ",".join(self.methods)
        if not self.methods or not set(self.methods) <= set(known):
            raise InputError(f"--methods={listed}: expected some of {', '.join(known)}")
        if len(set(self.methods)) != len(self.methods):
            raise InputError(f"--methods={listed}: expected each method once")


@dataclasses.dataclass(frozen=True)
class United:
    """The options of each method, by its name; their order is that of the turns."""

    options: dict[str, Any]

    def record(self) -> dict[str, Any]:
        """See `registry.record`."""
        options = {name: registry.record(each) for name, each in self.options.items()}
        return {"methods": list(options), "options": options}

    def check_classes(self, class_names: tuple[str, ...]) -> None:
        """See `registry.check_classes`."""
        for each in self.options.values():
            registry.check_classes(each, class_names)


def make_options(values: Mapping[str, Any]) -> United:
    """The options of each method from those of all.

    Args:
        values: of `methods` and of the options of those; those that are missing keep their
            defaults.

    Raises:
        InputError: none of the methods has such an option, or a bad value.
    """
    own = {name: value for name, value in values.items() if name == "methods"}
    methods = settings.from_values(Options, own).methods
    names = {method: registry.option_names(method) for method in methods}
    for unknown in sorted(values.keys() - {"methods"}.union(*names.values())):
        raise InputError(f"--{unknown}: none of --methods={','.join(methods)} knows it")
    return United(
        {
            method: registry.make_options(
                method, {name: values[name] for name in names[method] if name in values}
            )
            for method in methods
        }
    )


def propose(inputs: ProposalInput, options: United) -> CandidatePool:
    """The pools of all methods as one, see `join`; a turn each, in the order of the option.

    A method with one candidate per box (rectangle, grabcut) gives ordinary candidates here: any
    box may choose any of them, as the feedback chooses between proposals and GrabCut's masks.
    Where such a method fell back to the rectangle it adds nothing: E_o of a rectangle is 0, so it
    would be chosen before every candidate of an object. `rectangle` itself adds all that it has.

    Raises:
        ValueError: see the methods' own.
    """
    return join([_pool(inputs, name, each) for name, each in options.options.items()], "union")


def _pool(inputs: ProposalInput, name: str, options: Any) -> CandidatePool:
    pool = registry.get_method(name).propose(inputs, options)
    if not pool.one_per_box or name == "rectangle":
        return pool
    segmented = ~are_rectangles(pool, inputs.boxes)
    return CandidatePool(pool.superpixels, pool.membership[segmented], name)
