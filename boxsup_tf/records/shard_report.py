"""ShardReport: what is known of a shard, so that it need not be read again to be counted.

Who makes a shard on another machine leaves the report beside it, until the folder is complete.
"""

import dataclasses
import hashlib
from typing import Any

from boxsup_tf.io import files
from boxsup_tf.io.json_file import parse_json, write_json
from boxsup_tf.records.dataset_info import Repairs, SkippedImage
from boxsup_tf.records.index import Summary, summarize
from boxsup_tf.records.repairs import note_repairs
from boxsup_tf.records.shards import read_shard

REPORT_ENDING = ".report.json"


@dataclasses.dataclass(frozen=True)
class ShardReport:
    """A shard's part of index.npz and dataset.json.

    Attributes:
        summaries: of its records, in order.
        digests: the SHA-256 of each of them, in hexadecimal.
        skipped: its examples that could not be made.
        repairs: of each kind that its examples had: how many, and the first.
        num_bytes: the size of its file.
    """

    summaries: tuple[Summary, ...]
    digests: tuple[str, ...]
    skipped: tuple[SkippedImage, ...]
    num_bytes: int
    repairs: Repairs = dataclasses.field(default_factory=dict)

    @classmethod
    def read(cls, shard: str, skipped: tuple[SkippedImage, ...] = ()) -> "ShardReport":
        """Reads the shard of this path; errors of `shards.read_shard`."""
        summaries, digests = [], []
        repairs: Repairs = {}
        for serialized in read_shard(shard):
            summaries.append(summarize(serialized))
            digests.append(hashlib.sha256(serialized).hexdigest())
            note_repairs(repairs, serialized, summaries[-1].source_id)
        return cls(tuple(summaries), tuple(digests), skipped, files.size(shard), repairs)

    def save(self, shard: str) -> None:
        """Writes the report beside the shard of this path, which need not be there yet."""
        write_json(shard + REPORT_ENDING, dataclasses.asdict(self))

    @classmethod
    def load(cls, shard: str) -> "ShardReport | None":
        """The report beside a shard; None where one is missing, or it is of another shard.

        Raises:
            InputError: it is damaged.
        """
        path = shard + REPORT_ENDING
        if not files.exists(shard) or not files.exists(path):
            return None
        report = parse_json(path, "the report of a shard", cls._parse)
        return report if report.num_bytes == files.size(shard) else None

    @classmethod
    def _parse(cls, value: dict[str, Any]) -> "ShardReport":
        return cls(
            tuple(Summary(*row) for row in value["summaries"]),
            tuple(value["digests"]),
            tuple(SkippedImage(**image) for image in value["skipped"]),
            value["num_bytes"],
            value.get("repairs", {}),
        )
