"""Explorer: everything that the page asks for, as values and pictures."""

import functools
from typing import Any

import numpy as np
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.explore import choice, layers
from boxsup_tf.explore.choice import Choice, ChoiceSettings, Scored
from boxsup_tf.explore.gallery import Gallery
from boxsup_tf.explore.mask_history import MaskHistory
from boxsup_tf.explore.network import Network
from boxsup_tf.explore.opened_image import DrawnBox, OpenedImage, Proposer
from boxsup_tf.supervision.annotated_boxes import boxes_of
from boxsup_tf.supervision.scoring import Scorer, ScoringConfig

_MOST_IMAGES = 3  # whose logits and pools are kept
_MOST_SCORED, _MOST_SCORERS = 4, 12  # a scorer, of its settings, is a traced graph
LAYERS = ("photo", "pool", "belief", "prediction", "now", "epoch", "truth", "candidate")


class Explorer:
    """Answers the page; what it has computed last is kept. Not for several threads at once.

    Args:
        gallery: the images.
        proposer: for images without a pool.
        network: whose belief counts; None: E_o alone does.
        history: of the network's run, where that is known.
    """

    def __init__(
        self,
        gallery: Gallery,
        proposer: Proposer,
        network: Network | None = None,
        history: MaskHistory | None = None,
    ) -> None:
        self.gallery, self.proposer = gallery, proposer
        self.network, self.history = network, history
        self.class_names = gallery.folder.info.class_names
        config = network.config if network else None
        self.defaults = ChoiceSettings.of_run(config) if config else ChoiceSettings()
        self._ignores_difficult = config.difficult == "ignore" if config else False
        self._ignored_boxes = config.ignored_boxes if config else "box"
        self._open = functools.lru_cache(_MOST_IMAGES)(self._read)
        self._logits = functools.lru_cache(_MOST_IMAGES)(self._ask)
        self._score = functools.lru_cache(_MOST_SCORED)(self._score_anew)
        self._scorer = functools.lru_cache(_MOST_SCORERS)(Scorer)

    def describe(self, key: str) -> dict[str, Any]:
        """What the page must know of an image at first.

        Raises:
            InputError: there is no such image, or it is damaged.
        """
        opened = self._open(key)
        annotated = boxes_of(opened.record, self._ignores_difficult)
        boxes = zip(*(part.numpy().tolist() for part in annotated), strict=True)
        height, width = opened.image.shape[:2]
        return {
            "key": key,
            "id": opened.source_id,
            "height": height,
            "width": width,
            "boxes": [{"box": box, "label": label, "ignored": no} for box, label, no in boxes],
            "has_truth": bool(opened.record.has_mask()),
            "has_pool": opened.has_pool,
            "epochs": self.history.epochs(opened.source_id) if self.history else [],
        }

    def candidates(
        self, key: str, drawn: DrawnBox | None, number: int, settings: ChoiceSettings, count: int
    ) -> dict[str, Any]:
        """The best candidates of a box, and which it chooses.

        Args:
            key: of the image.
            drawn: the box; None: one of the image's own.
            number: which of them.
            settings: of the choice.
            count: the most candidates listed.

        Returns:
            `candidates` by rank, each with its `number` in the pool, `overlap` (E_o), `regression`
            (E_r; None without a network), `total`, `coverage` and `overlap_rank`, its rank by E_o
            alone, from 1. `chosen`, a number or -1, the rectangle. Of the pool: `pool`, its name,
            `method`, `one_per_box`, `num_candidates`, `num_eligible`.

        Raises:
            InputError: there is no such image or box, or no candidates can be proposed.
        """
        opened = self._open(key)
        scored, made = self._choose(key, drawn, settings)
        box = len(made.chosen) - 1 if drawn else number
        if not 0 <= box < len(made.chosen):
            raise InputError(f"box {number}: {opened.source_id} has {len(made.chosen)} boxes")
        overlap, regression, coverage = (cost[box].numpy() for cost in scored.costs)
        ranking = made.ranking(box)
        ranks = np.empty(len(overlap), np.int64)
        ranks[choice.ranked(overlap, made.eligible[box])] = 1 + np.arange(len(ranking))
        pool = opened.pool(drawn)
        return {
            "candidates": [
                {
                    "number": n,
                    "overlap": float(overlap[n]),
                    "regression": float(regression[n]) if self.network else None,
                    "total": float(made.total[box, n]),
                    "coverage": float(coverage[n]),
                    "overlap_rank": int(ranks[n]),
                }
                for n in ranking[:count].tolist()
            ],
            "chosen": int(made.chosen[box]),
            "pool": opened.pool_key(drawn),
            "method": pool.method,
            "one_per_box": pool.one_per_box,
            "num_candidates": pool.num_candidates,
            "num_eligible": len(ranking),
        }

    def picture(
        self,
        key: str,
        layer: str,
        drawn: DrawnBox | None,
        number: int,
        settings: ChoiceSettings,
    ) -> bytes:
        """A PNG of the image's size.

        Args:
            key: of the image.
            layer: one of `LAYERS`. `now`: the pseudo-mask of the image's boxes and a drawn one;
                `epoch`: the one that an epoch of the run learnt from; `truth`: the annotated mask.
            drawn: a box beside the image's own.
            number: of `epoch` and `candidate` which; of `belief` the class.
            settings: of the choice.

        Raises:
            InputError: there is no such image, number, network or mask.
        """
        opened = self._open(key)
        if layer == "photo":
            return layers.photo(opened.image)
        if layer == "pool":
            return layers.contours(opened.pool(drawn))
        if layer == "candidate":
            pool = opened.pool(drawn)
            if not 0 <= number < pool.num_candidates:
                raise InputError(f"candidate {number}: expected one of {pool.num_candidates}")
            return layers.mask(pool.mask(number))
        if layer == "now":
            scored, made = self._choose(key, drawn, settings)
            return layers.labels(choice.pseudo_mask(scored, made, settings.clip_to_box))
        if layer == "truth":
            return layers.labels(opened.record.label_map().numpy())
        if layer == "epoch":
            if self.history is None:
                raise InputError("no run, so no pseudo-masks of its epochs")
            return layers.labels(self.history.mask(opened.record_with(None), number))
        if (logits := self._logits(key)) is None:
            raise InputError("no network: expected --model_dir or --saved_model")
        if layer == "prediction":
            return layers.labels(logits.argmax(axis=2))
        if not 0 <= number < len(self.class_names):
            raise InputError(f"label {number}: expected one of {len(self.class_names)}")
        return layers.belief(tf.nn.softmax(logits)[:, :, number].numpy(), number)

    def _read(self, key: str) -> OpenedImage:
        return OpenedImage(self.gallery.read(key), self.proposer)

    def _ask(self, key: str) -> np.ndarray | None:
        return self.network.logits(self._open(key).image) if self.network else None

    def _score_anew(self, key: str, drawn: DrawnBox | None, scoring: ScoringConfig) -> Scored:
        if drawn and drawn.label >= len(self.class_names):
            raise InputError(f"label {drawn.label}: expected one of {len(self.class_names)}")
        return choice.score(
            self._scorer(scoring),
            self._open(key).record_with(drawn),
            self._logits(key),
            len(self.class_names),
            self._ignores_difficult,
        )

    def _choose(
        self, key: str, drawn: DrawnBox | None, settings: ChoiceSettings
    ) -> tuple[Scored, Choice]:
        scored, source_id = self._score(key, drawn, settings.scoring), self._open(key).source_id
        example_id = self.history.example_id(source_id) if self.history else f"0/{source_id}"
        asks = self.network is not None
        return scored, choice.choose(scored, example_id, settings, asks, self._ignored_boxes)
