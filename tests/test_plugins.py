"""plugins: what a package offers by one file each."""

import pytest

from boxsup_tf import plugins
from boxsup_tf.models import backbones, networks


def test_files_are_found_and_their_dicts_united():
    names = plugins.file_names(networks.__path__)
    assert {"deeplab_v3_plus", "deeplab_vgg16", "fcn"} <= set(names) and list(names) == sorted(
        names
    )
    heads = plugins.united(networks, "HEADS")
    assert {"deeplab_v3_plus", "largefov", "deeplab", "fcn32s", "fcn16s", "fcn8s"} <= {*heads}
    with pytest.raises(AttributeError, match="HEADS"):
        plugins.united(backbones, "HEADS")
