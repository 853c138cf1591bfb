"""The recipes of finetune-cifar's `train --recipe`, their options, learning rates and clipping.

A module for the scripts beside it; nothing to run.
"""
import argparse
import dataclasses
import math

import torch


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Either epochs or steps say how long; an epoch's last batch may be smaller."""
    optimizer: str = "adam"
    learning_rate: float = 1e-5
    decay: str = "constant"
    warmup_steps: int = 0
    epochs: int | None = 2
    steps: int | None = None
    batch_size: int = 16
    micro_batch_size: int | None = None
    clip: float | None = None
    crops: bool = False
    normalization: float | None = None  # mean and std; the weights' own without it
    zero_head: bool = False  # even where the weights' own would fit
    head_only: bool = False
    validation_fraction: float = 0.0

    def total_steps(self, images):
        return self.steps or self.epochs * math.ceil(images / self.batch_size)

    def trained_on(self, images):
        """How many of the training images, from the first on; the others are for validation."""
        if not self.validation_fraction:
            return images
        return max(1, min(images - 1, math.floor(images * (1 - self.validation_fraction) + 0.5)))

    def rate(self, step, total):
        """The learning rate of a step, counting from 0: create_learning_rate_schedule of
        google-research/vision_transformer's vit_jax/utils.py."""
        rate = self.learning_rate
        if self.decay == "cosine":
            progress = (step - self.warmup_steps) / (total - self.warmup_steps)
            rate *= 0.5 * (1 + math.cos(math.pi * min(1, max(0, progress))))
        return rate * min(1, step / self.warmup_steps) if self.warmup_steps else rate

    def make_optimizer(self, parameters):
        if self.optimizer == "adam":
            return torch.optim.Adam(parameters, lr=self.learning_rate, eps=1e-8)
        return torch.optim.SGD(parameters, lr=self.learning_rate, momentum=0.9)


RECIPES = {
    "adam": Recipe(),
    # As configs/mixer_base16_cifar10.py of vit_jax, but for the momentum, which is bfloat16 there.
    "paper": Recipe(optimizer="momentum", learning_rate=0.03, decay="cosine", warmup_steps=500, epochs=None,
                    steps=10_000, batch_size=512, micro_batch_size=64, clip=1.0, crops=True, normalization=0.5,
                    zero_head=True, validation_fraction=0.02),
    "linear-probe": Recipe(learning_rate=1e-3, head_only=True),
}


def clip_gradients(parameters, clip):
    """Scales gradients down together as optax.clip_by_global_norm does. torch.nn.utils' own adds 1e-6
    to the norm."""
    gradients = [parameter.grad for parameter in parameters]
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients]))
    for gradient in gradients:
        gradient.mul_(clip / torch.clamp(norm, min=clip))


def above_zero(kind):
    def parse(text):
        value = kind(text)
        if not 0 < value < math.inf:
            raise argparse.ArgumentTypeError(f"expected a number above 0, found {text}")
        return value
    return parse


def add_options(parser):
    """A recipe's name, what changes its numbers, and how many images; returns the latter two's names."""
    parser.add_argument("--recipe", choices=RECIPES, default="adam")
    count = above_zero(int)
    length = parser.add_mutually_exclusive_group()
    actions = [
        parser.add_argument("--learning-rate", type=above_zero(float), help="the highest, with a schedule"),
        length.add_argument("--epochs", type=count),
        length.add_argument("--steps", type=count, help="as many epochs as it takes, the last one cut off"),
        parser.add_argument("--warmup-steps", type=int),
        parser.add_argument("--batch-size", type=count),
        parser.add_argument("--micro-batch-size", type=count, help="images at once; a batch's are added up"),
        parser.add_argument("--limit-train", type=count, help="use only the first N training images"),
        parser.add_argument("--limit-test", type=count, help="use only the first N test images"),
    ]
    return [action.dest for action in actions]


def chosen_recipe(args):
    """The recipe of parsed options, with what they change."""
    fields = {field.name for field in dataclasses.fields(Recipe)}
    changed = {name: value for name, value in vars(args).items() if name in fields and value is not None}
    if "epochs" in changed:
        changed["steps"] = None
    return dataclasses.replace(RECIPES[args.recipe], **changed)
