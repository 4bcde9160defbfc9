"""Variants of problem set 4: transitions and the full model."""

from variants import always_equal, correct, edited, wrong

SHAPES = """
def shapes(
    height, width, block_config, growth_rate, num_init_features, compression=0.5, stem="cifar"
):
    h, w = height, width
    if stem == "imagenet":
        h, w = (h + 1) // 2, (w + 1) // 2
        h, w = (h + 1) // 2, (w + 1) // 2
    c = num_init_features
    path = [(c, h, w)]
    for i in range(len(block_config)):
        if i > 0:
            c, h, w = int(c * compression), h // 2, w // 2
            if h < 1:
                raise ValueError("the height is too small")
            if w < 1:
                raise ValueError("the width is too small")
            path.append((c, h, w))
        c = c + block_config[i] * growth_rate
        path.append((c, h, w))
    return path
"""
SHAPES_RECURSIVE = """
def shapes(
    height, width, block_config, growth_rate, num_init_features, compression=0.5, stem="cifar"
):
    def rest(c, h, w, blocks):
        if min(h, w) < 1:
            raise ValueError("height and width must be larger")
        if not blocks:
            return []
        c = c + blocks[0] * growth_rate
        if len(blocks) == 1:
            return [(c, h, w)]
        after = (math.floor(c * compression), h // 2, w // 2)
        return [(c, h, w), after, *rest(*after, blocks[1:])]

    shrink = 4 if stem == "imagenet" else 1
    start = (num_init_features, math.ceil(height / shrink), math.ceil(width / shrink))
    return [start, *rest(*start, tuple(block_config))]
"""
SHAPES_BY_RUNNING = """
def shapes(
    height, width, block_config, growth_rate, num_init_features, compression=0.5, stem="cifar"
):
    parts = [nn.Conv2d(3, num_init_features, 3, padding=1)]
    if stem == "imagenet":
        parts = [nn.Sequential(
            nn.Conv2d(3, num_init_features, 7, stride=2, padding=3),
            nn.MaxPool2d(3, stride=2, padding=1),
        )]
    channels = num_init_features
    with torch.device("meta"):
        x = torch.rand(1, 3, height, width)
        for i, num_layers in enumerate(block_config):
            if i:
                kept = math.floor(channels * compression)
                parts.append(Transition(channels, kept))
                channels = kept
            parts.append(DenseBlock(num_layers, channels, growth_rate))
            channels += num_layers * growth_rate
        path = []
        for part in parts:
            for name, size in zip(("height", "width"), x.shape[2:]):
                if isinstance(part, Transition) and size < 2:
                    raise ValueError(f"{name} is too small")
            x = part.to("meta").eval()(x)
            path.append(tuple(x.shape[1:]))
    return path
"""

TRANSITION = """
class RoundUpTransition(nn.Module):
    def __init__(self, in_channels, compression=0.5, pool="avg"):
        super().__init__()
        if compression <= 0 or compression > 1:
            raise ValueError(f"compression must be in (0, 1], got {compression}")
        if pool != "avg" and pool != "max":
            raise ValueError(f"pool must be avg or max, got {pool}")
        out_channels = int(compression * in_channels)
        self.pool = pool
        self.bn = nn.BatchNorm2d(in_channels)
        self.mix = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x):
        x = self.mix(torch.relu(self.bn(x)))
        if self.pool == "avg":
            return F.avg_pool2d(x, 2, 2, ceil_mode=True)
        return F.max_pool2d(x, 2, 2, ceil_mode=True)
"""
POOLING = (
    '        if self.pool == "avg":\n            return F.avg_pool2d(x, 2, 2, ceil_mode=True)\n'
)
TRANSITION_SEQUENTIAL = """
class RoundUpTransition(nn.Sequential):
    def __init__(self, in_channels, compression=0.5, pool="avg"):
        if not 0 < compression <= 1:
            raise ValueError("compression")
        kinds = {"avg": nn.AvgPool2d, "max": nn.MaxPool2d}
        if pool not in kinds:
            raise ValueError("pool")
        super().__init__(
            nn.BatchNorm2d(in_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(in_channels, math.floor(in_channels * compression), 1, bias=False),
            kinds[pool](2, 2, ceil_mode=True),
        )
"""
EDGE_REPEATED_FIRST = """
class RoundUpTransition(nn.Module):
    def __init__(self, in_channels, compression=0.5, pool="avg"):
        super().__init__()
        if not 0 < compression <= 1:
            raise ValueError(f"compression={compression}")
        if pool not in ("avg", "max"):
            raise ValueError(f"pool={pool}")
        self.inner = Transition(in_channels, math.floor(compression * in_channels), pool=pool)

    def forward(self, x):
        down, right = x.shape[2] % 2, x.shape[3] % 2
        return self.inner(F.pad(x, (0, right, 0, down), mode="replicate"))
"""

EDGE_REPEATED = """
class RoundUpTransition(nn.Module):
    def __init__(self, in_channels, compression=0.5, pool="avg"):
        super().__init__()
        if not 0 < compression <= 1:
            raise ValueError(f"compression={compression}")
        if pool not in ("avg", "max"):
            raise ValueError(f"pool={pool}")
        kept = math.floor(compression * in_channels)
        norm, relu, conv, self.pooling = Transition(in_channels, kept, pool=pool)
        self.before = nn.Sequential(norm, relu, conv)

    def forward(self, x):
        down, right = x.shape[2] % 2, x.shape[3] % 2
        return self.pooling(F.pad(self.before(x), (0, right, 0, down), mode="replicate"))
"""

