"""VOC's test list, which has no annotations, from its files to the archive for VOC's server."""

import io
import tarfile

import numpy as np
from PIL import Image

from boxsup_tf.labels import VOC_CLASSES
from boxsup_tf.miniature.voc import write_voc
from tests.in_process import run_script
from tests.scripts.small_run import write_run


def test_the_commands(tmp_path):
    write_voc(str(tmp_path), 1, 1, 1, 4, image_size=64)
    write_run(tmp_path / "run", VOC_CLASSES)
    flags = ["--dataset=voc", f"--data_dir={tmp_path / 'VOCdevkit'}", "--split=test"]
    flags.append(f"--output_dir={tmp_path / 'records'}")
    result = run_script("prepare_data.py", *flags)
    assert result.returncode == 1 and "(--annotations=optional does without)" in result.stderr
    # What the refused run left there is of another data set.
    flags[-1] = f"--output_dir={tmp_path / 'test'}"
    result = run_script("prepare_data.py", *flags, "--annotations=optional")
    assert result.returncode == 0, result.stderr
    assert ": 4 images, 0 boxes in 0 images, 0 masks, 21 classes" in result.stdout

    flags = [f"--model_dir={tmp_path / 'run'}", f"--data={tmp_path / 'test'}"]
    flags.append(f"--output_dir={tmp_path / 'out'}")
    result = run_script("evaluate.py", *flags)
    assert result.returncode == 1 and "none of 4 images has a class mask" in result.stderr
    result = run_script("evaluate.py", *flags, "--voc_server=mine")
    assert result.returncode == 0, result.stderr
    voc = tmp_path / "VOCdevkit" / "VOC2012"
    ids = (voc / "ImageSets" / "Segmentation" / "test.txt").read_text().split()
    with tarfile.open(tmp_path / "out" / "mine.tar.gz") as archive:
        top = "results/VOC2012/Segmentation/comp6_test_cls"
        assert archive.getnames() == [f"{top}/{name}.png" for name in ids]
        for name in ids:
            encoded = archive.extractfile(f"{top}/{name}.png").read()
            predicted = Image.open(io.BytesIO(encoded))
            assert predicted.size == Image.open(voc / "JPEGImages" / f"{name}.jpg").size
            kept = Image.open(tmp_path / "out" / "predictions" / f"{name}.png")
            np.testing.assert_array_equal(np.array(predicted), np.array(kept))
            assert np.array(predicted).max() <= 20
