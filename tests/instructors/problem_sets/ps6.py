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
CLAUSES: dict[str, dict[str, str]] = {}

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
    ),
    wrong(
        "q1",
        "a missing comma",
        edited(SMALL, ("nn.ReLU(),\n        nn.Conv2d", "nn.ReLU()\n        nn.Conv2d")),
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
    ),
    wrong(
        "q1",
        "all transitions write the same number",
        edited(SMALL, ("                kept = channels // 2\n", "")),
    ),
    wrong(
        "q1", "max pooling in the head", edited(SMALL, ("AdaptiveAvgPool2d", "AdaptiveMaxPool2d"))
    ),
    wrong(
        "q1",
        "dropout in evaluation mode, too",
        edited(
            SMALL,
            ("nn.Sequential(layer, nn.Dropout(drop_rate))", "layer"),
            ("layer(x)]", "F.dropout(layer(x), 0.5)]"),
        ),
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
    wrong("q1", "no dropout at all", edited(SMALL, ("nn.Dropout(drop_rate)", "nn.Identity()"))),
    wrong(
        "q1",
        "a transition without a ReLU",
        edited(SMALL, ("        nn.ReLU(),\n        nn.Conv2d(in", "        nn.Conv2d(in")),
    ),
    wrong("q1", "max pooling in the transitions", edited(SMALL, ("nn.AvgPool2d", "nn.MaxPool2d"))),
    wrong("q1", "new channels in front", edited(SMALL, ("[x, layer(x)]", "[layer(x), x]"))),
    wrong(
        "q1",
        "a transition after the last block",
        edited(SMALL, ("if i + 1 < len(block_config)", "if True")),
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
    ),
    wrong("q2", "only sizes that change", edited(SUSPECTS, ("bad = kh != kw", "bad = False"))),
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
    ),
    wrong(
        "q2",
        "forgets the dilation",
        edited(SUSPECTS, ("dh * (kh - 1)", "(kh - 1)"), ("dw * (kw - 1)", "(kw - 1)")),
    ),
    wrong(
        "q2", "looks at the height only", edited(SUSPECTS, (" or 2 * pw - dw * (kw - 1) != 0", ""))
    ),
    wrong("q2", "any stride", edited(SUSPECTS, ("tuple(m.stride) == (1, 1) and ", ""))),
    wrong("q2", "stops at the word same", edited(SUSPECTS, (' and m.padding != "same"', ""))),
    wrong(
        "q2",
        "stops at the word valid",
        edited(SUSPECTS, ('(0, 0) if m.padding == "valid" else m.padding', "m.padding")),
    ),
    wrong("q2", "direct children only", edited(SUSPECTS, ("named_modules", "named_children"))),
    wrong(
        "q2",
        "nn.Conv2d itself only",
        edited(SUSPECTS, ("isinstance(m, nn.Conv2d)", "type(m) is nn.Conv2d")),
    ),
    wrong(
        "q2", "the modules instead of their names", edited(SUSPECTS, ("append(name)", "append(m)"))
    ),
    wrong(
        "q2",
        "every layer with a kernel",
        edited(SUSPECTS, ("isinstance(m, nn.Conv2d)", "hasattr(m, 'kernel_size')")),
    ),
    correct("q3", "a train that does nothing", FREEZE),
    correct("q3", "each module by itself", FREEZE_EACH),
    correct("q3", "a class whose train is eval", FREEZE_CLASS),
    correct("q3", "a hook before each call", FREEZE_HOOK),
    wrong(
        "q3", "requires_grad only", edited(FREEZE, ("    part.eval()\n    part.train = stay\n", ""))
    ),
    wrong("q3", "eval once", edited(FREEZE, ("    part.train = stay\n", ""))),
    wrong("q3", "mode only", edited(FREEZE, ("        p.requires_grad = False\n", ""))),
    wrong("q3", "gradients from before stay", edited(FREEZE, ("        p.grad = None\n", ""))),
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
    ),
    wrong(
        "q3",
        "a copy",
        edited(
            FREEZE,
            ("    for p in", "    import copy\n\n    part = copy.deepcopy(part)\n    for p in"),
        ),
    ),
    wrong("q3", "forgets to return it", FREEZE.removesuffix("    return part\n")),
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
    wrong("q4", "training mode only", edited(CHECK, ("(True, False)", "(True,)"))),
    wrong("q4", "evaluation mode only", edited(CHECK, ("(True, False)", "(False,)"))),
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
    wrong("q4", "too tolerant", edited(CHECK, ("rtol=1e-4, atol=1e-4", "rtol=0, atol=0.5"))),
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
    ),
    wrong(
        "q4",
        "rejects everything",
        "def check_dense_block(block_class):\n    raise AssertionError('wrong')\n",
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
    ),
    wrong(
        "q5",
        "too many FLOPs, few parameters",
        edited(DESIGN, ("(2, 2), growth_rate=6", "(4,), growth_rate=5")),
    ),
    wrong("q5", "too long a training", edited(DESIGN, ("epochs=6", "epochs=9"))),
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
    ),
    wrong(
        "q5", "one epoch", edited(DESIGN, ("epochs=6, batch_size=32", "epochs=1, batch_size=64"))
    ),
    wrong("q5", "a learning rate far too small", edited(DESIGN, ("lr=0.1", "lr=0.0005"))),
    wrong("q5", "larger images", edited(DESIGN, ("epochs=6", "size=32, epochs=6"))),
    wrong("q5", "a thousand classes", edited(DESIGN, ("num_classes=10, ", ""))),
    wrong(
        "q5",
        "a network instead of a configuration",
        edited(DESIGN, ("return config,", "return build(config),")),
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
]
