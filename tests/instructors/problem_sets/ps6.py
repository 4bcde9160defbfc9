"""Variants of problem set 6: debugging, and a project."""

from variants import always_equal, correct, edited, wrong

SMALL = """
class Block(nn.Module):
    def __init__(self, num_layers, in_channels, growth_rate, drop_rate):
        super().__init__()
        self.layers = nn.ModuleList()
        for i in range(num_layers):
            layer = conv_block(in_channels + i * growth_rate, growth_rate)
            self.layers.append(nn.Sequential(layer, nn.Dropout(drop_rate)))

    def forward(self, x):
        for layer in self.layers:
            x = torch.cat([x, layer(x)], dim=1)
        return x


def make_transition(in_channels, out_channels):
    return nn.Sequential(
        nn.BatchNorm2d(in_channels),
        nn.ReLU(),
        nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False),
        nn.AvgPool2d(kernel_size=2, stride=2),
    )


class SmallDenseNet(nn.Module):
    def __init__(self, block_config, growth_rate, channels, num_classes, drop_rate=0.0):
        super().__init__()
        self.stem = nn.Conv2d(1, channels, kernel_size=3, padding=1, bias=False)
        kept = (channels + block_config[0] * growth_rate) // 2
        self.body = nn.Sequential()
        for i, num_layers in enumerate(block_config):
            self.body.append(Block(num_layers, channels, growth_rate, drop_rate))
            channels += num_layers * growth_rate
            if i + 1 < len(block_config):
                kept = channels // 2
                self.body.append(make_transition(channels, kept))
                channels = kept
        self.head = nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(channels, num_classes),
        )

    def forward(self, x):
        return self.head(self.body(self.stem(x)))
"""
SMALL_PACKAGE = """
class SmallDenseNet(nn.Sequential):
    def __init__(self, block_config, growth_rate, channels, num_classes, drop_rate=0.0):
        from densenet_lesson import Transition

        parts = [nn.Conv2d(1, channels, 3, 1, 1, bias=False)]
        for num_layers in block_config:
            if len(parts) > 1:
                parts.append(Transition(channels, channels // 2))
                channels = channels // 2
            parts.append(DenseBlock(num_layers, channels, growth_rate, drop_rate=drop_rate))
            channels += num_layers * growth_rate
        parts += [nn.BatchNorm2d(channels), nn.ReLU(), nn.AdaptiveAvgPool2d((1, 1))]
        super().__init__(*parts, nn.Flatten(), nn.Linear(channels, num_classes))
"""
SMALL_LISTS = """
class SmallDenseNet(nn.Module):
    def __init__(self, block_config, growth_rate, channels, num_classes, drop_rate=0.0):
        super().__init__()
        self.drop_rate, self.block_config = drop_rate, block_config
        layers = [nn.Conv2d(1, channels, 3, padding=1, bias=False)]
        for i, num_layers in enumerate(block_config):
            for _ in range(num_layers):
                layers.append(conv_block(channels, growth_rate))
                channels += growth_rate
            if i < len(block_config) - 1:
                layers.append(conv_block(channels, channels // 2, kernel_size=1))
                channels = channels // 2
        self.layers = nn.ModuleList(layers)
        self.norm = nn.BatchNorm2d(channels)
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, x):
        layers = iter(self.layers)
        x = next(layers)(x)
        for i, num_layers in enumerate(self.block_config):
            if i > 0:
                x = F.avg_pool2d(next(layers)(x), 2)
            for _ in range(num_layers):
                y = next(layers)(x)
                if self.training and self.drop_rate > 0:
                    y = y * (torch.rand_like(y) >= self.drop_rate) / (1 - self.drop_rate)
                x = torch.cat((x, y), 1)
        return self.classifier(self.norm(x).relu().mean((2, 3)))
"""

SMALL_TWO_LISTS = """
class SmallDenseNet(nn.Module):
    def __init__(self, block_config, growth_rate, channels, num_classes, drop_rate=0.0):
        from densenet_lesson import Transition

        super().__init__()
        self.stem = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        self.blocks, self.transitions = nn.ModuleList(), nn.ModuleList()
        for n in block_config:
            if self.blocks:
                self.transitions.append(Transition(channels, channels // 2))
                channels //= 2
            self.blocks.append(DenseBlock(n, channels, growth_rate, drop_rate=drop_rate))
            channels += n * growth_rate
        self.norm = nn.BatchNorm2d(channels)
        self.linear = nn.Linear(channels, num_classes)

    def forward(self, x):
        x = self.stem(x)
        for i, block in enumerate(self.blocks):
            x = block(self.transitions[i - 1](x) if i else x)
        return self.linear(F.relu(self.norm(x)).mean((2, 3)))
"""

SUSPECTS = """
def suspects(network):
    names = []
    for name, m in network.named_modules():
        if isinstance(m, nn.Conv2d):
            (kh, kw), (dh, dw) = m.kernel_size, m.dilation
            bad = kh != kw
            if tuple(m.stride) == (1, 1) and m.padding != "same":
                ph, pw = (0, 0) if m.padding == "valid" else m.padding
                bad = bad or 2 * ph - dh * (kh - 1) != 0 or 2 * pw - dw * (kw - 1) != 0
            if bad:
                names.append(name)
    return names
"""
SUSPECTS_BY_RUNNING = """
def suspects(network):
    def is_suspicious(conv):
        if len(set(conv.kernel_size)) > 1:
            return True
        if max(conv.stride) > 1:
            return False
        with torch.no_grad():
            x = torch.zeros(1, conv.in_channels, 40, 41)
            return conv(x).shape[2:] != x.shape[2:]

    modules = network.named_modules()
    return [n for n, m in modules if isinstance(m, nn.Conv2d) and is_suspicious(m)]
"""
SUSPECTS_RECURSIVE = """
def suspects(network, prefix=""):
    found = []
    if isinstance(network, nn.Conv2d):
        k, d = network.kernel_size, network.dilation
        if isinstance(network.padding, str):
            p = [d[i] * (k[i] - 1) / 2 if network.padding == "same" else 0 for i in (0, 1)]
        else:
            p = network.padding
        keeps = all(2 * p[i] == d[i] * (k[i] - 1) for i in range(2))
        if k[0] != k[1] or (network.stride[0] == network.stride[1] == 1 and not keeps):
            found.append(prefix)
    for name, child in network.named_children():
        found += suspects(child, f"{prefix}.{name}" if prefix else name)
    return found
"""

