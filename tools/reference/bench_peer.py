"""One contender of tools/benchmark in Python, a process of its own that makes a step when it is told to.
Run by tools/benchmark: python bench_peer.py PEER inference|training FOLDER BATCH SIZE THREADS DEVICE PRECISION

FOLDER has weights.npz (Flax's names, GELU by erf) of a Mixer, or weights.safetensors (PyTorch's names) and network.json
of another network, FOLDER/BATCH the batch: for inference inputs.f32, normalised images [BATCH, SIZE, SIZE, 3], or on a
GPU inputs.u8, the same in 8 bits and not normalised; for training inputs.u8, [BATCH, 32, 32, 3] or [BATCH, 28, 28, 1],
and labels.u8. First come two steps to warm up; what they gave, the first
one's logits or both losses, goes to FOLDER/BATCH/PEER.f32. Then «ready» is printed, and stdin obeyed: for an empty
line a step is made and its seconds are printed, for «memory» the peak memory in megabytes is; a number is
the next batch, for which all this begins again.

python bench_peer.py versions DEVICE tells PyTorch's version, or what is wrong with PyTorch and the device.
"""
import dataclasses
import os
import pathlib
import sys
import time


@dataclasses.dataclass(frozen=True)
class Job:
    peer: str
    task: str
    folder: pathlib.Path
    batch: int
    size: int
    threads: int
    device: str
    precision: str

    @property
    def inputs(self):
        return self.folder / str(self.batch)

    @property
    def pixels(self):
        """Whether inference gets 8-bit images: four times less to bring to a GPU."""
        return self.device != "cpu"


def job_of(words):
    peer, task, folder, batch, size, threads, device, precision = words
    return Job(peer, task, pathlib.Path(folder), int(batch), int(size), int(threads), device, precision)


os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import numpy as np  # noqa: E402, after the environment that libraries read

RATE = 1e-5
WARM_UP = 2


def read_params(folder):
    if not (folder / "weights.npz").exists():
        from safetensors.torch import load_file
        return load_file(folder / "weights.safetensors")
    with np.load(folder / "weights.npz") as file:
        return {name: file[name] for name in file.files}


def gpu_number(job):
    return int((job.device.split(":") + ["0"])[1])


def normalised(job, images):
    return (images / 255 - 0.5) / 0.5 if job.pixels else images


def jax_model(job, params):
    import jax
    if job.device != "cpu":
        jax.config.update("jax_default_device", jax.devices("gpu")[gpu_number(job)])
    from flax.traverse_util import unflatten_dict
    from flax_mixer import flax_model
    from mixers import timm_geometry, to_timm
    geometry = timm_geometry(to_timm(params))
    return jax, geometry, flax_model(geometry, exact_gelu=True), {"params": unflatten_dict(params, sep="/")}


def jax_inference(job, params, inputs):
    jax, _, model, tree = jax_model(job, params)
    tree = jax.device_put(tree)
    images = inputs if job.pixels else jax.device_put(inputs)
    apply = jax.jit(lambda tree, x: model.apply(tree, normalised(job, x.astype(jax.numpy.float32))))
    return lambda: np.asarray(apply(tree, images))


def jax_training(job, params, inputs, labels):
    import optax
    jax, geometry, model, tree = jax_model(job, params)
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


def keras_model(job, params):
    import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(job.threads)
    tf.config.threading.set_inter_op_parallelism_threads(job.threads)
    if job.device != "cpu":
        gpus = tf.config.list_physical_devices("GPU")
        if gpu_number(job) >= len(gpus):
            raise SystemExit(f"error: {job.device}: TensorFlow {tf.__version__} sees {len(gpus)} GPUs")
        tf.config.set_visible_devices(gpus[gpu_number(job)], "GPU")
        tf.config.experimental.enable_tensor_float_32_execution(False)
    from keras_mixer import keras_mixer, set_weights
    from mixers import timm_geometry, to_timm
    geometry = timm_geometry(to_timm(params))
    model = keras_mixer(geometry, epsilon=1e-6)
    set_weights(model, params)
    return tf, geometry, model


