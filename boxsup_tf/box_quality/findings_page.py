"""The page of the most suspicious boxes: a card each, with the part of the image around it."""

from collections.abc import Sequence

import cv2
import numpy as np

from boxsup_tf import drawing
from boxsup_tf.box_quality.finding import (
    BADLY_PLACED,
    DUPLICATE,
    KINDS,
    OVERLOOKED,
    WRONG_CLASS,
    Finding,
)
from boxsup_tf.evaluation.report.html_page import html_page
from boxsup_tf.evaluation.report.markup import Node, node, section, table, to_html
from boxsup_tf.evaluation.report.pictures import jpeg_uri

_SIDE, _GAP = 320, 4  # of a picture, and between two, pixels
_MARGIN = 0.4  # shown around a box, as a share of its longer side
_ANNOTATED, _BELIEVED = (255, 255, 255), (255, 220, 0)

_COLUMNS = (
    "display: grid; gap: 0 1.5rem; grid-template-columns: repeat(auto-fill, minmax(26rem, 1fr))"
)
_SAYS = {
    WRONG_CLASS: "{label}: the network sees {believed} in it",
    BADLY_PLACED: "{label}: the network sees the object elsewhere",
    OVERLOOKED: "no box: the network sees {believed}",
    DUPLICATE: "{label}: repeats a box of {believed}",
}


def crop_of(image: np.ndarray, belief: np.ndarray, finding: Finding) -> np.ndarray:
    """The part of an image around a finding, twice: with the boxes, and with the belief over it.

    Args:
        image: uint8 [H, W, 3], RGB.
        belief: integers [H, W], the most probable labels.
        finding: of this image.

    Returns:
        uint8 [h, w, 3]; the annotated box is white, the believed one yellow.
    """
    boxes = [box for box in (finding.box, finding.believed_box) if box is not None]
    edges = np.array(boxes)
    low, high = edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)
    margin = max(_MARGIN * (high - low).max(), 8)
    size = np.array(image.shape[:2])
    top, left = np.maximum(np.floor(low - margin), 0).astype(int)
    bottom, right = np.minimum(np.ceil(high + margin), size).astype(int)
    part, labels = image[top:bottom, left:right], belief[top:bottom, left:right]
    factor = _SIDE / max(part.shape[:2])
    shape = [max(round(side * factor), 1) for side in (part.shape[1], part.shape[0])]
    shown = cv2.resize(part, shape, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
    over = drawing.overlay(
        shown, cv2.resize(labels.astype(np.uint8), shape, interpolation=cv2.INTER_NEAREST)
    )
    origin = np.array([top, left, top, left])
    for box, color in ((finding.believed_box, _BELIEVED), (finding.box, _ANNOTATED)):
        if box is not None:
            ymin, xmin, ymax, xmax = np.rint((np.array(box) - origin) * factor).astype(int).tolist()
            for panel in (shown, over):
                cv2.rectangle(panel, (xmin, ymin), (xmax - 1, ymax - 1), (0, 0, 0), 4)
                cv2.rectangle(panel, (xmin, ymin), (xmax - 1, ymax - 1), color, 2)
    gap = np.full([shown.shape[0], _GAP, 3], 255, np.uint8)
    return np.concatenate([shown, gap, over], axis=1)


def findings_page(
    data: str,
    findings: Sequence[Finding],
    crops: Sequence[np.ndarray],
    class_names: Sequence[str],
) -> str:
    """The page's text.

    Args:
        data: the folder of records.
        findings: all, ranked.
        crops: of the first ones, see `crop_of`.
        class_names: index is label.
    """
    rows = [_counts(kind, findings) for kind in KINDS]
    summary = section(
        "summary",
        "Boxes that look wrong",
        node(
            "p",
            f"{len(findings)} boxes and objects without a box, the most suspicious first; the "
            f"first {len(crops)} are below. A score is no probability: look, then decide.",
        ),
        table("By kind", ("kind", "score of 0.5 and more", "of all"), rows),
    )
    colors = (
        "White: the box as it is annotated. Yellow: where the network sees the object. On the "
        "right what it predicts lies over the image."
    )
    cards = [
        _card(rank, finding, crop, class_names)
        for rank, (finding, crop) in enumerate(zip(findings, crops, strict=False), 1)
    ]
    shown = section("boxes", "In order", node("p", colors), node("div", *cards, style=_COLUMNS))
    links = [("summary", "By kind"), ("boxes", "In order")]
    return html_page("Boxes", data, links, to_html(summary) + to_html(shown))


def _counts(kind: str, findings: Sequence[Finding]) -> list[Node | str]:
    scores = [finding.score for finding in findings if finding.kind == kind]
    return [kind.replace("_", " "), str(sum(score >= 0.5 for score in scores)), str(len(scores))]


def _card(rank: int, finding: Finding, crop: np.ndarray, class_names: Sequence[str]) -> Node:
    label = "" if finding.box is None else class_names[finding.label]
    says = _SAYS[finding.kind].format(label=label, believed=class_names[finding.believed_label])
    if finding.kind == BADLY_PLACED and finding.believed_box == finding.box:
        says = f"{label}: the network hardly sees the object"
    number = "" if finding.box is None else f", box {finding.box_number}"
    facts = [
        node("li", node("b", f"{finding.score:.2f}"), " score"),
        node("li", node("b", finding.kind.replace("_", " "))),
        node("li", f"{finding.source_id}{number}"),
    ]
    head = node("header", node("h3", f"{rank}. {says}"), node("ul", *facts, class_="chips"))
    picture = node("img", src=jpeg_uri(crop), alt=says, loading="lazy", style="max-width:100%")
    return node("article", head, picture, class_="card")