NETWORK = """
class GrowingDenseNet(nn.Module):
    def __init__(
        self, block_config, growth_rates, num_init_features, compression=0.5, bn_size=4,
        in_channels=1, num_classes=10,
    ):
        super().__init__()
        if len(block_config) != len(growth_rates):
            raise ValueError("growth_rates must be as many as the blocks")
        self.stem = nn.Conv2d(in_channels, num_init_features, 3, 1, 1, bias=False)
        self.blocks, self.transitions = nn.ModuleList(), nn.ModuleList()
        c = num_init_features
        for i, n in enumerate(block_config):
            self.blocks.append(DenseBlock(n, c, growth_rates[i], bn_size=bn_size))
            c += n * growth_rates[i]
            if i < len(block_config) - 1:
                self.transitions.append(Transition(c, int(c * compression)))
                c = int(c * compression)
        self.bn = nn.BatchNorm2d(c)
        self.fc = nn.Linear(c, num_classes)

    def forward(self, x):
        x = self.stem(x)
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i < len(self.transitions):
                x = self.transitions[i](x)
        x = F.relu(self.bn(x))
        x = F.adaptive_avg_pool2d(x, 1)
        return self.fc(x.flatten(1))
"""
NETWORK_OWN = """
def norm_relu_conv(read, written, size=3):
    conv = nn.Conv2d(read, written, size, padding=size // 2, bias=False)
    return nn.Sequential(nn.BatchNorm2d(read), nn.ReLU(), conv)


class Layer(nn.Module):
    def __init__(self, channels, k, bn_size):
        super().__init__()
        self.narrow = norm_relu_conv(channels, bn_size * k, 1)
        self.wide = norm_relu_conv(bn_size * k, k)

    def forward(self, x):
        return torch.cat([x, self.wide(self.narrow(x))], 1)


def own_block(n, c, k, bn_size):
    return nn.Sequential(*(Layer(c + i * k, k, bn_size) for i in range(n)))


def own_transition(c, kept):
    return nn.Sequential(norm_relu_conv(c, kept, 1), nn.AvgPool2d(2))

""" + edited(NETWORK, ("DenseBlock(", "own_block("), ("Transition(", "own_transition("))
NETWORK_SEQUENTIAL = """
class GrowingDenseNet(nn.Sequential):
    def __init__(
        self, block_config, growth_rates, num_init_features, compression=0.5, bn_size=4,
        in_channels=1, num_classes=10,
    ):
        if len(growth_rates) != len(block_config):
            raise ValueError(f"growth_rates: {len(growth_rates)}")
        c = num_init_features
        parts = [nn.Conv2d(in_channels, c, 3, padding=1, bias=False)]
        for n, k in zip(block_config, growth_rates):
            if len(parts) > 1:
                parts.append(Transition(c, math.floor(c * compression)))
                c = math.floor(c * compression)
            parts.append(DenseBlock(n, c, k, bn_size))
            c = c + n * k
        parts += [nn.BatchNorm2d(c), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        super().__init__(*parts, nn.Linear(c, num_classes))
"""
NETWORK_NAMED = """
class GrowingDenseNet(nn.Module):
    def __init__(
        self, block_config, growth_rates, num_init_features, compression=0.5, bn_size=4,
        in_channels=1, num_classes=10,
    ):
        super().__init__()
        if len(growth_rates) != len(block_config):
            raise ValueError(f"growth_rates={growth_rates} does not fit")
        self.body = nn.Sequential()
        stem = nn.Conv2d(in_channels, num_init_features, 3, padding=1, bias=False)
        self.body.add_module("conv", stem)
        path = [num_init_features]
        for i, (n, k) in enumerate(zip(block_config, growth_rates), start=1):
            self.body.add_module(f"block{i}", DenseBlock(n, path[-1], k, bn_size))
            path.append(path[-1] + n * k)
            if i != len(block_config):
                kept = math.floor(compression * path[-1])
                self.body.add_module(f"down{i}", Transition(path[-1], kept))
                path.append(kept)
        self.body.add_module("norm", nn.BatchNorm2d(path[-1]))
        self.classifier = nn.Linear(path[-1], num_classes)

    def forward(self, x):
        features = self.body(x).clamp(min=0)
        return self.classifier(features.flatten(2).mean(2))
"""

DEPTHS = """
def depths(printed, growth_rate, bottleneck=False, compression=1.0, num_classes=10):
    found = []
    for depth in range(5, 10**6):
        try:
            config = densenet_cifar_config(depth, growth_rate, bottleneck, compression)
        except ValueError:
            continue
        config = replace(config, num_classes=num_classes)
        p = arithmetic.parameters(config)
        if f"{p / 1e6:.1f}M" == printed:
            found.append(depth)
        if p / 1e6 > float(printed[:-1]) + 0.1:
            break
    return found
"""
DEPTHS_BY_LAYERS = """
def depths(printed, growth_rate, bottleneck=False, compression=1.0, num_classes=10):
    def count(n):
        depth = 4 + 3 * n * (2 if bottleneck else 1)
        config = densenet_cifar_config(depth, growth_rate, bottleneck, compression)
        return depth, arithmetic.parameters(replace(config, num_classes=num_classes)) / 1e6

    n, found = 1, []
    while count(n)[1] < float(printed[:-1]) + 0.06:
        depth, millions = count(n)
        if f"{millions:.1f}M" == printed:
            found = found + [depth]
        n = n + 1
    return found
"""
DEPTHS_FORMULA = """
def depths(printed, growth_rate, bottleneck=False, compression=1.0, num_classes=10):
    k = growth_rate

    def parameters(n):
        c = 2 * k if bottleneck and compression < 1 else 16
        total = 3 * 3 * 3 * c
        for block in range(3):
            for _ in range(n):
                if bottleneck:
                    total += 2 * c + c * 4 * k + 2 * 4 * k + 9 * 4 * k * k
                else:
                    total += 2 * c + 9 * c * k
                c += k
            if block < 2:
                kept = int(compression * c)
                total += 2 * c + c * kept
                c = kept
        return total + 2 * c + c * num_classes + num_classes

    per_layer = 6 if bottleneck else 3
    largest = 1
    while parameters(largest) / 1e6 < float(printed[:-1]) + 0.1:
        largest *= 2
    fits = [n for n in range(1, largest) if f"{parameters(n) / 1e6:.1f}M" == printed]
    return [4 + per_layer * n for n in fits]
"""

WITH_COUNTERS = """
        if new.rpartition(".")[2].startswith("norm"):
            state[new + ".num_batches_tracked"] = torch.tensor(0)
        state[new + "."\
"""
NO_BIAS = """
        if layer == "predictions" and kind == "bias":
            continue
        if kind not in kinds:\
"""

