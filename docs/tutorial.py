# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From boxes to masks, step by step
#
# BoxSup trains a segmentation network from bounding boxes. It repeats two steps: the **mask
# update** gives every box one of many candidate segments, and the **network update** trains the
# network for an epoch on the masks painted from them. The better the network, the better it
# chooses among the candidates.
#
# Part 1 follows this on generated images, whose true masks are known. Part 2 does the same with a
# folder of images and boxes in the layout of PASCAL VOC; put your own folder there.
#
# Everything is small, so that the notebook takes about a minute on two cores. Its networks are
# therefore far from what longer training gives.

# %%
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # TensorFlow's own log: errors only

import dataclasses
import io
import pathlib
import tempfile
import xml.etree.ElementTree as ElementTree

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch, Rectangle
from matplotlib_inline.backend_inline import set_matplotlib_formats
from PIL import Image

import boxsup_tf

tf.get_logger().setLevel("WARNING")
set_matplotlib_formats("jpeg")  # small files
work = pathlib.Path(tempfile.mkdtemp(prefix="boxsup_tutorial_"))

# %% [markdown]
# A few helpers for the pictures. An `Example` holds the bytes of its image file, its boxes as
# `[ymin, xmin, ymax, xmax]` in pixels, their labels and, where there is one, its true mask. In a
# label map 0 is the background, 1 and up are the classes, and 255 is void.

# %%
NAMES = "gold deepskyblue tomato limegreen violet turquoise orange tan steelblue"
COLORS = ListedColormap(["black", *NAMES.split()])  # of the background and up to nine classes


def pixels(example):
    return np.array(Image.open(io.BytesIO(example.encoded)).convert("RGB"))


def show(ax, image, labels=None, title=""):
    """An image, with the colours of a label map over it; background stays clear."""
    ax.imshow(image)
    if labels is not None:
        hidden = (labels == 0) | (labels == 255)
        ax.imshow(np.ma.array(labels, mask=hidden), COLORS, vmin=0, vmax=COLORS.N - 1, alpha=0.6)
    ax.set_title(title, fontsize=9)
    ax.axis("off")


def draw_boxes(ax, example):
    for (ymin, xmin, ymax, xmax), label in zip(example.boxes, example.labels, strict=True):
        size = (xmax - xmin, ymax - ymin)
        color = COLORS(int(label))
        ax.add_patch(Rectangle((xmin, ymin), *size, fill=False, color=color, linewidth=2))


def finish(figure, title, class_names):
    patches = [Patch(color=COLORS(i), label=class_names[i]) for i in range(1, len(class_names))]
    figure.legend(handles=patches, loc="outside lower center", ncols=len(patches), fontsize=9)
    figure.suptitle(title, fontsize=11)
    plt.show()


# %% [markdown]
# ## Part 1: generated images
#
# ### Data
#
# `ShapesReader` draws textured stars, crescents, triangles and crosses. A reader is a sequence of
# examples. The true masks of the training images serve for comparison alone: training sees the
# boxes.

# %%
train_images = boxsup_tf.ShapesReader(120, seed=1, image_size=64)
val_images = boxsup_tf.ShapesReader(20, seed=2, image_size=64)
class_names = train_images.class_names
SHOWN = [1, 4, 5]  # the training images to be looked at throughout

figure, axes = plt.subplots(2, len(SHOWN), figsize=(6, 4.4), layout="constrained")
for (above, below), number in zip(axes.T, SHOWN, strict=True):
    example = train_images[number]
    show(above, pixels(example), title=f"image {number}: boxes")
    draw_boxes(above, example)
    show(below, pixels(example), example.mask, "true mask")
finish(figure, "Three training images", class_names)

# %% [markdown]
# `prepare` checks the examples and writes them as TFRecords, in as many shards as you ask for.

# %%
for images, name in ((train_images, "train"), (val_images, "val")):
    info = boxsup_tf.prepare(images, str(work / name), num_shards=2)
    print(f"{name}: {info.num_images} images with {info.num_boxes} boxes")

# %% [markdown]
# ### Candidates
#
# `propose` gives the candidate segments of one image as a `CandidatePool`. Here the method is `scg`
# with edges from gradients, the fastest one that proposes more than one segment per box. Blurring
# little (`sigma`), keeping small regions (`min_area`) and not uniting regions (`max_regions`) suits
# these small images; for photographs, start from the defaults.
#
# The candidates are shown by how well their tight box fits the first box of the image, measured as
# intersection over union (IoU).

