"""proposals.methods.union: the candidates of several methods in one pool."""

import numpy as np
import pytest
from PIL import Image

from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals import edges, registry
from boxsup_tf.proposals.methods.union import Options, propose
from boxsup_tf.proposals.one_per_box import are_rectangles
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.records.example import decode_image

EXAMPLE = ShapesReader(1, seed=5)[0]
SUBJECT = ProposalInput(decode_image(EXAMPLE.encoded).numpy(), EXAMPLE.boxes)


def _united(inputs: ProposalInput, *methods: str, **given: object) -> CandidatePool:
    return propose(inputs, registry.make_options("union", {"methods": methods, **given}))


def _masks(name: str) -> list[bytes]:
    method = registry.get_method(name)
    pool = method.propose(SUBJECT, method.Options())
    return [pool.mask(candidate).tobytes() for candidate in range(pool.num_candidates)]


def test_holds_the_candidates_of_each_in_turns():
    pool = _united(SUBJECT, "selective_search", "rectangle")
    assert pool.method == "union" and not pool.one_per_box
    rectangles, groups = _masks("rectangle"), _masks("selective_search")
    found = [pool.mask(candidate).tobytes() for candidate in range(pool.num_candidates)]
    assert set(found) == {*rectangles, *groups} and len(set(found)) == len(found)
    first = [groups[0], rectangles[0], groups[1], rectangles[1]]
    assert found[:4] == list(dict.fromkeys(first))[:4]


def test_the_order_of_methods_is_that_of_the_option():
    one = _united(SUBJECT, "rectangle", "selective_search")
    other = _united(SUBJECT, "selective_search", "rectangle")
    np.testing.assert_array_equal(one.mask(0), other.mask(1))
    assert one.num_candidates == other.num_candidates


def test_without_boxes_a_method_that_needs_them_adds_nothing():
    pool = _united(ProposalInput(SUBJECT.image), "selective_search", "rectangle")
    assert pool.num_candidates == len(_masks("selective_search"))


def test_a_fall_back_to_the_rectangle_adds_nothing():
    # GrabCut cannot tell a box that fills the image from its surroundings; the object's box it can.
    boxes = np.array([[0, 0, *SUBJECT.image.shape[:2]], EXAMPLE.boxes[0]], np.float32)
    inputs = ProposalInput(SUBJECT.image, boxes)
    grabcut = registry.get_method("grabcut")
    alone = grabcut.propose(inputs, grabcut.Options())
    assert are_rectangles(alone, boxes).tolist() == [True, False]
    united = _united(inputs, "grabcut")
    assert united.num_candidates == 1
    np.testing.assert_array_equal(united.mask(0), alone.mask(1))
    assert _united(inputs, "grabcut", "rectangle").num_candidates == 3


def test_is_made_from_flags_that_go_to_each_method_that_has_them():
    given = {"methods": ["scg", "geodesic", "grabcut"], "edges": "gradient", "iterations": 3}
    made = registry.make_options("union", {**given, "max_candidates": 7})
    assert list(made.options) == ["scg", "geodesic", "grabcut"]
    scg, geodesic, grabcut = made.options.values()
    assert scg == registry.make_options("scg", {"edges": "gradient", "max_candidates": 7})
    assert geodesic == registry.make_options("geodesic", {"edges": "gradient", "max_candidates": 7})
    assert grabcut == registry.make_options("grabcut", {"iterations": 3})
    assert registry.record(made) == {
        "methods": ["scg", "geodesic", "grabcut"],
        "options": {name: vars(options) for name, options in made.options.items()},
    }


def test_the_record_says_which_detector_was_used():
    options = registry.record(registry.make_options("union", {}))["options"]
    assert options["mcg"]["edges"] == edges.resolve("auto") != "auto"
    assert options["grabcut"]["iterations"] == 2


def test_the_options_reach_the_methods():
    pool = _united(SUBJECT, "scg", "rectangle", edges="gradient", max_candidates=3)
    assert pool.num_candidates == 3 + len(EXAMPLE.boxes)


def test_imported_candidates_are_united_too(tmp_path):
    mask = np.zeros(SUBJECT.image.shape[:2], np.uint8)
    mask[3:9, 4:20] = 255
    Image.fromarray(mask).save(tmp_path / "photo.png")
    inputs = ProposalInput(SUBJECT.image, SUBJECT.boxes, "photo.jpg")
    stored = {"format": "label_png", "path": str(tmp_path)}
    pool = _united(inputs, "imported", "rectangle", **stored)
    assert pool.num_candidates == 1 + len(SUBJECT.boxes)
    np.testing.assert_array_equal(pool.mask(0), mask > 0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"iterations": 2}, "--iterations: none of --methods=scg,rectangle knows it"),
        ({"edges": "gradient", "sigma": 0.0}, "--sigma=0.0: expected more than 0"),
    ],
)
def test_a_bad_option_of_a_method_is_named(given, message):
    with pytest.raises(InputError, match=message):
        registry.make_options("union", {"methods": ["scg", "rectangle"], **given})


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        ((), "--methods=: expected some of .*rectangle, sam, scg, selective_search$"),
        (("rectangle", "mcgg"), "--methods=rectangle,mcgg: expected some of"),
        (("union", "rectangle"), "--methods=union,rectangle: expected some of"),
        (("rectangle", "rectangle"), "--methods=rectangle,rectangle: expected each method once"),
    ],
)
def test_a_bad_value_is_named(methods, message):
    with pytest.raises(InputError, match=message):
        Options(methods)


def test_one_that_needs_boxes_is_refused_without_any():
    for methods in (["grabcut"], ["selective_search", "rectangle"]):
        with pytest.raises(InputError, match=f"boxes=None: {methods[-1]} finds masks of boxes"):
            registry.propose(SUBJECT.image, "union", methods=methods)
    assert registry.propose(SUBJECT.image, "union", methods=["selective_search"]).num_candidates
