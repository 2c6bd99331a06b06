"""Shows in a browser which candidate a box chooses, and why.

    boxsup explore --data=records/train_union --model_dir=runs/boxsup

and open the address that it prints. docs/explore.md says how to read the page. It needs the
packages fastapi and uvicorn.
"""

from boxsup_tf.explore.server import ExploreOptions, explore
from boxsup_tf.proposals import registry

MethodOptions = registry.options_of_all()


def run(options: ExploreOptions, given: MethodOptions) -> None:  # type: ignore[valid-type]
    values = {name: value for name, value in vars(given).items() if value is not None}
    explore(options, registry.make_options(options.method, values))