KERAS = """
def from_keras(weights):
    state = {}
    for name, tensor in weights.items():
        layer, kind = name.split("/")
        if layer.endswith("bn"):
            kinds = {"gamma": "weight", "beta": "bias",
                     "moving_mean": "running_mean", "moving_variance": "running_var"}
        else:
            kinds = {"kernel": "weight"}
        if layer == "predictions":
            kinds["bias"] = "bias"
        inner = {"0_bn": "norm1", "1_conv": "conv1", "1_bn": "norm2", "2_conv": "conv2"}
        words = layer.split("_")
        if layer == "conv1_conv":
            new = "features.conv0"
        elif layer == "conv1_bn":
            new = "features.norm0"
        elif layer == "bn":
            new = "features.norm5"
        elif layer == "predictions":
            new = "classifier"
        elif words[0] in ("conv1", "pool1"):
            raise ValueError(f"unknown name {name}")
        elif words[0].startswith("pool") and words[-1] in ("bn", "conv"):
            number = int(words[0][4:]) - 1
            new = f"features.transition{number}." + words[1].replace("bn", "norm")
        elif len(words) == 4 and "_".join(words[2:]) in inner:
            block, number = int(words[0][4:]) - 1, int(words[1][5:])
            if number == 0:
                raise ValueError(f"there is no layer 0: {name}")
            new = f"features.denseblock{block}.denselayer{number}."
            new += inner["_".join(words[2:])]
        else:
            raise ValueError(f"unknown name {name}")
        if kind not in kinds:
            raise ValueError(f"unknown tensor {name}")
        if kind == "kernel" and len(tensor.shape) == 4:
            tensor = tensor.permute(3, 2, 0, 1)
        if kind == "kernel" and len(tensor.shape) == 2:
            tensor = tensor.t()
        state[new + "." + kinds[kind]] = tensor
    return state
"""
KERAS_REGEX = """
RULES = [
    (r"conv1_conv/", "features.conv0/"),
    (r"conv1_bn/", "features.norm0/"),
    (r"bn/", "features.norm5/"),
    (r"predictions/", "classifier/"),
    (r"conv(?!1_)(\\d+)_block(?!0)(\\d+)_0_bn/", r"features.denseblock{\\1}.denselayer\\2.norm1/"),
    (r"conv(?!1_)(\\d+)_block(?!0)(\\d+)_1_conv/",
     r"features.denseblock{\\1}.denselayer\\2.conv1/"),
    (r"conv(?!1_)(\\d+)_block(?!0)(\\d+)_1_bn/", r"features.denseblock{\\1}.denselayer\\2.norm2/"),
    (r"conv(?!1_)(\\d+)_block(?!0)(\\d+)_2_conv/",
     r"features.denseblock{\\1}.denselayer\\2.conv2/"),
    (r"pool(?!1_)(\\d+)_bn/", r"features.transition{\\1}.norm/"),
    (r"pool(?!1_)(\\d+)_conv/", r"features.transition{\\1}.conv/"),
]
TENSORS = {"/kernel": ".weight", "/gamma": ".weight", "/beta": ".bias", "/bias": ".bias",
           "/moving_mean": ".running_mean", "/moving_variance": ".running_var"}
KNOWN = r"(conv\\d?/kernel|norm\\d?/(gamma|beta|moving_\\w+)|classifier/(kernel|bias))$"


def from_keras(weights):
    def rename(name):
        for old, new in RULES:
            changed, hits = re.subn("^" + old, new, name)
            if hits and re.search(KNOWN, changed):
                changed = re.sub(r"\\{(\\d+)\\}", lambda m: str(int(m[1]) - 1), changed)
                for old_end, new_end in TENSORS.items():
                    if changed.endswith(old_end):
                        return changed.removesuffix(old_end) + new_end
        raise ValueError(f"no rule for {name}")

    def layout(name, tensor):
        if not name.endswith("/kernel"):
            return tensor.clone()
        if tensor.dim() == 4:
            return torch.einsum("hwio -> oihw", tensor).contiguous()
        return tensor.transpose(0, 1).contiguous()

    return {rename(name): layout(name, tensor) for name, tensor in weights.items()}
"""
KERAS_FROM_OURS = """
def from_keras(weights):
    # all names that a DenseNet can have, from ours to Keras's
    names = {"conv1_conv": "features.conv0", "conv1_bn": "features.norm0",
             "bn": "features.norm5", "predictions": "classifier"}
    for b in range(1, 21):
        names[f"pool{b + 1}_bn"] = f"features.transition{b}.norm"
        names[f"pool{b + 1}_conv"] = f"features.transition{b}.conv"
        for i in range(1, 121):
            ours = f"features.denseblock{b}.denselayer{i}."
            theirs = f"conv{b + 1}_block{i}_"
            names |= {theirs + "0_bn": ours + "norm1", theirs + "1_conv": ours + "conv1",
                      theirs + "1_bn": ours + "norm2", theirs + "2_conv": ours + "conv2"}
    state = {}
    for name in weights:
        layer, kind = name.split("/")
        if layer not in names or (kind == "kernel" and layer.endswith("bn")):
            raise ValueError(name)
        if layer == "predictions" and kind not in ("kernel", "bias"):
            raise ValueError(name)
        weight = weights[name]
        if kind == "kernel" and layer == "predictions":
            kind, weight = "weight", weight.permute(1, 0)
        elif kind == "kernel":
            kind, weight = "weight", weight.movedim((3, 2), (0, 1))
        elif layer != "predictions":
            kinds = {"gamma": "weight", "beta": "bias"}
            kinds |= {"moving_mean": "running_mean", "moving_variance": "running_var"}
            if kind not in kinds:
                raise ValueError(name)
            kind = kinds[kind]
        state[names[layer] + "." + kind] = weight
    return state
"""