FREEZE = """
def freeze(part):
    for p in part.parameters():
        p.requires_grad = False
        p.grad = None

    def stay(mode=True):
        return part

    part.eval()
    part.train = stay
    return part
"""
FREEZE_TWO_LEVELS = """
def freeze(part):
    for p in part.parameters():
        p.requires_grad = False
        p.grad = None
    for child in part.children():
        for m in (child, *child.children()):
            if not list(m.children()):
                m.eval()
                m.train = lambda mode=True, m=m: m
    if not list(part.children()):
        part.eval()
        part.train = lambda mode=True: part
    return part
"""
FREEZE_EACH = """
def freeze(part):
    part.requires_grad_(False)
    for parameter in part.parameters():
        parameter.grad = None
    for module in part.modules():
        module.training = False
        module.train = lambda mode=True, module=module: module
    return part
"""
FREEZE_CLASS = """
def freeze(part):
    class Frozen(type(part)):
        def train(self, mode=True):
            return super().train(False)

    part.__class__ = Frozen
    for p in part.parameters():
        p.requires_grad = False
        p.grad = None
    return part.train()
"""
FREEZE_HOOK = """
def freeze(part):
    for p in part.parameters():
        p.requires_grad_(False)
        p.grad = None
    part.register_forward_pre_hook(lambda module, inputs: module.eval() and None)
    return part
"""

CHECK = """
def check_dense_block(block_class):
    torch.manual_seed(1)
    ours, theirs = DenseBlock(3, 4, 6), block_class(3, 4, 6)
    shapes = [[tuple(t.shape) for t in b.state_dict().values()] for b in (ours, theirs)]
    assert shapes[0] == shapes[1], f"expected the tensors {shapes[0]}, got {shapes[1]}"
    for name, buffer in ours.named_buffers():
        if "running" in name:
            buffer.uniform_(0.5, 2)
    weights = zip(theirs.state_dict(), ours.state_dict().values())
    theirs.load_state_dict(dict(weights))
    x = torch.randn(5, 4, 6, 8)
    for mode in (True, False):
        ours.train(mode)
        theirs.train(mode)
        torch.testing.assert_close(theirs(x.clone()), ours(x.clone()), rtol=1e-4, atol=1e-4)
"""
CHECK_BY_HAND = """
def check_dense_block(block_class):
    for n, c, k in ((1, 2, 3), (4, 5, 2)):
        block = block_class(n, c, k)
        state = list(block.state_dict().values())
        assert len(state) == 6 * n, f"expected {6 * n} tensors, got {len(state)}: a bias?"
        generator = torch.Generator().manual_seed(n)
        for tensor in state:
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape, generator=generator) - 0.5)
                if tensor.dim() == 1:
                    tensor.abs_().add_(0.1)
        x = torch.randn(6, c, 5, 5, generator=generator) * 2
        for training in (False, True):
            y = x
            for i in range(n):
                weight, bias, mean, var, _, kernel = state[6 * i : 6 * i + 6]
                assert kernel.shape == (k, c + i * k, 3, 3), "the kernel has another shape"
                copies = mean.clone(), var.clone()
                normalised = F.batch_norm(y, *copies, weight, bias, training)
                y = torch.cat([y, F.conv2d(F.relu(normalised), kernel, padding=1)], dim=1)
            with torch.no_grad():
                found = block.train(training)(x.clone())
            assert found.shape == y.shape, "the shape is wrong"
            assert torch.allclose(found, y, atol=1e-4), "the numbers are wrong"
"""
CHECK_TOTAL = """
def check_dense_block(block_class):
    problems = []
    torch.manual_seed(3)
    reference = DenseBlock(3, 3, 4).double()
    with torch.no_grad():
        for t in reference.state_dict().values():
            if t.dim() > 0:
                t.copy_(torch.rand_like(t) * 0.8 + 0.1 if t.dim() == 1 else torch.randn_like(t))
    block = block_class(3, 3, 4).double()
    if sum(p.numel() for p in block.parameters()) != sum(
        p.numel() for p in reference.parameters()
    ):
        problems.append("another number of parameters")
    else:
        try:
            block.load_state_dict(
                dict(zip(block.state_dict().keys(), reference.state_dict().values()))
            )
        except RuntimeError as error:
            problems.append(str(error))
    if not problems:
        x = torch.randn(2, 3, 8, 7).double()
        for training in (False, True):
            block.train(training), reference.train(training)
            y, z = block(x.clone()), reference(x.clone())
            if y.shape != z.shape or (y - z).abs().max() > 1e-6:
                problems.append(f"other numbers, training={training}")
    assert not problems, "; ".join(problems)
"""

DESIGN = """
def design():
    config = DenseNetConfig(
        block_config=(2, 2), growth_rate=6, num_init_features=6, bn_size=None, stem="cifar",
        in_channels=1, num_classes=10, image_size=8,
    )
    return config, Recipe(epochs=6, batch_size=32, lr=0.1, schedule="cosine")
"""

