"""One contender of tools/benchmark in Python, a process of its own that makes a step when it is told to.
Run by tools/benchmark: python bench_peer.py PEER inference|training FOLDER BATCH SIZE THREADS

FOLDER has weights.npz (Flax's names, GELU by erf); for inference inputs.f32, normalised images [BATCH, SIZE,
SIZE, 3]; for training inputs.u8, [BATCH, 32, 32, 3], and labels.u8. First come two steps to warm up; what
they gave, the first one's logits or both losses, goes to FOLDER/PEER.f32. Then «ready» is printed, for each
line of stdin a step is made and its seconds are printed, and at the end of stdin the peak memory in megabytes.
"""
import os
import pathlib
import sys
import time

PEER, TASK, FOLDER = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
BATCH, SIZE, THREADS = (int(arg) for arg in sys.argv[4:])
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["OMP_NUM_THREADS"] = str(THREADS)
os.environ["KERAS_BACKEND"] = "tensorflow"

import numpy as np  # noqa: E402, after the environment that libraries read

RATE = 1e-5
WARM_UP = 2


def read_params():
    with np.load(FOLDER / "weights.npz") as file:
        return {name: file[name] for name in file.files}


def torch_model(params):
    import torch
    from mixers import timm_geometry, timm_mixer, to_timm
    torch.set_num_threads(THREADS)
    state = to_timm(params)
    model = timm_mixer(timm_geometry(state))
    model.load_state_dict(state)
    return torch, model


def torch_inference(params, inputs, compiled):
    torch, model = torch_model(params)
    model.eval()
    if compiled:
        model = torch.compile(model)
    images = torch.from_numpy(inputs).permute(0, 3, 1, 2).contiguous()
    if not compiled:  # for DJL's peer
        with torch.inference_mode():
            torch.jit.trace(model, images).save(FOLDER / "model.pt")

    def step():
        with torch.inference_mode():
            return model(images).numpy()
    return step


def torch_training(params, inputs, labels, compiled):
    torch, model = torch_model(params)
    size = model.stem.img_size
    images = torch.from_numpy(inputs).permute(0, 3, 1, 2).contiguous()
    targets = torch.from_numpy(labels).long()

    def loss_of(pixels):
        x = torch.nn.functional.interpolate(pixels.float(), size=size, mode="bilinear", align_corners=False)
        return torch.nn.functional.cross_entropy(model((x / 255 - 0.5) / 0.5), targets)
    loss_of = torch.compile(loss_of) if compiled else loss_of
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)

    def step():
        optimizer.zero_grad()
        loss = loss_of(images)
        loss.backward()
        optimizer.step()
        return loss.item()
    return step


def jax_model(params):
    import jax
    from flax.traverse_util import unflatten_dict
    from flax_mixer import flax_model
    from mixers import timm_geometry, to_timm
    geometry = timm_geometry(to_timm(params))
    return jax, geometry, flax_model(geometry, exact_gelu=True), {"params": unflatten_dict(params, sep="/")}


def jax_inference(params, inputs):
    jax, _, model, tree = jax_model(params)
    tree, images = jax.device_put(tree), jax.device_put(inputs)
    apply = jax.jit(model.apply)
    return lambda: np.asarray(apply(tree, images))


def jax_training(params, inputs, labels):
    import optax
    jax, geometry, model, tree = jax_model(params)
    jnp = jax.numpy
    optimizer = optax.adam(RATE)
    shape = (len(inputs), geometry.image_size, geometry.image_size, 3)

    def loss_of(tree):
        x = jax.image.resize(jnp.asarray(inputs, jnp.float32), shape, "bilinear")
        logits = model.apply(tree, (x / 255 - 0.5) / 0.5)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels.astype(np.int32)).mean()

    @jax.jit
    def update(tree, state):
        loss, gradients = jax.value_and_grad(loss_of)(tree)
        updates, state = optimizer.update(gradients, state)
        return optax.apply_updates(tree, updates), state, loss
    now = [jax.device_put(tree), optimizer.init(tree)]

    def step():
        now[0], now[1], loss = update(*now)
        jax.block_until_ready(now[0])
        return float(loss)
    return step


def keras_model(params):
    import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    from keras_mixer import keras_mixer, set_weights
    from mixers import timm_geometry, to_timm
    geometry = timm_geometry(to_timm(params))
    model = keras_mixer(geometry, epsilon=1e-6)
    set_weights(model, params)
    return tf, geometry, model