# By question: a short name for each clause of its task, and the task's words.
CLAUSES = {
    "q1": {
        "list": "a list of shapes",
        "integers": "tuples of three integers",
        "channels first": "`(channels, height, width)`",
        "after the stem": "after the stem",
        "each": "after each dense block and each transition",
        "their order": "in their order",
        "stem channels": "the stem writes `num_init_features` channels",
        "small stem": 'With `stem="cifar"` it is one 3×3 convolution of stride 1 and padding 1',
        "large stem": "it is a 7×7 convolution of stride 2 and padding 3",
        "large stem's pooling": "after it a 3×3 max pooling of stride 2 and padding 1",
        "layers": "each of the layers of a dense block adds `growth_rate` channels",
        "compression": "a transition keeps ⌊θ × channels⌋ of the channels",
        "rounds down": "its 2×2 pooling of stride 2 rounds sizes down",
        "last block": "There is none after the last block",
        "below 1": "If a height or a width gets smaller than 1",
        "ValueError": "raise a `ValueError`",
        "which": "contains the word `height` or the word `width`, whichever it is",
    },
    "q2": {
        "existing pixels": "it pools only those pixels that exist",
        "rounds up": "Sizes are rounded *up*",
        "batch norm": "as in the course's transition: batch norm",
        "order": "batch norm, ReLU, a 1×1 convolution without a bias, then the pooling",
        "ReLU": "batch norm, ReLU",
        "1×1": "a 1×1 convolution",
        "no bias": "convolution without a bias",
        "channels": "⌊θ × `in_channels`⌋ channels come out",
        "pool": '`pool` is `"avg"` or `"max"`',
        "ValueError": "Raise a `ValueError` that names the argument `compression`",
        "compression": "if it is not more than 0 and at most 1",
        "another pool": "one that names `pool` if it is anything else",
    },
    "q3": {
        "stem": "stem: one 3×3 convolution with padding 1",
        "stem's bias": "with padding 1 and without a bias",
        "stem's channels": "`in_channels` → `num_init_features`",
        "layers": "a dense block with so many layers",
        "growth rates": "with its own growth rate from `growth_rates`",
        "bottlenecks": "with bottlenecks",
        "bn_size": "`bn_size` is the same for all",
        "between": "between two blocks a transition",
        "compression": "keeps ⌊θ × channels⌋ channels",
        "average": "has average pooling",
        "batch norm": "head: batch norm",
        "ReLU": "head: batch norm, ReLU",
        "global": "global average pooling",
        "bias": "a linear layer with a bias",
        "classes": "gives `num_classes` scores",
        "created in order": "**create the parts in the order in which the image meets them**",
        "ValueError": "Raise a `ValueError` that names `growth_rates`",
        "one for each block": "if it does not have one number for each block",
    },
    "q4": {
        "all": "returns *all* depths L",
        "printed": 'A number `p` is printed as `f"{p / 1e6:.1f}M"`',
        "list": "as a list",
        "ascending": "in ascending order",
        "none": "an empty list if there is none",
        "three blocks": "three blocks of equal length",
        "four layers": "four layers around them",
        "bottleneck": "with a bottleneck two convolutions in each dense layer",
        "smallest": "The smallest network has one dense layer in each block",
        "no largest": "There is no largest one",
        "classes": "`replace(config, num_classes=100)` changes it",
    },
    "q5": {
        "stem": "`conv1_conv`, `conv1_bn` | `features.conv0`, `features.norm0`",
        "norm1": "`conv{b+1}_block{i}_0_bn` | `features.denseblock{b}.denselayer{i}.norm1`",
        "conv1": "`conv{b+1}_block{i}_1_conv` | `features.denseblock{b}.denselayer{i}.conv1`",
        "norm2": "`conv{b+1}_block{i}_1_bn` | `features.denseblock{b}.denselayer{i}.norm2`",
        "conv2": "`conv{b+1}_block{i}_2_conv` | `features.denseblock{b}.denselayer{i}.conv2`",
        "transition": "| `features.transition{b}.norm`, `features.transition{b}.conv`",
        "last norm": "`bn` | `features.norm5`",
        "classifier": "`predictions` | `classifier`",
        "blocks from 2": "Keras counts blocks from 2",
        "from 1": "Both count from 1",
        "digits": "can have more than one digit",
        "gamma and beta": "A batch norm has `gamma` (our `weight`), `beta` (`bias`)",
        "averages": "`moving_mean` (`running_mean`) and `moving_variance` (`running_var`)",
        "bias": "the classifier also has a `bias`",
        "convolution": "[height, width, in, out] in Keras and [out, in, height, width] in PyTorch",
        "kernel of the classifier": "[in, out] in Keras and [out, in] in PyTorch",
        "unknown name": "A name that is not in the table",
        "unknown tensor": "whose layer has no such tensor",
        "ValueError": "raises a `ValueError`",
        "message": "whose message contains this name",
        "new": "The dictionary that comes in stays as it is",
    },
}

