"""training.shared_batches: the parts of all replicas together are the batches."""

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.training.shared_batches import Share, share_of_batches


def _parts(numbers: list[int], share: Share) -> list[np.ndarray]:
    dataset = tf.data.Dataset.from_tensor_slices(tf.constant(numbers, tf.int64))
    made = share_of_batches(
        dataset, lambda given: given.map(lambda number: (number, tf.fill([3], number))), share
    )
    parts = list(made.as_numpy_iterator())
    for labels, images in parts:
        assert images.shape == (len(labels), 3)
        np.testing.assert_array_equal(images, labels[:, None].repeat(3, axis=1))
    return [labels for labels, _ in parts]


@pytest.mark.parametrize("replicas", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("num_examples", "batch_size"), [(12, 4), (13, 4), (14, 5), (5, 7), (9, 4)]
)
def test_together_they_are_the_batches(num_examples, batch_size, replicas):
    numbers = np.random.default_rng(0).permutation(num_examples).tolist()
    for done in (0, batch_size):  # a resumed epoch goes on behind what is done
        left = numbers[done:]
        if not left:
            continue
        shares = [Share(r, replicas, batch_size, num_examples) for r in range(replicas)]
        by_replica = [_parts(left, share) for share in shares]
        steps = -(-len(left) // batch_size)
        assert {len(parts) for parts in by_replica} == {steps}
        for step in range(steps):
            batch = left[step * batch_size : (step + 1) * batch_size]
            parts = [parts[step] for parts in by_replica]
            assert np.concatenate(parts).tolist() == batch
            assert [len(part) for part in parts] == [
                len(p) for p in np.array_split(batch, replicas)
            ]
