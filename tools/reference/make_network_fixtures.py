"""Makes the fixtures that the tests of the small networks compare with PyTorch.
Run: python make_network_fixtures.py [--out DIR]

A network's tensors lie one after the other in a flat array, in the order of its state dict, or that in which they are
drawn where it has one, and in PyTorch's element order, without num_batches_tracked. The networks are those of NETWORKS, built after
torch.manual_seed(SEED) with PyTorch's default initial values. A pixel enters a network as value / 255.

mixer-core, fixtures/networks: images.npy (uint8 [16, 28, 28]), and for each network
  NAME.start.npy     its initial tensors
  NAME.norms.npy     random tensors of the batch norms (scale, bias, mean, variance of each), which replace the
                     initial ones for the files below, since ones and zeros would hide mistakes
  NAME.eval.npy      logits in evaluation mode, [16, 10]
  NAME.train.npy     logits in training mode, [16, 10]
  NAME.averages.npy  running mean and variance of each batch norm after that one pass
Networks without batch norms have the files start and eval only.

mixer-core, fixtures/functions: activations and losses of inputs.npy (float32 [24, 10]):
  activations.npy (float32 [2, activation, 24, 10]) has the values and the gradients of ACTIVATIONS, in this order,
  for the gradient upstream.npy that arrives; losses.npy [loss] and loss_gradients.npy [loss, 24, 10] are of LOSSES,
  in this order, for targets.npy (float32 [24, 10], rows that add up to 1).

finetune-cifar, fixtures/networks: images.npy (uint8 [128, 28, 28]) and labels.npy (uint8 [128]) are two batches of
64 that come round. For each network and optimizer of OPTIMIZERS, from the initial tensors, 20 steps:
NAME.OPTIMIZER.losses.npy has each batch's mean cross-entropy before its step, NAME.OPTIMIZER.final.npy all tensors
after the last. NAME.start.npy has the initial tensors of the networks of RANDOM_START.
"""
import argparse
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from networks import Gru, LeNet5, Mlp, ResNet, Vip, Vit, mixer, resmlp

SEED, STEPS, BATCH_SIZE, BATCHES, LOGITS = 14, 20, 64, 2, 16
ROOT = pathlib.Path(__file__).parents[2]


MIXER = {"patch_size": 7, "hidden_size": 14, "blocks": 2, "tokens_mlp_size": 16, "channels_mlp_size": 10,
         "layer_norm_epsilon": 1e-6}
NETWORKS = {"lenet5": lambda: LeNet5(28, 1, 10),
            "resnet_broadcast": lambda: ResNet(28, 1, 10, shortcut=False),
            "resnet_conv": lambda: ResNet(28, 1, 10, shortcut=True),
            "mlp": lambda: Mlp(784, [30, 20], 10),
            "gru": lambda: Gru(28, 64, 10),
            "vit": lambda: Vit(28, 1, 7, 16, 2, 4, 24, 10),
            "resmlp": lambda: resmlp(28, 1, 10, patch=7, hidden=12, blocks=2, mlp=30),
            "vip": lambda: Vip(1, 10, 7, [2, 1], [8, 12], 2),
            "mixer": lambda: mixer(28, 1, 10, MIXER)}
# Their own initial values would hide mistakes: ones, zeros and tiny layer scales.
RANDOM_START = ["resmlp", "vip", "mixer"]
OPTIMIZERS = {"sgd": lambda parameters: torch.optim.SGD(parameters, lr=0.01, momentum=0.5),
              "adam": lambda parameters: torch.optim.Adam(parameters, lr=1e-3)}
ACTIVATIONS = [functional.relu, functional.gelu, lambda x: functional.gelu(x, approximate="tanh"), torch.tanh,
               torch.sigmoid, lambda x: functional.softmax(x, -1), functional.silu]
LOSSES = [lambda x, targets: functional.cross_entropy(x, targets),
          lambda x, targets: functional.cross_entropy(x, targets, label_smoothing=0.1),
          lambda x, targets: functional.mse_loss(x, targets),
          lambda x, targets: functional.binary_cross_entropy_with_logits(x, targets)]


def build(name, dtype=torch.float32):
    torch.manual_seed(SEED)
    network = NETWORKS[name]()
    if name in RANDOM_START:
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(torch.randn(parameter.shape) * 0.2)
    return network.to(dtype)


def flat(network, only=""):
    state = network.state_dict()
    names = network.drawn() if hasattr(network, "drawn") else state
    return np.concatenate([state[name].detach().numpy().reshape(-1) for name in names
                           if only in name and not name.endswith("num_batches_tracked")])