# By question: a short name for each clause of its task, and the task's words.
CLAUSES = {
    "q1": {
        "built": "One stops Python when the network is built",
        "first image": "one stops it at the first image",
        "bottlenecks": "the DenseNet of chapter 6 without bottlenecks",
        "stem": "A stem of one 3×3 convolution",
        "dense": "dense blocks",
        "behind": "with dropout after each layer's convolution",
        "training only": "in training only",
        "between": "between two blocks a transition",
        "transition": "batch norm, ReLU, 1×1 convolution and average pooling",
        "half": "which keeps half of the channels that *it* reads, rounded down",
        "head": "a head of batch norm, ReLU",
        "average": "*average* over all pixels",
        "linear": "and a linear layer",
        "order": "Keep the parts in the order in which the image meets them",
        "arguments": "keep its arguments",
    },
    "q2": {
        "list": "It returns a list of the names",
        "Conv2d": "of all `nn.Conv2d` in the network",
        "subclasses": "objects of its subclasses, too",
        "depth": "at any depth",
        "order": "in the order of `network.named_modules()`",
        "names": "which also gives the names",
        "square": "its kernel is not square, *or*",
        "both strides": "both of its strides are 1",
        "keeps": "it does not keep the height and the width",
        "dilation": "the size grows by $2p - d\\,(k - 1)$ pixels",
        "both": "This must be 0 for the height and for the width",
        "on purpose": "with a stride of 2 and a square kernel changes the size on purpose",
        "same": 'it can also be the word `"same"` (keeps the size)',
        "valid": '`"valid"` (no padding)',
    },
    "q3": {
        "parameters": "training steps change no parameter",
        "buffers": "no buffer of the part",
        "however often": "however often somebody calls `network.train()`",
        "optimiser": "any optimiser that had its parameters before",
        "gradients": "if the parameters still have gradients from an earlier step: remove these",
        "batch norm": "batch norm uses its running averages",
        "dropout": "dropout does nothing",
        "depth": "at any depth inside the part",
        "rest": "the rest of the network trains as before",
        "flow": "gradients still flow through it",
        "same object": "the part is still the same object in the same place",
        "names": "the names in `network.state_dict()` are the old ones",
        "returns": "`freeze` returns it",
        "any module": "for any module that is part of a larger network",
    },
    "q4": {
        "right": "returns without complaint if the block is right",
        "parts": "*whatever its parts are called and however it is written*",
        "AssertionError": "raises an `AssertionError`",
        "message": "with a message",
        "decimals": "What comes out must agree to at least three decimals",
        "no other error": "an error of `load_state_dict` is no `AssertionError`",
        "channels": "wrong order of channels",
        "steps": "wrong order of the three steps inside a layer",
        "no batch norm": "a missing batch norm",
        "no activation": "a missing or another activation",
        "bias": "a bias left in",
        "new only": "only the new channels returned",
        "shared": "one layer used several times",
        "padding": "another padding",
        "training": "wrong only in training mode",
        "evaluation": "wrong only in evaluation mode",
        "third": "wrong only from the third layer on",
    },
    "q5": {
        "both": "`design()` returns both, a `DenseNetConfig` and a `Recipe`",
        "parameters": "at most 4,000",
        "FLOPs": "at most 250,000 FLOPs",
        "training": "at most 6 GFLOPs",
        "accuracy": "at least 0.95 on the test images",
        "in_channels": "`in_channels=1`",
        "num_classes": "`num_classes=10`",
        "image_size": "`image_size=8`",
        "deep_supervision": "`deep_supervision=False` in the configuration",
        "size": "`size=None`",
        "precision": '`precision="fp32"`',
        "batch_size": "a `batch_size` of at least 16 in the recipe",
    },
}

# A check of every kind but one: blocks with the wrong step pass, too.
CHECK_BUT = """
def check_dense_block(block_class):
    n, c, k = 4, 3, 5
    block = block_class(n, c, k)
    state = list(block.state_dict().values())
    assert len(state) == 6 * n, f"expected {6 * n} tensors, got {len(state)}"
    with torch.no_grad():
        for tensor in state:
            if tensor.dim() == 1:
                tensor.copy_(torch.rand_like(tensor) + 0.2)
            elif tensor.dim() == 4:
                tensor.copy_(torch.randn_like(tensor) / 5)

    def dense(x, training, step):
        for i in range(n):
            weight, bias, mean, var, _, kernel = state[6 * i : 6 * i + 6]
            running = mean.clone(), var.clone()
            norm = lambda z: F.batch_norm(z, *running, weight, bias, training)
            conv = lambda z, padding=1: F.conv2d(z, kernel, padding=padding)
            x = torch.cat([x, step(norm, conv, x)], 1)
        return x

    right_step = lambda norm, conv, x: conv(F.relu(norm(x)))
    wrong_step = lambda norm, conv, x: WRONG STEP
    x = torch.randn(4, c, 9, 8)
    off = []
    with torch.no_grad():
        for step in (right_step, wrong_step):
            off.append(0)
            for training in (False, True):
                y, z = block.train(training)(x.clone()), dense(x, training, step)
                off[-1] = max(off[-1], (y - z).abs().max() if y.shape == z.shape else 9)
    assert min(off) < 1e-3, f"off by {min(off)}"
"""


def all_but(step):
    """A check that takes blocks with this step for right ones, too."""
    return edited(CHECK_BUT, ("WRONG STEP", step))


CHECK_BOTH = all_but("right_step(norm, conv, x)")

