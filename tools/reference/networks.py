"""The networks in PyTorch, with the names of the code that people train them with; each is written from its paper or
its author's description, or is timm's. The generators of fixtures and the training scripts beside this file use them."""
from functools import partial

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


class Vit(nn.Module):
    """Attends over the tokens. The names are those of github.com/ji2814/hello-MNIST."""

    class Block(nn.Module):
        def __init__(self, dim, heads, width):
            super().__init__()
            self.norm1 = nn.LayerNorm(dim)
            self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
            self.norm2 = nn.LayerNorm(dim)
            self.mlp = nn.Sequential(nn.Linear(dim, width), nn.GELU(), nn.Linear(width, dim))

        def forward(self, x):
            y = self.norm1(x)
            x = x + self.attn(y, y, y, need_weights=False)[0]
            return x + self.mlp(self.norm2(x))

    def __init__(self, size, channels, patch, dim, depth, heads, width, classes):
        super().__init__()
        self.to_patch_embedding = nn.Sequential(nn.Conv2d(channels, dim, patch, patch))
        self.cls_token = nn.Parameter(torch.randn(1, 1, dim))
        self.pos_embedding = nn.Parameter(torch.randn(1, (size // patch) ** 2 + 1, dim))
        self.transformer = nn.Sequential(*[self.Block(dim, heads, width) for _ in range(depth)])
        self.mlp_head = nn.Sequential(nn.Linear(dim, classes))

    def drawn(self):
        """The names of the tensors in the order in which their initial values are drawn."""
        names = [name for name in self.state_dict() if not name.startswith("to_patch")]
        blocks = [name for name in names if name.startswith("transformer")]
        for i in range(len(self.transformer)):
            out = [f"transformer.{i}.attn.out_proj.{kind}" for kind in ("weight", "bias")]
            first = blocks.index(f"transformer.{i}.attn.in_proj_weight")
            for name in out:
                blocks.remove(name)
            blocks[first:first] = out
        return (["to_patch_embedding.0.weight", "to_patch_embedding.0.bias", "cls_token", "pos_embedding"] + blocks
                + ["mlp_head.0.weight", "mlp_head.0.bias"])

    def forward(self, x):
        x = self.to_patch_embedding(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.pos_embedding
        return self.mlp_head(self.transformer(x)[:, 0])


def timm_vit(size, channels, patch, dim, depth, heads, width, classes):
    from timm.models.vision_transformer import VisionTransformer
    return VisionTransformer(img_size=size, in_chans=channels, patch_size=patch, embed_dim=dim, depth=depth,
                             num_heads=heads, mlp_ratio=(width + 0.5) / dim, num_classes=classes)


def vit(size, channels, classes, described):
    build = timm_vit if described["final_norm"] else Vit
    return build(size, channels, described["patch_size"], described["hidden_size"], described["blocks"],
                 described["heads"], described["mlp_size"], classes)


class Vip(nn.Module):
    """The Vision Permutator, with the names of github.com/houqb/VisionPermutator. Grids are [batch, height, width,
    channels]; the channels are cut into as many segments as the grid has rows."""

    class PermuteMlp(nn.Module):
        def __init__(self, dim):
            super().__init__()
            self.mlp_c, self.mlp_h, self.mlp_w = (nn.Linear(dim, dim, bias=False) for _ in range(3))
            self.reweight = Vip.TwoLayers(dim, dim // 4, 3 * dim)
            self.proj = nn.Linear(dim, dim)

        def forward(self, x):
            batch, side, _, dim = x.shape
            segments = x.unflatten(3, (side, -1))
            # For each segment and column, the column's tokens; for each row and segment, the row's.
            columns = torch.einsum("bhwgs->bgwhs", segments).flatten(3)
            rows = torch.einsum("bhwgs->bhgws", segments).flatten(3)
            h = torch.einsum("bgwhs->bhwgs", self.mlp_h(columns).unflatten(3, (side, -1))).flatten(3)
            w = torch.einsum("bhgws->bhwgs", self.mlp_w(rows).unflatten(3, (side, -1))).flatten(3)
            c = self.mlp_c(x)
            shares = self.reweight((h + w + c).mean((1, 2))).view(batch, 1, 1, dim, 3).softmax(-1)
            return self.proj(h * shares[..., 0] + w * shares[..., 1] + c * shares[..., 2])

    class TwoLayers(nn.Module):
        def __init__(self, inputs, hidden, outputs):
            super().__init__()
            self.fc1 = nn.Linear(inputs, hidden)
            self.fc2 = nn.Linear(hidden, outputs)

        def forward(self, x):
            return self.fc2(nn.functional.gelu(self.fc1(x)))

    class Block(nn.Module):
        def __init__(self, dim, ratio):
            super().__init__()
            self.norm1 = nn.LayerNorm(dim)
            self.attn = Vip.PermuteMlp(dim)
            self.norm2 = nn.LayerNorm(dim)
            self.mlp = Vip.TwoLayers(dim, ratio * dim, dim)

        def forward(self, x):
            x = x + self.attn(self.norm1(x))
            return x + self.mlp(self.norm2(x))

    class Convolution(nn.Module):
        def __init__(self, inputs, outputs, size):
            super().__init__()
            self.proj = nn.Conv2d(inputs, outputs, size, size)

        def forward(self, x):
            return self.proj(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)

    def __init__(self, channels, classes, patch, blocks, sizes, ratio):
        super().__init__()
        self.patch_embed = self.Convolution(channels, sizes[0], patch)
        self.network = nn.ModuleList()
        for stage, (count, dim) in enumerate(zip(blocks, sizes)):
            if stage and dim != sizes[stage - 1]:
                self.network.append(self.Convolution(sizes[stage - 1], dim, 2))
            self.network.append(nn.Sequential(*[self.Block(dim, ratio) for _ in range(count)]))
        self.norm = nn.LayerNorm(sizes[-1])
        self.head = nn.Linear(sizes[-1], classes)

    def forward(self, x):
        x = self.patch_embed(x.permute(0, 2, 3, 1))
        for part in self.network:
            x = part(x)
        return self.head(self.norm(x).mean((1, 2)))


def resmlp(side, channels, classes, patch, hidden, blocks, mlp, layer_scale=1e-4):
    """timm's ResMLP."""
    from timm.models.mlp_mixer import Affine, MlpMixer, ResBlock  # here, since the other networks need no timm
    # timm takes the MLP's width as a ratio and rounds the product down, hence the half.
    return MlpMixer(num_classes=classes, img_size=side, in_chans=channels, patch_size=patch, num_blocks=blocks,
                    embed_dim=hidden, mlp_ratio=(mlp + 0.5) / hidden, norm_layer=Affine,
                    block_layer=partial(ResBlock, init_values=layer_scale))


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
            "vit": lambda: vit(size, channels, classes, described),
            "mixer": lambda: mixer(size, channels, classes, described),
            "gru": lambda: Gru(size, described["hidden_size"], classes),
            "vip": lambda: Vip(channels, classes, described["patch_size"], described["stage_blocks"],
                               described["stage_sizes"], described["mlp_ratio"]),
            "resmlp": lambda: resmlp(size, channels, classes, described["patch_size"], described["hidden_size"],
                                     described["blocks"], described["mlp_size"],
                                     described["layer_scale"])}[described["family"]]()
