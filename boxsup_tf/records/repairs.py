"""What was mended in annotations, counted by kind.

Each mending is a text `KIND: DETAIL` in the record of its example, so that the count is the same
after an interrupted run, and wherever the records were made.
"""

import tensorflow as tf

from boxsup_tf.records.dataset_info import Repairs
from boxsup_tf.records.records import repairs_of


def note_repairs(repairs: Repairs, serialized: bytes, source_id: str) -> None:
    """Counts what was mended in a record."""
    for text in repairs_of(tf.train.Example.FromString(serialized)):
        kind, _, detail = text.partition(": ")
        add_repairs(repairs, {kind: {"count": 1, "first": f"{source_id}: {detail}"}})


def add_repairs(repairs: Repairs, more: Repairs) -> None:
    """Adds those of later records."""
    for kind, values in more.items():
        known = repairs.setdefault(kind, {"count": 0, "first": values["first"]})
        known["count"] += values["count"]
