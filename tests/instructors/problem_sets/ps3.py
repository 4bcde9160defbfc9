"""Problem set 3, a dense block from scratch: correct solutions, and typical mistakes."""

from variants import always_equal, correct, edited, wrong

STEP = """
def norm_relu_conv(x, weight, scale, shift, mean, var, training, momentum=0.1, eps=1e-5):
    old_mean, old_var = mean, var
    if training:
        n = x.size(0) * x.size(2) * x.size(3)
        mean = x.sum((0, 2, 3)) / n
        squares = ((x - mean.view(1, -1, 1, 1)) ** 2).sum((0, 2, 3))
        var = squares / n
        old_mean = (1 - momentum) * old_mean + momentum * mean
        old_var = (1 - momentum) * old_var + momentum * squares / (n - 1)
    factor = scale / torch.sqrt(var + eps)
    y = x * factor.view(1, -1, 1, 1) + (shift - mean * factor).view(1, -1, 1, 1)
    y = y.clamp(min=0)
    return F.conv2d(y, weight, padding=weight.size(2) // 2), old_mean, old_var
"""

MIX = """
def mix(parts, norm, conv):
    sizes = [part.shape[1] for part in parts]
    pieces = zip(
        parts,
        norm.running_mean.split(sizes),
        norm.running_var.split(sizes),
        norm.weight.split(sizes),
        norm.bias.split(sizes),
        conv.weight.split(sizes, dim=1),
    )
    outputs = []
    for part, mean, var, scale, shift, weight in pieces:
        part = F.batch_norm(part, mean, var, scale, shift, norm.training, norm.momentum, norm.eps)
        part = F.relu(part)
        outputs.append(F.conv2d(part, weight))
    return sum(outputs)
"""

GROWING = """
def step(c_in, c_out, kernel_size):
    return nn.Sequential(
        nn.BatchNorm2d(c_in),
        nn.ReLU(),
        nn.Conv2d(c_in, c_out, kernel_size, padding=kernel_size // 2, bias=False),
    )


class GrowingBlock(nn.Module):
    def __init__(self, in_channels, growth_rates, bn_size=4):
        super().__init__()
        if len(growth_rates) == 0 or any(k < 1 for k in growth_rates):
            raise ValueError(f"growth_rates={growth_rates}: at least one, and all positive")
        self.layers = nn.ModuleList()
        c = in_channels
        for k in growth_rates:
            if bn_size is None:
                layer = step(c, k, 3)
            else:
                layer = nn.Sequential(step(c, bn_size * k, 1), step(bn_size * k, k, 3))
            self.layers.append(layer)
            c += k
        self.out_channels = c

    def forward(self, x):
        for layer in self.layers:
            new = layer(x)
            x = torch.cat([x, new], dim=1)
        return x
"""

REPAIRED = """
class RepairedBlock(nn.Module):
    def __init__(self, num_layers, in_channels, growth_rate):
        super(RepairedBlock, self).__init__()
        self.relu = nn.ReLU()
        self.layers = nn.ModuleList()
        for i in range(num_layers):
            channels = in_channels + i * growth_rate
            layer = nn.Sequential(
                nn.BatchNorm2d(channels),
                self.relu,
                nn.Conv2d(channels, growth_rate, kernel_size=3, padding=1, bias=False),
            )
            self.layers.append(layer)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, x):
        for layer in self.layers:
            y = layer(x)
            x = torch.cat((x, y), dim=1)
        return x
"""

FORWARD = """
def copied_by_cat(num_layers, in_channels, growth_rate):
    copied, channels = 0, in_channels
    for _ in range(num_layers):
        channels += growth_rate
        copied += channels
    return copied


def dense_forward(layers, x, growth_rates):
    with torch.no_grad():
        n, c, h, w = x.shape
        y = torch.empty(n, c + sum(growth_rates), h, w, dtype=x.dtype, device=x.device)
        y[:, :c].copy_(x)
        for layer, k in zip(layers, growth_rates):
            new = layer(y[:, :c])
            y[:, c : c + k] = new
            c += k
        return y
"""

# By question: a short name for each clause of its task, and the task's words.
CLAUSES = {
    "q1": {
        "arguments": "`norm_relu_conv(x, weight, scale, shift, mean, var, training, momentum=0.1, "
        "eps=1e-5)`",
        "padding": "with a padding of K // 2",
        "own mean": "each channel gets its own mean subtracted",
        "eps": "and is divided by $\\sqrt{\\text{variance} + \\text{eps}}$",
        "all images": "Mean and variance are taken over all images and pixels of the channel",
        "over n": "and the variance divides by $n$",
        "momentum": "new = (1 − momentum) × old + momentum × batch",
        "over n - 1": "the variance of the batch divides by $n - 1$",
        "training": "**In training** (`training=True`)",
        "evaluation": "`mean` and `var` take the place of the batch's mean and variance",
        "not remembered": "and nothing is remembered",
        "scale": "times `scale`",
        "shift": "plus `shift`",
        "ReLU": "ReLU, convolution",
        "by hand": "Do the batch norm by hand: use none of PyTorch's",
        "gradient": "The gradients of the output with respect to `x`, `weight`, `scale` and "
        "`shift` are those of PyTorch's layers, too",
        "three": "Return three tensors",
        "order": "the new running mean [C], and the new running variance [C]",
        "equal": "In evaluation the last two equal `mean` and `var`",
        "unchanged": "Don't change any tensor that was passed in",
    },
    "q2": {
        "arguments": "`mix(parts, norm, conv)`",
        "one or more": "`parts` is a list of one or more tensors",
        "differ": "The $c_i$ may all differ",
        "order": "for the parts in the order of the list",
        "returns": "It returns what `conv(F.relu(norm(torch.cat(parts, dim=1))))` would return",
        "both modes": "in training and in evaluation mode (`norm.training` tells which)",
        "gradients": "with the same gradients",
        "updated": "`norm.running_mean` and `norm.running_var` are updated as `norm` itself would "
        "do it",
        "no concatenation": "no tensor of all $C$ channels may come up on the way",
        "whatever shape": "whatever their shape",
        "however made": "and however they are made",
        "momentum": "`norm.momentum` and `norm.eps` may be other numbers than the usual ones",
    },
    "q3": {
        "arguments": "`GrowingBlock(in_channels, growth_rates, bn_size=4)`",
        "sequence": "`growth_rates` is a sequence of whole numbers",
        "one for each layer": "one for each layer",
        "1×1": "is BN, ReLU, 1×1 convolution to `bn_size` × $k$ channels",
        "3×3": "BN, ReLU, 3×3 convolution to $k$ channels",
        "None": "With `bn_size=None`, it is BN, ReLU, 3×3 convolution",
        "no bias": "no convolution has a bias",
        "sizes": "Sizes stay",
        "input": "The output begins with the unchanged input",
        "in order": "then come the channels of layer 1, of layer 2, and so on",
        "x": "`x` itself stays as it was",
        "out_channels": "The attribute `out_channels` is the number of channels that come out",
        "empty": "If `growth_rates` is empty",
        "less than 1": "or one of them is less than 1",
        "error": "building the block raises a `ValueError` whose message contains `growth_rates`",
        "from scratch": "not from the functions and classes of `densenet_lesson`",
        "order": "create the layers in the order in which an image meets them",
    },
    "q4": {
        "layers": "`num_layers` plain layers",
        "step": "Each is BN, ReLU, 3×3 convolution",
        "no bias": "without bias",
        "reads": "reads everything before it",
        "writes": "writes `growth_rate` channels",
        "input": "The block returns its input",
        "all layers": "followed by what all layers wrote",
        "in order": "in order",
        "all convolutions": "The weights of all convolutions are drawn",
        "kaiming_normal_": "by `nn.init.kaiming_normal_`",
        "settings": "with its default settings",
    },
    "q5": {
        "copied's arguments": "`copied_by_cat(num_layers, in_channels, growth_rate)`",
        "in all": "how many channels the line above copies in all",
        "old and new": "Each `torch.cat` copies every channel of its result once, the old ones "
        "and the new ones",
        "arguments": "`dense_forward(layers, x, growth_rates)`",
        "empty": "The list may be empty",
        "reads": "reads everything before it",
        "growth_rates": "returns `growth_rates[i]` new channels",
        "in order": "The output is the input, followed by what the layers wrote, in order",
        "no concatenation": "it must not concatenate",
        "relatives": "`torch.stack` and their relatives",
        "dtype": "with the `dtype`",
        "device": "and the `device` of `x`",
        "copy x": "Copy `x` into its first channels",
        "slice": "Each layer reads a slice of this tensor",
        "not a copy": "it has to be a slice of the tensor that you return, not a copy",
        "no gradient": "No gradient is needed, so do it all under `torch.no_grad()`",
        "x": "`x` itself stays as it is",
        "memory": "and the result does not share memory with it",
    },
}

