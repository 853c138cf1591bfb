"""Makes the fixtures that finetune-cifar's optimizers, averages, clipping and schedules are compared
with: torch.optim, timm's ModelEmaV3, optax, and vit_jax's formula of the learning rate.
Run: python make_optimizer_fixtures.py [--out DIR]

A network of two layers classifies inputs.npy (float32 [64, 6]; targets.npy has the classes as one-hot
rows, [64, 4]) in four batches of 16 that come round. For each case of cases.json, from the parameters
in start.npy, 200 steps; losses.npy [case, step] has each batch's mean cross-entropy before its step,
parameters.npy [case, at, value] all parameters after steps 1, 10, 50 and 200. Parameters lie one after
the other in the order of PARAMETERS. The rate of step t, from 1, is rate * (0.6 + 0.4 * cos(t / 15)).
ema.npy [at, value] has the average of the first case of Adam's parameters.

clipped.npy has the gradients in gradients.npy [value] clipped by each norm of CLIPS. schedules.json has
the learning rate of each update, and of some beyond the last.
"""
import argparse
import json
import math
import pathlib

import numpy as np
import optax
import torch
from timm.utils import ModelEmaV3

PARAMETERS = {"hidden/kernel": (2, 3, 8), "hidden/bias": (8,), "head/kernel": (8, 4), "head/bias": (4,),
              "temperature": ()}
STEPS, SNAPSHOTS, BATCHES, BATCH_SIZE = 200, (1, 10, 50, 200), 4, 16
EMA_DECAY = 0.97
CLIPS = (0.1, 3.0, 1000.0)
CASES = [
    ({"name": "sgd"}, 0.5),
    ({"name": "sgd", "weight_decay": 0.01}, 0.5),
    ({"name": "momentum"}, 0.05),
    ({"name": "momentum", "momentum": 0.8, "weight_decay": 0.01}, 0.1),
    ({"name": "momentum", "nesterov": True}, 0.05),
    ({"name": "momentum", "momentum": 0.8, "nesterov": True, "weight_decay": 0.01}, 0.1),
    ({"name": "adagrad"}, 0.1),
    ({"name": "adagrad", "epsilon": 0.05, "weight_decay": 0.01}, 0.1),
    ({"name": "rmsprop"}, 0.01),
    ({"name": "rmsprop", "alpha": 0.9, "epsilon": 0.05, "weight_decay": 0.01}, 0.02),
    ({"name": "rmsprop", "momentum": 0.8, "epsilon": 0.01}, 0.005),
    ({"name": "adam"}, 0.01),
    ({"name": "adam", "beta1": 0.8, "beta2": 0.95, "epsilon": 0.01, "weight_decay": 0.01}, 0.01),
    ({"name": "adamw"}, 0.01),
    ({"name": "adamw", "beta1": 0.8, "beta2": 0.95, "epsilon": 0.01, "weight_decay": 0.1}, 0.01),
]
SCHEDULES = [("constant", 0.03, 0), ("constant", 0.03, 7), ("linear", 0.03, 0), ("linear", 0.03, 7),
             ("cosine", 0.03, 0), ("cosine", 0.03, 7), ("cosine", 1e-5, 59)]
TOTAL, LINEAR_END = 60, 1e-5
DEFAULT_OUT = pathlib.Path(__file__).parents[2] / "finetune-cifar/src/test/resources/fixtures/optimizers"


class Network(torch.nn.Module):
    def __init__(self, start, dtype):
        super().__init__()
        self.values = torch.nn.ParameterList(
            torch.nn.Parameter(torch.tensor(value, dtype=dtype)) for value in start.values())

    def forward(self, x):
        hidden_kernel, hidden_bias, head_kernel, head_bias, temperature = self.values
        hidden = torch.tanh(x @ hidden_kernel.reshape(6, 8) + hidden_bias)
        return (hidden @ head_kernel + head_bias) * temperature

    def flat(self):
        return np.concatenate([value.detach().numpy().reshape(-1) for value in self.values])


def optimizer(parameters, name, momentum=None, nesterov=None, beta1=0.9, beta2=0.999, **settings):
    """torch.optim's, with only what the case gives, so that the defaults are PyTorch's own."""
    renamed = {"epsilon": "eps"}
    settings = {renamed.get(key, key): value for key, value in settings.items()}
    match name:
        case "sgd":
            return torch.optim.SGD(parameters, **settings)
        case "momentum":
            momentum = 0.9 if momentum is None else momentum
            return torch.optim.SGD(parameters, momentum=momentum, nesterov=bool(nesterov), **settings)
        case "adagrad":
            return torch.optim.Adagrad(parameters, **settings)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, momentum=momentum or 0, **settings)
        case "adam":
            return torch.optim.Adam(parameters, betas=(beta1, beta2), **settings)
        case "adamw":
            return torch.optim.AdamW(parameters, betas=(beta1, beta2), **settings)
    raise ValueError(name)