def make_images(rng, count):
    """A figure of strokes for each class on a black ground, moved about, thicker or thinner, with noise."""
    labels = rng.integers(0, 10, count).astype(np.uint8)
    ends = rng.uniform(6, 22, (10, 4, 2, 2))
    images = np.zeros((count, 28, 28))
    rows, columns = np.mgrid[0:28, 0:28]
    for image, label in zip(images, labels):
        moved, width = rng.uniform(-2, 2, 2), rng.uniform(0.8, 1.6)
        for start, end in ends[label] + moved:
            along = np.linspace(0, 1, 24)[:, None, None]
            points = start[:, None, None, None] * (1 - along) + end[:, None, None, None] * along
            distance = np.sqrt((rows - points[0]) ** 2 + (columns - points[1]) ** 2).min(0)
            image += 300 * np.exp(-((distance / width) ** 2))
        image += rng.normal(0, 40, image.shape) * (image > 20)
    return np.clip(np.rint(images), 0, 255).astype(np.uint8), labels


def tensor_of(images, dtype=torch.float32):
    return torch.from_numpy(images).to(dtype).div(255)[:, None]


def make_logits(out, rng, images):
    np.save(out / "images.npy", images)
    x = tensor_of(images)
    for name in NETWORKS:
        network = build(name)
        np.save(out / f"{name}.start.npy", flat(network))
        norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
        with torch.no_grad():
            for norm in norms:
                for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
                    low, high = (0.5, 1.5) if tensor is norm.weight or tensor is norm.running_var else (-0.5, 0.5)
                    tensor.copy_(torch.from_numpy(rng.uniform(low, high, tensor.shape)))
            if norms:
                np.save(out / f"{name}.norms.npy", flat(network, "bn"))
            np.save(out / f"{name}.eval.npy", network.eval()(x).numpy())
            if norms:
                np.save(out / f"{name}.train.npy", network.train()(x).numpy())
                np.save(out / f"{name}.averages.npy", flat(network, "running"))


def make_functions(out, rng):
    inputs = (3 * rng.normal(size=(24, 10))).astype(np.float32)
    upstream = rng.normal(size=inputs.shape).astype(np.float32)
    blend = rng.uniform(0.5, 1, (24, 1))
    targets = blend * np.eye(10)[rng.integers(0, 10, 24)] + (1 - blend) * np.eye(10)[rng.integers(0, 10, 24)]
    targets = targets.astype(np.float32)
    values, gradients = [], []
    for activation in ACTIVATIONS:
        x = torch.tensor(inputs, requires_grad=True)
        y = activation(x)
        y.backward(torch.from_numpy(upstream))
        values.append(y.detach().numpy())
        gradients.append(x.grad.numpy())
    losses, loss_gradients = [], []
    for loss in LOSSES:
        x = torch.tensor(inputs, requires_grad=True)
        y = loss(x, torch.from_numpy(targets))
        y.backward()
        losses.append(y.item())
        loss_gradients.append(x.grad.numpy())
    arrays = {"inputs": inputs, "upstream": upstream, "targets": targets,
              "activations": np.array([values, gradients]), "losses": np.array(losses, np.float32),
              "loss_gradients": np.array(loss_gradients)}
    for name, array in arrays.items():
        np.save(out / f"{name}.npy", array)


def train(name, make_optimizer, images, labels, dtype):
    network = build(name, dtype).train()
    optimizer = make_optimizer(network.parameters())
    x, y = tensor_of(images, dtype), torch.from_numpy(labels).long()
    losses = []
    for step in range(STEPS):
        first = step % BATCHES * BATCH_SIZE
        batch = slice(first, first + BATCH_SIZE)
        loss = functional.cross_entropy(network(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses), network


def make_training(out, images, labels):
    """Also shows how far float32 is from float64: a test's tolerance cannot be tighter."""
    np.save(out / "images.npy", images)
    np.save(out / "labels.npy", labels)
    for name in NETWORKS:
        if name in RANDOM_START:
            np.save(out / f"{name}.start.npy", flat(build(name)))
        for rule, make_optimizer in OPTIMIZERS.items():
            losses, network = train(name, make_optimizer, images, labels, torch.float32)
            exact_losses, exact = train(name, make_optimizer, images, labels, torch.float64)
            np.save(out / f"{name}.{rule}.losses.npy", losses.astype(np.float32))
            np.save(out / f"{name}.{rule}.final.npy", flat(network))
            print(f"{name}, {rule}: losses {losses[0]:.3f} -> {losses[-1]:.3f}; float32 against float64: "
                  f"losses {np.abs(losses - exact_losses).max():.1e}")
            for key, tensor in network.state_dict().items():
                difference = float((tensor - exact.state_dict()[key]).abs().max())
                if difference > 1e-5:
                    print(f"    {key}: {difference:.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT, help="folder of the two modules")
    root = parser.parse_args().out
    torch.set_num_threads(1)
    rng = np.random.default_rng(SEED)
    images, labels = make_images(rng, BATCHES * BATCH_SIZE)
    logits, functions, training = folders = [
        root / module / "src/test/resources/fixtures" / folder
        for module, folder in (("mixer-core", "networks"), ("mixer-core", "functions"),
                               ("finetune-cifar", "networks"))]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    make_logits(logits, rng, images[:LOGITS])
    make_functions(functions, rng)
    make_training(training, images, labels)
    for folder in folders:
        print(f"{sum(file.stat().st_size for file in folder.iterdir())} bytes in {folder.relative_to(root)}")


if __name__ == "__main__":
    main()
