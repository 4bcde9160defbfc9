"""Problem set 2, residual blocks and shortcuts: correct solutions, and typical mistakes."""

from variants import always_equal, correct, edited, wrong

KERAS = """
def keras_count(network):
    total = sum(p.numel() for p in network.parameters())
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            if layer.bias is None:
                total += layer.out_channels
        elif isinstance(layer, nn.BatchNorm2d):
            total += layer.running_mean.numel() + layer.running_var.numel()
    return total
"""

PAD = """
def pad_shortcut(x, out_channels, stride):
    n, c, h, w = x.shape
    if out_channels < c:
        raise ValueError(f"out_channels={out_channels} must be at least {c}")
    x = x[:, :, ::stride, ::stride]
    front = (out_channels - c) // 2
    back = out_channels - c - front
    h, w = x.shape[2:]
    zeros = lambda k: torch.zeros(n, k, h, w, dtype=x.dtype, device=x.device)
    return torch.cat([zeros(front), x, zeros(back)], dim=1)
"""

AVERAGE = """
class AverageShortcut(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.same = stride == 1 and in_channels == out_channels
        if not self.same:
            self.pool = nn.AvgPool2d(kernel_size=stride, stride=stride)
            self.conv = nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False)
            self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        if self.same:
            return x
        return self.norm(self.conv(self.pool(x)))
"""
SHORTCUTS = PAD + "\n" + AVERAGE

PREACT = """
class PreActBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, stride=1, padding=1, bias=False)
        self.same = stride == 1 and in_channels == out_channels
        if not self.same:
            self.conv3 = nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False)

    def forward(self, x):
        a = torch.relu(self.bn1(x))
        y = self.conv1(a)
        y = torch.relu(self.bn2(y))
        y = self.conv2(y)
        around = x if self.same else self.conv3(a)
        return around + y
"""

WEIGHTS = """
def bottleneck_weights(in_channels, width, out_channels, groups=1):
    if width % groups:
        raise ValueError(f"groups={groups} does not divide {width}")
    per_group = width // groups
    return in_channels * width + 3 * 3 * per_group * width + width * out_channels
"""

BOTTLENECK = """
class GroupedBottleneck(nn.Module):
    def __init__(self, in_channels, width, out_channels, stride=1, groups=1, stride_first=False):
        super().__init__()
        s1, s2 = (stride, 1) if stride_first else (1, stride)
        self.conv1 = nn.Conv2d(in_channels, width, 1, stride=s1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=s2, padding=1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.same = stride == 1 and in_channels == out_channels
        if not self.same:
            self.conv4 = nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False)
            self.bn4 = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        around = x if self.same else self.bn4(self.conv4(x))
        return torch.relu(around + y)
"""
GROUPED = WEIGHTS + "\n" + BOTTLENECK

SHARE = """
def path_share(num_blocks, slope, longest):
    share = 0
    for j in range(0, longest + 1):
        share += math.comb(num_blocks, j) * slope**j
    return share / (1 + slope) ** num_blocks
"""

NORMS = """
def gradient_norms(blocks, x, loss_of):
    y = x.detach().clone().requires_grad_(True)
    tensors = [y]
    for block in blocks:
        y = block(y)
        tensors.append(y)
    loss = loss_of(y)
    grads = torch.autograd.grad(loss, tensors)
    return [float(g.norm()) for g in grads]
"""
PATHS = SHARE + "\n" + NORMS

# By question: a short name for each clause of its task, and the task's words.
CLAUSES: dict[str, dict[str, str]] = {}

