"""Score maps such as a network makes, out of true masks of photographs."""

import pathlib

import cv2
import numpy as np
from PIL import Image

NUM_CLASSES = 21


def photograph(shared_data: pathlib.Path, index: int) -> tuple[np.ndarray, np.ndarray]:
    """A validation image, uint8 [H, W, 3], and its class mask, uint8 [H, W], 255 void."""
    root = shared_data / "voc_subset" / "VOC2012"
    names = (root / "ImageSets" / "Segmentation" / "val.txt").read_text().split()
    image = np.array(Image.open(root / "JPEGImages" / f"{names[index]}.jpg").convert("RGB"))
    return image, np.array(Image.open(root / "SegmentationClass" / f"{names[index]}.png"))


def noisy_scores(truth: np.ndarray, seed: int) -> np.ndarray:
    """float32 [H, W, 21]: coarse, with noise of the size of objects' parts, sums to 1."""
    rng = np.random.default_rng(seed)
    height, width = truth.shape
    labels = np.where(truth == 255, 0, truth)
    logits = cv2.blur(4.0 * np.eye(NUM_CLASSES, dtype=np.float32)[labels], (15, 15))
    noise = rng.normal(0, 1.5, (height // 24 + 1, width // 24 + 1, NUM_CLASSES))
    logits += cv2.resize(noise.astype(np.float32), (width, height))
    scores = np.exp(logits - logits.max(-1, keepdims=True))
    return scores / scores.sum(-1, keepdims=True)