def keras_inference(job, params, inputs):
    tf, _, model = keras_model(job, params)
    images = inputs if job.pixels else tf.constant(inputs)
    call = tf.function(lambda x: model(normalised(job, tf.cast(x, tf.float32)), training=False))
    return lambda: call(images).numpy()


def keras_training(job, params, inputs, labels):
    import keras
    tf, geometry, model = keras_model(job, params)
    size = geometry.image_size
    images = keras.layers.Input((32, 32, 3), dtype="uint8")
    x = keras.layers.Lambda(lambda pixels: keras.ops.image.resize(
        keras.ops.cast(pixels, "float32"), (size, size), interpolation="bilinear"))(images)
    whole = keras.Model(images, model((x / 255.0 - 0.5) / 0.5))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    whole.compile(keras.optimizers.Adam(RATE, epsilon=1e-8), loss)
    return lambda: float(whole.train_on_batch(inputs, labels))


def onnx_inference(job, params, inputs):
    import onnxruntime
    import torch
    from bench_torch import model_of
    torch.set_num_threads(job.threads)
    model = model_of(job, params).eval()
    path = job.inputs / "model.onnx"
    if not path.exists():
        with torch.inference_mode():
            torch.onnx.export(model, (torch.zeros(len(inputs), 3, job.size, job.size),), path,
                              input_names=["images"], output_names=["logits"], dynamo=True, external_data=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = job.threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    images = np.ascontiguousarray(inputs.transpose(0, 3, 1, 2))
    return lambda: session.run(["logits"], {"images": images})[0]


def make_step(job):
    if job.peer == "matmul":
        from bench_torch import matmul
        return matmul(job)
    params = read_params(job.folder)
    if job.peer == "products":
        from bench_torch import products
        return products(job, params)
    compiled = job.peer == "torch-compile"
    if job.task == "inference":
        shape = job.batch, job.size, job.size, -1
        file, dtype = ("inputs.u8", np.uint8) if job.pixels else ("inputs.f32", np.float32)
        inputs = np.fromfile(job.inputs / file, dtype).reshape(shape)
        if job.peer.startswith("torch"):
            from bench_torch import inference
            return inference(job, params, inputs, compiled)
        return {"jax": jax_inference, "keras": keras_inference, "onnxruntime": onnx_inference}[job.peer](
            job, params, inputs)
    inputs = np.fromfile(job.inputs / "inputs.u8", np.uint8)
    inputs = inputs.reshape(job.batch, 32, 32, 3) if inputs.size == job.batch * 3072 else inputs.reshape(job.batch, 28, 28, 1)
    labels = np.fromfile(job.inputs / "labels.u8", np.uint8)
    if job.peer.startswith("torch"):
        from bench_torch import training
        return training(job, params, inputs, labels, compiled)
    return {"jax": jax_training, "keras": keras_training}[job.peer](job, params, inputs, labels)


def prepare(job):
    """A step that has been made twice, its outputs written."""
    step = make_step(job)
    first = [step() for _ in range(WARM_UP)]
    outputs = np.asarray(first[0] if job.task == "inference" else first, np.float32)
    outputs.tofile(job.inputs / f"{job.peer}.f32")
    print("ready", flush=True)
    return step


def peak_megabytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


def serve(job):
    step = prepare(job)
    for line in sys.stdin:
        order = line.strip()
        if order == "memory":
            print(f"{peak_megabytes():.1f}", flush=True)
        elif order:
            step = None
            if "torch" in sys.modules:
                from bench_torch import forget
                forget()
            job = dataclasses.replace(job, batch=int(order))
            step = prepare(job)
        else:
            started = time.perf_counter()
            step()
            print(f"{time.perf_counter() - started:.9f}", flush=True)


def versions(device):
    import torch
    from bench_torch import device_of
    device_of(Job("versions", "", pathlib.Path(), 0, 0, 0, device, ""))
    print(f"PyTorch {torch.__version__}")


if __name__ == "__main__":
    if sys.argv[1] == "versions":
        versions(sys.argv[2])
    else:
        serve(job_of(sys.argv[1:]))
