"""union: the candidates of several methods in one pool.

BoxSup's feedback chooses among candidates; uniting methods widens the choice: GrabCut, which knows
the box, finds objects that groups of superpixels miss, and fails where these do not.
"""

import dataclasses

from boxsup_tf.errors import InputError
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals import registry
from boxsup_tf.proposals.join import join
from boxsup_tf.proposals.one_per_box import are_rectangles
from boxsup_tf.proposals.proposal_input import ProposalInput


@dataclasses.dataclass(frozen=True)
class Options:
    """Options of union.

    Attributes:
        methods: the proposal methods to unite, each with its own default options.
    """

    methods: tuple[str, ...] = ("mcg", "grabcut")

    def __post_init__(self) -> None:
        known = [name for name in registry.method_names() if name != "union"]
        listed = ",".join(self.methods)
        if not self.methods or not set(self.methods) <= set(known):
            raise InputError(f"--methods={listed}: expected some of {', '.join(known)}")
        if len(set(self.methods)) != len(self.methods):
            raise InputError(f"--methods={listed}: expected each method once")


def propose(inputs: ProposalInput, options: Options) -> CandidatePool:
    """The pools of all methods as one, see `join`; a turn each, in the order of the option.

    A method with one candidate per box (rectangle, grabcut) gives ordinary candidates here: any
    box may choose any of them, as the feedback chooses between proposals and GrabCut's masks.
    Where such a method fell back to the rectangle it adds nothing: E_o of a rectangle is 0, so it
    would be chosen before every candidate of an object. `rectangle` itself adds all that it has.

    Raises:
        ValueError: see the methods' own.
    """
    return join([_pool(inputs, name) for name in options.methods], "union")


def _pool(inputs: ProposalInput, name: str) -> CandidatePool:
    method = registry.get_method(name)
    pool = method.propose(inputs, method.Options())
    if not pool.one_per_box or name == "rectangle":
        return pool
    segmented = ~are_rectangles(pool, inputs.boxes)
    return CandidatePool(pool.superpixels, pool.membership[segmented], name)
