"""imported: candidates computed elsewhere, read from files (`boxsup_tf.proposals.importers`)."""

import dataclasses

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals import importers
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.settings import check, option


@dataclasses.dataclass(frozen=True)
class Options:
    """Options of imported.

    Attributes:
        format: mcg_mat: a folder of MCG's published STEM.mat; coco_rle: masks in COCO's JSON, one
          file for all images or a folder of STEM.json; label_png: a folder of label maps STEM.png,
          or of folders STEM of masks.
        path: the folder or file.
    """

    format: str = option("mcg_mat", choices=importers.format_names())
    path: str = ""

    def __post_init__(self) -> None:
        check(self)
        if not files.exists(self.path):
            raise InputError(f"--path={self.path}: not found: expected a folder or file of masks")


def propose(inputs: ProposalInput, options: Options) -> CandidatePool:
    """The candidates stored for the image `inputs.filename`, exactly, without empty ones.

    Raises:
        InputError: it has no file or entry there, or that is broken or of another image.
        ValueError: the inputs have no file name.
    """
    if not inputs.filename:
        raise ValueError("the image has no file name: imported finds its candidates by it")
    return importers.read(options.format, options.path, inputs)