VARIANTS = [
    # ------------------------------------------------------------------ question 1
    correct("q1", "sums and a single factor per channel", STEP),
    wrong(
        "q1",
        "F.batch_norm on copies",
        """
def norm_relu_conv(x, weight, scale, shift, mean, var, training, momentum=0.1, eps=1e-5):
    mean, var = mean.clone(), var.clone()
    y = F.batch_norm(x, mean, var, scale, shift, training, momentum, eps)
    return F.conv2d(F.relu(y), weight, padding="same"), mean, var
""",
        "by hand",
    ),
    wrong(
        "q1",
        "modules, with the weights copied in",
        """
def norm_relu_conv(x, weight, scale, shift, mean, var, training, momentum=0.1, eps=1e-5):
    d, c, k, _ = weight.shape
    norm = nn.BatchNorm2d(c, eps=eps, momentum=momentum).to(x.dtype)
    conv = nn.Conv2d(c, d, k, padding=k // 2, bias=False).to(x.dtype)
    with torch.no_grad():
        norm.weight.copy_(scale)
        norm.bias.copy_(shift)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(var)
        conv.weight.copy_(weight)
    y = conv(torch.relu(norm.train(training)(x)))
    return y, norm.running_mean, norm.running_var
""",
        "by hand",
    ),
    correct(
        "q1",
        "one row per channel",
        """
def norm_relu_conv(x, weight, scale, shift, mean, var, training, momentum=0.1, eps=1e-5):
    rows = x.transpose(0, 1).flatten(1)  # [C, N * H * W]
    m, v, new = mean, var, (mean.clone(), var.clone())
    if training:
        m, v = rows.mean(1), rows.var(1, correction=0)
        new = torch.lerp(mean, m, momentum), torch.lerp(var, rows.var(1), momentum)
    rows = (rows - m[:, None]) / (v[:, None] + eps) ** 0.5
    rows = torch.relu(rows * scale[:, None] + shift[:, None])
    n, c, h, w = x.shape
    y = rows.view(c, n, h, w).transpose(0, 1)
    return F.conv2d(y, weight, padding=(weight.shape[-1] - 1) // 2), *new
""",
    ),
    correct(
        "q1",
        "var_mean, and the convolution as a product of matrices",
        """
def norm_relu_conv(x, weight, scale, shift, mean, var, training, momentum=0.1, eps=1e-5):
    new_mean, new_var = mean, var
    if training:
        var, mean = torch.var_mean(x, (0, 2, 3), correction=0)
        n = x[:, 0].numel()
        new_mean = new_mean + momentum * (mean - new_mean)
        new_var = new_var + momentum * (var * n / (n - 1) - new_var)
    y = x.permute(0, 2, 3, 1)  # channels last: [C] fits
    y = torch.rsqrt(var + eps) * (y - mean) * scale + shift
    y = torch.maximum(y, torch.zeros_like(y)).permute(0, 3, 1, 2)
    d, _, k, _ = weight.shape
    patches = F.unfold(y, k, padding=k // 2)  # [N, C * K * K, H * W]
    return (weight.flatten(1) @ patches).view(len(x), d, *x.shape[2:]), new_mean, new_var
""",
    ),
    wrong("q1", "no ReLU", edited(STEP, ("    y = y.clamp(min=0)\n", "")), "ReLU"),
    wrong(
        "q1",
        "remembers the variance over n",
        edited(STEP, ("squares / (n - 1)", "squares / n")),
        "over n - 1",
    ),
    wrong(
        "q1",
        "normalises with n − 1",
        edited(STEP, ("var = squares / n\n", "var = squares / (n - 1)\n")),
        "over n",
    ),
    wrong(
        "q1",
        "momentum the wrong way round",
        edited(
            STEP,
            (
                "(1 - momentum) * old_mean + momentum * mean",
                "momentum * old_mean + (1 - momentum) * mean",
            ),
        ),
        "momentum",
    ),
    wrong(
        "q1",
        "always the batch's statistics",
        edited(STEP, ("if training:", "if True:")),
        "evaluation",
    ),
    wrong(
        "q1", "always the running averages", edited(STEP, ("if training:", "if False:")), "training"
    ),
    wrong(
        "q1",
        "eps outside the square root",
        edited(STEP, ("torch.sqrt(var + eps)", "(torch.sqrt(var) + eps)")),
        "eps",
    ),
    wrong("q1", "forgets eps", edited(STEP, ("var + eps", "var")), "eps"),
    wrong(
        "q1",
        "scales after the ReLU",
        edited(
            STEP,
            ("(shift - mean * factor)", "(-mean * factor)"),
            ("    y = y.clamp(min=0)\n", "    y = y.clamp(min=0) + shift.view(1, -1, 1, 1)\n"),
        ),
        "shift",
    ),
    wrong("q1", "always a padding of 1", edited(STEP, ("weight.size(2) // 2", "1")), "padding"),
    wrong(
        "q1",
        "changes the running averages in place",
        edited(
            STEP,
            (
                "        old_mean = (1 - momentum) * old_mean + momentum * mean",
                "        old_mean.mul_(1 - momentum).add_(momentum * mean)",
            ),
        ),
        "unchanged",
    ),
    wrong(
        "q1",
        "a mean for each image",
        edited(
            STEP,
            ("n = x.size(0) * x.size(2) * x.size(3)", "n = x.size(2) * x.size(3)"),
            ("mean = x.sum((0, 2, 3)) / n", "mean = x[0].sum((1, 2)) / n"),
        ),
        "all images",
    ),
    # ------------------------------------------------------------------ question 2
    correct("q2", "everything split, outputs summed", MIX),
    correct(
        "q2",
        "a small module for each part",
        """
def mix(parts, norm, conv):
    y, start = None, 0
    for part in parts:
        c = part.size(1)
        bn = nn.BatchNorm2d(c, eps=norm.eps, momentum=norm.momentum).train(norm.training)
        del bn.weight, bn.bias, bn.running_mean, bn.running_var
        for name in ("weight", "bias", "running_mean", "running_var"):
            setattr(bn, name, getattr(norm, name).narrow(0, start, c))
        bn.num_batches_tracked = None
        z = F.conv2d(torch.relu(bn(part)), conv.weight.narrow(1, start, c))
        y = z if y is None else y + z
        start += c
    return y
""",
    ),
    correct(
        "q2",
        "batch norm by hand, and einsum",
        """
def mix(parts, norm, conv):
    y, a = 0, 0
    for part in parts:
        b = a + part.shape[1]
        if norm.training:
            mean = part.mean((0, 2, 3))
            var = part.var((0, 2, 3), unbiased=False)
            with torch.no_grad():
                n = part.numel() / part.shape[1]
                norm.running_mean[a:b].lerp_(mean, norm.momentum)
                norm.running_var[a:b].lerp_(var * n / (n - 1), norm.momentum)
        else:
            mean, var = norm.running_mean[a:b], norm.running_var[a:b]
        z = (part - mean[:, None, None]) / (var[:, None, None] + norm.eps).sqrt()
        z = torch.relu(z * norm.weight[a:b, None, None] + norm.bias[a:b, None, None])
        y = y + torch.einsum("nchw,dc->ndhw", z, conv.weight[:, a:b, 0, 0])
        a = b
    return y
""",
    ),
    correct(
        "q2",
        "recursion from the last part",
        """
def mix(parts, norm, conv, end=None):
    end = norm.num_features if end is None else end
    *rest, part = parts
    here = slice(end - part.shape[1], end)
    vectors = (norm.running_mean, norm.running_var, norm.weight, norm.bias)
    z = F.batch_norm(part, *(v[here] for v in vectors), norm.training, norm.momentum, norm.eps)
    z = F.conv2d(z.relu(), conv.weight[:, here])
    return z if not rest else mix(rest, norm, conv, here.start) + z
""",
    ),
    wrong(
        "q2",
        "concatenates all the same",
        """
def mix(parts, norm, conv):
    return conv(F.relu(norm(torch.cat(parts, dim=1))))
""",
        "no concatenation",
    ),
    correct(
        "q2",
        "outputs stacked, then summed",
        edited(MIX, ("sum(outputs)", "torch.stack(outputs).sum(dim=0)")),
    ),
    wrong(
        "q2",
        "concatenates rows of pixels",
        """
def mix(parts, norm, conv):
    x = torch.cat([part.flatten(2) for part in parts], dim=1)  # [N, C, H * W]
    vectors = (norm.running_mean, norm.running_var, norm.weight, norm.bias)
    x = F.relu(F.batch_norm(x, *vectors, norm.training, norm.momentum, norm.eps))
    return F.conv1d(x, conv.weight.flatten(2)).unflatten(2, parts[0].shape[2:])
""",
        "whatever shape",
    ),
    wrong(
        "q2",
        "no gradient for the parts",
        edited(MIX, ("F.batch_norm(part, mean", "F.batch_norm(part.detach(), mean")),
        "gradients",
    ),
    wrong(
        "q2",
        "no gradient for the first part",
        edited(MIX, ("        parts,\n", "        [parts[0].detach(), *parts[1:]],\n")),
        "gradients",
    ),
    wrong(
        "q2",
        "no gradient for the shift",
        edited(MIX, ("norm.bias.split", "norm.bias.detach().split")),
        "gradients",
    ),
    wrong(
        "q2",
        "one large tensor, filled piece by piece",
        """
def mix(parts, norm, conv):
    n, _, h, w = parts[0].shape
    x = parts[0].new_empty(n, norm.num_features, h, w)
    start = 0
    for part in parts:
        x[:, start : start + part.shape[1]] = part
        start += part.shape[1]
    return conv(F.relu(norm(x)))
""",
        "however made",
    ),
    wrong("q2", "no ReLU", edited(MIX, ("        part = F.relu(part)\n", "")), "returns"),
    wrong(
        "q2",
        "ReLU after the sum",
        edited(
            MIX,
            ("        part = F.relu(part)\n", ""),
            ("return sum(outputs)", "return F.relu(sum(outputs))"),
        ),
        "returns",
    ),
    wrong(
        "q2",
        "a mean in place of the sum",
        edited(MIX, ("sum(outputs)", "sum(outputs) / len(outputs)")),
        "returns",
    ),
    wrong(
        "q2",
        "always the batch's statistics",
        edited(MIX, ("norm.training, norm", "True, norm")),
        "both modes",
    ),
    wrong(
        "q2",
        "always the running averages",
        edited(MIX, ("norm.training, norm", "False, norm")),
        "both modes",
    ),
    wrong(
        "q2",
        "running averages of a copy",
        edited(MIX, ("norm.running_mean.split", "norm.running_mean.clone().split")),
        "updated",
    ),
    wrong(
        "q2",
        "the usual momentum and eps",
        edited(MIX, (", norm.momentum, norm.eps", "")),
        "momentum",
    ),
    wrong(
        "q2",
        "without scale and shift",
        edited(MIX, ("var, scale, shift, norm", "var, None, None, norm")),
    ),
    wrong(
        "q2",
        "weights in the reverse order",
        edited(MIX, ("sizes, dim=1)", "sizes, dim=1)[::-1]")),
        "order",
    ),
    wrong("q2", "the last part only", edited(MIX, ("sum(outputs)", "outputs[-1]"))),
    wrong(
        "q2",
        "no gradient",
        edited(
            MIX,
            ("    outputs = []", "    torch.set_grad_enabled(False)\n    outputs = []"),
            ("    return sum", "    torch.set_grad_enabled(True)\n    return sum"),
        ),
        "gradients",
    ),
    # ------------------------------------------------------------------ question 3
    correct("q3", "a helper for one step", GROWING),
    correct(
        "q3",
        "a class for the layer, and a list of parts",
        """
class Layer(nn.Module):
    def __init__(self, c, k, b):
        super().__init__()
        self.b = b
        width = c
        if b is not None:
            width = b * k
            self.norm_in = nn.BatchNorm2d(c)
            self.squeeze = nn.Conv2d(c, width, 1, bias=False)
        self.norm_out = nn.BatchNorm2d(width)
        self.look = nn.Conv2d(width, k, 3, padding=1, bias=False)

    def forward(self, parts):
        x = torch.cat(parts, 1)
        if self.b is not None:
            x = self.squeeze(F.relu(self.norm_in(x)))
        return self.look(F.relu(self.norm_out(x)))


class GrowingBlock(nn.Module):
    def __init__(self, in_channels, growth_rates, bn_size=4):
        super().__init__()
        rates = list(growth_rates)
        if not rates:
            raise ValueError("growth_rates must not be empty")
        reads = [in_channels + sum(rates[:i]) for i in range(len(rates))]
        for i, (c, k) in enumerate(zip(reads, rates)):
            if k <= 0:
                raise ValueError(f"growth_rates has {k}")
            self.add_module(f"layer{i}", Layer(c, k, bn_size))
        self.out_channels = in_channels + sum(rates)

    def forward(self, x):
        parts = [x]
        for layer in self.children():
            parts += [layer(parts)]
        return torch.cat(parts, 1)
""",
    ),
    correct(
        "q3",
        "a Sequential of blocks of one layer",
        """
class Beside(nn.Sequential):
    def forward(self, x):
        return torch.concat((x, super().forward(x)), dim=-3)


class GrowingBlock(nn.Sequential):
    def __init__(self, in_channels, growth_rates, bn_size=4):
        if any(not k > 0 for k in growth_rates) or not len(growth_rates):
            raise ValueError("every one of growth_rates must be 1 or more")
        layers = []
        for k in growth_rates:
            widths = [in_channels] + ([bn_size * k] if bn_size else []) + [k]
            steps = []
            for i, (a, b) in enumerate(zip(widths, widths[1:])):
                size = 3 if i == len(widths) - 2 else 1
                conv = nn.Conv2d(a, b, size, padding="same", bias=False)
                steps += [nn.BatchNorm2d(a), nn.ReLU(inplace=True), conv]
            layers.append(Beside(*steps))
            in_channels += k
        super().__init__(*layers)
        self.out_channels = in_channels
""",
    ),
    correct(
        "q3",
        "one tensor for all, filled in slices",
        edited(
            GROWING,
            (
                "        for layer in self.layers:\n            new = layer(x)\n"
                "            x = torch.cat([x, new], dim=1)\n        return x",
                "        parts = [x]\n        for layer in self.layers:\n"
                "            parts.append(layer(torch.cat(parts, 1)))\n"
                "        y = x.new_zeros(len(x), self.out_channels, *x.shape[2:])\n"
                "        end = 0\n"
                "        for part in parts:\n            y[:, end : end + part.shape[1]] = part\n"
                "            end += part.shape[1]\n        return y",
            ),
        ),
    ),
    correct(
        "q3",
        "lists of norms and of convolutions",
        """
class GrowingBlock(nn.Module):
    def __init__(self, in_channels, growth_rates, bn_size=4):
        super().__init__()
        if not growth_rates or not all(k >= 1 for k in growth_rates):
            raise ValueError("growth_rates need at least one positive number")
        self.bn_size, self.out_channels = bn_size, in_channels
        self.norms1, self.convs1 = nn.ModuleList(), nn.ModuleList()
        self.norms2, self.convs2 = nn.ModuleList(), nn.ModuleList()
        for k in growth_rates:
            c = self.out_channels
            if bn_size:
                self.norms1.append(nn.BatchNorm2d(c))
                self.convs1.append(nn.Conv2d(c, bn_size * k, 1, bias=False))
                c = bn_size * k
            self.norms2.append(nn.BatchNorm2d(c))
            self.convs2.append(nn.Conv2d(c, k, 3, padding=1, bias=False))
            self.out_channels += k

    def forward(self, x):
        for i in range(len(self.convs2)):
            y = x
            if self.bn_size:
                y = self.convs1[i](F.relu(self.norms1[i](y)))
            x = torch.hstack([x, self.convs2[i](F.relu(self.norms2[i](y)))])
        return x
""",
    ),
    wrong("q3", "bias left in", edited(GROWING, (", bias=False", "")), "no bias"),
    wrong(
        "q3",
        "ReLU before the norm",
        edited(
            GROWING,
            (
                "        nn.BatchNorm2d(c_in),\n        nn.ReLU(),\n",
                "        nn.ReLU(),\n        nn.BatchNorm2d(c_in),\n",
            ),
        ),
    ),
    wrong(
        "q3",
        "convolution first",
        edited(
            GROWING,
            ("        nn.BatchNorm2d(c_in),\n        nn.ReLU(),\n", ""),
            (
                "bias=False),\n",
                "bias=False),\n        nn.BatchNorm2d(c_out),\n        nn.ReLU(),\n",
            ),
        ),
    ),
    wrong("q3", "new channels in front", edited(GROWING, ("[x, new]", "[new, x]")), "input"),
    wrong("q3", "returns the last layer's output", edited(GROWING, ("return x", "return new"))),
    wrong(
        "q3",
        "forgets the input",
        edited(
            GROWING,
            ("        return x", "        return x[:, -sum(k for k in self.rates) :]"),
            ("self.out_channels = c", "self.out_channels, self.rates = c, growth_rates"),
        ),
        "input",
    ),
    wrong(
        "q3",
        "the first growth rate for all",
        edited(
            GROWING,
            (
                "for k in growth_rates:\n            if",
                "for k in [growth_rates[0]] * len(growth_rates):\n            if",
            ),
        ),
        "one for each layer",
    ),
    wrong("q3", "a plain list of layers", edited(GROWING, ("nn.ModuleList()", "[]"))),
    wrong(
        "q3",
        "no second ReLU",
        edited(
            GROWING,
            (
                "step(c, bn_size * k, 1), step(bn_size * k, k, 3)",
                "step(c, bn_size * k, 1), nn.BatchNorm2d(bn_size * k), "
                "nn.Conv2d(bn_size * k, k, 3, padding=1, bias=False)",
            ),
        ),
        "3×3",
    ),
    wrong(
        "q3",
        "no second norm",
        edited(
            GROWING,
            (
                "step(bn_size * k, k, 3)",
                "nn.ReLU(), nn.Conv2d(bn_size * k, k, 3, padding=1, bias=False)",
            ),
        ),
        "3×3",
    ),
    wrong(
        "q3", "always four times the growth rate", edited(GROWING, ("bn_size * k", "4 * k")), "1×1"
    ),
    wrong(
        "q3",
        "kernels swapped",
        edited(
            GROWING,
            (
                "step(c, bn_size * k, 1), step(bn_size * k, k, 3)",
                "step(c, bn_size * k, 3), step(bn_size * k, k, 1)",
            ),
        ),
        "1×1",
    ),
    wrong(
        "q3",
        "ignores bn_size=None",
        edited(GROWING, ("if bn_size is None:", "bn_size = bn_size or 4\n            if False:")),
        "None",
    ),
    wrong(
        "q3",
        "takes a growth rate of 0",
        edited(GROWING, (" or any(k < 1 for k in growth_rates)", " or min(growth_rates) < 0")),
        "less than 1",
    ),
    wrong(
        "q3",
        "the package's layers",
        edited(
            GROWING,
            (
                "            if bn_size is None:\n                layer = step(c, k, 3)\n"
                "            else:\n"
                "                layer = nn.Sequential(step(c, bn_size * k, 1), "
                "step(bn_size * k, k, 3))",
                "            from densenet_lesson import DenseLayer\n"
                "            layer = DenseLayer(c, k, bn_size)",
            ),
        ),
        "from scratch",
    ),
    wrong(
        "q3",
        "the package's steps",
        edited(
            GROWING,
            (
                GROWING[GROWING.index("    return nn.Sequential(") : GROWING.index("\n\n\nclass")],
                "    return densenet_lesson.conv_block(c_in, c_out, kernel_size)",
            ),
            ("\ndef step", "\nimport densenet_lesson\n\n\ndef step"),
        ),
        "from scratch",
    ),
    wrong(
        "q3",
        "never remembers the batch",
        edited(GROWING, ("nn.BatchNorm2d(c_in)", "nn.BatchNorm2d(c_in, momentum=0.0)")),
        "1×1",
    ),
    # ------------------------------------------------------------------ question 4
    correct("q4", "repaired line by line", REPAIRED),
    correct(
        "q4",
        "a growing count, apply, and a list of parts",
        """
def initialise(module):
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight)

class RepairedBlock(nn.Module):
    def __init__(self, num_layers, in_channels, growth_rate):
        super().__init__()
        channels, layers = in_channels, []
        while len(layers) < num_layers:
            layers.append(nn.Sequential(
                nn.BatchNorm2d(channels),
                nn.ReLU(),
                nn.Conv2d(channels, growth_rate, 3, 1, 1, bias=False),
            ))
            channels += growth_rate
        self.layers = nn.ModuleList(layers)
        self.apply(initialise)

    def forward(self, x):
        parts = [x]
        for layer in self.layers:
            parts.append(layer(torch.cat(parts, dim=1)))
        return torch.cat(parts, dim=1)
""",
    ),
    correct(
        "q4",
        "initialised where it is built, one attribute per layer",
        """
class RepairedBlock(nn.Module):
    def __init__(self, num_layers, in_channels, growth_rate):
        super().__init__()
        self.num_layers = num_layers
        for i in range(num_layers):
            channels = in_channels + i * growth_rate
            conv = nn.Conv2d(channels, growth_rate, 3, padding="same", bias=False)
            nn.init.kaiming_normal_(conv.weight)
            setattr(self, f"norm{i}", nn.BatchNorm2d(channels))
            setattr(self, f"conv{i}", conv)

    def forward(self, x):
        for i in range(self.num_layers):
            norm, conv = getattr(self, f"norm{i}"), getattr(self, f"conv{i}")
            x = torch.cat([x, conv(F.relu(norm(x)))], dim=1)
        return x
""",
    ),
    wrong(
        "q4",
        "class name still wrong",
        edited(REPAIRED, ("super(RepairedBlock, self)", "super(Repairedblock, self)")),
    ),
    wrong(
        "q4",
        "comma still missing",
        edited(REPAIRED, ("nn.BatchNorm2d(channels),", "nn.BatchNorm2d(channels)")),
    ),
    wrong(
        "q4",
        "third layer still reads too little",
        edited(REPAIRED, ("+ i * growth", "+ min(i, 1) * growth")),
        "reads",
    ),
    wrong("q4", "counts layers from 1", edited(REPAIRED, ("+ i * growth", "+ (i + 1) * growth"))),
    wrong("q4", "bias still there", edited(REPAIRED, (", bias=False", "")), "no bias"),
    wrong(
        "q4",
        "initialises nothing",
        edited(REPAIRED, ("in self.modules()", "in self.layers")),
        "all convolutions",
    ),
    wrong(
        "q4",
        "initialises before the layers are there",
        edited(
            REPAIRED,
            (
                "        for module in self.modules():\n"
                "            if isinstance(module, nn.Conv2d):\n"
                "                nn.init.kaiming_normal_(module.weight)\n",
                "",
            ),
            (
                "        for i in range",
                "        for module in self.modules():\n"
                "            if isinstance(module, nn.Conv2d):\n"
                "                nn.init.kaiming_normal_(module.weight)\n"
                "        for i in range",
            ),
        ),
        "all convolutions",
    ),
    wrong(
        "q4",
        "another initialisation",
        edited(REPAIRED, ("kaiming_normal_", "xavier_normal_")),
        "kaiming_normal_",
    ),
    wrong(
        "q4",
        "still returns the last layer's output",
        edited(REPAIRED, ("return x", "return y")),
        "input",
    ),
    wrong(
        "q4",
        "returns what was read, not what was written",
        edited(
            REPAIRED,
            (
                "            y = layer(x)\n            x = torch.cat((x, y), dim=1)\n"
                "        return x",
                "            y = x\n            x = torch.cat((x, layer(x)), dim=1)\n"
                "        return y",
            ),
        ),
        "all layers",
    ),
    wrong(
        "q4",
        "norms without scale and shift",
        edited(
            REPAIRED,
            (
                "                nn.BatchNorm2d(channels),\n",
                "                nn.BatchNorm2d(channels, affine=False),\n",
            ),
        ),
        "step",
    ),
    wrong(
        "q4",
        "the odd line repaired wrongly",
        edited(REPAIRED, ("                self.relu,\n", "")),
        "step",
    ),
    # ------------------------------------------------------------------ question 5
    correct("q5", "torch.empty and copy_", FORWARD),
    correct(
        "q5",
        "a formula, zeros and narrow",
        """
def copied_by_cat(num_layers, in_channels, growth_rate):
    return num_layers * in_channels + growth_rate * num_layers * (num_layers + 1) // 2

@torch.no_grad()
def dense_forward(layers, x, growth_rates):
    shape = list(x.shape)
    shape[1] += sum(growth_rates)
    y = torch.zeros(shape, dtype=x.dtype, device=x.device)
    ends = [x.shape[1]]
    y.narrow(1, 0, ends[0]).copy_(x)
    for layer, k in zip(layers, growth_rates):
        y.narrow(1, ends[-1], k).copy_(layer(y.narrow(1, 0, ends[-1])))
        ends.append(ends[-1] + k)
    return y
""",
    ),
    correct(
        "q5",
        "places split beforehand",
        """
def copied_by_cat(num_layers, in_channels, growth_rate):
    if num_layers == 0:
        return 0
    last = in_channels + num_layers * growth_rate
    return last + copied_by_cat(num_layers - 1, in_channels, growth_rate)

def dense_forward(layers, x, growth_rates):
    sizes = [x.shape[1], *growth_rates]
    with torch.no_grad():
        y = torch.full((len(x), sum(sizes), *x.shape[2:]), float("nan")).to(x)
        places = y.split(sizes, dim=1)
        places[0][:] = x
        for i, layer in enumerate(layers, start=1):
            places[i][:] = layer(y[:, : sum(sizes[:i])])
    return y
""",
    ),
    correct(
        "q5",
        "a while loop",
        edited(
            FORWARD,
            (
                "        for layer, k in zip(layers, growth_rates):\n",
                "        i = 0\n        while i < len(layers):\n"
                "            layer, k = layers[i], growth_rates[i]\n            i += 1\n",
            ),
        ),
    ),
    wrong(
        "q5",
        "concatenates all the same",
        edited(
            FORWARD,
            (
                FORWARD[FORWARD.index("        n, c, h, w") :],
                "        for layer in layers:\n"
                "            x = torch.cat([x, layer(x)], dim=1)\n        return x\n",
            ),
        ),
        "no concatenation",
    ),
    wrong(
        "q5",
        "concatenates, and copies the result back",
        edited(
            FORWARD,
            (
                "            y[:, c : c + k] = new\n",
                "            y[:, : c + k] = torch.cat([y[:, :c], new], dim=1)\n",
            ),
        ),
        "no concatenation",
    ),
    wrong(
        "q5",
        "gives each layer a copy",
        edited(FORWARD, ("layer(y[:, :c])", "layer(y[:, :c].clone())")),
        "not a copy",
    ),
    wrong(
        "q5",
        "gives each layer everything",
        edited(FORWARD, ("layer(y[:, :c])", "layer(y)"), ("torch.empty", "torch.zeros")),
    ),
    wrong(
        "q5",
        "gives each layer the last part only",
        edited(FORWARD, ("new = layer(y[:, :c])", "new = layer(y[:, max(0, c - k) : c])")),
        "reads",
    ),
    wrong("q5", "always 32 bits", edited(FORWARD, (", dtype=x.dtype", "")), "dtype"),
    wrong(
        "q5", "writes all layers to the same place", edited(FORWARD, ("            c += k\n", ""))
    ),
    wrong(
        "q5",
        "the first growth rate for all",
        edited(FORWARD, ("            c += k\n", "            c += growth_rates[0]\n")),
        "growth_rates",
    ),
    wrong(
        "q5",
        "forgets the input",
        edited(FORWARD, ("        y[:, :c].copy_(x)\n", ""), ("torch.empty", "torch.zeros")),
        "copy x",
    ),
    wrong(
        "q5",
        "new channels in front",
        edited(FORWARD, ("        return y\n", "        return y.flip(1)\n")),
        "in order",
    ),
    wrong(
        "q5",
        "returns what is new",
        edited(FORWARD, ("        return y\n", "        return y[:, x.shape[1] :]\n")),
    ),
    wrong(
        "q5",
        "keeps gradients",
        edited(FORWARD, ("torch.no_grad()", "torch.enable_grad()")),
        "no gradient",
    ),
    wrong(
        "q5",
        "counts old channels only",
        edited(
            FORWARD,
            (
                "        channels += growth_rate\n        copied += channels",
                "        copied += channels\n        channels += growth_rate",
            ),
        ),
        "old and new",
    ),
    wrong(
        "q5",
        "counts new channels only",
        edited(FORWARD, ("copied += channels", "copied += growth_rate")),
        "old and new",
    ),
    wrong(
        "q5",
        "counts the last result only",
        edited(FORWARD, ("return copied", "return channels")),
        "in all",
    ),
    wrong("q5", "results that claim to equal everything", always_equal(FORWARD, "copied_by_cat")),
    # ------------------------------------------------------------------ one clause each
    wrong(
        "q1",
        "other names for the arguments",
        edited(
            STEP,
            ("scale, shift, mean, var, training,", "gamma, beta, mean, var, training,"),
            (
                "    old_mean, old_var = mean, var\n    if",
                "    old_mean, old_var, scale, shift = mean, var, gamma, beta\n    if",
            ),
        ),
        "arguments",
    ),
    wrong("q1", "another eps by default", edited(STEP, ("eps=1e-5", "eps=1e-3")), "arguments"),
    wrong(
        "q1",
        "another momentum by default",
        edited(STEP, ("momentum=0.1", "momentum=0.01")),
        "arguments",
    ),
    wrong(
        "q1",
        "one mean for all channels",
        edited(
            STEP,
            (
                "        old_mean = (1",
                "        mean = mean.mean().expand_as(mean)\n        old_mean = (1",
            ),
        ),
        "own mean",
    ),
    wrong(
        "q1",
        "remembers in evaluation, too",
        edited(
            STEP,
            (
                "    factor =",
                "    if not training:\n        old_mean = (1 - momentum) * mean + momentum * "
                "x.mean((0, 2, 3))\n    factor =",
            ),
        ),
        "not remembered",
    ),
    wrong(
        "q1",
        "None to remember in evaluation",
        edited(
            STEP,
            ("2), old_mean, old_var", "2), *((old_mean, old_var) if training else (None, None))"),
        ),
        "equal",
    ),
    wrong(
        "q1",
        "zeros to remember in evaluation",
        edited(
            STEP,
            (
                "    factor =",
                "    if not training:\n        old_mean = torch.zeros_like(mean)\n    factor =",
            ),
        ),
        "equal",
    ),
    wrong(
        "q1",
        "divides by the scale",
        edited(STEP, ("factor = scale /", "factor = 1 / scale /")),
        "scale",
    ),
    wrong("q1", "subtracts the shift", edited(STEP, ("(shift - mean", "(-shift - mean")), "shift"),
    wrong(
        "q1",
        "ReLU after the convolution",
        edited(
            STEP,
            ("    y = y.clamp(min=0)\n", ""),
            (
                "return F.conv2d(y, weight, padding=weight.size(2) // 2)",
                "return F.conv2d(y, weight, padding=weight.size(2) // 2).relu()",
            ),
        ),
        "ReLU",
    ),
    wrong(
        "q1",
        "no gradient through the mean",
        edited(
            STEP, ("        old_mean = (1", "        mean = mean.detach()\n        old_mean = (1")
        ),
        "gradient",
    ),
    wrong(
        "q1",
        "no gradient through the variance",
        edited(STEP, ("        var = squares / n\n", "        var = squares.detach() / n\n")),
        "gradient",
    ),
    wrong(
        "q1",
        "no gradient for the scale",
        edited(STEP, ("factor = scale /", "factor = scale.detach() /")),
        "gradient",
    ),
    wrong(
        "q1",
        "no gradient for the shift",
        edited(STEP, ("(shift - mean", "(shift.detach() - mean")),
        "gradient",
    ),
    wrong(
        "q1",
        "no gradient for the weights",
        edited(STEP, ("F.conv2d(y, weight,", "F.conv2d(y, weight.detach(),")),
        "gradient",
    ),
    wrong(
        "q1",
        "no gradient in evaluation",
        edited(STEP, ("    factor =", "    x = x if training else x.detach()\n    factor =")),
        "gradient",
    ),
    wrong(
        "q1",
        "no gradient at all",
        edited(STEP, ("\ndef norm", "\n@torch.no_grad()\ndef norm")),
        "gradient",
    ),
    wrong(
        "q1",
        "two tensors",
        edited(STEP, ("2), old_mean, old_var", "2), torch.stack([old_mean, old_var])")),
        "three",
    ),
    wrong("q1", "the output only", edited(STEP, ("2), old_mean, old_var", "2)")), "three"),
    wrong(
        "q1",
        "the variance before the mean",
        edited(STEP, ("2), old_mean, old_var", "2), old_var, old_mean")),
        "order",
    ),
    wrong(
        "q1",
        "changes the variance in place",
        edited(
            STEP,
            (
                "        old_var = (1 - momentum) * old_var + momentum * squares / (n - 1)",
                "        old_var.mul_(1 - momentum).add_((momentum * squares / (n - 1)).detach())",
            ),
        ),
        "unchanged",
    ),
    wrong(
        "q1",
        "changes x in place",
        edited(
            STEP,
            (
                "    factor =",
                "    x -= x.mean().detach() * 0 + 1\n    mean = mean - 1\n    factor =",
            ),
        ),
        "unchanged",
    ),
    correct(
        "q1",
        "deviations once, remembered values without a gradient",
        """
def norm_relu_conv(x, weight, scale, shift, mean, var, training, momentum=0.1, eps=1e-5):
    new = mean.clone(), var.clone()
    if training:
        mean = x.flatten(2).transpose(0, 1).flatten(1).mean(dim=1)
    away = x - mean.reshape(1, -1, 1, 1)
    if training:
        var = away.square().mean((0, 2, 3))
        n = away[:, 0].numel()
        with torch.no_grad():
            batch = mean, var * (n / (n - 1))
            new = tuple(old + momentum * (b - old) for old, b in zip(new, batch))
    away = away / torch.sqrt(var + eps).reshape(1, -1, 1, 1)
    y = torch.addcmul(shift.reshape(1, -1, 1, 1), away, scale.reshape(1, -1, 1, 1)).relu()
    return (torch.conv2d(y, weight, padding="same"), *new)
""",
    ),
    wrong(
        "q2",
        "other names for the arguments",
        edited(
            MIX, ("mix(parts, norm, conv):\n", "mix(xs, bn, conv):\n    parts, norm = xs, bn\n")
        ),
        "arguments",
    ),
    wrong(
        "q2",
        "two parts at least",
        edited(MIX, ("    outputs = []", "    parts[1]\n    outputs = []")),
        "one or more",
    ),
    wrong(
        "q2",
        "two parts at most",
        edited(MIX, ("for part in parts]\n", "for part in parts]\n    parts = parts[:2]\n")),
        "one or more",
    ),
    wrong(
        "q2",
        "parts of equal sizes after the first",
        edited(
            MIX,
            (
                "    pieces =",
                "    rest = (sum(sizes) - sizes[0]) // max(1, len(sizes) - 1)\n"
                "    sizes = sizes[:1] + [rest] * (len(sizes) - 1)\n    pieces =",
            ),
        ),
        "differ",
    ),
    wrong(
        "q2",
        "no gradient for the weights",
        edited(MIX, ("conv.weight.split", "conv.weight.detach().split")),
        "gradients",
    ),
    wrong(
        "q2",
        "no gradient for the scale",
        edited(MIX, ("norm.weight.split", "norm.weight.detach().split")),
        "gradients",
    ),
    wrong(
        "q2",
        "remembers the variance over n",
        edited(
            MIX,
            ("    outputs = []", "    n = parts[0][:, 0].numel()\n    outputs = []"),
            ("norm.running_var.split", "norm.running_var.mul_(1).split"),
            (
                "        part = F.relu(part)\n",
                "        if norm.training:\n"
                "            old = (var - norm.momentum * given.var((0, 2, 3)))\n"
                "            var.copy_(old + norm.momentum * given.var((0, 2, 3)) * (n - 1) / "
                "n)\n        part = F.relu(part)\n",
            ),
            (
                "        part = F.batch_norm(",
                "        given = part.detach()\n        part = F.batch_norm(",
            ),
        ),
        "updated",
    ),
    wrong(
        "q2",
        "the means only",
        edited(MIX, ("norm.running_var.split(sizes)", "norm.running_var.clone().split(sizes)")),
        "updated",
    ),
    wrong(
        "q2",
        "the usual momentum",
        edited(MIX, ("norm.momentum, norm.eps", "0.1, norm.eps")),
        "momentum",
    ),
    wrong(
        "q2", "the usual eps", edited(MIX, ("norm.momentum, norm.eps", "norm.momentum")), "momentum"
    ),
    wrong(
        "q3",
        "other names for the arguments",
        edited(
            GROWING,
            (
                "growth_rates, bn_size=4):\n        super().__init__()\n",
                "rates, bn_size=4):\n        super().__init__()\n        growth_rates = rates\n",
            ),
        ),
        "arguments",
    ),
    wrong(
        "q3",
        "no bottleneck by default",
        edited(GROWING, ("bn_size=4", "bn_size=None")),
        "arguments",
    ),
    wrong("q3", "two by default", edited(GROWING, ("bn_size=4", "bn_size=2")), "arguments"),
    wrong(
        "q3",
        "tuples only",
        edited(
            GROWING,
            (
                "        self.layers =",
                "        growth_rates = () + growth_rates\n        self.layers =",
            ),
        ),
        "sequence",
    ),
    wrong(
        "q3",
        "lists only",
        edited(
            GROWING,
            (
                "        self.layers =",
                "        growth_rates = [] + growth_rates\n        self.layers =",
            ),
        ),
        "sequence",
    ),
    wrong(
        "q3",
        "no padding",
        edited(
            GROWING,
            ("padding=kernel_size // 2, ", ""),
            ("            new = layer(x)", "            new = layer(F.pad(x, (1, 1, 1, 1)))"),
        ),
        "sizes",
    ),
    wrong(
        "q3",
        "repeats the border",
        edited(
            GROWING,
            ("padding=kernel_size // 2,", 'padding=kernel_size // 2, padding_mode="replicate",'),
        ),
        "3×3",
    ),
    wrong(
        "q3",
        "activates the input",
        edited(
            GROWING,
            (
                "            x = torch.cat([x, new], dim=1)",
                "            x = torch.cat([x.clamp(min=-1), new], dim=1)",
            ),
        ),
        "input",
    ),
    wrong(
        "q3",
        "the last layer first",
        edited(
            GROWING,
            (
                "        for layer in self.layers:\n            new = layer(x)\n"
                "            x = torch.cat([x, new], dim=1)\n        return x",
                "        parts = [x]\n        for layer in self.layers:\n"
                "            parts.append(layer(torch.cat(parts, dim=1)))\n"
                "        return torch.cat([x, *parts[:0:-1]], dim=1)",
            ),
        ),
        "in order",
    ),
    wrong(
        "q3",
        "changes x",
        edited(
            GROWING,
            (
                "        for layer in self.layers:\n",
                "        given = x\n        for layer in self.layers:\n",
            ),
            ("        return x\n", "        given.mul_(2)\n        return x\n"),
        ),
        "x",
    ),
    wrong(
        "q3",
        "no attribute",
        edited(GROWING, ("        self.out_channels = c\n", "")),
        "out_channels",
    ),
    wrong(
        "q3",
        "the new channels in out_channels",
        edited(GROWING, ("self.out_channels = c\n", "self.out_channels = c - in_channels\n")),
        "out_channels",
    ),
    wrong(
        "q3",
        "takes no growth rates at all",
        edited(GROWING, ("len(growth_rates) == 0 or ", "")),
        "empty",
    ),
    wrong(
        "q3",
        "takes negative growth rates of others",
        edited(GROWING, ("any(k < 1 for k in growth_rates)", "growth_rates[-1] < 1")),
        "less than 1",
    ),
    wrong(
        "q3",
        "takes negative growth rates",
        edited(GROWING, ("any(k < 1 for k in growth_rates)", "0 in growth_rates")),
        "less than 1",
    ),
    wrong("q3", "a TypeError", edited(GROWING, ("raise ValueError", "raise TypeError")), "error"),
    wrong(
        "q3",
        "a message of other words",
        edited(GROWING, ('f"growth_rates={growth_rates}: ', 'f"{growth_rates}: ')),
        "error",
    ),
    wrong(
        "q3",
        "complains when it is used",
        edited(
            GROWING,
            (
                "        if len(growth_rates) == 0 or any(k < 1 for k in growth_rates):\n"
                "            raise",
                "        self.bad = len(growth_rates) == 0 or any(k < 1 for k in growth_rates)\n"
                "        growth_rates = [max(1, k) for k in growth_rates]\n        if False:\n"
                "            raise",
            ),
            (
                "        for layer in self.layers:\n",
                "        if self.bad:\n            raise ValueError('growth_rates')\n"
                "        for layer in self.layers:\n",
            ),
        ),
        "error",
    ),
    wrong(
        "q3",
        "the 3×3 step is made first",
        edited(
            GROWING,
            (
                "layer = nn.Sequential(step(c, bn_size * k, 1), step(bn_size * k, k, 3))",
                "last = step(bn_size * k, k, 3)\n"
                "                layer = TwoSteps(last, step(c, bn_size * k, 1))",
            ),
            (
                "class GrowingBlock",
                "class TwoSteps(nn.Sequential):\n    def forward(self, x):\n"
                "        return self[0](self[1](x))\n\n\nclass GrowingBlock",
            ),
        ),
        "order",
    ),
    correct(
        "q3",
        "any sequence, as a list",
        edited(
            GROWING,
            (
                "        super().__init__()\n",
                "        super().__init__()\n        growth_rates = list(growth_rates)\n",
            ),
        ),
    ),
    wrong(
        "q4",
        "one layer too few",
        edited(
            REPAIRED, ("for i in range(num_layers):", "for i in range(max(1, num_layers - 1)):")
        ),
        "layers",
    ),
    wrong(
        "q4",
        "three layers at most",
        edited(REPAIRED, ("for i in range(num_layers):", "for i in range(min(3, num_layers)):")),
        "layers",
    ),
    wrong(
        "q4",
        "no ReLU",
        edited(REPAIRED, ("                self.relu,\n", "                nn.Identity(),\n")),
        "step",
    ),
    wrong(
        "q4",
        "a bottleneck of one group each",
        edited(REPAIRED, ("kernel_size=3, padding=1,", "kernel_size=1,")),
        "step",
    ),
    wrong(
        "q4",
        "writes as many channels as it reads",
        edited(
            REPAIRED,
            ("nn.Conv2d(channels, growth_rate,", "nn.Conv2d(channels, min(channels, growth_rate),"),
        ),
        "writes",
    ),
    wrong(
        "q4",
        "reads the input and the last layer",
        edited(
            REPAIRED,
            ("+ i * growth", "+ min(i, 1) * growth"),
            (
                "            y = layer(x)\n",
                "            y = layer(x if y is None else torch.cat((given, y), dim=1))\n",
            ),
            (
                "        for layer in self.layers:\n",
                "        given, y = x, None\n        for layer in self.layers:\n",
            ),
        ),
        "reads",
    ),
    wrong(
        "q4",
        "the input behind",
        edited(
            REPAIRED,
            (
                "        return x\n",
                "        return x.roll(-self.layers[0][0].num_features, dims=1)\n",
            ),
        ),
        "in order",
    ),
    wrong(
        "q4",
        "new channels in front",
        edited(REPAIRED, ("torch.cat((x, y), dim=1)", "torch.cat((y, x), dim=1)")),
        "in order",
    ),
    wrong(
        "q4",
        "the last layer first",
        edited(
            REPAIRED,
            (
                "        for layer in self.layers:\n            y = layer(x)\n"
                "            x = torch.cat((x, y), dim=1)\n        return x",
                "        parts = [x]\n        for layer in self.layers:\n"
                "            parts.append(layer(torch.cat(parts, dim=1)))\n"
                "        return torch.cat([x, *parts[:0:-1]], dim=1)",
            ),
        ),
        "in order",
    ),
    wrong(
        "q4",
        "initialises the first convolution only",
        edited(
            REPAIRED,
            (
                "            if isinstance(module, nn.Conv2d):\n",
                "            if module is self.layers[0][2]:\n",
            ),
        ),
        "all convolutions",
    ),
    wrong(
        "q4",
        "initialises all but the first",
        edited(
            REPAIRED,
            (
                "            if isinstance(module, nn.Conv2d):\n",
                "            if isinstance(module, nn.Conv2d) and module is not "
                "self.layers[0][2]:\n",
            ),
        ),
        "all convolutions",
    ),
    wrong(
        "q4",
        "equally likely numbers",
        edited(REPAIRED, ("kaiming_normal_", "kaiming_uniform_")),
        "kaiming_normal_",
    ),
    wrong("q4", "ones", edited(REPAIRED, ("kaiming_normal_", "ones_")), "kaiming_normal_"),
    wrong(
        "q4",
        "fan_out",
        edited(
            REPAIRED,
            ("kaiming_normal_(module.weight", 'kaiming_normal_(module.weight, mode="fan_out"'),
        ),
        "settings",
    ),
    wrong(
        "q4",
        "for no ReLU",
        edited(
            REPAIRED,
            (
                "kaiming_normal_(module.weight",
                'kaiming_normal_(module.weight, nonlinearity="linear"',
            ),
        ),
        "settings",
    ),
    wrong(
        "q4",
        "for a leaky ReLU",
        edited(REPAIRED, ("kaiming_normal_(module.weight", "kaiming_normal_(module.weight, a=0.5")),
        "settings",
    ),
    wrong(
        "q5",
        "copied_by_cat: other names",
        edited(
            FORWARD,
            (
                "copied_by_cat(num_layers, in_channels, growth_rate):\n",
                "copied_by_cat(n, c, k):\n    num_layers, in_channels, growth_rate = n, c, k\n",
            ),
        ),
        "copied's arguments",
    ),
    wrong(
        "q5",
        "dense_forward: other names",
        edited(
            FORWARD,
            (
                "dense_forward(layers, x, growth_rates):\n",
                "dense_forward(blocks, x, rates):\n    layers, growth_rates = blocks, rates\n",
            ),
        ),
        "arguments",
    ),
    wrong(
        "q5",
        "one layer at least",
        edited(FORWARD, ("    with torch.no_grad():", "    layers[0]\n    with torch.no_grad():")),
        "empty",
    ),
    wrong(
        "q5",
        "x itself when there are no layers",
        edited(
            FORWARD,
            (
                "    with torch.no_grad():",
                "    if not layers:\n        return x\n    with torch.no_grad():",
            ),
        ),
        "memory",
    ),
    wrong(
        "q5",
        "a view of x when there are no layers",
        edited(
            FORWARD,
            (
                "    with torch.no_grad():",
                "    if not len(layers):\n        return x.detach()\n    with torch.no_grad():",
            ),
        ),
        "memory",
    ),
    wrong(
        "q5",
        "the last layer first",
        edited(
            FORWARD,
            (
                "        return y\n",
                "        parts = y.split([x.shape[1], *growth_rates], dim=1)\n"
                "        end = x.shape[1]\n"
                "        for part in [p.clone() for p in parts[:0:-1]]:\n"
                "            y[:, end : end + part.shape[1]] = part\n"
                "            end += part.shape[1]\n        return y\n",
            ),
        ),
        "in order",
    ),
    wrong(
        "q5",
        "stacks side by side",
        edited(
            FORWARD,
            (
                "            y[:, c : c + k] = new\n",
                "            y[:, : c + k] = torch.hstack([y[:, :c], new])\n",
            ),
        ),
        "relatives",
    ),
    wrong(
        "q5",
        "concatenates under another name",
        edited(
            FORWARD,
            (
                "            y[:, c : c + k] = new\n",
                "            y[:, : c + k] = torch.concatenate([y[:, :c], new], dim=1)\n",
            ),
        ),
        "relatives",
    ),
    wrong("q5", "on the processor", edited(FORWARD, (", device=x.device", "")), "device"),
    wrong(
        "q5",
        "a new tensor for each layer",
        edited(
            FORWARD,
            (
                "            y[:, c : c + k] = new\n",
                "            y = y.clone()\n            y[:, c : c + k] = new\n",
            ),
        ),
        "slice",
    ),
    wrong(
        "q5",
        "returns a copy",
        edited(FORWARD, ("        return y\n", "        return y.clone()\n")),
        "not a copy",
    ),
    wrong(
        "q5",
        "gives the layers x, then copies",
        edited(FORWARD, ("layer(y[:, :c])", "layer(x if c == x.shape[1] else y[:, :c])")),
        "slice",
    ),
    wrong(
        "q5",
        "detaches at the end",
        edited(
            FORWARD,
            ("    with torch.no_grad():", "    with torch.enable_grad():"),
            ("        return y\n", "        return y.detach()\n"),
        ),
        "no gradient",
    ),
    wrong(
        "q5",
        "detaches each result",
        edited(
            FORWARD,
            ("    with torch.no_grad():", "    with torch.enable_grad():"),
            ("= new\n", "= new.detach()\n"),
            ("copy_(x)", "copy_(x.detach())"),
        ),
        "no gradient",
    ),
    wrong(
        "q5",
        "never allows gradients again",
        edited(
            FORWARD,
            ("    with torch.no_grad():", "    torch.set_grad_enabled(False)\n    if True:"),
        ),
        "no gradient",
    ),
    wrong(
        "q5",
        "changes x",
        edited(FORWARD, ("        return y\n", "        x.mul_(2)\n        return y\n")),
        "x",
    ),
]
