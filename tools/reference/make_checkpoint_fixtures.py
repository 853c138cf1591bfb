"""Makes TensorFlow's own checkpoints of the `narrow` geometry, and its weights for an image three
times as large, for the tests of weight-import. Run after make_import_fixtures.py:
python make_checkpoint_fixtures.py     (needs tensorflow; writes into weight-import's test resources)

    tf/numbered/      SavedModel variables as jax2tf's examples make them: leaves of the tree, numbered
    tf/named/         a TF 2 checkpoint of an object whose attribute is the tree, with a step counter
    tf/v1.index, ...  a TF 1 checkpoint whose variables have Flax's names
    narrow.72.npz     token mixing for 72x72 images from that for 24x24, by NumPy
"""
import pathlib
import shutil

import numpy as np
import tensorflow as tf

FIXTURES = pathlib.Path(__file__).parents[2] / "weight-import/src/test/resources/fixtures"


def tree(flat):
    """Nested dictionaries of variables from flat names."""
    root = {}
    for name, value in flat.items():
        *path, leaf = name.split("/")
        node = root
        for part in path:
            node = node.setdefault(part, {})
        node[leaf] = tf.Variable(value)
    return root


def larger(flat, factor, grid):
    """Block-diagonal token mixing: each of the factor x factor parts of the image has its own copy.

    Written with the tokens grouped by part first, where the matrices are plainly block-diagonal;
    then the tokens are put into the image's row-major order.
    """
    parts = factor * factor
    tokens = np.arange(parts * grid * grid).reshape(factor, grid, factor, grid)
    by_part = tokens.transpose(0, 2, 1, 3).reshape(-1)  # row-major index of each grouped token
    result = {}
    for name, value in flat.items():
        if name.endswith("token_mixing/Dense_0/kernel"):
            grouped = np.kron(np.eye(parts, dtype=np.float32), value) + 0.0  # no negative zeros
            value = np.empty_like(grouped)
            value[by_part] = grouped
        elif name.endswith("token_mixing/Dense_0/bias"):
            value = np.tile(value, parts)
        elif name.endswith("token_mixing/Dense_1/kernel"):
            grouped = np.kron(np.eye(parts, dtype=np.float32), value) + 0.0  # no negative zeros
            value = np.empty_like(grouped)
            value[:, by_part] = grouped
        elif name.endswith("token_mixing/Dense_1/bias"):
            grouped = np.tile(value, parts)
            value = np.empty_like(grouped)
            value[by_part] = grouped
        result[name] = value
    return result


def main():
    flat = dict(np.load(FIXTURES / "narrow.npz"))
    out = FIXTURES / "tf"
    shutil.rmtree(out, ignore_errors=True)

    module = tf.Module()
    module._variables = tf.nest.flatten(tree(flat))
    tf.saved_model.save(module, str(out / "numbered"))

    module = tf.Module()
    module.params = tree(flat)
    tf.train.Checkpoint(model=module, step=tf.Variable(7, dtype=tf.int64)).write(str(out / "named/ckpt"))

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variables = [tf.compat.v1.get_variable(name, initializer=value) for name, value in flat.items()]
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver(variables).save(session, str(out / "v1"), write_meta_graph=False,
                                                 write_state=False)

    np.savez_compressed(FIXTURES / "narrow.72.npz", **larger(flat, factor=3, grid=3))
    for path in sorted(out.rglob("*")):
        print(path.relative_to(FIXTURES), path.stat().st_size)


if __name__ == "__main__":
    main()