VARIANTS = [
    # ------------------------------------------------------------------ question 1
    correct("q1", "a loop over the modules", KERAS),
    correct(
        "q1",
        "parameters and buffers by name",
        """
def keras_count(network):
    total = sum(p.numel() for p in network.parameters())
    total += sum(b.numel() for name, b in network.named_buffers() if "running" in name)
    biases = [m.out_channels for m in network.modules() if type(m) is nn.Conv2d and m.bias is None]
    return total + sum(biases)
""",
    ),
    correct(
        "q1",
        "recursion through the children",
        """
def keras_count(network):
    count = sum(p.numel() for p in network.parameters(recurse=False))
    if isinstance(network, nn.Conv2d) and network.bias is None:
        count += network.weight.shape[0]
    if isinstance(network, nn.BatchNorm2d):
        count += 2 * network.num_features
    return count + sum(keras_count(child) for child in network.children())
""",
    ),
    wrong(
        "q1",
        "PyTorch's number",
        edited(KERAS, (KERAS[KERAS.index("    for") :], "    return total\n")),
    ),
    wrong("q1", "no biases", edited(KERAS, ("total += layer.out_channels", "pass"))),
    wrong(
        "q1", "a bias for every convolution", edited(KERAS, ("if layer.bias is None:", "if True:"))
    ),
    wrong("q1", "a bias for each channel read", edited(KERAS, ("layer.out_ch", "layer.in_ch"))),
    wrong("q1", "means only", edited(KERAS, (" + layer.running_var.numel()", ""))),
    wrong(
        "q1",
        "all buffers, the counter too",
        edited(
            KERAS,
            (
                "layer.running_mean.numel() + layer.running_var.numel()",
                "sum(b.numel() for b in layer.buffers())",
            ),
        ),
    ),
    wrong("q1", "does not look inside", edited(KERAS, ("network.modules()", "network.children()"))),
    wrong(
        "q1",
        "a fixed difference",
        edited(
            KERAS,
            (
                KERAS[KERAS.index("    for") :],
                "    return total + (79_680 if total > 1000 else 24)\n",
            ),
        ),
    ),
    wrong(
        "q1",
        "statistics instead of scale and shift",
        edited(KERAS, ("total += layer.running_mean", "total += 0 * layer.running_mean")),
    ),
    # ------------------------------------------------------------------ question 2
    correct("q2", "zeros concatenated, conditions in forward", SHORTCUTS),
    correct(
        "q2",
        "a larger tensor, filled; pooling after the convolution",
        """
def pad_shortcut(x, out_channels, stride):
    small = x[..., ::stride, ::stride]
    new = out_channels - small.size(1)
    if new < 0:
        raise ValueError("too few out_channels")
    y = small.new_zeros(small.size(0), out_channels, *small.shape[2:])
    y[:, new // 2 : new // 2 + small.size(1)] = small
    return y

class AverageShortcut(nn.Sequential):
    def __init__(self, in_channels, out_channels, stride=1):
        if stride == 1 and in_channels == out_channels:
            super().__init__(nn.Identity())
        else:
            super().__init__(
                nn.Conv2d(in_channels, out_channels, 1, bias=False),
                nn.AvgPool2d(stride),
                nn.BatchNorm2d(out_channels),
            )
""",
    ),
    correct(
        "q2",
        "a pooling that skips; functional average",
        """
def pad_shortcut(x, out_channels, stride):
    if x.shape[1] > out_channels:
        raise ValueError(f"out_channels must not be less than {x.shape[1]}")
    extra = out_channels - x.shape[1]
    x = F.max_pool2d(x, kernel_size=1, stride=stride)
    return F.pad(x, [0, 0, 0, 0, extra // 2, (extra + 1) // 2])

class AverageShortcut(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.stride = stride
        self.layers = nn.ModuleList()
        if stride != 1 or in_channels != out_channels:
            self.layers += [nn.Conv2d(in_channels, out_channels, 1, bias=False)]
            self.layers += [nn.BatchNorm2d(out_channels)]

    def forward(self, x):
        if len(self.layers):
            n, c, h, w = x.shape
            s = self.stride
            x = x.reshape(n, c, h // s, s, w // s, s).mean(dim=(3, 5))
        for layer in self.layers:
            x = layer(x)
        return x
""",
    ),
    wrong(
        "q2",
        "all zeros behind",
        edited(SHORTCUTS, ("front = (out_channels - c) // 2", "front = 0")),
    ),
    wrong(
        "q2",
        "the odd channel in front",
        edited(SHORTCUTS, ("(out_channels - c) // 2", "(out_channels - c + 1) // 2")),
    ),
    wrong(
        "q2",
        "starts at pixel 1",
        edited(SHORTCUTS, ("::stride, ::stride", "stride - 1 :: stride, stride - 1 :: stride")),
    ),
    wrong(
        "q2",
        "averages in option A",
        edited(SHORTCUTS, ("x = x[:, :, ::stride, ::stride]", "x = F.avg_pool2d(x, stride)")),
    ),
    wrong(
        "q2",
        "repeats channels in place of zeros",
        edited(
            SHORTCUTS,
            (
                "torch.cat([zeros(front), x, zeros(back)], dim=1)",
                "torch.cat([x] * 9, dim=1)[:, :out_channels]",
            ),
        ),
    ),
    wrong("q2", "no error", edited(SHORTCUTS, ("if out_channels < c:", "if False:"))),
    wrong(
        "q2",
        "zeros of 32 bits only",
        edited(
            SHORTCUTS,
            (
                "zeros(front), x, zeros(back)], dim=1)",
                "zeros(front), x, zeros(back)], dim=1).float()",
            ),
        ),
    ),
    wrong(
        "q2",
        "convolution with a stride, as in B",
        edited(
            SHORTCUTS,
            (
                "self.pool = nn.AvgPool2d(kernel_size=stride, stride=stride)",
                "self.pool = nn.Identity()",
            ),
            ("kernel_size=1, bias", "kernel_size=1, stride=stride, bias"),
        ),
    ),
    wrong("q2", "max in place of average", edited(SHORTCUTS, ("nn.AvgPool2d", "nn.MaxPool2d"))),
    wrong(
        "q2",
        "no batch norm",
        edited(SHORTCUTS, ("self.norm(self.conv(self.pool(x)))", "self.conv(self.pool(x))")),
    ),
    wrong(
        "q2",
        "batch norm before the pooling",
        edited(
            SHORTCUTS, ("self.norm(self.conv(self.pool(x)))", "self.pool(self.norm(self.conv(x)))")
        ),
    ),
    wrong("q2", "a bias", edited(SHORTCUTS, (", bias=False", ""))),
    wrong(
        "q2",
        "always a projection, as in C",
        edited(
            SHORTCUTS,
            ("self.same = stride == 1 and in_channels == out_channels", "self.same = False"),
        ),
    ),
    wrong(
        "q2",
        "a window of 2, always",
        edited(SHORTCUTS, ("kernel_size=stride, stride=stride", "kernel_size=2, stride=stride")),
    ),
    wrong(
        "q2",
        "a ReLU after the norm",
        edited(
            SHORTCUTS,
            (
                "return self.norm(self.conv(self.pool(x)))",
                "return torch.relu(self.norm(self.conv(self.pool(x))))",
            ),
        ),
    ),
    # ------------------------------------------------------------------ question 3
    correct("q3", "attributes and a flag", PREACT),
    correct(
        "q3",
        "two Sequentials",
        """
class PreActBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.activate = nn.Sequential(nn.BatchNorm2d(in_channels), nn.ReLU(inplace=True))
        self.g = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False),
        )
        changes = stride != 1 or in_channels != out_channels
        self.p = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False) if changes else None

    def forward(self, x):
        a = self.activate(x)
        return (self.p(a) if self.p else x) + self.g(a)
""",
    ),
    correct(
        "q3",
        "functional, the projection looks at skipped pixels",
        """
class PreActBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.stride = stride
        self.norms = nn.ModuleList([nn.BatchNorm2d(in_channels)])
        self.convs = nn.ModuleList(
            [nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)]
        )
        self.norms.append(nn.BatchNorm2d(out_channels))
        self.convs.append(nn.Conv2d(out_channels, out_channels, 3, padding="same", bias=False))
        if (stride, in_channels) != (1, out_channels):
            self.convs.append(nn.Conv2d(in_channels, out_channels, 1, bias=False))

    def forward(self, x):
        a = self.norms[0](x).clamp(min=0)
        g = self.convs[1](self.norms[1](self.convs[0](a)).clamp(min=0))
        if len(self.convs) == 3:
            x = self.convs[2](a[:, :, :: self.stride, :: self.stride])
        return torch.add(x, g)
""",
    ),
    correct(
        "q3",
        "a method for g",
        edited(
            PREACT,
            (
                "        a = torch.relu(self.bn1(x))\n        y = self.conv1(a)\n"
                "        y = torch.relu(self.bn2(y))\n        y = self.conv2(y)\n",
                "        a = F.relu(self.bn1(x))\n        y = self.g(a)\n",
            ),
            (
                "    def forward",
                "    def g(self, a):\n"
                "        return self.conv2(F.relu(self.bn2(self.conv1(a))))\n\n    def forward",
            ),
        ),
    ),
    wrong(
        "q3",
        "a ReLU after the sum",
        edited(PREACT, ("return around + y", "return torch.relu(around + y)")),
    ),
    wrong("q3", "the projection reads x", edited(PREACT, ("self.conv3(a)", "self.conv3(x)"))),
    wrong(
        "q3",
        "the shortcut is always activated",
        edited(PREACT, ("x if self.same", "a if self.same")),
    ),
    wrong(
        "q3",
        "a norm after the projection",
        edited(
            PREACT,
            (
                "self.conv3 = nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False)",
                "self.conv3 = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, stride=stride, "
                "bias=False), nn.BatchNorm2d(out_channels))",
            ),
        ),
    ),
    wrong(
        "q3",
        "norms after the convolutions",
        edited(
            PREACT,
            ("nn.BatchNorm2d(in_channels)", "nn.BatchNorm2d(out_channels)"),
            (
                "        a = torch.relu(self.bn1(x))\n        y = self.conv1(a)\n"
                "        y = torch.relu(self.bn2(y))\n        y = self.conv2(y)\n",
                "        a = x\n        y = torch.relu(self.bn1(self.conv1(x)))\n"
                "        y = self.bn2(self.conv2(y))\n",
            ),
        ),
    ),
    wrong(
        "q3",
        "ReLU before the norm",
        edited(PREACT, ("torch.relu(self.bn1(x))", "self.bn1(torch.relu(x))")),
    ),
    wrong("q3", "no second ReLU", edited(PREACT, ("torch.relu(self.bn2(y))", "self.bn2(y)"))),
    wrong(
        "q3", "no second norm in use", edited(PREACT, ("torch.relu(self.bn2(y))", "torch.relu(y)"))
    ),
    wrong(
        "q3",
        "stride in the second convolution",
        edited(
            PREACT,
            ("3, stride=stride,", "3, stride=S,"),
            ("3, stride=1,", "3, stride=stride,"),
            ("stride=S", "stride=1"),
        ),
    ),
    wrong("q3", "biases", edited(PREACT, (", bias=False", ""))),
    wrong("q3", "no shortcut", edited(PREACT, ("return around + y", "return y"))),
    wrong(
        "q3",
        "projection only when halved",
        edited(PREACT, ("stride == 1 and in_channels == out_channels", "stride == 1")),
    ),
    wrong(
        "q3",
        "projection everywhere, as in C",
        edited(PREACT, ("stride == 1 and in_channels == out_channels", "False")),
    ),
    wrong(
        "q3", "changes its input", edited(PREACT, ("return around + y", "return around.add_(y)"))
    ),
    wrong("q3", "g added twice", edited(PREACT, ("return around + y", "return around + y + y"))),
    # ------------------------------------------------------------------ question 4
    correct("q4", "attributes and a flag", GROUPED),
    correct(
        "q4",
        "a function for convolution and norm",
        """
def bottleneck_weights(in_channels, width, out_channels, groups=1):
    if width // groups * groups != width:
        raise ValueError("width must be a multiple of groups")
    convs = [(in_channels, width, 1, 1), (width, width, 9, groups), (width, out_channels, 1, 1)]
    return sum(a * b * k // g for a, b, k, g in convs)

def conv_norm(a, b, size, stride=1, groups=1):
    conv = nn.Conv2d(a, b, size, stride, padding=size // 2, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(b)]

class GroupedBottleneck(nn.Module):
    def __init__(self, in_channels, width, out_channels, stride=1, groups=1, stride_first=False):
        super().__init__()
        steps = conv_norm(in_channels, width, 1, stride if stride_first else 1)
        steps += [nn.ReLU(inplace=True)]
        steps += conv_norm(width, width, 3, 1 if stride_first else stride, groups)
        steps += [nn.ReLU(inplace=True), *conv_norm(width, out_channels, 1)]
        self.g = nn.Sequential(*steps)
        self.around = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.around = nn.Sequential(*conv_norm(in_channels, out_channels, 1, stride))

    def forward(self, x):
        return (self.around(x) + self.g(x)).relu()
""",
    ),
    correct(
        "q4",
        "weights counted in real layers, shortcut of the package",
        """
def bottleneck_weights(in_channels, width, out_channels, groups=1):
    if width % groups > 0:
        raise ValueError(f"width={width} can't be divided into groups={groups}")
    middle = nn.Conv2d(width, width, 3, groups=groups).weight.numel()
    return width * (in_channels + out_channels) + middle

class GroupedBottleneck(nn.Module):
    def __init__(self, in_channels, width, out_channels, stride=1, groups=1, stride_first=False):
        super().__init__()
        from densenet_lesson.blocks import make_shortcut

        strides = [1, 1, 1]
        strides[0 if stride_first else 1] = stride
        channels = [in_channels, width, width, out_channels]
        self.convs, self.norms = nn.ModuleList(), nn.ModuleList()
        for i, size in enumerate((1, 3, 1)):
            shape = (channels[i], channels[i + 1], size)
            options = {"padding": size // 2, "groups": groups if size == 3 else 1}
            self.convs.append(nn.Conv2d(*shape, stride=strides[i], bias=False, **options))
        for c in channels[1:]:
            self.norms.append(nn.BatchNorm2d(c))
        self.around = make_shortcut(in_channels, out_channels, stride)

    def forward(self, x):
        y = x
        for i in range(3):
            y = self.norms[i](self.convs[i](y))
            if i < 2:
                y = F.relu(y)
        return F.relu(self.around(x) + y)
""",
    ),
    correct(
        "q4",
        "max in place of ReLU",
        edited(
            GROUPED, ("torch.relu(around + y)", "torch.maximum(around + y, torch.zeros_like(y))")
        ),
    ),
    wrong(
        "q4",
        "groups ignored in the count",
        edited(GROUPED, ("per_group = width // groups", "per_group = width")),
    ),
    wrong(
        "q4",
        "groups divided twice",
        edited(GROUPED, ("per_group * width + width", "per_group * per_group + width")),
    ),
    wrong(
        "q4",
        "no error for a width that doesn't fit",
        edited(GROUPED, ("if width % groups:", "if False:")),
    ),
    wrong(
        "q4",
        "1×1 convolutions counted as 3×3",
        edited(GROUPED, ("in_channels * width + 3", "9 * in_channels * width + 3")),
    ),
    wrong("q4", "groups ignored in the block", edited(GROUPED, (" groups=groups,", ""))),
    wrong(
        "q4",
        "stride always in the 3×3",
        edited(GROUPED, ("(stride, 1) if stride_first else (1, stride)", "1, stride")),
    ),
    wrong(
        "q4",
        "stride always in the 1×1",
        edited(GROUPED, ("(stride, 1) if stride_first else (1, stride)", "stride, 1")),
    ),
    wrong(
        "q4",
        "stride_first the wrong way round",
        edited(
            GROUPED,
            (
                "(stride, 1) if stride_first else (1, stride)",
                "(1, stride) if stride_first else (stride, 1)",
            ),
        ),
    ),
    wrong(
        "q4",
        "ReLU before the sum",
        edited(GROUPED, ("return torch.relu(around + y)", "return around + torch.relu(y)")),
    ),
    wrong(
        "q4",
        "no ReLU at the end",
        edited(GROUPED, ("return torch.relu(around + y)", "return around + y")),
    ),
    wrong(
        "q4",
        "no ReLU in the middle",
        edited(GROUPED, ("torch.relu(self.bn2(self.conv2(y)))", "self.bn2(self.conv2(y))")),
    ),
    wrong(
        "q4",
        "ReLU before the norm",
        edited(
            GROUPED, ("torch.relu(self.bn1(self.conv1(x)))", "self.bn1(torch.relu(self.conv1(x)))")
        ),
    ),
    wrong(
        "q4",
        "no norm on the shortcut",
        edited(GROUPED, ("self.bn4(self.conv4(x))", "self.conv4(x)")),
    ),
    wrong("q4", "biases", edited(GROUPED, (", bias=False", ""))),
    wrong(
        "q4",
        "projection everywhere, as in C",
        edited(
            GROUPED,
            ("self.same = stride == 1 and in_channels == out_channels", "self.same = False"),
        ),
    ),
    wrong("q4", "no shortcut", edited(GROUPED, ("torch.relu(around + y)", "torch.relu(y)"))),
    # ------------------------------------------------------------------ question 5
    correct("q5", "a loop, and autograd.grad", PATHS),
    correct(
        "q5",
        "Pascal's triangle, and gradients block by block",
        """
def path_share(num_blocks, slope, longest):
    terms = [1.0]  # contribution of all paths through 0, 1, 2, ... blocks
    for _ in range(num_blocks):
        through = [slope * t for t in terms]
        terms = [a + b for a, b in zip(terms + [0.0], [0.0] + through)]
    return sum(terms[: longest + 1]) / sum(terms)

def gradient_norms(blocks, x, loss_of):
    inputs, outputs, y = [], [], x
    for block in blocks:
        inputs.append(y.detach().requires_grad_())
        outputs.append(block(inputs[-1]))
        y = outputs[-1]
    y = y.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(loss_of(y), y)
    norms = [gradient.norm().item()]
    for a, b in zip(reversed(inputs), reversed(outputs)):
        (gradient,) = torch.autograd.grad(b, a, gradient)
        norms.insert(0, gradient.norm().item())
    return norms
""",
    ),
    correct(
        "q5",
        "binomial shares, and hooks on tensors",
        """
def path_share(num_blocks, slope, longest):
    p = slope / (1 + slope)  # a path taken by chance goes through a block with this probability
    return sum(
        math.comb(num_blocks, j) * p**j * (1 - p) ** (num_blocks - j) for j in range(longest + 1)
    )

def gradient_norms(blocks, x, loss_of):
    norms = {}
    first = x.detach().clone().requires_grad_()
    y = first
    for i, block in enumerate([*blocks, None]):
        y.register_hook(lambda g, i=i: norms.__setitem__(i, g.norm().item()))
        if block is not None:
            y = block(y)
    torch.autograd.grad(loss_of(y), first)
    return [norms[i] for i in sorted(norms)]
""",
    ),
    correct(
        "q5",
        "backward, with all gradients put back",
        SHARE
        + """
def gradient_norms(blocks, x, loss_of):
    parameters = [p for block in blocks for p in block.parameters()]
    stored = [p.grad for p in parameters]
    for p in parameters:
        p.grad = None
    features = [x.detach().clone().requires_grad_()]
    for block in blocks:
        features.append(block(features[-1]))
        features[-1].retain_grad()
    loss_of(features[-1]).backward()
    for p, grad in zip(parameters, stored):
        p.grad = grad
    return [f.grad.pow(2).sum().sqrt().item() for f in features]
""",
    ),
    wrong(
        "q5", "one length too few", edited(PATHS, ("range(0, longest + 1)", "range(0, longest)"))
    ),
    wrong(
        "q5",
        "forgets the path around everything",
        edited(PATHS, ("range(0, longest + 1)", "range(1, longest + 1)")),
    ),
    wrong("q5", "exactly, not at most", edited(PATHS, ("share += math", "share = math"))),
    wrong("q5", "one path of each length", edited(PATHS, ("math.comb(num_blocks, j) * ", ""))),
    wrong(
        "q5",
        "counts paths, not what they contribute",
        edited(PATHS, (" * slope**j", ""), ("(1 + slope) **", "2 **")),
    ),
    wrong("q5", "contribution, not share", edited(PATHS, (" / (1 + slope) ** num_blocks", ""))),
    wrong("q5", "orders instead of choices", edited(PATHS, ("math.comb", "math.perm"))),
    wrong(
        "q5",
        "from the end to the beginning",
        edited(PATHS, ("for g in grads]", "for g in grads[::-1]]")),
    ),
    wrong(
        "q5",
        "forgets the last one",
        edited(
            PATHS,
            (
                "        y = block(y)\n        tensors.append(y)\n",
                "        y = block(y)\n        tensors.append(y)\n    tensors.pop()\n",
            ),
        ),
    ),
    wrong(
        "q5",
        "cuts the row apart",
        edited(
            PATHS,
            ("        y = block(y)\n", "        y = block(y).detach().requires_grad_()\n"),
            ("grad(loss, tensors)", "grad(loss, tensors, allow_unused=True)"),
            ("float(g.norm())", "float(g.norm()) if g is not None else 0.0"),
        ),
    ),
    wrong(
        "q5", "largest number in place of the norm", edited(PATHS, ("g.norm()", "g.abs().max()"))
    ),
    wrong(
        "q5", "a mean in place of the norm", edited(PATHS, ("g.norm()", "g.pow(2).mean().sqrt()"))
    ),
    wrong("q5", "norms of the features", edited(PATHS, ("for g in grads]", "for g in tensors]"))),
    wrong("q5", "tensors in place of numbers", edited(PATHS, ("float(g.norm())", "g.norm()"))),
    wrong(
        "q5",
        "stores gradients in the parameters",
        edited(
            PATHS,
            ("    return [float", "    loss_of(y).backward()\n    return [float"),
            ("grad(loss, tensors)", "grad(loss, tensors, retain_graph=True)"),
        ),
    ),
    wrong(
        "q5",
        "clears the stored gradients",
        edited(
            PATHS,
            ("    loss = ", "    for block in blocks:\n        block.zero_grad()\n    loss = "),
        ),
    ),
    wrong(
        "q5",
        "changes x",
        edited(PATHS, ("x.detach().clone().requires_grad_(True)", "x.requires_grad_(True)")),
    ),
    wrong("q1", "results that claim to equal everything", always_equal(KERAS, "keras_count")),
    wrong(
        "q4", "results that claim to equal everything", always_equal(GROUPED, "bottleneck_weights")
    ),
    wrong(
        "q5",
        "results that claim to equal everything",
        always_equal(PATHS, "path_share", "gradient_norms"),
    ),
]