def keras_inference(params, inputs):
    tf, _, model = keras_model(params)
    images = tf.constant(inputs)
    call = tf.function(lambda x: model(x, training=False))
    return lambda: call(images).numpy()


def keras_training(params, inputs, labels):
    import keras
    tf, geometry, model = keras_model(params)
    size = geometry.image_size
    images = keras.layers.Input((32, 32, 3), dtype="uint8")
    x = keras.layers.Lambda(lambda pixels: keras.ops.image.resize(
        keras.ops.cast(pixels, "float32"), (size, size), interpolation="bilinear"))(images)
    whole = keras.Model(images, model((x / 255.0 - 0.5) / 0.5))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    whole.compile(keras.optimizers.Adam(RATE, epsilon=1e-8), loss)
    return lambda: float(whole.train_on_batch(inputs, labels))


def onnx_inference(params, inputs):
    import onnxruntime
    torch, model = torch_model(params)
    model.eval()
    path = FOLDER / "model.onnx"
    if not path.exists():
        with torch.inference_mode():
            torch.onnx.export(model, (torch.zeros(len(inputs), 3, *model.stem.img_size),), path,
                              input_names=["images"], output_names=["logits"], dynamo=True, external_data=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    images = np.ascontiguousarray(inputs.transpose(0, 3, 1, 2))
    return lambda: session.run(["logits"], {"images": images})[0]


def products(params):
    """No peer but a bound: the network's matrix products alone; a training step has three times as many."""
    import torch
    from mixers import timm_geometry, to_timm
    torch.set_num_threads(THREADS)
    g = timm_geometry(to_timm(params))
    repeats = 1 if TASK == "inference" else 3
    channels, patches = BATCH * g.hidden_size, BATCH * g.tokens
    shapes = [(channels, g.tokens, g.tokens_mlp_size), (channels, g.tokens_mlp_size, g.tokens),
              (patches, g.hidden_size, g.channels_mlp_size), (patches, g.channels_mlp_size, g.hidden_size)]
    lefts = [torch.randn(m, k) for m, k, _ in shapes]
    rights = [[torch.randn(k, n) for _, k, n in shapes] for _ in range(g.blocks)]
    outs = [torch.empty(m, n) for m, _, n in shapes]
    stem = torch.randn(patches, 3 * g.patch_size ** 2), torch.randn(3 * g.patch_size ** 2, g.hidden_size)

    def step():
        for _ in range(repeats):
            torch.mm(*stem)
            for block in rights:
                for left, right, out in zip(lefts, block, outs):
                    torch.mm(left, right, out=out)
        return []
    return step


def make_step():
    params = read_params()
    if PEER == "products":
        return products(params)
    if TASK == "inference":
        inputs = np.fromfile(FOLDER / "inputs.f32", np.float32).reshape(BATCH, SIZE, SIZE, 3)
        return {
            "torch": lambda: torch_inference(params, inputs, False),
            "torch-compile": lambda: torch_inference(params, inputs, True),
            "jax": lambda: jax_inference(params, inputs),
            "keras": lambda: keras_inference(params, inputs),
            "onnxruntime": lambda: onnx_inference(params, inputs),
        }[PEER]()
    inputs = np.fromfile(FOLDER / "inputs.u8", np.uint8).reshape(BATCH, 32, 32, 3)
    labels = np.fromfile(FOLDER / "labels.u8", np.uint8)
    return {
        "torch": lambda: torch_training(params, inputs, labels, False),
        "torch-compile": lambda: torch_training(params, inputs, labels, True),
        "jax": lambda: jax_training(params, inputs, labels),
        "keras": lambda: keras_training(params, inputs, labels),
    }[PEER]()


def peak_megabytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


def main():
    step = make_step()
    first = [step() for _ in range(WARM_UP)]
    np.asarray(first[0] if TASK == "inference" else first, np.float32).tofile(FOLDER / f"{PEER}.f32")
    print("ready", flush=True)
    for _ in sys.stdin:
        started = time.perf_counter()
        step()
        print(f"{time.perf_counter() - started:.9f}", flush=True)
    print(f"{peak_megabytes():.1f}", flush=True)


if __name__ == "__main__":
    main()