# %%
scg = {"edges": "gradient", "sigma": 0.5, "min_area": 20, "max_regions": 1}

example = train_images[SHOWN[0]]
pool = boxsup_tf.propose(pixels(example), "scg", **scg)
height, width = pool.superpixels.shape
print(f"{pool.num_candidates} candidates of {pool.superpixels.max() + 1} superpixels")


def box_iou(box, others):
    """IoU of a box with [n, 4] others."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    both = (high - low).clip(0).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    return both / (areas + (box[2:] - box[:2]).prod() - both)


fit = box_iou(example.boxes[0], pool.tight_boxes)
best = np.argsort(-fit)[[0, 1, 2, 5, 10, 20]]
figure, axes = plt.subplots(2, 3, figsize=(6, 4.4), layout="constrained")
for ax, candidate in zip(axes.flat, best, strict=True):
    labels = pool.mask(candidate) * example.labels[0]
    show(ax, pixels(example), labels, f"candidate {candidate}: box IoU {fit[candidate]:.2f}")
    draw_boxes(ax, example)
finish(figure, "Candidates, by their fit to the first box", class_names)

# %% [markdown]
# `generate` does this for a whole folder of records, in several processes if you like. An image for
# which the method fails is left out and named in `skipped`.

# %%
options = boxsup_tf.make_options("scg", scg)
info = boxsup_tf.generate(str(work / "train"), str(work / "train_scg"), "scg", options)
print(f"{info.num_images} images with candidates, {len(info.skipped)} left out")

# %% [markdown]
# ### Training
#
# A `TrainConfig` says everything about a run. Its defaults are for photographs and a network that
# starts from ImageNet's weights; these are for a small network with random ones:
#
# - `warmup_epochs`, `update_every`: the first masks are chosen by the boxes alone, and the network
#   is asked from the mask update after the warm-up on.
# - `belief="centred"`: the network is asked only *where in its box* it sees the object, which is
#   safe for a network that still knows little.
# - `min_agreement=0`: it is asked of every class, however well it has learnt it.

# %%
config = boxsup_tf.TrainConfig(
    train_data=f"{work / 'train_scg'}:box",
    val_data=str(work / "val"),
    init="random",
    width_multiplier=0.25,
    dropout=0,
    crop_size=65,
    min_scale=0.9,
    max_scale=1.1,
    batch_size=2,
    epochs=10,
    optimizer="adamw",
    learning_rate=0.001,
    schedule="poly",
    clip_norm=1,
    warmup_epochs=4,
    update_every=4,
    belief="centred",
    feedback_weight=1,
    min_agreement=0,
    min_box_iou=0.7,
    update_scale=1,
    num_pictures=0,
)
trainer = boxsup_tf.Trainer(str(work / "run"), config)

# %% [markdown]
# `Trainer.run()` would do all epochs. Here is the first one by hand. The first mask update gives
# each box the candidate whose tight box fits it best.

# %%
report = trainer.update_masks()
print(f"mean IoU of the pseudo-masks with the truth: {report.pseudo_mask_mean_iou:.3f}")
first_masks = {number: trainer.pseudo_mask(number) for number in SHOWN}

figure, axes = plt.subplots(2, len(SHOWN), figsize=(6, 4.4), layout="constrained")
for (above, below), number in zip(axes.T, SHOWN, strict=True):
    example = train_images[number]
    show(above, pixels(example), first_masks[number], f"image {number}: pseudo-mask")
    draw_boxes(above, example)
    show(below, pixels(example), example.mask, "true mask")
finish(figure, "The first mask update, by the boxes alone", class_names)

# %% [markdown]
# The network learns from these masks for an epoch, is scored on the validation images, and
# `end_epoch` keeps the figures and a checkpoint.

# %%
trainer.update_network()
scores = trainer.validate()
trainer.end_epoch(scores)
print(f"validation mean IoU after one epoch: {scores['val_mean_iou']:.3f}")

# %% [markdown]
# The other epochs are the same. `update_masks` returns None in those whose labelling stays. The
# masks of the images above are kept, to see what changes.

# %%
masks_of_update = {0: first_masks}
while trainer.epoch < config.epochs:
    epoch = trainer.epoch
    if report := trainer.update_masks():
        masks_of_update[epoch] = {number: trainer.pseudo_mask(number) for number in SHOWN}
        print(
            f"before epoch {epoch}: {report.changed_share:.0%} of the boxes changed their "
            f"candidate, pseudo-masks' mean IoU {report.pseudo_mask_mean_iou:.3f}"
        )
    trainer.update_network()
    trainer.end_epoch(trainer.validate())

# %% [markdown]
# `trainer.history.epochs` has the figures of each epoch; the run's folder has the same in
# `metrics.json` and as TensorBoard events. The mean IoU over classes asks for the right class,
# that of objects only for telling any object from the background. The second comes first: in so
# short a training the network begins to see where objects are, and hardly yet which.
# (`scripts/demo.sh` trains on 240 larger images, of objects made for it, and reaches 0.65 over
# classes.)

# %%
history = trainer.history.epochs
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.6), layout="constrained")
left.plot([entry["loss"] for entry in history], marker=".")
left.set(title="Training loss", xlabel="epoch", xticks=range(0, config.epochs, 2))
for name, label in (("val_mean_iou", "classes"), ("val_foreground_mean_iou", "objects")):
    right.plot([entry[name] for entry in history], marker=".", label=f"network, {label}")
updates = [entry for entry in history if "pseudo_mask_mean_iou" in entry]
right.plot(
    [entry["epoch"] for entry in updates],
    [entry["pseudo_mask_mean_iou"] for entry in updates],
    marker="o",
    linestyle="--",
    label="pseudo-masks",
)
right.set(
    title="Mean IoU with the truth", xlabel="epoch", xticks=range(0, config.epochs, 2), ylim=(0, 1)
)
right.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# ### How the masks changed
#
# One row per image, one column per mask update, the truth last. Many boxes keep their first
# candidate, as the boxes alone already tell it from the others. Where objects hide each other, a
# box may take a part of its neighbour.

# %%
columns = len(masks_of_update) + 1
figure, axes = plt.subplots(len(SHOWN), columns, figsize=(1.7 * columns, 5.6), layout="constrained")
for row, number in zip(axes, SHOWN, strict=True):
    example = train_images[number]
    for ax, (epoch, masks) in zip(row, masks_of_update.items(), strict=False):
        show(ax, pixels(example), masks[number], f"before epoch {epoch}")
    show(row[-1], pixels(example), example.mask, "true mask")
finish(figure, "Pseudo-masks over the mask updates", class_names)

# %% [markdown]
# ### Prediction
#
# `load` takes the folder of a run, its folder `best` (the network of highest validation mean IoU)
# or an export. `label_maps` takes images of one size, uint8 `[B, H, W, 3]`, and returns labels
# `[B, H, W]`.

# %%
model = boxsup_tf.load(str(work / "run" / "best"))
figure, axes = plt.subplots(2, 4, figsize=(7.5, 4.4), layout="constrained")
for number, (above, below) in enumerate(axes.T):
    example = val_images[number]
    image = pixels(example)
    show(above, image, model.label_maps(image[None])[0], "prediction")
    show(below, image, example.mask, "true mask")
finish(figure, "Images that the network has not seen", model.class_names)

# %% [markdown]
# ### Export
#
# `export` writes a SavedModel that needs TensorFlow alone; a model server takes it as it is.

# %%
segmenter = boxsup_tf.load_segmenter(str(work / "run" / "best"))
exported = boxsup_tf.export(segmenter, str(work / "export"))
again = boxsup_tf.load(exported)
same = np.mean(again.label_maps(image[None]) == model.label_maps(image[None]))
print(f"version {pathlib.Path(exported).name}: {same:.1%} of the pixels labelled as before")

# %% [markdown]
# ## Part 2: a folder of one's own
#
# The layout is PASCAL VOC's:
#
# ```
# DEVKIT/YEAR/JPEGImages/ID.jpg            images, JPEG or PNG
# DEVKIT/YEAR/Annotations/ID.xml           boxes and their classes
# DEVKIT/YEAR/ImageSets/Main/train.txt     the ids of a split, one per line
# DEVKIT/YEAR/SegmentationClass/ID.png     masks, where you have some
# ```
#
# So that this runs anywhere, the next cell writes a small folder from generated images, with boxes
# and without masks. **For your own data skip that cell** and set the three names below it.


# %%
def write_voc_folder(root, images, split):
    for name in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for example in images:
        (root / "JPEGImages" / example.filename).write_bytes(example.encoded)
        xml = ElementTree.Element("annotation")
        size = ElementTree.SubElement(xml, "size")
        for name, value in (("width", example.width), ("height", example.height), ("depth", 3)):
            ElementTree.SubElement(size, name).text = str(value)
        for (ymin, xmin, ymax, xmax), label in zip(example.boxes, example.labels, strict=True):
            item = ElementTree.SubElement(xml, "object")
            ElementTree.SubElement(item, "name").text = images.class_names[label]
            corners = ElementTree.SubElement(item, "bndbox")
            # VOC counts pixels from 1 and includes the last one.
            named = {"xmin": xmin + 1, "ymin": ymin + 1, "xmax": xmax, "ymax": ymax}
            for name, value in named.items():
                ElementTree.SubElement(corners, name).text = f"{value:.0f}"
        ElementTree.ElementTree(xml).write(root / "Annotations" / f"{example.source_id}.xml")
    ids = [example.source_id for example in images]
    (root / "ImageSets/Main" / f"{split}.txt").write_text("\n".join(ids) + "\n")


generated = boxsup_tf.ShapesReader(60, seed=3, image_size=64)
write_voc_folder(work / "devkit" / "mine", generated, "train")

# %%
DEVKIT = work / "devkit"  # your folder: the one that holds YEAR
YEAR = "mine"  # the folder in it that holds JPEGImages and Annotations
CLASS_NAMES = ("background", "star", "crescent", "triangle", "cross")  # yours, background first

reader = boxsup_tf.VocReader(str(DEVKIT), "train", YEAR, CLASS_NAMES)
boxsup_tf.prepare(reader, str(work / "mine"), num_shards=2)
print(f"{len(reader)} images; the first, {reader[0].source_id}, has {len(reader[0].boxes)} boxes")

# %% [markdown]
# This time GrabCut cuts one candidate out of each box. There is nothing to choose then, so the mask
# updates are quick; the default method, `union`, offers GrabCut's masks beside others.

# %%
info = boxsup_tf.generate(str(work / "mine"), str(work / "mine_grabcut"), "grabcut")
print(f"{info.num_images} images with candidates, {len(info.skipped)} left out")

# %% [markdown]
# `init` says where the weights come from. For photographs `init="imagenet"` is the right start;
# Keras downloads the weights once. Here the network goes on from that of part 1, which has the same
# classes. There are no masks, hence no validation.

# %%
own_config = dataclasses.replace(
    config,
    train_data=f"{work / 'mine_grabcut'}:box",
    val_data="",
    init=str(work / "run" / "best"),
    epochs=3,
    learning_rate=0.0005,
    feedback_weight=0,  # nothing to choose: the network need not be asked
)
own_trainer = boxsup_tf.Trainer(str(work / "own_run"), own_config)
own_history = own_trainer.run()
print("loss by epoch:", ", ".join(f"{entry['loss']:.2f}" for entry in own_history))

# %% [markdown]
# The pseudo-masks that it learnt from, and what it predicts for the same images. Without true
# masks, looking is the check. Where GrabCut fails, another method may do better.

# %%
own_model = boxsup_tf.load(str(work / "own_run"))
figure, axes = plt.subplots(2, 4, figsize=(7.5, 4.4), layout="constrained")
for number, (above, below) in enumerate(axes.T):
    example = reader[number]
    image = pixels(example)
    show(above, image, own_trainer.pseudo_mask(number), "pseudo-mask")
    draw_boxes(above, example)
    show(below, image, own_model.label_maps(image[None])[0], "prediction")
finish(figure, "Images of one's own", CLASS_NAMES)

# %% [markdown]
# With some masks of your own, name their folder of records as `val_data`, and every epoch is scored
# and the best network kept; or learn from them too: `train_data="boxes_scg:box,masks:mask"`.
# `boxsup_tf.evaluate` scores a model on records with masks. The README has the same steps as
# commands, and what to set for photographs.
