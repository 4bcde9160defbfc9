"""Problem set 1, channel arithmetic: different correct solutions, and typical mistakes."""

from variants import always_equal, correct, edited, wrong

AUTHOR = """
def author(channel, in_channels, growth_rate):
    if channel < 0:
        raise ValueError(f"channel={channel} must be 0 or more")
    if channel < in_channels:
        return 0
    return 1 + (channel - in_channels) // growth_rate


def readers(channel, in_channels, growth_rate, num_layers):
    channels = in_channels + num_layers * growth_rate
    if channel < 0 or channel >= channels:
        raise ValueError(f"channel={channel} is not in a block of {channels} channels")
    first = author(channel, in_channels, growth_rate) + 1
    return [layer for layer in range(first, num_layers + 1)]
"""

PADDING = """
def padding_for(kernel_size, dilation=1):
    if not isinstance(kernel_size, tuple):
        kernel_size = (kernel_size, kernel_size)
    if not isinstance(dilation, tuple):
        dilation = (dilation, dilation)
    padding = []
    for k, d in zip(kernel_size, dilation):
        lost = d * (k - 1)
        if lost % 2 == 1:
            raise ValueError(f"kernel_size={k} with dilation={d} has no padding on both sides")
        padding.append(lost // 2)
    return tuple(padding)
"""

FLOPS = """
def block_flops(num_layers, in_channels, growth_rate, height, width):
    read = num_layers * in_channels + growth_rate * num_layers * (num_layers - 1) // 2
    return 2 * 9 * read * growth_rate * height * width


def longest_block(budget, in_channels, growth_rate, height, width):
    low, high = 0, budget + 1  # low fits, high doesn't
    while high - low > 1:
        middle = (low + high) // 2
        if block_flops(middle, in_channels, growth_rate, height, width) <= budget:
            low = middle
        else:
            high = middle
    return low
"""

THRIFTY = """
def thrifty_block(num_layers, in_channels, growth_rate, bn_size=4):
    kinds, total, c, k = [], 0, in_channels, growth_rate
    for _ in range(num_layers):
        width = bn_size * k
        plain = 2 * c + 3 * 3 * c * k
        bottleneck = 2 * c + c * width + 2 * width + 3 * 3 * width * k
        if plain <= bottleneck:
            kinds.append("plain")
            total += plain
        else:
            kinds.append("bottleneck")
            total += bottleneck
        c += k
    return kinds, total
"""

BATCH = """
def kept_numbers(num_layers, in_channels, growth_rate, bn_size, height, width):
    read = sum(in_channels + i * growth_rate for i in range(num_layers))
    inside = 0 if bn_size is None else num_layers * bn_size * growth_rate
    return 2 * (read + inside) * height * width


def largest_batch(memory, num_layers, in_channels, growth_rate, bn_size, height, width):
    parameters = 0
    for i in range(num_layers):
        c = in_channels + i * growth_rate
        if bn_size is None:
            parameters += 2 * c + 9 * c * growth_rate
        else:
            b = bn_size * growth_rate
            parameters += 2 * c + c * b + 2 * b + 9 * b * growth_rate
    kept = kept_numbers(num_layers, in_channels, growth_rate, bn_size, height, width)
    left = memory - 4 * 3 * parameters
    if left < 4 * kept:
        raise ValueError(f"memory={memory} is not enough for one image")
    return left // (4 * kept)
"""

PRINTED = """
PRINTED = [
    ("3a", 28, (64, 96, 128, 16, 32, 32), "159K", "128M"),
    ("3b", 28, (128, 128, 192, 32, 96, 64), "380K", "304M"),
    ("4a", 14, (192, 96, 208, 16, 48, 64), "364K", "73M"),
    ("4b", 14, (160, 112, 224, 24, 64, 64), "437K", "88M"),
    ("4c", 14, (128, 128, 256, 24, 64, 64), "463K", "100M"),
    ("4d", 14, (112, 144, 288, 32, 64, 64), "580K", "119M"),
    ("4e", 14, (256, 160, 320, 32, 128, 128), "840K", "170M"),
    ("5a", 7, (256, 160, 320, 32, 128, 128), "1072K", "54M"),
    ("5b", 7, (384, 192, 384, 48, 128, 128), "1388K", "71M"),
]
"""