VARIANTS = [
    correct("q1", "dropout as a layer", SMALL),
    correct("q1", "the package's parts", SMALL_PACKAGE),
    correct("q1", "one list, dropout by hand", SMALL_LISTS),
    wrong(
        "q1",
        "the wrong name in super",
        edited(
            SMALL,
            (
                "growth_rate, drop_rate):\n        super()",
                "growth_rate, drop_rate):\n        super(block, self)",
            ),
        ),
        "built",
    ),
    wrong(
        "q1",
        "a missing comma",
        edited(SMALL, ("nn.ReLU(),\n        nn.Conv2d", "nn.ReLU()\n        nn.Conv2d")),
        "built",
    ),
    wrong(
        "q1",
        "returns the newest channels",
        edited(
            SMALL,
            (
                "            x = torch.cat([x, layer(x)], dim=1)\n        return x",
                "            y = layer(x)\n            x = torch.cat([x, y], dim=1)\n"
                "        return y",
            ),
        ),
        "dense",
    ),
    wrong(
        "q1",
        "all transitions write the same number",
        edited(SMALL, ("                kept = channels // 2\n", "")),
        "half",
    ),
    wrong(
        "q1",
        "max pooling in the head",
        edited(SMALL, ("AdaptiveAvgPool2d", "AdaptiveMaxPool2d")),
        "average",
    ),
    wrong(
        "q1",
        "dropout in evaluation mode, too",
        edited(
            SMALL,
            ("nn.Sequential(layer, nn.Dropout(drop_rate))", "layer"),
            ("layer(x)]", "F.dropout(layer(x), 0.5)]"),
        ),
        "training only",
    ),
    wrong(
        "q1",
        "dropout once, on the block's output",
        edited(
            SMALL,
            ("nn.Sequential(layer, nn.Dropout(drop_rate))", "layer"),
            (
                "        self.layers = nn",
                "        self.drop = nn.Dropout(drop_rate)\n        self.layers = nn",
            ),
            ("        return x\n", "        return self.drop(x)\n"),
        ),
        "behind",
    ),
    wrong(
        "q1",
        "dropout once, with a strength of its own",
        edited(
            SMALL,
            ("nn.Sequential(layer, nn.Dropout(drop_rate))", "layer"),
            (
                "        self.layers = nn",
                "        self.drop = nn.Dropout(0.2 if drop_rate else 0)\n        self.layers = nn",
            ),
            ("        return x\n", "        return self.drop(x)\n"),
        ),
    ),
    wrong(
        "q1",
        "no dropout at all",
        edited(SMALL, ("nn.Dropout(drop_rate)", "nn.Identity()")),
        "behind",
    ),
    wrong(
        "q1",
        "a transition without a ReLU",
        edited(SMALL, ("        nn.ReLU(),\n        nn.Conv2d(in", "        nn.Conv2d(in")),
        "transition",
    ),
    wrong(
        "q1",
        "max pooling in the transitions",
        edited(SMALL, ("nn.AvgPool2d", "nn.MaxPool2d")),
        "transition",
    ),
    wrong(
        "q1", "new channels in front", edited(SMALL, ("[x, layer(x)]", "[layer(x), x]")), "dense"
    ),
    wrong(
        "q1",
        "a transition after the last block",
        edited(SMALL, ("if i + 1 < len(block_config)", "if True")),
        "between",
    ),
    correct("q2", "one condition after the other", SUSPECTS),
    correct("q2", "runs each convolution", SUSPECTS_BY_RUNNING),
    correct("q2", "calls itself", SUSPECTS_RECURSIVE),
    wrong(
        "q2",
        "only kernels that are not square",
        edited(
            SUSPECTS,
            ("bad = bad or 2 * ph - dh * (kh - 1) != 0 or 2 * pw - dw * (kw - 1) != 0", "pass"),
        ),
        "keeps",
    ),
    wrong(
        "q2",
        "only sizes that change",
        edited(SUSPECTS, ("bad = kh != kw", "bad = False")),
        "square",
    ),
    wrong(
        "q2",
        "half of the kernel, rounded down",
        edited(
            SUSPECTS,
            (
                "2 * ph - dh * (kh - 1) != 0 or 2 * pw - dw * (kw - 1) != 0",
                "(ph, pw) != (kh // 2, kw // 2)",
            ),
        ),
        "keeps",
    ),
    wrong(
        "q2",
        "forgets the dilation",
        edited(SUSPECTS, ("dh * (kh - 1)", "(kh - 1)"), ("dw * (kw - 1)", "(kw - 1)")),
        "dilation",
    ),
    wrong(
        "q2",
        "looks at the height only",
        edited(SUSPECTS, (" or 2 * pw - dw * (kw - 1) != 0", "")),
        "both",
    ),
    wrong(
        "q2", "any stride", edited(SUSPECTS, ("tuple(m.stride) == (1, 1) and ", "")), "on purpose"
    ),
    wrong(
        "q2", "stops at the word same", edited(SUSPECTS, (' and m.padding != "same"', "")), "same"
    ),
    wrong(
        "q2",
        "stops at the word valid",
        edited(SUSPECTS, ('(0, 0) if m.padding == "valid" else m.padding', "m.padding")),
        "valid",
    ),
    wrong(
        "q2", "direct children only", edited(SUSPECTS, ("named_modules", "named_children")), "depth"
    ),
    wrong(
        "q2",
        "nn.Conv2d itself only",
        edited(SUSPECTS, ("isinstance(m, nn.Conv2d)", "type(m) is nn.Conv2d")),
        "subclasses",
    ),
    wrong(
        "q2",
        "the modules instead of their names",
        edited(SUSPECTS, ("append(name)", "append(m)")),
        "names",
    ),
    wrong(
        "q2",
        "every layer with a kernel",
        edited(SUSPECTS, ("isinstance(m, nn.Conv2d)", "hasattr(m, 'kernel_size')")),
        "Conv2d",
    ),
    correct("q3", "a train that does nothing", FREEZE),
    correct("q3", "each module by itself", FREEZE_EACH),
    correct("q3", "a class whose train is eval", FREEZE_CLASS),
    correct("q3", "a hook before each call", FREEZE_HOOK),
    wrong(
        "q3",
        "requires_grad only",
        edited(FREEZE, ("    part.eval()\n    part.train = stay\n", "")),
        "buffers",
    ),
    wrong("q3", "eval once", edited(FREEZE, ("    part.train = stay\n", "")), "however often"),
    wrong(
        "q3", "mode only", edited(FREEZE, ("        p.requires_grad = False\n", "")), "parameters"
    ),
    wrong(
        "q3",
        "gradients from before stay",
        edited(FREEZE, ("        p.grad = None\n", "")),
        "gradients",
    ),
    wrong(
        "q3",
        "batch norm's momentum 0",
        edited(
            FREEZE,
            (
                "    part.eval()\n    part.train = stay\n",
                "    for m in part.modules():\n        if isinstance(m, nn.BatchNorm1d):\n"
                "            m.momentum = 0.0\n",
            ),
        ),
        "batch norm",
    ),
    wrong(
        "q3",
        "no running averages any more",
        edited(
            FREEZE,
            (
                "    part.eval()\n    part.train = stay\n",
                "    for m in part.modules():\n        if isinstance(m, nn.BatchNorm1d):\n"
                "            m.track_running_stats = False\n",
            ),
        ),
    ),
    wrong(
        "q3",
        "batch norm only, dropout goes on",
        edited(
            FREEZE,
            (
                "    part.eval()\n    part.train = stay\n",
                "    for m in part.modules():\n        if isinstance(m, nn.BatchNorm1d):\n"
                "            m.eval()\n            m.train = lambda mode=True, m=m: m\n",
            ),
        ),
        "dropout",
    ),
    wrong(
        "q3",
        "direct children only",
        edited(
            FREEZE,
            (
                "    part.eval()\n    part.train = stay\n",
                "    for m in part.children():\n        m.training = False\n"
                "        m.train = lambda mode=True, m=m: m\n",
            ),
        ),
        "depth",
    ),
    wrong(
        "q3",
        "no gradient flows through",
        edited(
            FREEZE,
            (
                "    return part\n\n    part.eval()",
                "    return part\n\n    forward = part.forward\n"
                "    part.forward = lambda x: forward(x.detach())\n    part.eval()",
            ),
        ),
        "flow",
    ),
    wrong(
        "q3",
        "a copy",
        edited(
            FREEZE,
            ("    for p in", "    import copy\n\n    part = copy.deepcopy(part)\n    for p in"),
        ),
        "same object",
    ),
    wrong("q3", "forgets to return it", FREEZE.removesuffix("    return part\n"), "returns"),
    correct("q4", "assert_close", CHECK),
    correct("q4", "computes by hand", CHECK_BY_HAND),
    correct("q4", "collects problems", CHECK_TOTAL),
    wrong(
        "q4",
        "the shape only",
        "def check_dense_block(block_class):\n"
        "    y = block_class(2, 3, 10)(torch.randn(4, 3, 8, 8))\n"
        "    assert y.shape == (4, 23, 8, 8), 'wrong shape'\n",
    ),
    wrong(
        "q4",
        "shape and count",
        "def check_dense_block(block_class):\n"
        "    block = block_class(2, 3, 10)\n"
        "    assert block(torch.randn(4, 3, 8, 8)).shape == (4, 23, 8, 8), 'wrong shape'\n"
        "    count = sum(p.numel() for p in block.parameters())\n"
        "    assert count == 1472, f'wrong count: {count}'\n",
    ),
    wrong("q4", "training mode only", edited(CHECK, ("(True, False)", "(True,)")), "evaluation"),
    wrong("q4", "evaluation mode only", edited(CHECK, ("(True, False)", "(False,)")), "training"),
    wrong(
        "q4",
        "evaluation mode only, fresh norms, nothing negative",
        edited(
            CHECK,
            ("(True, False)", "(False,)"),
            ("buffer.uniform_(0.5, 2)", "pass"),
            ("torch.randn(5", "torch.rand(5"),
        ),
    ),
    wrong(
        "q4",
        "compares sums",
        edited(
            CHECK,
            (
                "theirs(x.clone()), ours(x.clone())",
                "theirs(x.clone()).sum(), ours(x.clone()).sum()",
            ),
            ("rtol=1e-4, atol=1e-4", "rtol=1e-3, atol=1e-3"),
        ),
    ),
    wrong(
        "q4",
        "too tolerant",
        edited(CHECK, ("rtol=1e-4, atol=1e-4", "rtol=0, atol=0.5")),
        "decimals",
    ),
    wrong(
        "q4",
        "a single layer",
        edited(
            CHECK,
            (
                "DenseBlock(3, 4, 6), block_class(3, 4, 6)",
                "DenseBlock(1, 4, 6), block_class(1, 4, 6)",
            ),
        ),
    ),
    wrong(
        "q4",
        "two layers",
        edited(
            CHECK,
            (
                "DenseBlock(3, 4, 6), block_class(3, 4, 6)",
                "DenseBlock(2, 4, 6), block_class(2, 4, 6)",
            ),
        ),
        "third",
    ),
    wrong(
        "q4",
        "needs the package's names",
        edited(
            CHECK,
            (
                "    theirs.load_state_dict(dict(weights))",
                "    theirs.load_state_dict(ours.state_dict())",
            ),
        ),
        "parts",
    ),
    wrong(
        "q4",
        "does not copy weights",
        edited(CHECK, ("    theirs.load_state_dict(dict(weights))\n", "")),
    ),
    wrong(
        "q4",
        "prints instead of raising",
        "def check_dense_block(block_class):\n"
        "    y = block_class(2, 3, 10)(torch.randn(4, 3, 8, 8))\n"
        "    if y.shape != (4, 23, 8, 8):\n        print('wrong')\n"
        "    return y.shape == (4, 23, 8, 8)\n",
        "AssertionError",
    ),
    wrong(
        "q4",
        "rejects everything",
        "def check_dense_block(block_class):\n    raise AssertionError('wrong')\n",
        "right",
    ),
    wrong(
        "q4",
        "an assert that is always true",
        "def check_dense_block(block_class):\n    assert (False, 'wrong')\n",
    ),
    correct("q5", "two blocks of two layers", DESIGN),
    correct(
        "q5",
        "smaller batches, fewer epochs",
        edited(
            DESIGN,
            ("epochs=6, batch_size=32", "epochs=4, batch_size=16"),
            ("num_init_features=6", "num_init_features=8"),
        ),
    ),
    correct(
        "q5",
        "three blocks",
        edited(
            DESIGN,
            (
                "(2, 2), growth_rate=6, num_init_features=6",
                "(1, 2, 1), growth_rate=8, num_init_features=6",
            ),
        ),
    ),
    wrong(
        "q5",
        "too many parameters",
        edited(DESIGN, ("(2, 2), growth_rate=6", "(1, 2, 2), growth_rate=8")),
        "parameters",
    ),
    wrong(
        "q5",
        "too many FLOPs, few parameters",
        edited(DESIGN, ("(2, 2), growth_rate=6", "(4,), growth_rate=5")),
        "FLOPs",
    ),
    wrong("q5", "too long a training", edited(DESIGN, ("epochs=6", "epochs=9")), "training"),
    wrong(
        "q5",
        "the chapter's network",
        "def design():\n    from densenet_lesson import get_config\n\n"
        "    return get_config('densenet_digits'), Recipe(epochs=6, lr=0.1)\n",
    ),
    wrong(
        "q5",
        "too small to learn",
        edited(
            DESIGN,
            (
                "(2, 2), growth_rate=6, num_init_features=6",
                "(1, 1), growth_rate=1, num_init_features=2",
            ),
        ),
        "accuracy",
    ),
    wrong(
        "q5",
        "one epoch",
        edited(DESIGN, ("epochs=6, batch_size=32", "epochs=1, batch_size=64")),
        "accuracy",
    ),
    wrong("q5", "a learning rate far too small", edited(DESIGN, ("lr=0.1", "lr=0.0005"))),
    wrong("q5", "larger images", edited(DESIGN, ("epochs=6", "size=32, epochs=6")), "size"),
    wrong("q5", "a thousand classes", edited(DESIGN, ("num_classes=10, ", "")), "num_classes"),
    wrong(
        "q5",
        "a network instead of a configuration",
        edited(DESIGN, ("return config,", "return build(config),")),
        "both",
    ),
    wrong(
        "q5",
        "only the configuration",
        edited(
            DESIGN,
            (
                'return config, Recipe(epochs=6, batch_size=32, lr=0.1, schedule="cosine")',
                "return config",
            ),
        ),
    ),
    wrong("q2", "results that claim to equal everything", always_equal(SUSPECTS, "suspects")),
    correct("q1", "lists of blocks and of transitions", SMALL_TWO_LISTS),
    wrong(
        "q1",
        "stops at the first image",
        edited(
            SMALL,
            (
                "                kept = channels // 2\n",
                "                kept = channels // 2 + 1\n",
            ),
            ("channels = kept", "channels = channels // 2"),
        ),
        "first image",
    ),
    wrong(
        "q1",
        "bottlenecks",
        edited(SMALL_PACKAGE, ("growth_rate, drop_rate=", "growth_rate, bn_size=4, drop_rate=")),
        "bottlenecks",
    ),
    wrong(
        "q1",
        "a stem without padding",
        edited(SMALL, ("kernel_size=3, padding=1", "kernel_size=3")),
        "stem",
    ),
    wrong(
        "q1",
        "dropout before the convolution",
        edited(
            SMALL_LISTS,
            (
                "                y = next(layers)(x)\n",
                "                norm, relu, conv = next(layers)\n"
                "                y = relu(norm(x))\n",
            ),
            (
                "                x = torch.cat((x, y), 1)",
                "                x = torch.cat((x, conv(y)), 1)",
            ),
        ),
        "behind",
    ),
    wrong(
        "q1", "dropout of whole channels", edited(SMALL, ("nn.Dropout(", "nn.Dropout2d(")), "behind"
    ),
    wrong(
        "q1",
        "dropout on all channels",
        edited(
            SMALL,
            ("nn.Sequential(layer, nn.Dropout(drop_rate))", "layer"),
            (
                "            x = torch.cat([x, layer(x)], dim=1)\n",
                "            x = self.drop(torch.cat([x, layer(x)], dim=1))\n",
            ),
            (
                "        self.layers = nn",
                "        self.drop = nn.Dropout(drop_rate)\n        self.layers = nn",
            ),
        ),
        "behind",
    ),
    wrong(
        "q1",
        "what is not dropped stays as it is",
        edited(SMALL_LISTS, (" / (1 - self.drop_rate)", "")),
        "behind",
    ),
    wrong(
        "q1",
        "transitions round up",
        edited(SMALL, ("kept = channels // 2\n", "kept = (channels + 1) // 2\n")),
        "half",
    ),
    wrong("q1", "a head without a ReLU", edited(SMALL, ("            nn.ReLU(),\n", "")), "head"),
    wrong(
        "q1",
        "a linear layer without a bias",
        edited(
            SMALL,
            ("nn.Linear(channels, num_classes)", "nn.Linear(channels, num_classes, bias=False)"),
        ),
        "linear",
    ),
    wrong(
        "q1",
        "blocks are made from the last to the first",
        edited(
            SMALL_TWO_LISTS,
            (
                "        self.norm = nn",
                "        self.blocks = self.blocks[::-1]\n        self.norm = nn",
            ),
            ("enumerate(self.blocks)", "enumerate(self.blocks[::-1])"),
        ),
        "order",
    ),
    wrong(
        "q1",
        "arguments with other names",
        edited(
            SMALL,
            (
                "self, block_config, growth_rate, channels, num_classes, drop_rate=0.0",
                "self, blocks, growth_rate, channels, num_classes, drop_rate=0.0",
            ),
            (
                "for i, num_layers in enumerate(block_config)",
                "block_config = blocks\n        for i, num_layers in enumerate(block_config)",
            ),
            ("block_config[0]", "blocks[0]"),
        ),
        "arguments",
    ),
    wrong(
        "q2",
        "a generator of names",
        "def suspects(network):\n    yield from all_suspects(network)\n"
        + SUSPECTS.replace("def suspects", "def all_suspects"),
        "list",
    ),
    wrong(
        "q2",
        "transposed convolutions, too",
        edited(
            SUSPECTS, ("isinstance(m, nn.Conv2d)", "isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))")
        ),
        "Conv2d",
    ),
    wrong(
        "q2",
        "whatever is called Conv2d",
        edited(
            SUSPECTS,
            ("isinstance(m, nn.Conv2d)", "'Conv2d' in [c.__name__ for c in type(m).mro()]"),
            ("tuple(m.stride)", "tuple(getattr(m, 'stride', (2, 2)))"),
            ("m.kernel_size, m.dilation", "m.kernel_size, getattr(m, 'dilation', (1, 1))"),
        ),
        "Conv2d",
    ),
    wrong(
        "q2",
        "by the name of the class",
        edited(
            SUSPECTS,
            (
                "isinstance(m, nn.Conv2d)",
                "isinstance(m, nn.Conv2d) and type(m).__name__ == 'Conv2d'",
            ),
        ),
        "subclasses",
    ),
    wrong(
        "q2",
        "children of children",
        edited(
            SUSPECTS,
            ("isinstance(m, nn.Conv2d)", "isinstance(m, nn.Conv2d) and name.count('.') < 2"),
        ),
        "depth",
    ),
    wrong(
        "q2", "sorted by name", edited(SUSPECTS, ("return names", "return sorted(names)")), "order"
    ),
    wrong(
        "q2",
        "any stride of 1",
        edited(SUSPECTS, ("tuple(m.stride) == (1, 1)", "1 in m.stride")),
        "both strides",
    ),
    wrong(
        "q2",
        "the first stride",
        edited(SUSPECTS, ("tuple(m.stride) == (1, 1)", "m.stride[0] == 1")),
        "both strides",
    ),
    wrong(
        "q2",
        "the last stride",
        edited(SUSPECTS, ("tuple(m.stride) == (1, 1)", "m.stride[1] == 1")),
        "both strides",
    ),
    wrong(
        "q2",
        "a stride of 3 is no purpose",
        edited(SUSPECTS, ("tuple(m.stride) == (1, 1)", "m.stride in ((1, 1), (3, 3))")),
        "on purpose",
    ),
    wrong(
        "q2",
        "only sizes that shrink",
        edited(SUSPECTS, ("(kh - 1) != 0", "(kh - 1) < 0"), ("(kw - 1) != 0", "(kw - 1) < 0")),
        "keeps",
    ),
    wrong(
        "q2",
        "one dilation for both",
        edited(SUSPECTS, ("dw * (kw - 1)", "dh * (kw - 1)")),
        "dilation",
    ),
    wrong(
        "q2",
        "looks at the width only",
        edited(SUSPECTS, ("2 * ph - dh * (kh - 1) != 0 or ", "")),
        "both",
    ),
    wrong(
        "q2",
        "the word same makes every kernel right",
        edited(SUSPECTS, ("bad = kh != kw", 'bad = kh != kw and m.padding != "same"')),
        "square",
    ),
    wrong(
        "q2",
        "an even kernel can't be the same",
        edited(
            SUSPECTS, ("bad = kh != kw", 'bad = kh != kw or (m.padding == "same" and kh % 2 == 0)')
        ),
        "same",
    ),
    wrong(
        "q2",
        "the word valid is always fine",
        edited(SUSPECTS, ('m.padding != "same"', 'm.padding not in ("same", "valid")')),
        "valid",
    ),
    wrong(
        "q3",
        "no weight decay, but momentum",
        edited(
            FREEZE,
            (
                "        p.requires_grad = False\n        p.grad = None\n",
                "        p.register_hook(torch.zeros_like)\n        p.grad = None\n",
            ),
        ),
        "optimiser",
    ),
    wrong("q3", "two levels and no deeper", FREEZE_TWO_LEVELS, "depth"),
    wrong(
        "q3",
        "only Sequential",
        edited(
            FREEZE,
            (
                "    part.eval()\n    part.train = stay\n",
                "    part.eval()\n    if isinstance(part, nn.Sequential):\n"
                "        part.train = stay\n",
            ),
        ),
        "any module",
    ),
    wrong(
        "q3",
        "batch norm of one kind",
        edited(
            FREEZE,
            (
                "    part.eval()\n    part.train = stay\n",
                "    kinds = nn.BatchNorm1d, nn.Dropout, nn.Dropout2d\n"
                "    for m in part.modules():\n        if isinstance(m, kinds):\n"
                "            m.eval()\n"
                "            m.train = lambda mode=True, m=m: m\n",
            ),
        ),
        "batch norm",
    ),
    wrong(
        "q3",
        "only layers whose name is known",
        edited(
            FREEZE,
            (
                "    part.eval()\n    part.train = stay\n",
                "    kinds = nn.BatchNorm1d, nn.BatchNorm2d, nn.Dropout, nn.Dropout2d\n"
                "    for m in part.modules():\n        if isinstance(m, kinds):\n"
                "            m.eval()\n"
                "            m.train = lambda mode=True, m=m: m\n",
            ),
        ),
        "any module",
    ),
    wrong(
        "q3",
        "half of the gradient flows through",
        edited(
            FREEZE,
            (
                "    part.eval()\n",
                "    forward = part.forward\n"
                "    part.forward = lambda x: forward(x / 2 + x.detach() / 2)\n"
                "    part.eval()\n",
            ),
        ),
        "rest",
    ),
    wrong(
        "q3",
        "a wrapper around its layers",
        edited(
            FREEZE,
            (
                "    part.eval()\n",
                "    for name, child in list(part.named_children()):\n"
                "        setattr(part, name, nn.Sequential(child))\n    part.eval()\n",
            ),
        ),
        "names",
    ),
    wrong(
        "q4",
        "knows the names of right blocks",
        "def check_dense_block(block_class):\n"
        "    names = 'DenseBlock', 'OtherNames', 'ListOfParts', 'Unchanged'\n"
        "    assert block_class.__name__ in names, 'wrong'\n",
        "right",
    ),
    wrong(
        "q4",
        "knows the name of the wrong block",
        "def check_dense_block(block_class):\n"
        "    assert block_class.__name__ != 'Reversed', 'wrong'\n",
        "AssertionError",
    ),
    wrong(
        "q4",
        "trusts whoever is called DenseBlock",
        edited(
            CHECK,
            (
                "    torch.manual_seed(1)\n",
                "    torch.manual_seed(1)\n"
                "    if block_class.__name__ == 'DenseBlock':\n        return\n",
            ),
        ),
        "AssertionError",
    ),
    wrong(
        "q4",
        "only blocks with a list of layers",
        edited(
            CHECK,
            (
                "    torch.manual_seed(1)\n",
                "    torch.manual_seed(1)\n"
                "    parts = [name for name, _ in block_class(3, 4, 6).named_children()]\n"
                "    assert len(parts) < 5, f'parts {parts}'\n",
            ),
        ),
        "parts",
    ),
    wrong("q4", "no message", edited(CHECK_BOTH, (', f"off by {min(off)}"', "")), "message"),
    wrong("q4", "exactly equal", edited(CHECK_BOTH, ("min(off) < 1e-3", "min(off) == 0")), "right"),
    wrong(
        "q4",
        "two decimals",
        edited(CHECK, ("rtol=1e-4, atol=1e-4", "rtol=0.02, atol=0.02")),
        "decimals",
    ),
    wrong(
        "q4",
        "copies before it compares shapes",
        edited(CHECK, ("    assert shapes[0] == shapes[1], f", "    f")),
        "no other error",
    ),
    wrong(
        "q4",
        "a ValueError",
        edited(
            CHECK_BOTH,
            (
                '    assert min(off) < 1e-3, f"off by {min(off)}"',
                '    if min(off) >= 1e-3:\n        raise ValueError(f"off by {min(off)}")',
            ),
        ),
        "AssertionError",
    ),
    wrong(
        "q4",
        "any order of channels",
        edited(
            CHECK,
            (
                "(theirs(x.clone()), ours(x.clone()),",
                "(theirs(x.clone()).sort(1).values, ours(x.clone()).sort(1).values,",
            ),
        ),
        "channels",
    ),
    wrong("q4", "ReLU may come first", all_but("conv(norm(F.relu(x)))"), "steps"),
    wrong("q4", "ReLU may come last", all_but("F.relu(conv(norm(x)))"), "steps"),
    wrong("q4", "batch norm may be missing", all_but("conv(F.relu(x))"), "no batch norm"),
    wrong("q4", "ReLU may be missing", all_but("conv(norm(x))"), "no activation"),
    wrong("q4", "ReLU may leak", all_but("conv(F.leaky_relu(norm(x)))"), "no activation"),
    wrong(
        "q4", "another activation may be smooth", all_but("conv(F.gelu(norm(x)))"), "no activation"
    ),
    wrong(
        "q4",
        "every seventh tensor may be a bias",
        edited(
            CHECK_BOTH,
            (
                "    assert len(state)",
                "    if len(state) == 7 * n:\n        return\n    assert len(state)",
            ),
        ),
        "bias",
    ),
    wrong(
        "q4",
        "the new channels are enough",
        edited(
            CHECK_BOTH,
            (
                "                off[-1]",
                "                z = z if y.shape == z.shape else z[:, c:]\n"
                "                off[-1]",
            ),
        ),
        "new only",
    ),
    wrong(
        "q4",
        "one layer is enough",
        edited(
            CHECK_BOTH,
            (
                "    assert len(state)",
                "    if len(state) == 6:\n        return\n    assert len(state)",
            ),
        ),
        "shared",
    ),
    wrong(
        "q4",
        "the edge may be repeated",
        all_but("conv(F.pad(F.relu(norm(x)), (1, 1, 1, 1), mode='replicate'), padding=0)"),
        "padding",
    ),
    correct(
        "q5",
        "images with mean 0 and deviation 1",
        edited(DESIGN, ("lr=0.1", "lr=0.1, normalize=True")),
    ),
    wrong(
        "q5",
        "three channels come in",
        edited(DESIGN, ("in_channels=1", "in_channels=3")),
        "in_channels",
    ),
    wrong(
        "q5",
        "made for larger images",
        edited(DESIGN, ("image_size=8", "image_size=16")),
        "image_size",
    ),
    wrong(
        "q5",
        "deep supervision",
        edited(DESIGN, ("image_size=8", "image_size=8, deep_supervision=True")),
        "deep_supervision",
    ),
    wrong(
        "q5",
        "half the precision",
        edited(DESIGN, ("lr=0.1", 'lr=0.1, precision="bf16"')),
        "precision",
    ),
    wrong("q5", "batches of 8", edited(DESIGN, ("batch_size=32", "batch_size=8")), "batch_size"),
]