VARIANTS = [
    correct("q1", "transition before every block but the first", SHAPES),
    correct("q1", "recursion, one division by four", SHAPES_RECURSIVE),
    correct("q1", "runs a network on the meta device", SHAPES_BY_RUNNING),
    wrong(
        "q1",
        "rounds the compression to the nearest",
        edited(SHAPES, ("int(c * compression)", "round(c * compression)")),
        "compression",
    ),
    wrong(
        "q1",
        "rounds the compression up",
        edited(SHAPES, ("int(c * compression)", "math.ceil(c * compression)")),
        "compression",
    ),
    wrong("q1", "always halves", edited(SHAPES, ("int(c * compression)", "c // 2")), "compression"),
    wrong("q1", "large stem rounds down", edited(SHAPES, ("(h + 1) // 2", "h // 2")), "large stem"),
    wrong(
        "q1",
        "large stem halves once",
        edited(
            SHAPES,
            (
                "        h, w = (h + 1) // 2, (w + 1) // 2\n" * 2,
                "        h, w = (h + 1) // 2, (w + 1) // 2\n",
            ),
        ),
        "large stem's pooling",
    ),
    wrong(
        "q1",
        "transition rounds sizes up",
        edited(SHAPES, (", h // 2, w // 2", ", (h + 1) // 2, (w + 1) // 2")),
        "rounds down",
    ),
    wrong(
        "q1",
        "transition after the last block too",
        edited(
            SHAPES,
            (
                "    return path",
                "    path.append((int(c * compression), h // 2, w // 2))\n    return path",
            ),
        ),
        "last block",
    ),
    wrong(
        "q1", "width before height", edited(SHAPES, ("(c, h, w)", "(c, w, h)")), "channels first"
    ),
    wrong(
        "q1",
        "a square of the height",
        edited(SHAPES, ("h, w = height, width", "h, w = height, height")),
    ),
    wrong("q1", "no error for the width", edited(SHAPES, ("if w < 1", "if w < 0")), "which"),
    wrong("q1", "no transition at all", edited(SHAPES, ("if i > 0", "if i > 99")), "each"),
    correct("q2", "functional", TRANSITION),
    correct("q2", "Sequential, ReLU in place", TRANSITION_SEQUENTIAL),
    correct("q2", "the package's layers, edge repeated before the pooling", EDGE_REPEATED),
    correct(
        "q2",
        "average before the convolution",
        edited(
            TRANSITION,
            (
                "        x = self.mix(torch.relu(self.bn(x)))\n",
                "        x = torch.relu(self.bn(x))\n",
            ),
            (
                "return F.avg_pool2d(x, 2, 2, ceil_mode=True)",
                "return self.mix(F.avg_pool2d(x, 2, ceil_mode=True))",
            ),
            ("return F.max_pool2d(x,", "return F.max_pool2d(self.mix(x),"),
        ),
    ),
    wrong("q2", "rounds down", edited(TRANSITION, (", ceil_mode=True", "")), "rounds up"),
    wrong("q2", "edge repeated before batch norm, which counts it twice", EDGE_REPEATED_FIRST),
    wrong(
        "q2",
        "pads with zeros and counts them",
        edited(
            TRANSITION,
            (
                POOLING,
                '        if self.pool == "avg":\n'
                "            x = F.pad(x, (0, x.shape[3] % 2, 0, x.shape[2] % 2))\n"
                "            return F.avg_pool2d(x, 2)\n",
            ),
        ),
        "existing pixels",
    ),
    wrong(
        "q2",
        "adaptive pooling, whose windows overlap",
        edited(
            TRANSITION,
            (
                "F.avg_pool2d(x, 2, 2, ceil_mode=True)",
                "F.adaptive_avg_pool2d(x, ((x.shape[2] + 1) // 2, (x.shape[3] + 1) // 2))",
            ),
        ),
        "existing pixels",
    ),
    wrong(
        "q2",
        "resizes by interpolation",
        edited(
            TRANSITION,
            (
                "F.avg_pool2d(x, 2, 2, ceil_mode=True)",
                "F.interpolate(x, [(s + 1) // 2 for s in x.shape[2:]], mode='bilinear')",
            ),
        ),
    ),
    wrong("q2", "bias left in", edited(TRANSITION, ("1, bias=False", "1")), "no bias"),
    wrong("q2", "no ReLU", edited(TRANSITION, ("torch.relu(self.bn(x))", "self.bn(x)")), "ReLU"),
    wrong(
        "q2",
        "ReLU before batch norm",
        edited(TRANSITION, ("torch.relu(self.bn(x))", "self.bn(torch.relu(x))")),
        "order",
    ),
    wrong(
        "q2",
        "batch norm after the convolution",
        edited(
            TRANSITION,
            ("nn.BatchNorm2d(in_channels)", "nn.BatchNorm2d(out_channels)"),
            ("self.mix(torch.relu(self.bn(x)))", "torch.relu(self.bn(self.mix(x)))"),
        ),
        "order",
    ),
    wrong("q2", "always the maximum", edited(TRANSITION, (POOLING, "")), "pool"),
    wrong("q2", "always the average", edited(TRANSITION, ("F.max_pool2d", "F.avg_pool2d")), "pool"),
    wrong(
        "q2",
        "rounds channels to the nearest",
        edited(TRANSITION, ("int(compression * in_channels)", "round(compression * in_channels)")),
        "channels",
    ),
    wrong(
        "q2",
        "an assert instead of a ValueError",
        edited(TRANSITION, ('raise ValueError(f"pool', 'raise KeyError(f"pool')),
        "another pool",
    ),
    wrong(
        "q2",
        "allows a compression of 0",
        edited(TRANSITION, ("compression <= 0", "compression < 0")),
        "compression",
    ),
    wrong(
        "q2",
        "batch norm of the batch in evaluation mode, too",
        edited(
            TRANSITION,
            (
                "nn.BatchNorm2d(in_channels)",
                "nn.BatchNorm2d(in_channels, track_running_stats=False)",
            ),
        ),
        "batch norm",
    ),
    correct("q3", "two lists", NETWORK),
    correct("q3", "one Sequential", NETWORK_SEQUENTIAL),
    correct("q3", "named parts, clamp for ReLU", NETWORK_NAMED),
    wrong(
        "q3",
        "the first growth rate everywhere",
        edited(NETWORK, ("growth_rates[i]", "growth_rates[0]")),
        "growth rates",
    ),
    wrong(
        "q3", "bias in the stem", edited(NETWORK, ("3, 1, 1, bias=False", "3, 1, 1")), "stem's bias"
    ),
    wrong("q3", "no bottleneck", edited(NETWORK, (", bn_size=bn_size", "")), "bottlenecks"),
    wrong(
        "q3",
        "always a bottleneck of 4k",
        edited(NETWORK, ("bn_size=bn_size", "bn_size=4")),
        "bn_size",
    ),
    wrong(
        "q3", "always halves", edited(NETWORK, ("int(c * compression)", "c // 2")), "compression"
    ),
    wrong(
        "q3", "no ReLU at the end", edited(NETWORK, ("F.relu(self.bn(x))", "self.bn(x)")), "ReLU"
    ),
    wrong(
        "q3",
        "batch norm at the end is never called",
        edited(NETWORK, ("F.relu(self.bn(x))", "F.relu(x)")),
        "batch norm",
    ),
    wrong(
        "q3",
        "max pooling at the end",
        edited(NETWORK, ("adaptive_avg_pool2d", "adaptive_max_pool2d")),
        "global",
    ),
    wrong(
        "q3",
        "max pooling in the transitions",
        edited(NETWORK, ("int(c * compression)))", "int(c * compression), pool='max'))")),
        "average",
    ),
    wrong(
        "q3",
        "average before ReLU",
        edited(
            NETWORK,
            (
                "        x = F.relu(self.bn(x))\n        x = F.adaptive_avg_pool2d(x, 1)\n",
                "        x = F.relu(F.adaptive_avg_pool2d(self.bn(x), 1))\n",
            ),
        ),
        "ReLU",
    ),
    wrong(
        "q3",
        "a softmax at the end",
        edited(
            NETWORK, ("return self.fc(x.flatten(1))", "return self.fc(x.flatten(1)).softmax(1)")
        ),
    ),
    wrong(
        "q3",
        "transition after the last block too",
        edited(NETWORK, ("if i < len(block_config) - 1", "if i < len(block_config)")),
        "between",
    ),
    wrong(
        "q3",
        "no error for growth_rates",
        edited(NETWORK, ("!= len(growth_rates)", "!= len(block_config)")),
        "one for each block",
    ),
    correct("q4", "tries every depth", DEPTHS),
    correct("q4", "counts dense layers", DEPTHS_BY_LAYERS),
    correct("q4", "counts parameters itself", DEPTHS_FORMULA),
    wrong(
        "q4",
        "the first that fits",
        edited(DEPTHS, ("found.append(depth)", "return [depth]")),
        "all",
    ),
    wrong(
        "q4",
        "steps of 3 with bottlenecks",
        edited(DEPTHS_FORMULA, ("6 if bottleneck else 3", "3")),
        "bottleneck",
    ),
    wrong(
        "q4",
        "three layers around the blocks",
        edited(DEPTHS_FORMULA, ("[4 + per_layer", "[3 + per_layer")),
        "four layers",
    ),
    wrong(
        "q4",
        "always 10 classes",
        edited(DEPTHS, ("num_classes=num_classes)\n        p", "num_classes=10)\n        p")),
        "classes",
    ),
    wrong(
        "q4",
        "cuts digits off instead of rounding",
        edited(DEPTHS, ('f"{p / 1e6:.1f}M" == printed', 'f"{p // 1e5 / 10:.1f}M" == printed')),
        "printed",
    ),
    wrong("q4", "forgets compression", edited(DEPTHS, ("bottleneck, compression)", "bottleneck)"))),
    wrong(
        "q4",
        "begins with two layers in a block",
        edited(DEPTHS_FORMULA, ("range(1, largest)", "range(2, largest)")),
        "smallest",
    ),
    wrong("q4", "stops at 40", edited(DEPTHS, ("range(5, 10**6)", "range(5, 41)")), "no largest"),
    wrong(
        "q4",
        "the closest when none fits",
        edited(DEPTHS, ("    return found\n", "    return found or [depth]\n")),
        "none",
    ),
    wrong(
        "q4",
        "16 channels in every stem",
        edited(DEPTHS_FORMULA, ("2 * k if bottleneck and compression < 1 else 16", "16")),
    ),
    correct("q5", "splits names", KERAS),
    correct("q5", "a list of substitutions", KERAS_REGEX),
    correct("q5", "a table of all names", KERAS_FROM_OURS),
    wrong(
        "q5",
        "height and width change places",
        edited(KERAS, ("permute(3, 2, 0, 1)", "permute(3, 2, 1, 0)")),
        "convolution",
    ),
    wrong(
        "q5",
        "in and out change places",
        edited(KERAS, ("permute(3, 2, 0, 1)", "permute(2, 3, 0, 1)")),
        "convolution",
    ),
    wrong(
        "q5",
        "reshapes instead of permuting",
        edited(
            KERAS,
            (
                "tensor.permute(3, 2, 0, 1)",
                "tensor.reshape(tensor.shape[3], tensor.shape[2], *tensor.shape[:2])",
            ),
        ),
    ),
    wrong(
        "q5",
        "the classifier is reshaped, not transposed",
        edited(KERAS, ("tensor.t()", "tensor.reshape(tensor.shape[::-1])")),
    ),
    wrong(
        "q5",
        "the classifier is not transposed",
        edited(KERAS, ("tensor = tensor.t()", "tensor = tensor")),
        "kernel of the classifier",
    ),
    wrong(
        "q5",
        "mean and variance change places",
        edited(
            KERAS,
            (
                '"running_mean", "moving_variance": "running_var"',
                '"running_var", "moving_variance": "running_mean"',
            ),
        ),
        "averages",
    ),
    wrong(
        "q5",
        "gamma and beta change places",
        edited(KERAS, ('"gamma": "weight", "beta": "bias"', '"gamma": "bias", "beta": "weight"')),
        "gamma and beta",
    ),
    wrong(
        "q5",
        "blocks are off by one",
        edited(
            KERAS, ("block, number = int(words[0][4:]) - 1", "block, number = int(words[0][4:])")
        ),
        "blocks from 2",
    ),
    wrong(
        "q5",
        "layers counted from 0",
        edited(KERAS, ("int(words[1][5:])", "int(words[1][5:]) - 1")),
        "from 1",
    ),
    wrong(
        "q5",
        "numbers of one digit",
        edited(KERAS_REGEX, (r"_block(?!0)(\d+)_", r"_block(\d)_")),
        "digits",
    ),
    wrong(
        "q5",
        "skips what it does not know",
        edited(
            KERAS,
            ('raise ValueError(f"unknown name {name}")', "continue"),
            ('raise ValueError(f"unknown tensor {name}")', "continue"),
        ),
        "unknown name",
    ),
    wrong(
        "q5",
        "convolutions may have a bias",
        edited(KERAS, ('{"kernel": "weight"}', '{"kernel": "weight", "bias": "bias"}')),
        "unknown tensor",
    ),
    wrong(
        "q5",
        "a block and a transition 0",
        edited(KERAS, ('words[0] in ("conv1", "pool1")', "False")),
        "from 1",
    ),
    wrong(
        "q5",
        "the two norms of a layer change places",
        edited(
            KERAS, ('"0_bn": "norm1"', '"0_bn": "norm2"'), ('"1_bn": "norm2"', '"1_bn": "norm1"')
        ),
    ),
    wrong(
        "q5",
        "empties the dictionary that it gets",
        edited(
            KERAS,
            (
                "    for name, tensor in weights.items():\n",
                "    while weights:\n        name, tensor = weights.popitem()\n",
            ),
        ),
        "new",
    ),
    wrong("q1", "results that claim to equal everything", always_equal(SHAPES, "shapes")),
    wrong("q4", "results that claim to equal everything", always_equal(DEPTHS, "depths")),
    wrong("q1", "a tuple of shapes", edited(SHAPES, ("return path", "return tuple(path)")), "list"),
    wrong(
        "q1",
        "lists of numbers",
        edited(SHAPES, ("return path", "return [*map(list, path)]")),
        "integers",
    ),
    wrong(
        "q1",
        "channels with a point",
        edited(SHAPES, ("int(c * compression)", "c * compression // 1")),
        "integers",
    ),
    wrong(
        "q1",
        "begins after the first block",
        edited(SHAPES, ("return path", "return path[1:]")),
        "after the stem",
    ),
    wrong(
        "q1",
        "the last comes first",
        edited(SHAPES, ("return path", "return path[::-1]")),
        "their order",
    ),
    wrong(
        "q1",
        "twice the growth rate from the stem",
        edited(SHAPES, ("c = num_init_features", "c = 2 * growth_rate")),
        "stem channels",
    ),
    wrong(
        "q1",
        "the small stem has a stride of 2 for large images",
        edited(SHAPES, ('if stem == "imagenet"', 'if stem == "imagenet" or height > 28')),
        "small stem",
    ),
    wrong(
        "q1",
        "the pooling of the large stem has no padding",
        edited(
            SHAPES,
            (
                "        h, w = (h + 1) // 2, (w + 1) // 2\n" * 2,
                "        h, w = (h + 1) // 2, (w + 1) // 2\n"
                "        h, w = (h - 1) // 2, (w - 1) // 2\n",
            ),
        ),
        "large stem's pooling",
    ),
    wrong(
        "q1",
        "one growth rate for a whole block",
        edited(SHAPES, ("block_config[i] * growth_rate", "growth_rate")),
        "layers",
    ),
    wrong(
        "q1",
        "no image of a single pixel",
        edited(SHAPES, ("if h < 1", "if h < 2"), ("if w < 1", "if w < 2")),
        "below 1",
    ),
    wrong(
        "q1",
        "knows a compression of a half and more",
        edited(SHAPES, ("int(c * compression)", "int(c * max(compression, 0.5))")),
        "compression",
    ),
    wrong(
        "q1",
        "another error",
        edited(SHAPES, ('ValueError("the height', 'AssertionError("the height')),
        "ValueError",
    ),
    wrong("q1", "always the height", edited(SHAPES, ("the width is", "the height is")), "which"),
    correct(
        "q1",
        "a named tuple",
        "from collections import namedtuple\n\n"
        'Shape = namedtuple("Shape", "channels height width")\n\n'
        + edited(SHAPES, ("return path", "return [Shape(*shape) for shape in path]")),
    ),
    wrong(
        "q2",
        "a maximum that counts zeros at the edge",
        edited(
            TRANSITION,
            (
                "        return F.max_pool2d(x, 2, 2, ceil_mode=True)",
                "        return F.max_pool2d(F.pad(x, (0, x.shape[3] % 2, 0, x.shape[2] % 2)), 2)",
            ),
        ),
        "existing pixels",
    ),
    wrong(
        "q2",
        "pools before the convolution",
        edited(
            TRANSITION,
            (
                "        x = self.mix(torch.relu(self.bn(x)))\n",
                "        x = torch.relu(self.bn(x))\n",
            ),
            (
                "return F.avg_pool2d(x, 2, 2, ceil_mode=True)",
                "return self.mix(F.avg_pool2d(x, 2, ceil_mode=True))",
            ),
            (
                "return F.max_pool2d(x, 2, 2, ceil_mode=True)",
                "return self.mix(F.max_pool2d(x, 2, ceil_mode=True))",
            ),
        ),
        "order",
    ),
    wrong(
        "q2",
        "a 3×3 convolution",
        edited(
            TRANSITION, ("out_channels, 1, bias=False", "out_channels, 3, padding=1, bias=False")
        ),
        "1×1",
    ),
    wrong(
        "q2",
        "batch norm that learns no scale and no shift",
        edited(
            TRANSITION, ("nn.BatchNorm2d(in_channels)", "nn.BatchNorm2d(in_channels, affine=False)")
        ),
        "batch norm",
    ),
    wrong(
        "q2",
        "batch norm with another momentum",
        edited(
            TRANSITION,
            ("nn.BatchNorm2d(in_channels)", "nn.BatchNorm2d(in_channels, momentum=0.01)"),
        ),
        "batch norm",
    ),
    wrong(
        "q2",
        "allows a little more than 1",
        edited(TRANSITION, ("compression > 1", "compression > 1.25")),
        "compression",
    ),
    wrong(
        "q2",
        "refuses a compression of 1",
        edited(TRANSITION, ("compression > 1", "compression >= 1")),
        "compression",
    ),
    wrong(
        "q2",
        "an assert for the compression",
        edited(
            TRANSITION, ('raise ValueError(f"compression', 'raise AssertionError(f"compression')
        ),
        "ValueError",
    ),
    wrong(
        "q2",
        "an error without the argument's name",
        edited(
            TRANSITION,
            (
                'f"compression must be in (0, 1], got {compression}"',
                'f"{compression} is not in (0, 1]"',
            ),
        ),
        "ValueError",
    ),
    wrong(
        "q2",
        "every word with max in it is the maximum",
        edited(
            TRANSITION,
            ('if pool != "avg" and pool != "max"', 'if pool != "avg" and "max" not in str(pool)'),
        ),
        "another pool",
    ),
    wrong(
        "q2",
        "parts of the words",
        edited(
            TRANSITION,
            ('if pool != "avg" and pool != "max"', 'if pool is None or pool not in "avg max"'),
        ),
        "another pool",
    ),
    wrong(
        "q2",
        "no pool is the maximum",
        edited(
            TRANSITION,
            ('if pool != "avg" and pool != "max"', 'if pool not in ("avg", "max", None)'),
        ),
        "another pool",
    ),
    correct("q3", "a block and a transition of one's own", NETWORK_OWN),
    wrong(
        "q3",
        "a stem without padding",
        edited(NETWORK, ("3, 1, 1, bias=False", "3, 1, 0, bias=False")),
        "stem",
    ),
    wrong(
        "q3",
        "two convolutions in the stem",
        edited(
            NETWORK,
            (
                "        self.blocks, self",
                "        c = num_init_features\n"
                "        second = nn.Conv2d(c, c, 3, padding=1, bias=False)\n"
                "        self.stem = nn.Sequential(self.stem, second)\n"
                "        self.blocks, self",
            ),
        ),
        "stem",
    ),
    wrong(
        "q3",
        "always one channel comes in",
        edited(
            NETWORK,
            ("nn.Conv2d(in_channels,", "nn.Conv2d(1,"),
            ("x = self.stem(x)", "x = self.stem(x[:, :1])"),
        ),
        "stem's channels",
    ),
    wrong(
        "q3",
        "two layers in every block",
        edited(
            NETWORK,
            (
                "for i, n in enumerate(block_config)",
                "for i, n in enumerate([2] * len(block_config))",
            ),
        ),
        "layers",
    ),
    wrong(
        "q3",
        "bn_size for the first block only",
        edited(NETWORK, ("bn_size=bn_size)", "bn_size=bn_size if i == 0 else 4)")),
        "bn_size",
    ),
    wrong(
        "q3",
        "no transitions",
        edited(
            NETWORK,
            ("if i < len(self.transitions)", "if False"),
            ("self.transitions.append(Transition(c, int(c * compression)))", "pass"),
            ("c = int(c * compression)", "pass"),
        ),
        "between",
    ),
    wrong(
        "q3",
        "rounds the compression up",
        edited(NETWORK, ("int(c * compression)", "math.ceil(c * compression)")),
        "compression",
    ),
    wrong(
        "q3",
        "the middle pixel in place of the average",
        edited(
            NETWORK, ("F.adaptive_avg_pool2d(x, 1)", "x[:, :, x.shape[2] // 2, x.shape[3] // 2]")
        ),
        "global",
    ),
    wrong(
        "q3",
        "averages over 2×2 pixels",
        edited(
            NETWORK,
            (
                "F.adaptive_avg_pool2d(x, 1)",
                "F.adaptive_avg_pool2d(F.avg_pool2d(x, 2, ceil_mode=True)[:, :, :1, :1], 1)",
            ),
        ),
        "global",
    ),
    wrong(
        "q3",
        "a linear layer without a bias",
        edited(NETWORK, ("nn.Linear(c, num_classes)", "nn.Linear(c, num_classes, bias=False)")),
        "bias",
    ),
    wrong(
        "q3",
        "always ten classes",
        edited(NETWORK, ("nn.Linear(c, num_classes)", "nn.Linear(c, 10)")),
        "classes",
    ),
    wrong(
        "q3",
        "blocks are created from the last to the first",
        edited(
            NETWORK,
            (
                "        self.bn = nn",
                "        self.blocks = self.blocks[::-1]\n        self.bn = nn",
            ),
            ("enumerate(self.blocks)", "enumerate(reversed(self.blocks))"),
        ),
        "created in order",
    ),
    wrong(
        "q3",
        "transitions are created from the last to the first",
        edited(
            NETWORK,
            (
                "        self.bn = nn",
                "        self.transitions = self.transitions[::-1]\n        self.bn = nn",
            ),
            ("self.transitions[i](x)", "self.transitions[-1 - i](x)"),
        ),
        "created in order",
    ),
    wrong(
        "q3",
        "an assert",
        edited(NETWORK, ("raise ValueError(", "raise AssertionError(")),
        "ValueError",
    ),
    wrong(
        "q3",
        "more growth rates than blocks are cut off",
        edited(NETWORK, ("!= len(growth_rates)", "> len(growth_rates)")),
        "one for each block",
    ),
    wrong("q4", "a tuple", edited(DEPTHS, ("return found", "return tuple(found)")), "list"),
    wrong(
        "q4",
        "numbers with a point",
        edited(DEPTHS, ("found.append(depth)", "found.append(depth / 1)")),
        "list",
    ),
    wrong(
        "q4",
        "descending",
        edited(DEPTHS, ("    return found\n", "    return found[::-1]\n")),
        "ascending",
    ),
    wrong(
        "q4",
        "None when none fits",
        edited(DEPTHS, ("    return found\n", "    return found or None\n")),
        "none",
    ),
    wrong(
        "q4",
        "the smallest and the largest that fit",
        edited(
            DEPTHS,
            (
                "    return found\n",
                "    return found if len(found) < 3 else [found[0], found[-1]]\n",
            ),
        ),
        "all",
    ),
    wrong("q4", "stops at 110", edited(DEPTHS, ("range(5, 10**6)", "range(5, 111)")), "no largest"),
    wrong("q4", "stops at 250", edited(DEPTHS, ("range(5, 10**6)", "range(5, 251)")), "no largest"),
    wrong(
        "q4",
        "blocks of unequal length",
        edited(
            DEPTHS_FORMULA,
            ("for _ in range(n):", "for _ in range(n + (block == 2) - (block == 0)):"),
        ),
        "three blocks",
    ),
    wrong(
        "q4",
        "two decimals",
        edited(
            DEPTHS, ('f"{p / 1e6:.1f}M" == printed', "abs(p / 1e6 - float(printed[:-1])) < 0.04")
        ),
        "printed",
    ),
    correct(
        "q5",
        "a counter of batches beside each batch norm",
        edited(
            KERAS,
            (
                '        state[new + "."',
                WITH_COUNTERS,
            ),
        ),
    ),
    correct(
        "q5",
        "an ordered dictionary",
        edited(
            KERAS,
            (
                "    state = {}",
                "    from collections import OrderedDict\n\n    state = OrderedDict()",
            ),
        ),
    ),
    wrong(
        "q5",
        "the stem keeps its names",
        edited(KERAS, ('"features.conv0"', '"conv1_conv"')),
        "stem",
    ),
    wrong(
        "q5",
        "the stem's norm has another number",
        edited(KERAS, ('"features.norm0"', '"features.norm1"')),
        "stem",
    ),
    wrong(
        "q5",
        "norm1 and conv1 are left out",
        edited(KERAS, ('"0_bn": "norm1"', '"0_bn": "norm0"')),
        "norm1",
    ),
    wrong(
        "q5",
        "the first convolution is the second",
        edited(KERAS, ('"1_conv": "conv1"', '"1_conv": "conv2"')),
        "conv1",
    ),
    wrong(
        "q5",
        "the second norm has the number of Keras",
        edited(KERAS, ('"1_bn": "norm2"', '"1_bn": "norm1"')),
        "norm2",
    ),
    wrong(
        "q5",
        "the second convolution is the first",
        edited(KERAS, ('"2_conv": "conv2"', '"2_conv": "conv1"')),
        "conv2",
    ),
    wrong(
        "q5",
        "transitions keep Keras's numbers",
        edited(KERAS, ("number = int(words[0][4:]) - 1\n", "number = int(words[0][4:])\n")),
        "transition",
    ),
    wrong(
        "q5",
        "a transition's norm keeps its name",
        edited(KERAS, ('words[1].replace("bn", "norm")', "words[1]")),
        "transition",
    ),
    wrong(
        "q5",
        "the last norm has no number",
        edited(KERAS, ('"features.norm5"', '"features.norm"')),
        "last norm",
    ),
    wrong(
        "q5", "the classifier is called fc", edited(KERAS, ('"classifier"', '"fc"')), "classifier"
    ),
    wrong(
        "q5",
        "transitions of one digit",
        edited(KERAS_REGEX, (r"pool(?!1_)(\d+)_bn", r"pool(?!1_)(\d)_bn")),
        "digits",
    ),
    wrong(
        "q5",
        "blocks of one digit",
        edited(KERAS_REGEX, (r"conv(?!1_)(\d+)_block", r"conv(?!1_)(\d)_block")),
        "digits",
    ),
    wrong("q5", "a layer 0", edited(KERAS, ("if number == 0", "if number < 0")), "from 1"),
    wrong(
        "q5",
        "the classifier's bias is left out",
        edited(
            KERAS,
            ('        if layer == "predictions":\n            kinds["bias"] = "bias"\n', ""),
            (
                "        if kind not in kinds:",
                NO_BIAS,
            ),
        ),
        "bias",
    ),
    wrong(
        "q5",
        "everything without an ending is fine",
        edited(KERAS_REGEX, ('"^" + old', "old")),
        "unknown name",
    ),
    wrong(
        "q5",
        "a batch norm with a kernel",
        edited(KERAS_FROM_OURS, (' or (kind == "kernel" and layer.endswith("bn"))', "")),
        "unknown tensor",
    ),
    wrong(
        "q5",
        "a KeyError",
        edited(KERAS, ('raise ValueError(f"unknown name', 'raise KeyError(f"unknown name')),
        "ValueError",
    ),
    wrong(
        "q5",
        "a message without the name",
        edited(KERAS, ('f"unknown tensor {name}"', '"unknown tensor"')),
        "message",
    ),
    wrong(
        "q5",
        "a message without the tensor",
        edited(KERAS, ('f"unknown name {name}"', 'f"unknown layer {layer}"')),
        "message",
    ),
    wrong(
        "q5",
        "turns the tensors around in the dictionary that it gets",
        edited(
            KERAS,
            (
                "tensor = tensor.permute(3, 2, 0, 1)",
                "tensor = weights[name] = tensor.permute(3, 2, 0, 1)",
            ),
        ),
        "new",
    ),
]
