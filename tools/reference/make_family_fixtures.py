"""Makes the fixtures for the families other than the Mixer with PyTorch, random weights throughout:
python make_family_fixtures.py [--out DIR]

NAME.x.npy are normalized images, [N, height, width, channels] float32, NAME.logits.npy PyTorch's logits for them, in
evaluation mode. Of one network there may be several files: NAME.pth, NAME.safetensors, …

python make_family_fixtures.py --check NAME FILE.safetensors

loads a file that import-weights wrote with load_state_dict(strict=True) and compares its logits with the fixture's.
"""
import argparse
import pathlib

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from networks import Gru, LeNet5, Mlp, ResNet, Vip, Vit, resmlp, timm_vit

DEFAULT_OUT = pathlib.Path(__file__).parents[2] / "weight-import/src/test/resources/fixtures/networks"

NETWORKS = {
    "lenet5": (lambda: LeNet5(28, 1, 10), (28, 28, 1)),
    "lenet5_rgb": (lambda: LeNet5(16, 3, 4), (16, 16, 3)),
    "resnet": (lambda: ResNet(28, 1, 10, False), (28, 28, 1)),
    "resnet_rgb": (lambda: ResNet(8, 3, 5, True), (8, 8, 3)),
    "mlp": (lambda: Mlp(64, [9, 7], 5), (8, 8, 1)),
    "mlp_rgb": (lambda: Mlp(108, [6], 4), (6, 6, 3)),
    "gru": (lambda: Gru(12, 5, 3), (12, 12, 1)),
    "vit": (lambda: Vit(12, 1, 4, 16, 2, 8, 12, 5), (12, 12, 1)),
    "vit_timm": (lambda: timm_vit(16, 3, 8, 128, 1, 2, 20, 4), (16, 16, 3)),
    "resmlp": (lambda: resmlp(12, 1, 3, patch=4, hidden=8, blocks=3, mlp=20), (12, 12, 1)),
    "resmlp_rgb": (lambda: resmlp(16, 3, 5, patch=8, hidden=10, blocks=2, mlp=12), (16, 16, 3)),
    "vip": (lambda: Vip(1, 4, 56, [2, 1], [8, 12], 2), (224, 224, 1)),
}


def randomize(network, seed):
    """Also the running averages, so that a network without them would show."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        if name.endswith("num_batches_tracked"):
            tensor.fill_(938)
        elif name.endswith("running_var"):
            tensor.uniform_(0.5, 2, generator=generator)
        else:
            tensor.normal_(0, 0.3, generator=generator)
    return network.eval()


def renamed(state, names):
    result = {}
    for name, tensor in state.items():
        layer, part = name.rsplit(".", 1)
        result[f"{names[layer]}.{part}"] = tensor
    return result


def deit_state(state):
    """timm's state of a ResMLP with the names and shapes of the authors' own files."""
    names = {"stem.": "patch_embed.", "linear_tokens.": "attn.", "mlp_channels.": "mlp.", ".ls": ".gamma_"}
    result = {}
    for name, tensor in state.items():
        for timm, deit in names.items():
            name = name.replace(timm, deit)
        result[name] = tensor.flatten() if name.endswith((".alpha", ".beta")) else tensor
    return result


def logits(network, images):
    with torch.no_grad():
        return network(torch.from_numpy(images).permute(0, 3, 1, 2)).numpy()


def make(out):
    out.mkdir(parents=True, exist_ok=True)
    states = {}
    for seed, (name, (build, shape)) in enumerate(NETWORKS.items()):
        network = randomize(build(), seed)
        images = np.random.default_rng(seed).standard_normal((1 if shape[0] > 100 else 3, *shape)).astype(np.float32)
        np.save(out / f"{name}.x.npy", images)
        np.save(out / f"{name}.logits.npy", logits(network, images))
        states[name] = network.state_dict()
        torch.save(states[name], out / f"{name}.pth")
    layers = ["conv.0", "conv.3", "fc.0", "fc.2", "fc.4"]
    blocks = {layer: layer.replace("conv", "convBlock").replace("fc", "fcBlock") for layer in layers}
    wrapped = {"module." + name: tensor for name, tensor in renamed(states["lenet5_rgb"], blocks).items()}
    torch.save({"epoch": 3, "state_dict": wrapped}, out / "lenet5_rgb.blocks.pth")
    plain = dict(zip(layers, ["conv1", "conv2", "fc1", "fc2", "fc3"]))
    save_file(renamed(states["lenet5_rgb"], plain), out / "lenet5_rgb.safetensors")
    for name in ("resnet_rgb", "mlp", "gru", "vit", "resmlp_rgb", "vip"):
        save_file(states[name], out / f"{name}.safetensors")
    for kind, numbers in (("sequential", (0, 2, 4)), ("flatten", (1, 3, 5)), ("dropout", (0, 3, 6)),
                          ("flatten_dropout", (1, 4, 7))):
        layers = {f"fc{layer + 1}": f"layers.{number}" for layer, number in enumerate(numbers)}
        save_file(renamed(states["mlp"], layers), out / f"mlp.{kind}.safetensors")
    torch.save(deit_state(states["resmlp_rgb"]), out / "resmlp_rgb.deit.pth")


def check(name, file):
    network = NETWORKS[name][0]()
    network.load_state_dict(load_file(file), strict=True)
    found = logits(network.eval(), np.load(DEFAULT_OUT / f"{name}.x.npy"))
    difference = np.abs(found - np.load(DEFAULT_OUT / f"{name}.logits.npy")).max()
    print(f"{file}: max |difference| {difference:.3g}")
    assert difference == 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=DEFAULT_OUT)
    parser.add_argument("--check", nargs=2, metavar=("NAME", "FILE"))
    arguments = parser.parse_args()
    if arguments.check:
        check(*arguments.check)
    else:
        make(arguments.out)
