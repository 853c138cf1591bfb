"""The networks in PyTorch, with the names of the code that people train them with; each is written from its paper or
its author's description. The generators of fixtures and the training scripts beside this file use them."""
import torch
from torch import nn


class LeNet5(nn.Module):
    """Its layers are called conv.0, conv.3, fc.0, fc.2, fc.4."""

    def __init__(self, side, channels, classes):
        super().__init__()
        left = ((side - 4) // 2 - 4) // 2
        self.conv = nn.Sequential(
            nn.Conv2d(channels, 6, 5), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2))
        self.fc = nn.Sequential(
            nn.Linear(16 * left * left, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, classes))

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))


class ResNet(nn.Module):
    """github.com/ji2814/hello-MNIST's names; conv3 is the shortcut's convolution."""

    def __init__(self, side, channels, classes, shortcut):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 8, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(8)
        self.conv3 = nn.Conv2d(channels, 8, 1) if shortcut else None
        self.conv4 = nn.Conv2d(8, 1, 1)
        self.fc = nn.Linear(side * side, classes)

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        y = y + (x if self.conv3 is None else self.conv3(x))
        return self.fc(self.conv4(y).flatten(1))


class Mlp(nn.Module):
    """Its layers are called fc1, fc2, ...; output_relu puts a ReLU behind the last too."""

    def __init__(self, inputs, hidden, classes, dropout=0.0, output_relu=False):
        super().__init__()
        self.output_relu = output_relu
        self.dropout = nn.Dropout(dropout)
        widths = [inputs, *hidden, classes]
        for number in range(1, len(widths)):
            self.add_module(f"fc{number}", nn.Linear(widths[number - 1], widths[number]))
        self.layers = len(widths) - 1

    def forward(self, x):
        x = x.flatten(1)
        for number in range(1, self.layers):
            x = self.dropout(torch.relu(self.get_submodule(f"fc{number}")(x)))
        x = self.get_submodule(f"fc{self.layers}")(x)
        return torch.relu(x) if self.output_relu else x


class Gru(nn.Module):
    """Reads an image of one channel row by row."""

    def __init__(self, width, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(width, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        return self.fc(self.gru(x[:, 0])[0][:, -1])


def mixer(size, channels, classes, described):
    """timm's, which takes the widths as ratios and rounds the products down, hence the half."""
    from timm.models.mlp_mixer import MlpMixer
    hidden = described["hidden_size"]
    ratios = [(described[name] + 0.5) / hidden for name in ("tokens_mlp_size", "channels_mlp_size")]
    network = MlpMixer(num_classes=classes, img_size=size, in_chans=channels, patch_size=described["patch_size"],
                       num_blocks=described["blocks"], embed_dim=hidden, mlp_ratio=ratios)
    for module in network.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = described["layer_norm_epsilon"]
    return network


def network_of(described, dropout=0.0):
    """The module of a network that config.json, or a benchmark, describes by its family and settings; an Mlp also drops."""
    size, channels, classes = described["input"]["height"], described["input"]["channels"], described["classes"]
    return {"lenet5": lambda: LeNet5(size, channels, classes),
            "resnet": lambda: ResNet(size, channels, classes, described["shortcut"] == "conv"),
            "mlp": lambda: Mlp(size * size * channels, described["hidden"], classes, dropout,
                               described["output_relu"]),
            "mixer": lambda: mixer(size, channels, classes, described),
            "gru": lambda: Gru(size, described["hidden_size"], classes)}[described["family"]]()
