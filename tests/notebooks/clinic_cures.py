"""Cures that a learner might try in the debugging clinic, as edits of the broken cells."""

from typing import NamedTuple


class Cure(NamedTuple):
    """Replace each `old` by its `new` in the broken cell; a wrong cure's check finds `found`."""

    case: int
    name: str
    edits: tuple[tuple[str, str], ...]
    found: str = ""

    def __str__(self) -> str:
        return f"{self.case}: {self.name}"


def right(case: int, name: str, *edits: tuple[str, str]) -> Cure:
    """A cure that the check must pass."""
    return Cure(case, name, edits)


def wrong(case: int, name: str, found: str, *edits: tuple[str, str]) -> Cure:
    """A cure that the check must fail; `found` is a pattern for what follows "got "."""
    return Cure(case, name, edits, found)


RELU = "            nn.ReLU(),\n"
RELU_IN_PLACE = "            nn.ReLU(inplace=True),\n"
NORM = "            nn.BatchNorm2d(in_channels),\n"
LAYERS = """\
        self.layers = [
            conv_block(in_channels + i * growth_rate, growth_rate)
            for i in range(num_layers)
        ]
"""
REGISTERED = LAYERS.replace("[", "nn.ModuleList([").replace("]", "])")
LAZY_LAYER = """\
nn.Sequential(
    nn.LazyBatchNorm2d(),
    nn.ReLU(),
    nn.LazyConv2d(growth_rate, kernel_size=3, padding=1),
)"""
ANSWER = """\
    with torch.no_grad():
        return network(images)"""
ANSWER_AND_TIDY_UP = """\
    training = network.training
    try:
        with torch.inference_mode():
            return network.eval()(images)
    finally:
        network.train(training)"""
ANSWER_WITH_GRADIENTS = """\
    training = network.training
    scores = network.eval()(images)
    network.train(training)
    return scores"""
ANSWER_AND_TRAIN = """\
    with torch.no_grad():
        scores = network.eval()(images)
    network.train()
    return scores"""
ANSWER_ONE_BY_ONE = """\
    with torch.no_grad():
        return torch.cat([network(image[None]) for image in images])"""


def momentum(value: str) -> tuple[str, str]:
    """The edit that gives the norm of case 12 another momentum."""
    made = "conv_block(in_channels, growth_rate)\n"
    return made, f"{made}        self.layer.norm.momentum = {value}\n"


RIGHT = [
    right(1, "stacked side by side", ("torch.cat", "torch.hstack")),
    right(1, "counted from the end", ("layer(x)])", "layer(x)], dim=-3)")),
    right(
        2,
        "a running count",
        ("growth_rate))\n", "growth_rate))\n            in_channels += growth_rate\n"),
    ),
    right(2, "lazy layers", ("conv_block(in_channels, growth_rate)", LAZY_LAYER)),
    right(3, "the last one added", ("return x", "return torch.cat([x, parts[-1]], dim=1)")),
    right(4, "the rest goes around", ("x[:, : self.half]", "x[:, : -self.half]")),
    right(
        4,
        "every second channel",
        ("self.half, growth_rate", "in_channels - self.half, growth_rate"),
        ("x[:, : self.half], x[:, -self.half :]", "x[:, 1::2], x[:, ::2]"),
    ),
    right(5, "nn.Sequential", ("= [\n", "= nn.Sequential(*[\n"), ("        ]\n", "        ])\n")),
    right(
        5,
        "registered by name",
        (
            LAYERS,
            LAYERS + "        for i in range(num_layers):\n"
            "            self.add_module(str(i), self.layers[i])\n",
        ),
    ),
    right(6, "padding by name", ("padding=1", 'padding="same", bias=False')),
    right(7, "both are lowered", ("channels = width // 2", "channels = width = width // 2")),
    right(7, "the other count", ("width // 2", "channels // 2")),
    right(8, "padding by name", ("kernel_size=3, padding=1", 'kernel_size=5, padding="same"')),
    right(8, "with a bias", ("kernel_size=3, padding=1, bias=False", "kernel_size=5, padding=2")),
    right(9, "in place, where it is safe", (RELU, ""), (NORM, NORM + RELU_IN_PLACE)),
    right(10, "a copy for g", ("self.g(x)", "self.g(x.clone())")),
    right(10, "a function", (RELU_IN_PLACE, ""), ("self.g(x)", "self.g(F.relu(x))")),
    right(11, "inference mode, tidied up in any case", (ANSWER, ANSWER_AND_TIDY_UP)),
    right(
        11,
        "a copy answers",
        ("return network(", "from copy import deepcopy; return deepcopy(network).eval()("),
    ),
    right(
        12, "no recomputation", ("checkpoint(self.layer, x, use_reentrant=False)", "self.layer(x)")
    ),
    right(12, "two smaller steps", momentum("1 - 0.9**0.5")),
    right(13, "log-softmax", ("nn.Softmax", "nn.LogSoftmax")),
    right(
        13, "no bias", ("nn.Softmax(dim=1),", ""), ("num_classes),", "num_classes, bias=False),")
    ),
    right(
        13,
        "a 1×1 convolution",
        ("nn.Flatten(),", "nn.Conv2d(channels, num_classes, kernel_size=1),"),
        ("nn.Linear(channels, num_classes),", "nn.Flatten(),"),
        ("nn.Softmax(dim=1),", ""),
    ),
]

