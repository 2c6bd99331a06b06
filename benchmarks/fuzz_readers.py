"""All readers that fuzz.py tries, by name."""

import fuzz_annotations
import fuzz_box_files
import fuzz_candidates
import fuzz_runs
import fuzz_served
from fuzz_reader import Reader

READERS: dict[str, Reader] = {
    **fuzz_annotations.READERS,
    **fuzz_box_files.READERS,
    **fuzz_candidates.READERS,
    **fuzz_runs.READERS,
    **fuzz_served.READERS,
}