def train(start, inputs, labels, settings, rate, dtype=torch.float32):
    network = Network(start, dtype)
    average = ModelEmaV3(network, decay=EMA_DECAY)
    rule = optimizer(network.parameters(), **settings)
    inputs, labels = torch.from_numpy(inputs).to(dtype), torch.from_numpy(labels)
    losses, snapshots, averages = [], [], []
    for step in range(1, STEPS + 1):
        first = (step - 1) % BATCHES * BATCH_SIZE
        batch = slice(first, first + BATCH_SIZE)
        for group in rule.param_groups:
            group["lr"] = rate * (0.6 + 0.4 * math.cos(step / 15))
        loss = torch.nn.functional.cross_entropy(network(inputs[batch]), labels[batch])
        rule.zero_grad()
        loss.backward()
        rule.step()
        average.update(network)
        losses.append(loss.item())
        if step in SNAPSHOTS:
            snapshots.append(network.flat())
            averages.append(average.module.flat())
    return np.array(losses), np.stack(snapshots), np.stack(averages)


def make_training(out, rng):
    inputs = rng.normal(size=(BATCHES * BATCH_SIZE, 6)).astype(np.float32)
    teacher = rng.normal(size=(6, 4))
    labels = (inputs @ teacher + rng.normal(scale=4, size=(len(inputs), 4))).argmax(1)  # beyond memorising
    start = {name: rng.normal(scale=0.5, size=shape).astype(np.float32).reshape(shape)
             for name, shape in PARAMETERS.items()}
    start["temperature"] = np.array(1.5, np.float32)
    np.save(out / "inputs.npy", inputs)
    np.save(out / "targets.npy", np.eye(4, dtype=np.float32)[labels])
    np.save(out / "start.npy", np.concatenate([value.reshape(-1) for value in start.values()]))
    losses, parameters = [], []
    for settings, rate in CASES:
        loss, after, ema = train(start, inputs, labels, settings, rate)
        exact_loss, exact, _ = train(start, inputs, labels, settings, rate, torch.float64)
        print(f"{loss[:4].mean():.3f} -> {loss[-4:].mean():.3f}; float32 against float64: losses "
              f"{np.abs(loss - exact_loss).max():.1e}, parameters {np.abs(after - exact).max():.1e}  {settings}")
        losses.append(loss)
        parameters.append(after)
        if settings == {"name": "adam"}:
            np.save(out / "ema.npy", ema)
    np.save(out / "losses.npy", np.array(losses, np.float32))
    np.save(out / "parameters.npy", np.array(parameters))
    cases = [{"settings": settings, "rate": rate} for settings, rate in CASES]
    (out / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")


def make_clipping(out, rng):
    gradients = {name: rng.normal(size=shape).astype(np.float32).reshape(shape)
                 for name, shape in PARAMETERS.items()}
    clipped = []
    for clip in CLIPS:
        result, _ = optax.clip_by_global_norm(clip).update(gradients, optax.EmptyState())
        clipped.append(np.concatenate([np.reshape(result[name], -1) for name in PARAMETERS]))
    np.save(out / "gradients.npy", np.concatenate([value.reshape(-1) for value in gradients.values()]))
    np.save(out / "clipped.npy", np.stack(clipped))
    print(f"norm of the gradients {optax.tree.norm(gradients):.3f}, clipped to {CLIPS}")


def vit_jax_rate(step, decay, base, warmup):
    """What google-research/vision_transformer's create_learning_rate_schedule computes, in float64;
    it has no constant rate."""
    remaining = 1 - min(1, max(0, (step - warmup) / (TOTAL - warmup)))
    if decay == "linear":
        rate = LINEAR_END + remaining * (base - LINEAR_END)
    elif decay == "cosine":
        rate = base * (1 - math.cos(math.pi * remaining)) / 2
    else:
        rate = base
    return rate if warmup == 0 else rate * min(1, step / warmup)


def optax_schedule(decay, base, warmup):
    after = {"constant": optax.constant_schedule(base),
             "linear": optax.linear_schedule(base, LINEAR_END, TOTAL - warmup),
             "cosine": optax.cosine_decay_schedule(base, TOTAL - warmup)}[decay]
    return optax.join_schedules([optax.linear_schedule(0, base, warmup), after], [warmup]) if warmup else after


def make_schedules(out):
    schedules = []
    for decay, base, warmup in SCHEDULES:
        rates = [vit_jax_rate(step, decay, base, warmup) for step in range(TOTAL + 5)]
        schedule = optax_schedule(decay, base, warmup)
        difference = max(abs(rate - float(schedule(step))) for step, rate in enumerate(rates)) / base
        print(f"{decay}, warm-up {warmup}: optax's within {difference:.1e} of the base rate")
        assert difference < 1e-6
        schedules.append({"decay": decay, "base": base, "end": LINEAR_END if decay == "linear" else 0.0,
                          "warmup_steps": warmup, "total_steps": TOTAL, "rates": rates})
    (out / "schedules.json").write_text(json.dumps(schedules) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=DEFAULT_OUT)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    rng = np.random.default_rng(31)
    make_training(out, rng)
    make_clipping(out, rng)
    make_schedules(out)
    print(f"{sum(file.stat().st_size for file in out.iterdir())} bytes in {out.name}/")


if __name__ == "__main__":
    main()