WRONG = [
    wrong(1, "another axis", r"\(4, 10, 16, 8\)", ("layer(x)])", "layer(x)], dim=2)")),
    wrong(1, "a sum", r"\(4, 10, 8, 8\)", ("torch.cat([x, layer(x)])", "x + layer(x)")),
    wrong(
        2,
        "one growth rate only",
        r"\[5, 15, 25\]",
        ("for _", "for i"),
        ("(in_channels,", "(in_channels + 10 * i,"),
    ),
    wrong(
        2,
        "two layers only",
        r"\[5, 9, 9\]",
        ("for _", "for i"),
        ("(in_channels,", "(in_channels + growth_rate * (i > 0),"),
    ),
    wrong(
        3,
        "the one before",
        "none for denselayer2",
        ("return x", "return torch.cat([x, parts[1]], dim=1)"),
    ),
    wrong(
        3,
        "cut off",
        "none for denselayer2",
        ("return x", "return torch.cat([x, parts[-1].detach()], dim=1)"),
    ),
    wrong(4, "one more", "35", ("x[:, : self.half]", "x[:, : self.half + 1]")),
    wrong(4, "rounded up", "36", ("in_channels // 2", "(in_channels + 1) // 2")),
    wrong(
        4,
        "channel 0 once more",
        r"none from \[11\]",
        ("cat([around", "cat([x[:, : x.shape[1] % 2], around"),
    ),
    wrong(
        5, "one layer", "276", ("        ]\n", "        ]\n        self.first = self.layers[0]\n")
    ),
    wrong(
        5,
        "a second set",
        "2,944",
        (LAYERS, REGISTERED + REGISTERED.replace("self.layers", "self.more")),
    ),
    wrong(6, "the norm's own shift", "280", ("2d(out_channels)", "2d(out_channels, affine=False)")),
    wrong(6, "no norm", "280", ("            nn.BatchNorm2d(out_channels),\n", "")),
    wrong(
        7, "a transition too many", "16 → .* → 72 → 56:", ("if i < len(block_config)", "if True")
    ),
    wrong(7, "no compression", "16 → 48 → 48 → 80 → 80 → 112:", ("width // 2", "channels")),
    wrong(
        8,
        "the old padding",
        r"\(2, 32, 7, 7\)",
        ("kernel_size=3, padding=1", "kernel_size=5, padding=1"),
    ),
    wrong(8, "a window with holes", "7,680", ("padding=1", "padding=2, dilation=2")),
    wrong(9, "no activation", r"[\d.]+ with training=True", (RELU, "")),
    wrong(
        9,
        "convolution first",
        r"\[\(10, 3, 3, 3\), .*order\?",
        (RELU + NORM, ""),
        ("bias=False),", "bias=False), nn.BatchNorm2d(out_channels), nn.ReLU()"),
    ),
    wrong(
        9,
        "averages of another pace",
        r"[\d.]+ with training=False",
        (RELU, ""),
        (NORM, NORM.replace("s)", "s, momentum=0.5)") + RELU),
    ),
    wrong(10, "a copy for both", "1.0: what", ("return x", "x = x.clone(); return x")),
    wrong(10, "no minus signs", "1.0: what", ("inplace=True", ""), ("x + s", "F.relu(x) + s")),
    wrong(10, "no shortcut", "1.0: what", ("inplace=True", ""), ("x + self", "self")),
    wrong(10, "no activation", r"0\.\d+: what", (RELU_IN_PLACE, "")),
    wrong(11, "left in evaluation mode", "False", ("network(images)", "network.eval()(images)")),
    wrong(11, "back to training in any case", "True", (ANSWER, ANSWER_AND_TRAIN)),
    wrong(11, "one by one", r"[+-]0\.\d+$", (ANSWER, ANSWER_ONE_BY_ONE)),
    wrong(11, "gradients, too", "a gradient", (ANSWER, ANSWER_WITH_GRADIENTS)),
    wrong(12, "the older implementation", "0.190", ("use_reentrant=False", "use_reentrant=True")),
    wrong(12, "no averages", "0.000", momentum("0.0")),
    wrong(12, "half the pace", "0.09[78]", momentum("0.05")),
    wrong(13, "ReLU", "2.30", ("nn.Softmax(dim=1)", "nn.ReLU()")),
    wrong(13, "sigmoid", "2.30", ("nn.Softmax(dim=1)", "nn.Sigmoid()")),
    wrong(13, "no layer", "none", ("nn.Linear(channels, num_classes)", "nn.Identity()")),
]
