"""PyTorch's contenders of tools/benchmark, on a processor or a GPU, and the two bounds that the device's
matrix products set. A module for bench_peer.py, whose job (task, batch, device, precision ...) each takes; each
gives a function that makes one step, and returns when the device is done with it.
"""
import gc
import json

import torch

from plain_mixer import geometry_of, plain_mixer

RATE = 1e-5


def device_of(job):
    """PyTorch's device: our gpu:1 is its cuda:1."""
    if job.device == "cpu":
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise SystemExit(f"error: {job.device}: PyTorch {torch.__version__} sees no GPU")
    device = torch.device("cuda", int((job.device.split(":") + ["0"])[1]))
    torch.cuda.set_device(device)
    return device


def prepare(job):
    torch.set_num_threads(job.threads)
    # The products', and the convolution's, for which PyTorch by itself allows it.
    torch.set_float32_matmul_precision("high" if job.precision == "tf32" else "highest")
    torch.backends.cudnn.allow_tf32 = job.precision == "tf32"
    return device_of(job)


def model_of(job, params):
    described = job.folder / "network.json"
    if described.exists():
        from networks import network_of
        model = network_of(json.loads(described.read_text()))
        model.load_state_dict(params)
        return model
    try:
        from mixers import timm_geometry, timm_mixer, to_timm
    except ImportError:  # of timm, or of what else that needs
        return plain_mixer(params)
    state = to_timm(params)
    model = timm_mixer(timm_geometry(state))
    model.load_state_dict(state)
    return model


def autocast(job, device):
    return torch.autocast(device.type, torch.bfloat16, enabled=job.precision == "bfloat16")


def on_host(array, device):
    """Where a user's loader leaves a batch: in memory that a GPU copies from by itself."""
    tensor = torch.from_numpy(array)
    return tensor if device.type == "cpu" else tensor.pin_memory()


def wait_for(device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def inference(job, params, inputs, compiled):
    device = prepare(job)
    model = model_of(job, params).to(device).eval()
    if job.pixels:
        images = on_host(inputs, device)
    else:
        images = on_host(inputs.transpose(0, 3, 1, 2).copy(), device)
        if not compiled:  # for DJL's peer
            with torch.inference_mode():
                torch.jit.trace(model, images).save(job.inputs / "model.pt")

    def logits_of(x):
        if job.pixels:
            x = (x.permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5
        with autocast(job, device):
            return model(x)
    logits_of = torch.compile(logits_of, dynamic=False) if compiled else logits_of

    def step():
        with torch.inference_mode():
            logits = logits_of(images.to(device, non_blocking=True)).float().cpu()
        wait_for(device)
        return logits.numpy()
    return step


def training(job, params, inputs, labels, compiled):
    device = prepare(job)
    model = model_of(job, params).to(device).train()
    images = on_host(inputs.transpose(0, 3, 1, 2).copy(), device)
    targets = on_host(labels.astype("int64"), device)
    size = (job.size, job.size)

    def loss_of(pixels, targets):
        x = pixels.float()
        if x.shape[2:] != size:
            x = torch.nn.functional.interpolate(x, size=size, mode="bilinear", align_corners=False)
        with autocast(job, device):
            return torch.nn.functional.cross_entropy(model((x / 255 - 0.5) / 0.5), targets)
    loss_of = torch.compile(loss_of, dynamic=False) if compiled else loss_of
    # On a GPU all of the update in one kernel, as PyTorch's documentation advises.
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=True if device.type == "cuda" else None)

    def step():
        optimizer.zero_grad()
        loss = loss_of(images.to(device, non_blocking=True), targets.to(device, non_blocking=True))
        loss.backward()
        optimizer.step()
        value = loss.item()
        wait_for(device)
        return value
    return step


def matrices(job):
    """What makes matrices of random numbers on the job's device, in its precision, and the device."""
    device = prepare(job)
    dtype = torch.bfloat16 if job.precision == "bfloat16" else torch.float32
    return (lambda *shape: torch.randn(*shape, device=device, dtype=dtype)), device


def products(job, params):
    """No peer but a bound: the network's matrix products alone; a training step has three times as many."""
    matrix, device = matrices(job)
    g = geometry_of(params)
    repeats = 1 if job.task == "inference" else 3
    channels, patches = job.batch * g.hidden_size, job.batch * g.tokens
    shapes = [(channels, g.tokens, g.tokens_mlp_size), (channels, g.tokens_mlp_size, g.tokens),
              (patches, g.hidden_size, g.channels_mlp_size), (patches, g.channels_mlp_size, g.hidden_size)]
    lefts = [matrix(m, k) for m, k, _ in shapes]
    rights = [[matrix(k, n) for _, k, n in shapes] for _ in range(g.blocks)]
    outs = [matrix(m, n) for m, _, n in shapes]
    stem = matrix(patches, 3 * g.patch_size ** 2), matrix(3 * g.patch_size ** 2, g.hidden_size)

    def step():
        for _ in range(repeats):
            torch.mm(*stem)
            for block in rights:
                for left, right, out in zip(lefts, block, outs):
                    torch.mm(left, right, out=out)
        wait_for(device)
        return []
    return step


def matmul(job):
    """The other bound: a product of two square matrices with as many rows as the batch has images."""
    matrix, device = matrices(job)
    left, right, out = (matrix(job.batch, job.batch) for _ in range(3))

    def step():
        torch.mm(left, right, out=out)
        wait_for(device)
        return []
    return step


def forget():
    """Gives back what the last batch's step held."""
    gc.collect()
    torch.compiler.reset()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
