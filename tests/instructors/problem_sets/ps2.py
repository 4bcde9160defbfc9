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
CONV3 = "        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=False)\n"
CONV3_LATE = edited(GROUPED, (CONV3, ""), ("\n    def forward", CONV3 + "\n    def forward"))
CONV3_EARLY = edited(GROUPED, (CONV3, ""), ("        self.conv1", CONV3 + "        self.conv1"))

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
CLAUSES = {
    "q1": {
        "arguments": "`keras_count(network)`",
        "any network": "It takes any network made in PyTorch",
        "all parameters": "all of PyTorch's parameters",
        "a bias": "a bias for each `nn.Conv2d` that has none",
        "has none": "that has none",
        "written": "one number for each channel that it writes",
        "statistics": "the running means and variances of each `nn.BatchNorm2d`",
        "counter": "Keras has nothing like it, so don't count it",
        "nested": "Layers may be nested in one another",
        "other layers": "all others, such as `nn.Linear`, count as in PyTorch",
    },
    "q2": {
        "pad's arguments": "`pad_shortcut(x, out_channels, stride)`",
        "rows": "It keeps the rows 0, `stride`, 2 × `stride` and so on",
        "columns": "and the same columns",
        "7 rows": "7 rows with stride 2 leave 4",
        "zeros": "puts zero channels (of the `dtype` of `x`)",
        "dtype": "(of the `dtype` of `x`)",
        "both sides": "in front of and behind those of `x`, the same number on both sides",
        "odd": "if the number of new channels is odd, the one more goes *behind*",
        "error": "it raises a `ValueError` whose message contains `out_channels`",
        "x": "Don't change `x`.",
        "gradient": "as on every shortcut, the gradient comes back through it",
        "arguments": "`AverageShortcut(in_channels, out_channels, stride=1)`",
        "pooling": "an average pooling whose window and stride are both `stride`",
        "convolution": "then a 1×1 convolution with stride 1",
        "no bias": "and without bias",
        "norm": "then a batch norm",
        "no parameters": "it has no parameters at all",
        "as it is": "and returns `x` as it is",
        "shape": "Where the shape does not change (`stride` 1, as many channels out as in)",
        "single pixels": "With `stride` 1 and other channels, it averages over single pixels",
    },
    "q3": {
        "arguments": "`PreActBlock(in_channels, out_channels, stride=1)`",
        "a": "First $a$ = ReLU(BN($x$))",
        "g begins with a": "a 3×3 convolution of $a$",
        "stride": "with the block's `stride`, to `out_channels`",
        "BN in g": "to `out_channels`; BN; ReLU",
        "ReLU in g": "BN; ReLU; a 3×3 convolution",
        "stride 1": "a 3×3 convolution with stride 1",
        "x + g(x)": "the block returns $x + g(x)$",
        "shape stays": "If the shape stays (`stride` 1, as many channels out as in)",
        "p(a) + g(x)": "If the shape changes, it returns $p(a) + g(x)$",
        "1×1": "a 1×1 convolution with the block's `stride`",
        "no norm": "and no batch norm",
        "reads a": "Note that it reads $a$, not $x$",
        "once": "what is shared by both ways is computed once",
        "padding": "Both 3×3 convolutions have a padding of 1",
        "no bias": "No convolution has a bias",
        "nothing after": "Nothing comes after the sum",
        "order of BNs": "create the first BN before the second one",
        "order of convolutions": "and the first 3×3 convolution before the second one",
        "x": "Don't change `x`",
    },
    "q4": {
        "weights' arguments": "`bottleneck_weights(in_channels, width, out_channels, groups=1)`",
        "three convolutions": "the number of weights of the three convolutions",
        "groups": "3×3 `width` → `width` with groups",
        "no biases": "(No biases,",
        "no norms": "no batch norms,",
        "no shortcut": "no shortcut.)",
        "error": "If `width` can't be divided by `groups`, raise a `ValueError` whose message "
        "contains `groups`",
        "arguments": "`GroupedBottleneck(in_channels, width, out_channels, stride=1, groups=1, "
        "stride_first=False)`",
        "norms": "each followed by a batch norm",
        "ReLU": "with a ReLU after the first and the second batch norm",
        "shortcut": "Then the shortcut is added",
        "last ReLU": "and a last ReLU follows the sum",
        "stride first": "The `stride` is in the first 1×1 convolution if `stride_first` is true",
        "otherwise": "otherwise in the 3×3 convolution",
        "x itself": "`x` itself where the shape stays",
        "projection": "otherwise a 1×1 convolution with the block's `stride`",
        "its norm": "`stride`, and a batch norm",
        "no bias": "No convolution has a bias",
        "padding": "The 3×3 convolution has a padding of 1",
        "x": "Don't change `x`",
        "order of norms": "create the batch norms in the order first, second, third, shortcut",
        "order of convolutions": "the convolutions likewise",
    },
    "q5": {
        "share's arguments": "`path_share(num_blocks, slope, longest)`",
        "share": "returns which share of $(1 + s)^n$",
        "at most": "paths through *at most* `longest` blocks",
        "choices": "How many paths go through exactly $j$ of $n$ blocks",
        "contribution": "A path goes through some blocks and around the others, and through $j$ "
        "blocks it contributes $s^j$",
        "longest": "`longest` is from 0 to `num_blocks`",
        "slope": "`slope` is positive",
        "arguments": "`gradient_norms(blocks, x, loss_of)`",
        "in a row": "to be applied one after the other",
        "empty": "The list may be empty",
        "loss_of": "`loss_of` is a function that makes the loss, one number, out of what the last "
        "block returned",
        "list": "Return a list or a tuple",
        "floats": "`len(blocks) + 1` ordinary numbers (floats)",
        "norm": "the square root of the sum of squares",
        "order": "what the first block reads, what the second block reads, and so on",
        "last": "and last with respect to what the last block returned",
        "with or without": "`x` may require a gradient or not",
        "x.grad": "Neither `x.grad` nor the `.grad` of any parameter may be changed",
        "parameters": "nor the `.grad` of any parameter may be changed by the measurement",
        "stays": "what was there stays",
        "only if": "And `x` requires a gradient afterwards if it did before, and only then",
    },
}

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
    wrong("q1", "no biases", edited(KERAS, ("total += layer.out_channels", "pass")), "a bias"),
    wrong(
        "q1",
        "a bias for every convolution",
        edited(KERAS, ("if layer.bias is None:", "if True:")),
        "has none",
    ),
    wrong(
        "q1",
        "a bias for each channel read",
        edited(KERAS, ("layer.out_ch", "layer.in_ch")),
        "written",
    ),
    wrong("q1", "means only", edited(KERAS, (" + layer.running_var.numel()", "")), "statistics"),
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
        "counter",
    ),
    wrong(
        "q1",
        "does not look inside",
        edited(KERAS, ("network.modules()", "network.children()")),
        "nested",
    ),
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
        "any network",
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
        "both sides",
    ),
    wrong(
        "q2",
        "the odd channel in front",
        edited(SHORTCUTS, ("(out_channels - c) // 2", "(out_channels - c + 1) // 2")),
        "odd",
    ),
    wrong(
        "q2",
        "starts at pixel 1",
        edited(SHORTCUTS, ("::stride, ::stride", "stride - 1 :: stride, stride - 1 :: stride")),
        "rows",
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
        "zeros",
    ),
    wrong("q2", "no error", edited(SHORTCUTS, ("if out_channels < c:", "if False:")), "error"),
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
        "dtype",
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
        "convolution",
    ),
    wrong(
        "q2",
        "max in place of average",
        edited(SHORTCUTS, ("nn.AvgPool2d", "nn.MaxPool2d")),
        "pooling",
    ),
    wrong(
        "q2",
        "no batch norm",
        edited(SHORTCUTS, ("self.norm(self.conv(self.pool(x)))", "self.conv(self.pool(x))")),
        "norm",
    ),
    wrong(
        "q2",
        "batch norm before the pooling",
        edited(
            SHORTCUTS, ("self.norm(self.conv(self.pool(x)))", "self.pool(self.norm(self.conv(x)))")
        ),
        "norm",
    ),
    wrong("q2", "a bias", edited(SHORTCUTS, (", bias=False", "")), "no bias"),
    wrong(
        "q2",
        "always a projection, as in C",
        edited(
            SHORTCUTS,
            ("self.same = stride == 1 and in_channels == out_channels", "self.same = False"),
        ),
        "no parameters",
    ),
    wrong(
        "q2",
        "a window of 2, always",
        edited(SHORTCUTS, ("kernel_size=stride, stride=stride", "kernel_size=2, stride=stride")),
        "pooling",
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
        "nothing after",
    ),
    wrong(
        "q3",
        "the projection reads x",
        edited(PREACT, ("self.conv3(a)", "self.conv3(x)")),
        "reads a",
    ),
    wrong(
        "q3",
        "the shortcut is always activated",
        edited(PREACT, ("x if self.same", "a if self.same")),
        "x + g(x)",
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
        "no norm",
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
        "a",
    ),
    wrong(
        "q3",
        "no second ReLU",
        edited(PREACT, ("torch.relu(self.bn2(y))", "self.bn2(y)")),
        "ReLU in g",
    ),
    wrong(
        "q3",
        "no second norm in use",
        edited(PREACT, ("torch.relu(self.bn2(y))", "torch.relu(y)")),
        "BN in g",
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
        "stride",
    ),
    wrong("q3", "biases", edited(PREACT, (", bias=False", "")), "no bias"),
    wrong("q3", "no shortcut", edited(PREACT, ("return around + y", "return y"))),
    wrong(
        "q3",
        "projection only when halved",
        edited(PREACT, ("stride == 1 and in_channels == out_channels", "stride == 1")),
        "shape stays",
    ),
    wrong(
        "q3",
        "projection everywhere, as in C",
        edited(PREACT, ("stride == 1 and in_channels == out_channels", "False")),
        "shape stays",
    ),
    wrong(
        "q3",
        "changes its input",
        edited(PREACT, ("return around + y", "return around.add_(y)")),
        "x",
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
        "groups",
    ),
    wrong(
        "q4",
        "groups divided twice",
        edited(GROUPED, ("per_group * width + width", "per_group * per_group + width")),
        "groups",
    ),
    wrong(
        "q4",
        "no error for a width that doesn't fit",
        edited(GROUPED, ("if width % groups:", "if False:")),
        "error",
    ),
    wrong(
        "q4",
        "1×1 convolutions counted as 3×3",
        edited(GROUPED, ("in_channels * width + 3", "9 * in_channels * width + 3")),
        "three convolutions",
    ),
    wrong("q4", "groups ignored in the block", edited(GROUPED, (" groups=groups,", ""))),
    wrong(
        "q4",
        "stride always in the 3×3",
        edited(GROUPED, ("(stride, 1) if stride_first else (1, stride)", "1, stride")),
        "stride first",
    ),
    wrong(
        "q4",
        "stride always in the 1×1",
        edited(GROUPED, ("(stride, 1) if stride_first else (1, stride)", "stride, 1")),
        "otherwise",
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
        "last ReLU",
    ),
    wrong(
        "q4",
        "no ReLU at the end",
        edited(GROUPED, ("return torch.relu(around + y)", "return around + y")),
        "last ReLU",
    ),
    wrong(
        "q4",
        "no ReLU in the middle",
        edited(GROUPED, ("torch.relu(self.bn2(self.conv2(y)))", "self.bn2(self.conv2(y))")),
        "ReLU",
    ),
    wrong(
        "q4",
        "ReLU before the norm",
        edited(
            GROUPED, ("torch.relu(self.bn1(self.conv1(x)))", "self.bn1(torch.relu(self.conv1(x)))")
        ),
        "ReLU",
    ),
    wrong(
        "q4",
        "no norm on the shortcut",
        edited(GROUPED, ("self.bn4(self.conv4(x))", "self.conv4(x)")),
        "its norm",
    ),
    wrong("q4", "biases", edited(GROUPED, (", bias=False", "")), "no bias"),
    wrong(
        "q4",
        "projection everywhere, as in C",
        edited(
            GROUPED,
            ("self.same = stride == 1 and in_channels == out_channels", "self.same = False"),
        ),
        "x itself",
    ),
    wrong(
        "q4",
        "no shortcut",
        edited(GROUPED, ("torch.relu(around + y)", "torch.relu(y)")),
        "shortcut",
    ),
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
        "q5",
        "one length too few",
        edited(PATHS, ("range(0, longest + 1)", "range(0, longest)")),
        "at most",
    ),
    wrong(
        "q5",
        "forgets the path around everything",
        edited(PATHS, ("range(0, longest + 1)", "range(1, longest + 1)")),
        "at most",
    ),
    wrong(
        "q5", "exactly, not at most", edited(PATHS, ("share += math", "share = math")), "at most"
    ),
    wrong(
        "q5",
        "one path of each length",
        edited(PATHS, ("math.comb(num_blocks, j) * ", "")),
        "choices",
    ),
    wrong(
        "q5",
        "counts paths, not what they contribute",
        edited(PATHS, (" * slope**j", ""), ("(1 + slope) **", "2 **")),
        "contribution",
    ),
    wrong(
        "q5",
        "contribution, not share",
        edited(PATHS, (" / (1 + slope) ** num_blocks", "")),
        "share",
    ),
    wrong("q5", "orders instead of choices", edited(PATHS, ("math.comb", "math.perm")), "choices"),
    wrong(
        "q5",
        "from the end to the beginning",
        edited(PATHS, ("for g in grads]", "for g in grads[::-1]]")),
        "order",
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
        "last",
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
        "q5",
        "largest number in place of the norm",
        edited(PATHS, ("g.norm()", "g.abs().max()")),
        "norm",
    ),
    wrong(
        "q5",
        "a mean in place of the norm",
        edited(PATHS, ("g.norm()", "g.pow(2).mean().sqrt()")),
        "norm",
    ),
    wrong("q5", "norms of the features", edited(PATHS, ("for g in grads]", "for g in tensors]"))),
    wrong(
        "q5",
        "tensors in place of numbers",
        edited(PATHS, ("float(g.norm())", "g.norm()")),
        "floats",
    ),
    wrong(
        "q5",
        "stores gradients in the parameters",
        edited(
            PATHS,
            ("    return [float", "    loss_of(y).backward()\n    return [float"),
            ("grad(loss, tensors)", "grad(loss, tensors, retain_graph=True)"),
        ),
        "parameters",
    ),
    wrong(
        "q5",
        "clears the stored gradients",
        edited(
            PATHS,
            ("    loss = ", "    for block in blocks:\n        block.zero_grad()\n    loss = "),
        ),
        "stays",
    ),
    wrong(
        "q5",
        "changes x",
        edited(PATHS, ("x.detach().clone().requires_grad_(True)", "x.requires_grad_(True)")),
        "only if",
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
    # ------------------------------------------------------------------ one clause each
    wrong(
        "q1",
        "another name for the argument",
        edited(KERAS, ("(network):\n", "(net):\n    network = net\n")),
        "arguments",
    ),
    wrong(
        "q1",
        "parameters that are trained",
        edited(KERAS, ("network.parameters())", "network.parameters() if p.requires_grad)")),
        "all parameters",
    ),
    wrong(
        "q1",
        "as many means and variances as the norm has parameters",
        edited(
            KERAS,
            (
                "layer.running_mean.numel() + layer.running_var.numel()",
                "sum(p.numel() for p in layer.parameters())",
            ),
        ),
        "statistics",
    ),
    wrong(
        "q1",
        "statistics of norms with scale and shift only",
        edited(
            KERAS,
            (
                "elif isinstance(layer, nn.BatchNorm2d):",
                "elif isinstance(layer, nn.BatchNorm2d) and layer.affine:",
            ),
        ),
        "statistics",
    ),
    wrong(
        "q1",
        "a bias for every linear layer",
        edited(
            KERAS,
            (
                "    return total",
                "    for layer in network.modules():\n"
                "        if isinstance(layer, nn.Linear) and layer.bias is None:\n"
                "            total += layer.out_features\n    return total",
            ),
        ),
        "other layers",
    ),
    wrong(
        "q1",
        "convolutions and norms only",
        edited(
            KERAS,
            ("network.parameters())", "network.parameters() if p.dim() != 2)"),
        ),
        "other layers",
    ),
    wrong(
        "q1",
        "a container is needed",
        edited(KERAS, ("network.modules()", "list(network.modules())[1:]")),
        "any network",
    ),
    correct(
        "q1",
        "kinds by name, weights through NumPy",
        """
def keras_count(network):
    count = 0
    for layer in network.modules():
        own = [p.detach().numpy().size for p in layer.parameters(recurse=False)]
        count += sum(own)
        kind = type(layer).__name__
        if kind == "Conv2d":
            count += layer.out_channels * (layer.bias is None)
        elif kind == "BatchNorm2d":
            count += 2 * layer.num_features
    return count
""",
    ),
    wrong(
        "q2",
        "pad_shortcut: other names for the arguments",
        edited(
            SHORTCUTS,
            (
                "(x, out_channels, stride):\n",
                "(x, channels, step):\n    out_channels, stride = channels, step\n",
            ),
        ),
        "pad's arguments",
    ),
    wrong(
        "q2",
        "rows only",
        edited(
            SHORTCUTS,
            ("::stride, ::stride]", "::stride]"),
            (
                "x = x[:, :, ::stride]",
                "x = F.avg_pool2d(x[:, :, ::stride], (1, stride), ceil_mode=True)",
            ),
        ),
        "columns",
    ),
    wrong(
        "q2",
        "columns from 1 on",
        edited(SHORTCUTS, ("::stride, ::stride]", "::stride, stride - 1 :: stride]")),
        "columns",
    ),
    wrong(
        "q2",
        "rows from 1 on",
        edited(SHORTCUTS, ("::stride, ::stride]", "stride - 1 :: stride, ::stride]")),
        "rows",
    ),
    wrong(
        "q2",
        "leaves out what doesn't fill a window",
        edited(
            SHORTCUTS,
            (
                "x[:, :, ::stride, ::stride]",
                "x[:, :, : h // stride * stride : stride, : w // stride * stride : stride]",
            ),
        ),
        "7 rows",
    ),
    wrong("q2", "ones", edited(SHORTCUTS, ("torch.zeros(", "torch.ones(")), "zeros"),
    wrong("q2", "a TypeError", edited(SHORTCUTS, ("raise ValueError", "raise TypeError")), "error"),
    wrong(
        "q2",
        "a message of other words",
        edited(SHORTCUTS, ('f"out_channels={out_channels}', 'f"{out_channels}')),
        "error",
    ),
    wrong(
        "q2",
        "an error for as many channels, too",
        edited(SHORTCUTS, ("out_channels < c", "out_channels <= c")),
        "error",
    ),
    wrong(
        "q2",
        "uses x as a scratch pad",
        edited(
            SHORTCUTS,
            (
                "    return torch.cat(",
                "    x.clamp_(min=0) if front == 0 else None\n    return torch.cat(",
            ),
        ),
        "x",
    ),
    wrong(
        "q2",
        "x is 0 where it is left out",
        edited(
            SHORTCUTS,
            (
                "    x = x[:, :, ::stride",
                "    x[:, :, 1::2] = 0 if stride == 2 else x[:, :, 1::2]\n    x = x[:, :, ::stride",
            ),
        ),
        "x",
    ),
    wrong(
        "q2",
        "no gradient",
        edited(SHORTCUTS, ("[zeros(front), x,", "[zeros(front), x.detach(),")),
        "gradient",
    ),
    wrong(
        "q2",
        "AverageShortcut: no default",
        edited(SHORTCUTS, ("stride=1):", "stride):")),
        "arguments",
    ),
    wrong(
        "q2",
        "AverageShortcut: other names for the arguments",
        edited(
            SHORTCUTS,
            (
                "in_channels, out_channels, stride=1):\n",
                "c_in, c_out, stride=1):\n        in_channels, out_channels = c_in, c_out\n",
            ),
        ),
        "arguments",
    ),
    wrong(
        "q2",
        "a 3×3 convolution",
        edited(SHORTCUTS, ("kernel_size=1,", "kernel_size=3, padding=1,")),
        "convolution",
    ),
    wrong(
        "q2",
        "the norm is affine-free",
        edited(
            SHORTCUTS,
            ("nn.BatchNorm2d(out_channels)", "nn.BatchNorm2d(out_channels, affine=False)"),
        ),
        "norm",
    ),
    wrong(
        "q2",
        "a norm that never remembers",
        edited(
            SHORTCUTS,
            ("nn.BatchNorm2d(out_channels)", "nn.BatchNorm2d(out_channels, momentum=0.0)"),
        ),
        "norm",
    ),
    wrong(
        "q2",
        "x normalised where the shape stays",
        edited(
            SHORTCUTS,
            (
                "            return x\n",
                "            return F.batch_norm(x, None, None, training=True)\n",
            ),
        ),
        "as it is",
    ),
    wrong(
        "q2",
        "x activated where the shape stays",
        edited(SHORTCUTS, ("            return x\n", "            return x.clamp(min=0)\n")),
        "as it is",
    ),
    wrong(
        "q2",
        "x as it is whenever the stride is 1",
        edited(
            SHORTCUTS,
            (
                "stride == 1 and in_channels == out_channels",
                "stride == 1 and in_channels >= out_channels",
            ),
        ),
        "shape",
    ),
    wrong(
        "q2",
        "x as it is whenever the channels stay",
        edited(
            SHORTCUTS,
            ("stride == 1 and in_channels == out_channels", "in_channels == out_channels"),
            ("            return x\n", "            return self.pool(x)\n"),
            (
                "        if not self.same:\n",
                "        self.pool = nn.AvgPool2d(stride)\n        if not self.same:\n",
            ),
        ),
        "shape",
    ),
    wrong(
        "q2",
        "a window of 3 pixels with stride 1",
        edited(
            SHORTCUTS,
            (
                "nn.AvgPool2d(kernel_size=stride, stride=stride)",
                "nn.AvgPool2d(stride) if stride > 1 else nn.AvgPool2d(3, 1, 1)",
            ),
        ),
        "single pixels",
    ),
    wrong("q3", "no default", edited(PREACT, ("stride=1):", "stride):")), "arguments"),
    wrong(
        "q3",
        "other names for the arguments",
        edited(
            PREACT,
            (
                "in_channels, out_channels, stride=1):\n",
                "c_in, c_out, stride=1):\n        in_channels, out_channels = c_in, c_out\n",
            ),
        ),
        "arguments",
    ),
    wrong(
        "q3",
        "g reads x",
        edited(PREACT, ("y = self.conv1(a)", "y = self.conv1(x)")),
        "g begins with a",
    ),
    wrong(
        "q3",
        "g reads BN(x)",
        edited(
            PREACT,
            ("y = self.conv1(a)", "y = self.conv1(self.b)"),
            (
                "        a = torch.relu(self.bn1(x))\n",
                "        self.b = self.bn1(x)\n        a = torch.relu(self.b)\n",
            ),
        ),
        "g begins with a",
    ),
    wrong(
        "q3",
        "a stride of 2 where it is more than 1",
        edited(
            PREACT,
            ("3, stride=stride,", "3, stride=min(stride, 2),"),
            ("1, stride=stride,", "1, stride=min(stride, 2),"),
        ),
        "stride",
    ),
    wrong(
        "q3",
        "the stride twice",
        edited(
            PREACT,
            ("3, stride=1,", "3, stride=stride,"),
            ("1, stride=stride,", "1, stride=stride**2,"),
        ),
        "stride 1",
    ),
    wrong(
        "q3",
        "g only where the shape changes",
        edited(
            PREACT,
            (
                "around = x if self.same else self.conv3(a)",
                "around = x if self.same else 0 * self.conv3(a)",
            ),
        ),
        "p(a) + g(x)",
    ),
    wrong(
        "q3",
        "a pooled projection",
        edited(
            PREACT,
            ("1, stride=stride, bias=False)", "1, bias=False)"),
            ("self.conv3(a)", "F.avg_pool2d(self.conv3(a), self.stride)"),
            ("        self.same =", "        self.stride = stride\n        self.same ="),
        ),
        "1×1",
    ),
    wrong(
        "q3",
        "a 3×3 projection",
        edited(
            PREACT, ("1, stride=stride, bias=False)", "3, stride=stride, padding=1, bias=False)")
        ),
        "1×1",
    ),
    wrong(
        "q3",
        "a computed twice",
        edited(PREACT, ("self.conv3(a)", "self.conv3(torch.relu(self.bn1(x)))")),
        "once",
    ),
    wrong("q3", "no padding", edited(PREACT, ("3, stride=1, padding=1", "3, stride=1")), "padding"),
    wrong(
        "q3",
        "repeats the border in place of zeros",
        edited(
            PREACT, ("3, stride=1, padding=1", '3, stride=1, padding=1, padding_mode="replicate"')
        ),
        "padding",
    ),
    wrong(
        "q3",
        "a norm after the sum",
        edited(PREACT, ("return around + y", "return F.layer_norm(around + y, y.shape[1:])")),
        "nothing after",
    ),
    wrong(
        "q3",
        "the second BN is made first",
        edited(
            PREACT,
            (
                "        self.bn1 = nn.BatchNorm2d(in_channels)\n",
                "        self.bn2 = nn.BatchNorm2d(out_channels)\n"
                "        self.bn1 = nn.BatchNorm2d(in_channels)\n",
            ),
            (
                "        self.bn2 = nn.BatchNorm2d(out_channels)\n        self.conv2",
                "        self.conv2",
            ),
        ),
        "order of BNs",
    ),
    wrong(
        "q3",
        "the second convolution is made first",
        edited(
            PREACT,
            (
                "self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride,",
                "self.first = nn.Conv2d(out_channels, out_channels, 3, stride=1,",
            ),
            (
                "self.conv2 = nn.Conv2d(out_channels, out_channels, 3, stride=1,",
                "self.second = nn.Conv2d(in_channels, out_channels, 3, stride=stride,",
            ),
            ("self.conv1(a)", "self.second(a)"),
            ("self.conv2(y)", "self.first(y)"),
        ),
        "order of convolutions",
    ),
    wrong(
        "q3",
        "activates in place",
        edited(
            PREACT,
            (
                "        a = torch.relu(self.bn1(x))",
                "        x.clamp_(min=-1)\n        a = torch.relu(self.bn1(x))",
            ),
        ),
        "x",
    ),
    wrong(
        "q4",
        "bottleneck_weights: other names",
        edited(
            GROUPED,
            ("width, out_channels, groups=1):\n", "width, out_channels, g=1):\n    groups = g\n"),
        ),
        "weights' arguments",
    ),
    wrong(
        "q4",
        "bottleneck_weights: two groups by default",
        edited(GROUPED, ("width, out_channels, groups=1):\n", "width, out_channels, groups=2):\n")),
        "weights' arguments",
    ),
    wrong(
        "q4",
        "two convolutions",
        edited(GROUPED, (" + width * out_channels", "")),
        "three convolutions",
    ),
    wrong(
        "q4",
        "counts biases",
        edited(
            GROUPED,
            (" + width * out_channels", " + width * out_channels + 2 * width + out_channels"),
        ),
        "no biases",
    ),
    wrong(
        "q4",
        "counts norms",
        edited(
            GROUPED,
            (" + width * out_channels", " + width * out_channels + 4 * width + 2 * out_channels"),
        ),
        "no norms",
    ),
    wrong(
        "q4",
        "counts the projection",
        edited(
            GROUPED,
            (
                " + width * out_channels",
                " + width * out_channels + in_channels * out_channels * (in_channels != "
                "out_channels)",
            ),
        ),
        "no shortcut",
    ),
    wrong("q4", "a TypeError", edited(GROUPED, ("raise ValueError", "raise TypeError")), "error"),
    wrong(
        "q4",
        "a message of other words",
        edited(GROUPED, ('f"groups={groups} does', 'f"{groups} does')),
        "error",
    ),
    wrong(
        "q4",
        "an error only for more groups than channels",
        edited(GROUPED, ("if width % groups:", "if width < groups:")),
        "error",
    ),
    wrong(
        "q4",
        "stride_first by default",
        edited(GROUPED, ("stride_first=False", "stride_first=True")),
        "arguments",
    ),
    wrong(
        "q4",
        "no default stride",
        edited(
            GROUPED,
            ("stride=1, groups=1, stride_first=False", "stride, groups=1, stride_first=False"),
        ),
        "arguments",
    ),
    wrong(
        "q4",
        "two groups by default",
        edited(GROUPED, ("stride=1, groups=1", "stride=1, groups=2")),
        "arguments",
    ),
    wrong(
        "q4",
        "other names for the arguments",
        edited(
            GROUPED,
            (
                "out_channels, stride=1, groups=1, stride_first=False):\n"
                "        super().__init__()\n",
                "out_channels, stride=1, g=1, stride_first=False):\n        super().__init__()\n"
                "        groups = g\n",
            ),
        ),
        "arguments",
    ),
    wrong(
        "q4",
        "no third norm",
        edited(GROUPED, ("self.bn3(self.conv3(y))", "self.conv3(y)")),
        "norms",
    ),
    wrong(
        "q4",
        "the third norm after the sum",
        edited(
            GROUPED,
            ("self.bn3(self.conv3(y))", "self.conv3(y)"),
            ("around + y", "self.bn3(around + y)"),
        ),
        "norms",
    ),
    wrong(
        "q4",
        "a ReLU after all three norms",
        edited(GROUPED, ("y = self.bn3(self.conv3(y))", "y = torch.relu(self.bn3(self.conv3(y)))")),
        "ReLU",
    ),
    wrong(
        "q4", "the shortcut subtracted", edited(GROUPED, ("around + y", "around - y")), "shortcut"
    ),
    wrong(
        "q4",
        "x itself when the stride is 1",
        edited(
            GROUPED,
            (
                "around = x if self.same",
                "around = F.pad(x, (0, 0, 0, 0, 0, y.shape[1] - x.shape[1])) if x.shape[2:] == "
                "y.shape[2:]",
            ),
        ),
        "projection",
    ),
    wrong(
        "q4",
        "a projection of averages",
        edited(
            GROUPED,
            ("out_channels, 1, stride=stride, bias=False)", "out_channels, 1, bias=False)"),
            ("self.conv4(x)", "self.conv4(F.avg_pool2d(x, self.stride))"),
            ("        self.same =", "        self.stride = stride\n        self.same ="),
        ),
        "projection",
    ),
    wrong(
        "q4",
        "no padding",
        edited(
            GROUPED,
            ("stride=s2, padding=1,", "stride=s2,"),
            ("around + y", "around + F.interpolate(y, around.shape[2:])"),
        ),
        "padding",
    ),
    wrong(
        "q4",
        "repeats the border in place of zeros",
        edited(
            GROUPED, ("stride=s2, padding=1,", 'stride=s2, padding=1, padding_mode="replicate",')
        ),
        "padding",
    ),
    wrong(
        "q4",
        "changes x",
        edited(GROUPED, ("torch.relu(around + y)", "torch.relu(around.add_(y))")),
        "x",
    ),
    wrong(
        "q4",
        "the shortcut's norm before the third",
        edited(
            GROUPED,
            ("        self.bn3 = nn.BatchNorm2d(out_channels)\n", ""),
            (
                "            self.bn4 = nn.BatchNorm2d(out_channels)\n",
                "            self.bn4 = nn.BatchNorm2d(out_channels)\n"
                "        self.bn3 = nn.BatchNorm2d(out_channels)\n",
            ),
        ),
        "order of norms",
    ),
    wrong(
        "q4",
        "the second norm before the first",
        edited(
            GROUPED,
            ("self.bn1 =", "self.bn0 ="),
            ("self.bn2 =", "self.bn1 ="),
            ("self.bn0 =", "self.bn2 ="),
        ),
        "order of norms",
    ),
    wrong("q4", "the shortcut's convolution before the third", CONV3_LATE, "order of convolutions"),
    wrong("q4", "the third convolution before the first", CONV3_EARLY, "order of convolutions"),
    wrong(
        "q5",
        "path_share: other names",
        edited(
            PATHS,
            (
                "path_share(num_blocks, slope, longest):\n",
                "path_share(n, s, longest):\n    num_blocks, slope = n, s\n",
            ),
        ),
        "share's arguments",
    ),
    wrong(
        "q5",
        "gradient_norms: other names",
        edited(
            PATHS,
            (
                "gradient_norms(blocks, x, loss_of):\n",
                "gradient_norms(blocks, x, loss):\n    loss_of = loss\n",
            ),
        ),
        "arguments",
    ),
    wrong(
        "q5",
        "one block at least",
        edited(PATHS, ("    share = 0\n", "    share, longest = 0, max(1, longest)\n")),
        "longest",
    ),
    wrong(
        "q5",
        "all blocks but one at most",
        edited(
            PATHS, ("    share = 0\n", "    share, longest = 0, min(num_blocks - 1, longest)\n")
        ),
        "longest",
    ),
    wrong(
        "q5",
        "slopes up to 1",
        edited(PATHS, ("    share = 0\n", "    share, slope = 0, min(slope, 1)\n")),
        "slope",
    ),
    wrong(
        "q5",
        "every block reads x",
        edited(
            PATHS,
            (
                "        y = block(y)\n        tensors.append(y)\n",
                "        y = block(tensors[0])\n        tensors.append(y)\n",
            ),
            ("grad(loss, tensors)", "grad(loss, tensors, allow_unused=True)"),
            ("float(g.norm())", "float(g.norm()) if g is not None else 0.0"),
        ),
        "in a row",
    ),
    wrong(
        "q5",
        "one block at least, in the row",
        edited(PATHS, ("    tensors = [y]\n", "    tensors = [y]\n    blocks[0]\n")),
        "empty",
    ),
    wrong(
        "q5",
        "the sum in place of the loss",
        edited(PATHS, ("loss = loss_of(y)", "loss = y.sum()")),
        "loss_of",
    ),
    wrong(
        "q5",
        "the loss of every block's output",
        edited(PATHS, ("loss = loss_of(y)", "loss = sum(loss_of(t) for t in tensors)")),
        "loss_of",
    ),
    wrong(
        "q5",
        "an iterator",
        edited(
            PATHS,
            (
                "return [float(g.norm()) for g in grads]",
                "return iter([float(g.norm()) for g in grads])",
            ),
        ),
        "list",
    ),
    wrong(
        "q5",
        "a dictionary",
        edited(
            PATHS,
            (
                "return [float(g.norm()) for g in grads]",
                "return {float(g.norm()): i for i, g in enumerate(grads)}",
            ),
        ),
        "list",
    ),
    correct(
        "q5",
        "a tuple",
        edited(
            PATHS,
            (
                "return [float(g.norm()) for g in grads]",
                "return tuple(float(g.norm()) for g in grads)",
            ),
        ),
    ),
    wrong(
        "q5",
        "rounded to whole numbers",
        edited(PATHS, ("float(g.norm())", "int(g.norm())")),
        "floats",
    ),
    wrong(
        "q5", "the sum of squares, no root", edited(PATHS, ("g.norm()", "g.square().sum()")), "norm"
    ),
    wrong("q5", "the sum of absolute numbers", edited(PATHS, ("g.norm()", "g.norm(p=1)")), "norm"),
    wrong(
        "q5",
        "x must require a gradient",
        edited(
            PATHS,
            (
                "    tensors = [y]\n",
                "    tensors = [y]\n    if not x.requires_grad:\n        raise ValueError('x')\n",
            ),
        ),
        "with or without",
    ),
    wrong(
        "q5",
        "x must not require a gradient",
        edited(
            PATHS,
            (
                "    y = x.detach()",
                "    if x.requires_grad:\n        raise ValueError('x')\n    y = x.detach()",
            ),
        ),
        "with or without",
    ),
    wrong(
        "q5",
        "x.grad holds the gradient afterwards",
        edited(PATHS, ("    return [float", "    x.grad = grads[0].clone()\n    return [float")),
        "x.grad",
    ),
    wrong(
        "q5",
        "x.grad is emptied",
        edited(PATHS, ("    return [float", "    x.grad = None\n    return [float")),
        "x.grad",
    ),
    wrong(
        "q5",
        "x requires no gradient afterwards",
        edited(PATHS, ("    return [float", "    x.requires_grad_(False)\n    return [float")),
        "only if",
    ),
    wrong(
        "q5",
        "empties what parameters had none of",
        edited(
            PATHS,
            (
                "    return [float",
                "    for block in blocks:\n        for p in block.parameters():\n"
                "            p.grad = torch.zeros_like(p) if p.grad is None else p.grad\n"
                "    return [float",
            ),
        ),
        "parameters",
    ),
]
