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
CLAUSES: dict[str, dict[str, str]] = {}

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
    wrong("q1", "no ReLU", edited(STEP, ("    y = y.clamp(min=0)\n", ""))),
    wrong(
        "q1", "remembers the variance over n", edited(STEP, ("squares / (n - 1)", "squares / n"))
    ),
    wrong(
        "q1",
        "normalises with n − 1",
        edited(STEP, ("var = squares / n\n", "var = squares / (n - 1)\n")),
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
    ),
    wrong("q1", "always the batch's statistics", edited(STEP, ("if training:", "if True:"))),
    wrong("q1", "always the running averages", edited(STEP, ("if training:", "if False:"))),
    wrong(
        "q1",
        "eps outside the square root",
        edited(STEP, ("torch.sqrt(var + eps)", "(torch.sqrt(var) + eps)")),
    ),
    wrong("q1", "forgets eps", edited(STEP, ("var + eps", "var"))),
    wrong(
        "q1",
        "scales after the ReLU",
        edited(
            STEP,
            ("(shift - mean * factor)", "(-mean * factor)"),
            ("    y = y.clamp(min=0)\n", "    y = y.clamp(min=0) + shift.view(1, -1, 1, 1)\n"),
        ),
    ),
    wrong("q1", "always a padding of 1", edited(STEP, ("weight.size(2) // 2", "1"))),
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
    ),
    wrong(
        "q1",
        "a mean for each image",
        edited(
            STEP,
            ("n = x.size(0) * x.size(2) * x.size(3)", "n = x.size(2) * x.size(3)"),
            ("mean = x.sum((0, 2, 3)) / n", "mean = x[0].sum((1, 2)) / n"),
        ),
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
    ),
    wrong(
        "q2",
        "no gradient for the parts",
        edited(MIX, ("F.batch_norm(part, mean", "F.batch_norm(part.detach(), mean")),
    ),
    wrong(
        "q2",
        "no gradient for the first part",
        edited(MIX, ("        parts,\n", "        [parts[0].detach(), *parts[1:]],\n")),
    ),
    wrong(
        "q2",
        "no gradient for the shift",
        edited(MIX, ("norm.bias.split", "norm.bias.detach().split")),
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
    ),
    wrong("q2", "no ReLU", edited(MIX, ("        part = F.relu(part)\n", ""))),
    wrong(
        "q2",
        "ReLU after the sum",
        edited(
            MIX,
            ("        part = F.relu(part)\n", ""),
            ("return sum(outputs)", "return F.relu(sum(outputs))"),
        ),
    ),
    wrong(
        "q2",
        "a mean in place of the sum",
        edited(MIX, ("sum(outputs)", "sum(outputs) / len(outputs)")),
    ),
    wrong(
        "q2", "always the batch's statistics", edited(MIX, ("norm.training, norm", "True, norm"))
    ),
    wrong("q2", "always the running averages", edited(MIX, ("norm.training, norm", "False, norm"))),
    wrong(
        "q2",
        "running averages of a copy",
        edited(MIX, ("norm.running_mean.split", "norm.running_mean.clone().split")),
    ),
    wrong("q2", "the usual momentum and eps", edited(MIX, (", norm.momentum, norm.eps", ""))),
    wrong(
        "q2",
        "without scale and shift",
        edited(MIX, ("var, scale, shift, norm", "var, None, None, norm")),
    ),
    wrong(
        "q2", "weights in the reverse order", edited(MIX, ("sizes, dim=1)", "sizes, dim=1)[::-1]"))
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
    wrong("q3", "bias left in", edited(GROWING, (", bias=False", ""))),
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
    wrong("q3", "new channels in front", edited(GROWING, ("[x, new]", "[new, x]"))),
    wrong("q3", "returns the last layer's output", edited(GROWING, ("return x", "return new"))),
    wrong(
        "q3",
        "forgets the input",
        edited(
            GROWING,
            ("        return x", "        return x[:, -sum(k for k in self.rates) :]"),
            ("self.out_channels = c", "self.out_channels, self.rates = c, growth_rates"),
        ),
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
    ),
    wrong("q3", "always four times the growth rate", edited(GROWING, ("bn_size * k", "4 * k"))),
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
    ),
    wrong(
        "q3",
        "ignores bn_size=None",
        edited(GROWING, ("if bn_size is None:", "bn_size = bn_size or 4\n            if False:")),
    ),
    wrong(
        "q3",
        "takes a growth rate of 0",
        edited(GROWING, (" or any(k < 1 for k in growth_rates)", " or min(growth_rates) < 0")),
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
    ),
    wrong(
        "q3",
        "never remembers the batch",
        edited(GROWING, ("nn.BatchNorm2d(c_in)", "nn.BatchNorm2d(c_in, momentum=0.0)")),
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
    ),
    wrong("q4", "counts layers from 1", edited(REPAIRED, ("+ i * growth", "+ (i + 1) * growth"))),
    wrong("q4", "bias still there", edited(REPAIRED, (", bias=False", ""))),
    wrong("q4", "initialises nothing", edited(REPAIRED, ("in self.modules()", "in self.layers"))),
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
    ),
    wrong("q4", "another initialisation", edited(REPAIRED, ("kaiming_normal_", "xavier_normal_"))),
    wrong(
        "q4", "still returns the last layer's output", edited(REPAIRED, ("return x", "return y"))
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
    ),
    wrong(
        "q4",
        "the odd line repaired wrongly",
        edited(REPAIRED, ("                self.relu,\n", "")),
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
    ),
    wrong(
        "q5",
        "gives each layer a copy",
        edited(FORWARD, ("layer(y[:, :c])", "layer(y[:, :c].clone())")),
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
    ),
    wrong("q5", "always 32 bits", edited(FORWARD, (", dtype=x.dtype", ""))),
    wrong(
        "q5", "writes all layers to the same place", edited(FORWARD, ("            c += k\n", ""))
    ),
    wrong(
        "q5",
        "the first growth rate for all",
        edited(FORWARD, ("            c += k\n", "            c += growth_rates[0]\n")),
    ),
    wrong(
        "q5",
        "forgets the input",
        edited(FORWARD, ("        y[:, :c].copy_(x)\n", ""), ("torch.empty", "torch.zeros")),
    ),
    wrong(
        "q5",
        "new channels in front",
        edited(FORWARD, ("        return y\n", "        return y.flip(1)\n")),
    ),
    wrong(
        "q5",
        "returns what is new",
        edited(FORWARD, ("        return y\n", "        return y[:, x.shape[1] :]\n")),
    ),
    wrong("q5", "keeps gradients", edited(FORWARD, ("torch.no_grad()", "torch.enable_grad()"))),
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
    ),
    wrong(
        "q5",
        "counts new channels only",
        edited(FORWARD, ("copied += channels", "copied += growth_rate")),
    ),
    wrong(
        "q5", "counts the last result only", edited(FORWARD, ("return copied", "return channels"))
    ),
    wrong("q5", "results that claim to equal everything", always_equal(FORWARD, "copied_by_cat")),
]
