"""Semantic segmentation from bounding boxes, in TensorFlow and Keras.

J. Dai, K. He, J. Sun. BoxSup: Exploiting Bounding Boxes to Supervise Convolutional
Networks for Semantic Segmentation. ICCV 2015 (arXiv 1503.01640).

What is offered here is public; importing it loads TensorFlow only when something needs it:

    propose, CandidatePool                  the candidate segments of one image
    VocReader, SbdReader, CocoReader,
    ContextReader, BoxesReader, ShapesReader
                                            data sets, as sequences of `Example`s
    make_reader, prepare                    a data set by name; its records
    generate, make_options                  records with candidate pools
    TrainConfig, Trainer, train             a run, part by part or as a whole
    load                                    a run or an export, to predict NumPy images
    evaluate, EvaluateOptions               scores, and the files that show them
    export, load_segmenter                  a SavedModel of a run's network
    InputError                              bad input; its message says what was expected
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_MODULE_OF = {
    "CandidatePool": "pools.candidates",
    "BoxesReader": "data.box_files.reader",
    "CocoReader": "data.coco.reader",
    "ContextReader": "data.context.reader",
    "EvaluateOptions": "evaluation.evaluate",
    "Example": "records.example",
    "InputError": "errors",
    "SbdReader": "data.sbd.reader",
    "ShapesReader": "data.shapes",
    "TrainConfig": "training.config",
    "Trainer": "training.trainer",
    "VocReader": "data.voc.reader",
    "evaluate": "evaluation.evaluate",
    "export": "inference.export",
    "generate": "proposals.generate",
    "load": "inference.segmentation_model",
    "load_segmenter": "models.saved_network",
    "make_options": "proposals.registry",
    "make_reader": "data.prepare",
    "prepare": "data.prepare",
    "propose": "proposals.registry",
    "train": "training.trainer",
}

__all__ = ["__version__", *_MODULE_OF]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})