MODULE = """
def module_weights(in_channels, widths):
    one, reduce3, three, reduce5, five, pooled = widths
    return (
        in_channels * one
        + in_channels * reduce3 + 3 * 3 * reduce3 * three
        + in_channels * reduce5 + 5 * 5 * reduce5 * five
        + in_channels * pooled
    )
"""

CELLS = """
def wrong_cells(table, in_channels=192, tolerance=0.02):
    wrong = {}
    for name, size, widths, params, ops in table:
        own = module_weights(in_channels, widths)
        columns = []
        if abs(float(params[:-1]) * 1024 - own) > tolerance * own:
            columns.append("params")
        own_ops = own * size * size
        if abs(float(ops[:-1]) * 10**6 - own_ops) > tolerance * own_ops:
            columns.append("ops")
        if columns:
            wrong[name] = columns
        in_channels = widths[0] + widths[2] + widths[4] + widths[5]
    return wrong
"""
TABLE = PRINTED + MODULE + CELLS

# By question: a short name for each clause of its task, and the task's words.
CLAUSES: dict[str, dict[str, str]] = {}

VARIANTS = [
    # ------------------------------------------------------------------ question 1
    correct("q1", "conditions", AUTHOR),
    correct(
        "q1",
        "a list of authors, built like the block",
        """
def authors(in_channels, growth_rate, num_layers):
    everybody = [0] * in_channels
    for layer in range(1, num_layers + 1):
        everybody.extend([layer] * growth_rate)
    return everybody

def author(channel, in_channels, growth_rate):
    if channel < 0:
        raise ValueError("channel must not be negative")
    return authors(in_channels, growth_rate, channel // growth_rate + 1)[channel]

def readers(channel, in_channels, growth_rate, num_layers):
    everybody = authors(in_channels, growth_rate, num_layers)
    if channel not in range(len(everybody)):
        raise ValueError("this block has no such channel")
    return [i for i in range(1, num_layers + 1) if i > everybody[channel]]
""",
    ),
    correct(
        "q1",
        "a while loop, and slices",
        """
def author(channel, in_channels, growth_rate):
    if channel < 0:
        raise ValueError(f"there is no channel {channel}")
    layer, end = 0, in_channels
    while channel >= end:
        layer, end = layer + 1, end + growth_rate
    return layer

def readers(channel, in_channels, growth_rate, num_layers):
    who = author(channel, in_channels, growth_rate)
    if who > num_layers:
        raise ValueError(f"there is no channel {channel}")
    return list(range(1, num_layers + 1))[who:]
""",
    ),
    correct(
        "q1",
        "rounding up",
        edited(
            AUTHOR,
            (
                "    if channel < in_channels:\n        return 0\n    return 1 + (channel - "
                "in_channels) // growth_rate",
                "    return max(0, -((in_channels - 1 - channel) // growth_rate))",
            ),
        ),
    ),
    wrong("q1", "counts layers from 0", edited(AUTHOR, ("return 1 + (", "return ("))),
    wrong("q1", "boundary off by one", edited(AUTHOR, ("channel < in_ch", "channel <= in_ch"))),
    wrong("q1", "the author reads itself", edited(AUTHOR, ("growth_rate) + 1", "growth_rate)"))),
    wrong("q1", "forgets the last layer", edited(AUTHOR, ("num_layers + 1)", "num_layers)"))),
    wrong("q1", "forgets the input", edited(AUTHOR, ("(channel - in_channels)", "channel"))),
    wrong(
        "q1",
        "takes negative channels",
        edited(AUTHOR, ("channel < 0 or ", ""), ("if channel < 0:", "if False:")),
    ),
    wrong("q1", "one channel too many", edited(AUTHOR, ("channel >= ch", "channel > ch"))),
    wrong("q1", "how many readers, not which", edited(AUTHOR, ("[layer for", "[1 for"))),
    wrong(
        "q1",
        "an empty list in place of the error",
        edited(AUTHOR, ('raise ValueError(f"channel={channel} is not', 'return [] and (f"')),
    ),
    # ------------------------------------------------------------------ question 2
    correct("q2", "a loop over the two directions", PADDING),
    correct(
        "q2",
        "a function for one direction, called twice",
        """
def one_side(kernel, step):
    covers = step * (kernel - 1) + 1
    if covers % 2 == 0:
        raise ValueError(f"kernel_size: it covers {covers} pixels, an even number")
    return (covers - 1) // 2

def padding_for(kernel_size, dilation=1):
    try:
        kh, kw = kernel_size
    except TypeError:
        kh = kw = kernel_size
    try:
        dh, dw = dilation
    except TypeError:
        dh = dw = dilation
    return one_side(kh, dh), one_side(kw, dw)
""",
    ),
    correct(
        "q2",
        "tries it with a real convolution",
        """
def padding_for(kernel_size, dilation=1):
    pair = lambda v: (v, v) if isinstance(v, int) else tuple(v)
    (kh, kw), (dh, dw) = pair(kernel_size), pair(dilation)
    size = max(kh, kw) * max(dh, dw) + 1
    x = torch.zeros(1, 1, size, size)
    conv = nn.Conv2d(1, 1, (kh, kw), dilation=(dh, dw))
    rows, columns = (size - n for n in conv(x).shape[2:])
    if rows % 2 or columns % 2:
        raise ValueError(f"kernel_size={kernel_size} has no such padding")
    return rows // 2, columns // 2
""",
    ),
    correct("q2", "divmod", edited(PADDING, ("lost % 2 == 1", "divmod(lost, 2)[1]"))),
    wrong("q2", "ignores the dilation", edited(PADDING, ("d * (k - 1)", "k - 1"))),
    wrong("q2", "rounds down instead of refusing", edited(PADDING, ("lost % 2 == 1", "False"))),
    wrong("q2", "half of dilation × kernel", edited(PADDING, ("d * (k - 1)", "d * k // 2 * 2"))),
    wrong(
        "q2",
        "dilation added instead of multiplied",
        edited(PADDING, ("d * (k - 1)", "k - 1 + 2 * (d - 1)")),
    ),
    wrong("q2", "height and width swapped", edited(PADDING, ("(padding)", "(padding[::-1])"))),
    wrong("q2", "refuses all even kernels", edited(PADDING, ("lost % 2 == 1", "k % 2 == 0"))),
    wrong("q2", "one number, not a pair", edited(PADDING, ("tuple(padding)", "padding[0]"))),
    wrong("q2", "the padding of both sides", edited(PADDING, ("lost // 2", "lost"))),
    wrong(
        "q2",
        "checks the rows only",
        edited(PADDING, ("if lost % 2 == 1", "if not padding and lost % 2 == 1")),
    ),
    wrong("q2", "None in place of the error", edited(PADDING, ("raise ValueError(f", "return (f"))),
    # ------------------------------------------------------------------ question 3
    correct("q3", "halves the gap between 0 and the budget", FLOPS),
    correct(
        "q3",
        "the quadratic equation, with isqrt",
        """
def block_flops(num_layers, in_channels, growth_rate, height, width):
    first, last = in_channels, in_channels + growth_rate * (num_layers - 1)
    return 9 * growth_rate * num_layers * (first + last) * height * width

def longest_block(budget, in_channels, growth_rate, height, width):
    c, k = in_channels, growth_rate
    room = budget // (9 * k * height * width)  # k n² + (2c − k) n must not exceed it
    b = 2 * c - k
    return (math.isqrt(b * b + 4 * k * room) - b) // (2 * k)
""",
    ),
    correct(
        "q3",
        "a guess with floats, then corrected with whole numbers",
        """
def block_flops(num_layers, in_channels, growth_rate, height, width):
    pairs = num_layers * (num_layers - 1) // 2
    weights = 9 * growth_rate * (num_layers * in_channels + pairs * growth_rate)
    return 2 * height * width * weights

def longest_block(budget, in_channels, growth_rate, height, width):
    rest = (in_channels, growth_rate, height, width)
    n = int(math.sqrt(budget / (9 * growth_rate**2 * height * width)))
    step = 2 ** max(0, n.bit_length() - 1)
    while block_flops(n, *rest) > budget:
        n = max(0, n - step)
    while step:
        while block_flops(n + step, *rest) <= budget:
            n += step
        step //= 2
    return n
""",
    ),
    correct(
        "q3",
        "bits of the answer, from the highest",
        edited(
            FLOPS,
            (FLOPS[FLOPS.index("    low, high") :], ""),
        )
        + """    n = 0
    for bit in reversed(range(120)):
        longer = n + 2**bit
        if block_flops(longer, in_channels, growth_rate, height, width) <= budget:
            n = longer
    return n
""",
    ),
    wrong(
        "q3", "staircase one step too high", edited(FLOPS, ("(num_layers - 1)", "(num_layers + 1)"))
    ),
    wrong("q3", "multiply-add counted once", edited(FLOPS, ("return 2 * 9", "return 9"))),
    wrong("q3", "forgets the kernel", edited(FLOPS, ("2 * 9 * read", "2 * read"))),
    wrong("q3", "takes the image as square", edited(FLOPS, ("height * width\n", "height**2\n"))),
    wrong("q3", "counts the growth rate once", edited(FLOPS, ("read * growth_rate", "read"))),
    wrong("q3", "divides with /", edited(FLOPS, ("(num_layers - 1) // 2", "(num_layers - 1) / 2"))),
    wrong("q3", "first length that doesn't fit", edited(FLOPS, ("return low", "return high"))),
    wrong("q3", "less than the budget, not at most", edited(FLOPS, ("<= budget", "< budget"))),
    wrong(
        "q3",
        "goes through the layers",
        edited(
            FLOPS,
            (
                "num_layers * in_channels + growth_rate * num_layers * (num_layers - 1) // 2",
                "sum(range(in_channels, in_channels + num_layers * growth_rate, growth_rate))",
            ),
        ),
    ),
    wrong(
        "q3",
        "a tensor of all layers",
        edited(
            FLOPS,
            (
                "num_layers * in_channels + growth_rate * num_layers * (num_layers - 1) // 2",
                "num_layers * in_channels + growth_rate * int(np.arange(num_layers).sum())",
            ),
            ("\ndef block_flops", "\nimport numpy as np\n\n\ndef block_flops"),
        ),
    ),
    wrong(
        "q3",
        "whole numbers of 64 bits",
        edited(
            FLOPS,
            ("return 2 * 9 * read", "return int(torch.tensor(2 * 9) * read"),
            ("* growth_rate * height * width\n", "* growth_rate * height * width)\n"),
            ("growth_rate * num_layers * (", "growth_rate * torch.tensor(num_layers) * ("),
            ("\ndef block_flops", "\nimport torch\n\n\ndef block_flops"),
        ),
    ),
    wrong(
        "q3",
        "adds layers until the budget is used up",
        edited(FLOPS, (FLOPS[FLOPS.index("    low, high") :], ""))
        + """    layers, used, channels = 0, 0, in_channels
    while used <= budget:
        used += 18 * channels * growth_rate * height * width
        channels += growth_rate
        layers += 1
    return layers - 1
""",
    ),
    wrong(
        "q3",
        "tries one length after the other",
        edited(FLOPS, (FLOPS[FLOPS.index("    low, high") :], ""))
        + """    n = 0
    while block_flops(n + 1, in_channels, growth_rate, height, width) <= budget:
        n += 1
    return n
""",
    ),
    wrong(
        "q3",
        "a square root of floats",
        edited(FLOPS, (FLOPS[FLOPS.index("    low, high") :], ""))
        + """    k, b = growth_rate, 2 * in_channels - growth_rate
    room = budget / (9 * k * height * width)
    return int((math.sqrt(b * b + 4 * k * room) - b) / (2 * k))
""",
    ),
    # ------------------------------------------------------------------ question 4
    correct("q4", "a running count of channels", THRIFTY),
    correct(
        "q4",
        "built, and counted by PyTorch",
        """
def count(module):
    return sum(p.numel() for p in module.parameters())

def thrifty_block(num_layers, in_channels, growth_rate, bn_size=4):
    kinds, total = [], 0
    for c in range(in_channels, in_channels + num_layers * growth_rate, growth_rate):
        options = [
            (count(DenseLayer(c, growth_rate)), 0, "plain"),
            (count(DenseLayer(c, growth_rate, bn_size)), 1, "bottleneck"),
        ]
        number, _, kind = min(options)
        kinds.append(kind)
        total += number
    return kinds, total
""",
    ),
    correct(
        "q4",
        "the inequality solved",
        """
def thrifty_block(num_layers, in_channels, growth_rate, bn_size=4):
    k, b = growth_rate, bn_size
    reads = [in_channels + i * k for i in range(num_layers)]
    pays = [(9 - b) * c > b * (2 + 9 * k) for c in reads]
    kinds = ["bottleneck" if p else "plain" for p in pays]
    convs = sum(b * c * k + b * k * (2 + 9 * k) if p else 9 * c * k for c, p in zip(reads, pays))
    return kinds, 2 * sum(reads) + convs
""",
    ),
    correct(
        "q4",
        "numbers counted from 1",
        edited(
            THRIFTY,
            ("for _ in range(num_layers):", "for layer in range(1, num_layers + 1):"),
            ("        width = bn", "        c = in_channels + (layer - 1) * k\n        width = bn"),
            ("        c += k\n", ""),
        ),
    ),
    wrong(
        "q4",
        "compares the weights only",
        edited(THRIFTY, ("if plain <=", "if plain + 2 * width <=")),
    ),
    wrong(
        "q4", "7.2 k for every bn_size", edited(THRIFTY, ("plain <= bottleneck:", "c <= 7.2 * k:"))
    ),
    wrong("q4", "a bottleneck when equal", edited(THRIFTY, ("plain <= bott", "plain < bott"))),
    wrong("q4", "forgets the second BN", edited(THRIFTY, (" + 2 * width", ""))),
    wrong("q4", "forgets the first BN", edited(THRIFTY, ("2 * c + ", ""))),
    wrong("q4", "second BN on the growth rate", edited(THRIFTY, ("2 * width +", "2 * k +"))),
    wrong("q4", "the first layer decides for all", edited(THRIFTY, ("        c += k\n", ""))),
    wrong(
        "q4",
        "grows before the first layer",
        edited(
            THRIFTY,
            (
                "c, k = [], 0, in_channels, growth_rate",
                "c, k = [], 0, in_channels + growth_rate, growth_rate",
            ),
        ),
    ),
    wrong(
        "q4",
        "a bottleneck adds its width",
        edited(THRIFTY, ("c += k", "c += k if plain <= bottleneck else width")),
    ),
    wrong("q4", "always four", edited(THRIFTY, ("bn_size * k", "4 * k"))),
    wrong("q4", "counts a bias", edited(THRIFTY, ("3 * 3 * width * k", "3 * 3 * width * k + k"))),
    # ------------------------------------------------------------------ question 5
    correct("q5", "a sum for the layers' input, one for their inside", BATCH),
    correct(
        "q5",
        "a list of all steps",
        """
def steps(num_layers, in_channels, growth_rate, bn_size):
    for i in range(num_layers):
        c = in_channels + growth_rate * i
        if bn_size:
            yield c, bn_size * growth_rate, 1
            c = bn_size * growth_rate
        yield c, growth_rate, 3

def kept_numbers(num_layers, in_channels, growth_rate, bn_size, height, width):
    all_steps = steps(num_layers, in_channels, growth_rate, bn_size)
    return sum(2 * read * height * width for read, _, _ in all_steps)

def largest_batch(memory, num_layers, in_channels, growth_rate, bn_size, height, width):
    all_steps = steps(num_layers, in_channels, growth_rate, bn_size)
    parameters = sum(2 * read + read * wrote * size**2 for read, wrote, size in all_steps)
    image = kept_numbers(num_layers, in_channels, growth_rate, bn_size, height, width)
    images = (memory // 4 - 3 * parameters) // image
    if images <= 0:
        raise ValueError("too little memory")
    return images
""",
    ),
    correct(
        "q5",
        "closed formula, and parameters of the built block",
        """
def kept_numbers(num_layers, in_channels, growth_rate, bn_size, height, width):
    channels = num_layers * (2 * in_channels + growth_rate * (num_layers - 1))
    channels += 2 * num_layers * (bn_size or 0) * growth_rate
    return channels * height * width

def largest_batch(memory, num_layers, in_channels, growth_rate, bn_size, height, width):
    block = DenseBlock(num_layers, in_channels, growth_rate, bn_size)
    fixed = 12 * sum(p.numel() for p in block.parameters())
    each = 4 * kept_numbers(num_layers, in_channels, growth_rate, bn_size, height, width)
    if memory < fixed + each:
        raise ValueError(f"memory={memory}: at least {fixed + each} bytes are needed")
    return math.floor((memory - fixed) / each)
""",
    ),
    correct(
        "q5",
        "tries one batch size after the other",
        edited(
            BATCH,
            (
                "    return left // (4 * kept)",
                "    n = 1\n    while 4 * (n + 1) * kept <= left:\n        n += 1\n    return n",
            ),
        ),
    ),
    wrong("q5", "keeps each map once", edited(BATCH, ("return 2 * (read", "return (read"))),
    wrong("q5", "forgets the inside of the bottleneck", edited(BATCH, ("(read + inside)", "read"))),
    wrong(
        "q5", "the inside kept once", edited(BATCH, ("2 * (read + inside)", "(2 * read + inside)"))
    ),
    wrong(
        "q5",
        "counts the block's output, too",
        edited(
            BATCH,
            (
                "2 * (read + inside)",
                "(2 * (read + inside) + in_channels + num_layers * growth_rate)",
            ),
        ),
    ),
    wrong(
        "q5", "forgets the momentum", edited(BATCH, ("4 * 3 * parameters", "4 * 2 * parameters"))
    ),
    wrong("q5", "forgets the parameters", edited(BATCH, ("memory - 4 * 3 * parameters", "memory"))),
    wrong("q5", "parameters in numbers, not bytes", edited(BATCH, ("4 * 3 * para", "3 * para"))),
    wrong(
        "q5",
        "parameters once per image",
        edited(
            BATCH,
            (
                "    left = memory - 4 * 3 * parameters",
                "    kept += 3 * parameters\n    left = memory",
            ),
        ),
    ),
    wrong(
        "q5",
        "the same parameters with a bottleneck",
        edited(BATCH, ("if bn_size is None:\n            para", "if True:\n            para")),
    ),
    wrong(
        "q5",
        "forgets the BNs' parameters",
        edited(BATCH, ("2 * c + 9", "9"), ("2 * c + c", "c"), (" + 2 * b", "")),
    ),
    wrong("q5", "0 in place of the error", edited(BATCH, ("raise ValueError(", "return 0 * len("))),
    wrong("q5", "rounds up", edited(BATCH, ("left // (4 * kept)", "-(-left // (4 * kept))"))),
    wrong("q5", "every layer reads the input only", edited(BATCH, ("+ i * growth_rate", ""))),
    # ------------------------------------------------------------------ question 6
    correct("q6", "branch by branch", TABLE),
    correct(
        "q6",
        "convolutions in a list, and relative errors",
        PRINTED
        + """
def module_weights(in_channels, widths):
    a, b, c, d, e, f = widths
    convs = [(in_channels, a, 1), (in_channels, b, 1), (b, c, 3), (in_channels, d, 1), (d, e, 5)]
    convs.append((in_channels, f, 1))
    return sum(i * o * k * k for i, o, k in convs)

def off(text, own, unit, tolerance):
    return abs(float(text.rstrip("KM")) * unit / own - 1) > tolerance

def wrong_cells(table, in_channels=192, tolerance=0.02):
    found = {}
    for name, size, widths, params, ops in table:
        own = module_weights(in_channels, widths)
        in_channels = sum(widths) - widths[1] - widths[3]
        if off(params, own, 1024, tolerance):
            found.setdefault(name, []).append("params")
        if off(ops, own * size**2, 1e6, tolerance):
            found.setdefault(name, []).append("ops")
    return found
""",
    ),
    correct(
        "q6",
        "the module built in PyTorch, and bounds",
        PRINTED
        + """
def module_weights(in_channels, widths):
    a, b, c, d, e, f = widths
    layers = [nn.Conv2d(in_channels, a + b + d + f, 1), nn.Conv2d(b, c, 3), nn.Conv2d(d, e, 5)]
    return sum(layer.weight.numel() for layer in layers)

def wrong_cells(table, in_channels=192, tolerance=0.02):
    reads = [in_channels] + [w[0] + w[2] + w[4] + w[5] for _, _, w, _, _ in table]
    result = {}
    for channels, (name, size, widths, *printed) in zip(reads, table):
        own = module_weights(channels, widths)
        rights = own / 1024, own * size**2 / 1e6
        for column, text, right in zip(("params", "ops"), printed, rights):
            if not right * (1 - tolerance) <= float(text[:-1]) <= right * (1 + tolerance):
                result[name] = result.get(name, []) + [column]
    return result
""",
    ),
    correct(
        "q6",
        "all weights first, then a second loop",
        PRINTED
        + MODULE
        + """
def wrong_cells(table, in_channels=192, tolerance=0.02):
    weights, channels = {}, in_channels
    for name, _, widths, _, _ in table:
        weights[name] = module_weights(channels, widths)
        channels = sum(widths[i] for i in (0, 2, 4, 5))
    answer = {}
    for name, size, _, params, ops in table:
        w = weights[name]
        p = 1024 * float(params.replace("K", "")) - w
        o = 1e6 * float(ops.replace("M", "")) - w * size * size
        errors = {"params": p / w, "ops": o / w / size / size}
        bad = [column for column in errors if abs(errors[column]) > tolerance]
        if bad:
            answer[name] = bad
    return answer
""",
    ),
    wrong("q6", "K is 1,000", edited(TABLE, ("* 1024", "* 1000"))),
    wrong(
        "q6",
        "every module reads 192 channels",
        edited(
            TABLE, ("        in_channels = widths[0] + widths[2] + widths[4] + widths[5]\n", "")
        ),
    ),
    wrong(
        "q6",
        "all six widths come out",
        edited(TABLE, ("widths[0] + widths[2] + widths[4] + widths[5]", "sum(widths)")),
    ),
    wrong("q6", "3×3 in place of 5×5", edited(TABLE, ("5 * 5 *", "3 * 3 *"))),
    wrong(
        "q6",
        "3×3 reads the module's input",
        edited(TABLE, ("3 * 3 * reduce3", "3 * 3 * in_channels")),
    ),
    wrong(
        "q6",
        "the pooling has no convolution",
        edited(TABLE, ("        + in_channels * pooled\n", "")),
    ),
    wrong(
        "q6",
        "counts biases",
        edited(TABLE, ("+ in_channels * pooled", "+ in_channels * pooled + sum(widths)")),
    ),
    wrong(
        "q6",
        "multiply-add counted twice",
        edited(TABLE, ("own * size * size", "2 * own * size * size")),
    ),
    wrong("q6", "only what is too large", edited(TABLE, ("abs(", "("))),
    wrong("q6", "forgets that the image is square", edited(TABLE, ("size * size", "size"))),
    wrong(
        "q6",
        "all modules in the dictionary",
        edited(
            TABLE,
            (
                "        if columns:\n            wrong[name] = columns",
                "        wrong[name] = columns",
            ),
        ),
    ),
    wrong(
        "q6",
        "one wrong column at most",
        edited(TABLE, ("if abs(float(ops", "if not columns and abs(float(ops")),
    ),
    wrong("q6", "always 2 %", edited(TABLE, ("> tolerance *", "> 0.02 *"))),
    wrong(
        "q1", "results that claim to equal everything", always_equal(AUTHOR, "author", "readers")
    ),
    wrong("q2", "results that claim to equal everything", always_equal(PADDING, "padding_for")),
    wrong(
        "q3",
        "results that claim to equal everything",
        always_equal(FLOPS, "block_flops", "longest_block"),
    ),
    wrong("q4", "results that claim to equal everything", always_equal(THRIFTY, "thrifty_block")),
    wrong(
        "q5",
        "results that claim to equal everything",
        always_equal(BATCH, "kept_numbers", "largest_batch"),
    ),
    wrong(
        "q6",
        "results that claim to equal everything",
        always_equal(TABLE, "module_weights", "wrong_cells"),
    ),
]
