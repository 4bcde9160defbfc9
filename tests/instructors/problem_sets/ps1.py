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

ERROR_1 = 'raise ValueError(f"channel={channel} must be 0 or more")'
ERROR_2 = 'raise ValueError(f"channel={channel} is not in a block of {channels} channels")'

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
CLAUSES = {
    "q1": {
        "author's arguments": "`author(channel, in_channels, growth_rate)`",
        "channels from 0": "Channels count from 0",
        "layers from 1": "Layers count from 1, so that 0 is free for the input",
        "as long as needed": "for a block that is as long as needed",
        "author's error": "A negative `channel` raises a `ValueError` whose message contains the "
        "word `channel`",
        "readers' arguments": "`readers(channel, in_channels, growth_rate, num_layers)`",
        "list": "returns the list of all layers that read the channel",
        "ascending": "in ascending order",
        "reads": "A layer reads everything that stands in front of it",
        "not itself": "and not what it writes itself",
        "negative": "A channel that the block doesn't have (negative,",
        "too large": "or too large) raises a `ValueError`",
        "readers' error": "raises a `ValueError` whose message contains the word `channel`.",
    },
    "q2": {
        "arguments": "`padding_for(kernel_size, dilation=1)`",
        "numbers": "Both arguments are a whole number, or",
        "pairs": "or a pair (height, width) of them",
        "pair": "It returns a pair:",
        "order": "the padding for the rows and the padding for the columns",
        "for Conv2d": "with which `nn.Conv2d(..., stride=1, padding=...)`",
        "keeps the size": "keeps the size of every image",
        "dilation": "a kernel with $K$ pixels in a row covers $D\\,(K - 1) + 1$ pixels",
        "both sides": "Sometimes there is no such padding, since both sides get the same",
        "error": "Then raise a `ValueError` whose message contains `kernel_size`",
        "formula": 'it is not simply "all kernels with an even number of pixels"',
    },
    "q3": {
        "arguments": "`block_flops(num_layers, in_channels, growth_rate, height, width)`",
        "convolutions": "the FLOPs of all convolutions",
        "plain": "BN, ReLU, 3×3 convolution without bias, no bottleneck",
        "two": "A multiplication and an addition count as two",
        "exact": "The number must be exact",
        "no loop": "the function must not go through the layers one by one",
        "longest's arguments": "`longest_block(budget, in_channels, growth_rate, height, width)`",
        "largest": "returns the largest number of layers",
        "at most": "is still at most `budget`",
        "0": "0 if not even one layer fits",
        "no search": "Don't try one length after the other",
        "exact there too": "the answer must be exact there too",
    },
    "q4": {
        "arguments": "`thrifty_block(num_layers, in_channels, growth_rate, bn_size=4)`",
        "each layer": "let each layer of a block be the kind that has fewer parameters",
        "reads": "A layer that reads $c$ channels and has growth rate",
        "plain": "a BN of the $c$ channels, ReLU, and a 3×3 convolution $c \\to k$",
        "bottleneck": "a BN of these $b\\,k$ channels, ReLU, and a 3×3 convolution $b\\,k \\to k$",
        "bn_size": "Here $b$ is `bn_size`",
        "no bias": "No convolution has a bias",
        "BN": "Each BN has two parameters per channel, and they count too",
        "another point": "only the weights of the convolutions were compared, so the point from "
        "which it pays is a little different here",
        "growth": "Both kinds add $k$ channels",
        "equal": "If both have equally many parameters, take the plain one",
        "list": "a list or a tuple of the kinds",
        "order": "from the first layer to the last",
        "words": 'each of them `"plain"` or `"bottleneck"`',
        "total": "the number of parameters of the whole block",
        "two things": "It returns two things:",
    },
    "q5": {
        "read": 'Each step "BN, ReLU, convolution" keeps two things for the backward pass: the '
        "channels that it reads",
        "normalised": "the same channels after BN and ReLU",
        "one step": "A plain layer is one such step",
        "two steps": "A bottleneck layer is two",
        "1×1": "a 1×1 step that reads $c$ channels",
        "3×3": "a 3×3 step that reads $b\\,k$ channels",
        "output": "What the last layer puts out is not counted",
        "BN's numbers": "Nor are the few numbers that a BN notes per channel",
        "BN's parameters": "For each parameter of the block, convolutions and BNs",
        "three": "there are three numbers: the parameter, its gradient, and its momentum",
        "once": "They don't depend on the batch",
        "4 bytes": "Every number takes 4 bytes",
        "size": "All feature maps have the block's height and width",
        "no bias": "No convolution has a bias",
        "None": "`bn_size=None` stands for a block of plain layers",
        "a number": "a number for a block in which every layer is a bottleneck",
        "arguments": "`kept_numbers(num_layers, in_channels, growth_rate, bn_size, height, width)`",
        "not bytes": "how many numbers (not bytes)",
        "largest_batch's arguments": "`largest_batch(memory, num_layers, in_channels, growth_rate, "
        "bn_size, height, width)`",
        "largest": "the largest number of images",
        "at most": "at most `memory` bytes",
        "error": "If not even one image fits, it raises a `ValueError` whose message contains "
        "`memory`",
    },
    "q6": {
        "1×1": "a 1×1 convolution;",
        "3×3": 'a 1×1 convolution ("3×3 reduce"), and behind it a 3×3 convolution',
        "5×5": 'a 1×1 convolution ("5×5 reduce"), and behind it a 5×5 convolution',
        "pooling": 'behind it a 1×1 convolution ("pool proj")',
        "all read the input": "All four read the module's input",
        "concatenation": "The module's output is the concatenation of what the four branches put "
        "out",
        "no biases": "weights only, no biases",
        "K": '"K" is 1,024 parameters',
        "one operation": "A multiplication with its addition is *one* operation",
        "pixels": "as many operations as it has weights times the pixels of its output",
        "M": '"M" is a million',
        "weights' arguments": "`module_weights(in_channels, widths)`",
        "order of widths": "where `widths` are its six numbers as in the table",
        "arguments": "`wrong_cells(table, in_channels=192, tolerance=0.02)`",
        "dictionary": "a dictionary from the name of a module to the list of its wrong columns",
        "params": '`"params"` is wrong if the printed number is off from yours',
        "more than": "by more than `tolerance`",
        "your number": "times *your* number",
        "both ways": "upwards or downwards",
        "likewise": '`"ops"` likewise',
        "decimals": "Printed numbers may have decimals, like 2.7K",
        "order": 'The list has `"params"` before `"ops"`',
        "only wrong ones": "Modules with nothing wrong are not in the dictionary",
        "first": "The first one reads `in_channels`",
        "chain": "each of the others reads what the one before it puts out",
        "size": "`size` is the height and the width *in* the module",
    },
}

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
    wrong(
        "q1", "counts layers from 0", edited(AUTHOR, ("return 1 + (", "return (")), "layers from 1"
    ),
    wrong("q1", "boundary off by one", edited(AUTHOR, ("channel < in_ch", "channel <= in_ch"))),
    wrong(
        "q1",
        "the author reads itself",
        edited(AUTHOR, ("growth_rate) + 1", "growth_rate)")),
        "not itself",
    ),
    wrong(
        "q1", "forgets the last layer", edited(AUTHOR, ("num_layers + 1)", "num_layers)")), "reads"
    ),
    wrong("q1", "forgets the input", edited(AUTHOR, ("(channel - in_channels)", "channel"))),
    wrong(
        "q1",
        "takes negative channels",
        edited(AUTHOR, ("channel < 0 or ", ""), ("if channel < 0:", "if False:")),
    ),
    wrong(
        "q1", "one channel too many", edited(AUTHOR, ("channel >= ch", "channel > ch")), "too large"
    ),
    wrong("q1", "how many readers, not which", edited(AUTHOR, ("[layer for", "[1 for")), "list"),
    wrong(
        "q1",
        "an empty list in place of the error",
        edited(AUTHOR, ('raise ValueError(f"channel={channel} is not', 'return [] and (f"')),
        "readers' error",
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
    wrong("q2", "ignores the dilation", edited(PADDING, ("d * (k - 1)", "k - 1")), "dilation"),
    wrong(
        "q2",
        "rounds down instead of refusing",
        edited(PADDING, ("lost % 2 == 1", "False")),
        "both sides",
    ),
    wrong("q2", "half of dilation × kernel", edited(PADDING, ("d * (k - 1)", "d * k // 2 * 2"))),
    wrong(
        "q2",
        "dilation added instead of multiplied",
        edited(PADDING, ("d * (k - 1)", "k - 1 + 2 * (d - 1)")),
    ),
    wrong(
        "q2", "height and width swapped", edited(PADDING, ("(padding)", "(padding[::-1])")), "order"
    ),
    wrong(
        "q2",
        "refuses all even kernels",
        edited(PADDING, ("lost % 2 == 1", "k % 2 == 0")),
        "formula",
    ),
    wrong(
        "q2", "one number, not a pair", edited(PADDING, ("tuple(padding)", "padding[0]")), "pair"
    ),
    wrong(
        "q2", "the padding of both sides", edited(PADDING, ("lost // 2", "lost")), "keeps the size"
    ),
    wrong(
        "q2",
        "checks the rows only",
        edited(PADDING, ("if lost % 2 == 1", "if not padding and lost % 2 == 1")),
        "error",
    ),
    wrong(
        "q2",
        "None in place of the error",
        edited(PADDING, ("raise ValueError(f", "return (f")),
        "error",
    ),
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
    wrong("q3", "multiply-add counted once", edited(FLOPS, ("return 2 * 9", "return 9")), "two"),
    wrong("q3", "forgets the kernel", edited(FLOPS, ("2 * 9 * read", "2 * read"))),
    wrong("q3", "takes the image as square", edited(FLOPS, ("height * width\n", "height**2\n"))),
    wrong("q3", "counts the growth rate once", edited(FLOPS, ("read * growth_rate", "read"))),
    wrong(
        "q3",
        "divides with /",
        edited(FLOPS, ("(num_layers - 1) // 2", "(num_layers - 1) / 2")),
        "exact",
    ),
    wrong(
        "q3",
        "first length that doesn't fit",
        edited(FLOPS, ("return low", "return high")),
        "largest",
    ),
    wrong(
        "q3",
        "less than the budget, not at most",
        edited(FLOPS, ("<= budget", "< budget")),
        "at most",
    ),
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
        "no loop",
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
        "no loop",
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
        "exact",
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
        "no search",
    ),
    wrong(
        "q3",
        "a square root of floats",
        edited(FLOPS, (FLOPS[FLOPS.index("    low, high") :], ""))
        + """    k, b = growth_rate, 2 * in_channels - growth_rate
    room = budget / (9 * k * height * width)
    return int((math.sqrt(b * b + 4 * k * room) - b) / (2 * k))
""",
        "exact there too",
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
        "another point",
    ),
    wrong(
        "q4", "7.2 k for every bn_size", edited(THRIFTY, ("plain <= bottleneck:", "c <= 7.2 * k:"))
    ),
    wrong(
        "q4", "a bottleneck when equal", edited(THRIFTY, ("plain <= bott", "plain < bott")), "equal"
    ),
    wrong("q4", "forgets the second BN", edited(THRIFTY, (" + 2 * width", "")), "bottleneck"),
    wrong("q4", "forgets the first BN", edited(THRIFTY, ("2 * c + ", "")), "plain"),
    wrong(
        "q4",
        "second BN on the growth rate",
        edited(THRIFTY, ("2 * width +", "2 * k +")),
        "bottleneck",
    ),
    wrong(
        "q4",
        "the first layer decides for all",
        edited(THRIFTY, ("        c += k\n", "")),
        "each layer",
    ),
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
        "reads",
    ),
    wrong(
        "q4",
        "a bottleneck adds its width",
        edited(THRIFTY, ("c += k", "c += k if plain <= bottleneck else width")),
        "growth",
    ),
    wrong("q4", "always four", edited(THRIFTY, ("bn_size * k", "4 * k")), "bn_size"),
    wrong(
        "q4",
        "counts a bias",
        edited(THRIFTY, ("3 * 3 * width * k", "3 * 3 * width * k + k")),
        "no bias",
    ),
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
    wrong("q5", "keeps each map once", edited(BATCH, ("return 2 * (read", "return (read")), "read"),
    wrong(
        "q5",
        "forgets the inside of the bottleneck",
        edited(BATCH, ("(read + inside)", "read")),
        "3×3",
    ),
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
        "output",
    ),
    wrong(
        "q5",
        "forgets the momentum",
        edited(BATCH, ("4 * 3 * parameters", "4 * 2 * parameters")),
        "three",
    ),
    wrong("q5", "forgets the parameters", edited(BATCH, ("memory - 4 * 3 * parameters", "memory"))),
    wrong(
        "q5",
        "parameters in numbers, not bytes",
        edited(BATCH, ("4 * 3 * para", "3 * para")),
        "4 bytes",
    ),
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
        "once",
    ),
    wrong(
        "q5",
        "the same parameters with a bottleneck",
        edited(BATCH, ("if bn_size is None:\n            para", "if True:\n            para")),
        "a number",
    ),
    wrong(
        "q5",
        "forgets the BNs' parameters",
        edited(BATCH, ("2 * c + 9", "9"), ("2 * c + c", "c"), (" + 2 * b", "")),
        "BN's parameters",
    ),
    wrong(
        "q5",
        "0 in place of the error",
        edited(BATCH, ("raise ValueError(", "return 0 * len(")),
        "error",
    ),
    wrong(
        "q5",
        "rounds up",
        edited(BATCH, ("left // (4 * kept)", "-(-left // (4 * kept))")),
        "at most",
    ),
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
    wrong("q6", "K is 1,000", edited(TABLE, ("* 1024", "* 1000")), "K"),
    wrong(
        "q6",
        "every module reads 192 channels",
        edited(
            TABLE, ("        in_channels = widths[0] + widths[2] + widths[4] + widths[5]\n", "")
        ),
        "chain",
    ),
    wrong(
        "q6",
        "all six widths come out",
        edited(TABLE, ("widths[0] + widths[2] + widths[4] + widths[5]", "sum(widths)")),
        "concatenation",
    ),
    wrong("q6", "3×3 in place of 5×5", edited(TABLE, ("5 * 5 *", "3 * 3 *")), "5×5"),
    wrong(
        "q6",
        "3×3 reads the module's input",
        edited(TABLE, ("3 * 3 * reduce3", "3 * 3 * in_channels")),
        "3×3",
    ),
    wrong(
        "q6",
        "the pooling has no convolution",
        edited(TABLE, ("        + in_channels * pooled\n", "")),
        "pooling",
    ),
    wrong(
        "q6",
        "counts biases",
        edited(TABLE, ("+ in_channels * pooled", "+ in_channels * pooled + sum(widths)")),
        "no biases",
    ),
    wrong(
        "q6",
        "multiply-add counted twice",
        edited(TABLE, ("own * size * size", "2 * own * size * size")),
        "one operation",
    ),
    wrong("q6", "only what is too large", edited(TABLE, ("abs(", "(")), "both ways"),
    wrong(
        "q6", "forgets that the image is square", edited(TABLE, ("size * size", "size")), "pixels"
    ),
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
        "only wrong ones",
    ),
    wrong(
        "q6",
        "one wrong column at most",
        edited(TABLE, ("if abs(float(ops", "if not columns and abs(float(ops")),
    ),
    wrong("q6", "always 2 %", edited(TABLE, ("> tolerance *", "> 0.02 *")), "arguments"),
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
    # ------------------------------------------------------------------ one clause each
    wrong(
        "q1",
        "other names for author's arguments",
        edited(
            AUTHOR,
            (
                "def author(channel, in_channels, growth_rate):\n",
                "def author(c, in_channels, growth_rate):\n    channel = c\n",
            ),
        ),
        "author's arguments",
    ),
    wrong(
        "q1",
        "other names for readers' arguments",
        edited(
            AUTHOR,
            (
                "in_channels, growth_rate, num_layers):\n",
                "c_in, growth_rate, num_layers):\n    in_channels = c_in\n",
            ),
        ),
        "readers' arguments",
    ),
    wrong(
        "q1",
        "channels count from 1",
        edited(
            AUTHOR,
            ("if channel < in_channels", "if channel <= in_channels"),
            ("(channel - in_channels)", "(channel - 1 - in_channels)"),
        ),
        "channels from 0",
    ),
    wrong(
        "q1",
        "a thousand layers at most",
        edited(
            AUTHOR,
            ("return 1 + (", "return min(1000, 1 + ("),
            ("growth_rate\n\n\n", "growth_rate)\n\n\n"),
        ),
        "as long as needed",
    ),
    *(
        wrong("q1", f"author: {name}", edited(AUTHOR, (ERROR_1, code)), "author's error")
        for name, code in (
            ("an IndexError", ERROR_1.replace("ValueError", "IndexError")),
            ("another word", ERROR_1.replace("channel=", "feature map ")),
            ("None", "return None"),
            ("a count from the end", "channel += in_channels"),
        )
    ),
    *(
        wrong("q1", f"readers: {name}", edited(AUTHOR, (ERROR_2, code)), "readers' error")
        for name, code in (
            ("an IndexError", ERROR_2.replace("ValueError", "IndexError")),
            ("another word", 'raise ValueError(f"there is no {channel}")'),
            ("None", "return None"),
        )
    ),
    wrong(
        "q1",
        "readers: a negative channel is the input's",
        edited(
            AUTHOR,
            ("channel < 0 or channel >=", "channel >="),
            ("= author(channel,", "= author(max(channel, 0),"),
        ),
        "negative",
    ),
    wrong(
        "q1",
        "readers: nobody reads a channel that is too large",
        edited(AUTHOR, (" or channel >= channels", "")),
        "too large",
    ),
    wrong(
        "q1",
        "readers: a tuple",
        edited(
            AUTHOR,
            (
                "[layer for layer in range(first, num_layers + 1)]",
                "tuple(range(first, num_layers + 1))",
            ),
        ),
        "list",
    ),
    wrong(
        "q1",
        "readers: the last layer first",
        edited(AUTHOR, ("range(first, num_layers + 1)]", "range(num_layers, first - 1, -1)]")),
        "ascending",
    ),
    wrong(
        "q1",
        "readers: the next layer only",
        edited(AUTHOR, ("range(first, num_layers + 1)]", "range(first, num_layers + 1)][:1]")),
        "reads",
    ),
    wrong(
        "q2",
        "other names for the arguments",
        edited(
            PADDING,
            ("(kernel_size, dilation=1):\n", "(k, d=1):\n    kernel_size, dilation = k, d\n"),
        ),
        "arguments",
    ),
    wrong("q2", "no default", edited(PADDING, ("dilation=1", "dilation")), "arguments"),
    wrong(
        "q2",
        "two numbers or two pairs",
        edited(
            PADDING,
            (
                "    padding = []",
                "    if not isinstance(given, type(kernel)):\n        raise TypeError(given)\n"
                "    padding = []",
            ),
            (
                "    if not isinstance(kernel_size",
                "    kernel, given = kernel_size, dilation\n    if not isinstance(kernel_size",
            ),
        ),
        "numbers",
    ),
    wrong(
        "q2",
        "a pair of dilations counts by its first number",
        edited(PADDING, ("zip(kernel_size, dilation)", "zip(kernel_size, dilation[:1] * 2)")),
        "pairs",
    ),
    wrong(
        "q2",
        "a pair of kernel sizes counts by its first number",
        edited(PADDING, ("zip(kernel_size, dilation)", "zip(kernel_size[:1] * 2, dilation)")),
        "pairs",
    ),
    wrong("q2", "floats", edited(PADDING, ("lost // 2", "lost / 2")), "for Conv2d"),
    wrong(
        "q2",
        "checks the columns only",
        edited(PADDING, ("if lost % 2 == 1", "if padding and lost % 2 == 1")),
        "error",
    ),
    wrong("q2", "a TypeError", edited(PADDING, ("raise ValueError", "raise TypeError")), "error"),
    wrong(
        "q2", "a message of another word", edited(PADDING, ('f"kernel_size={k}', 'f"{k}')), "error"
    ),
    wrong(
        "q2",
        "kernels up to 7×7 only",
        edited(PADDING, ("lost = d * (k - 1)", "lost = d * (k - 1) if k < 8 else d * 6")),
        "keeps the size",
    ),
    wrong(
        "q3",
        "other names for the arguments",
        edited(
            FLOPS,
            ("def block_flops(num_layers,", "def block_flops(n,"),
            ("    read =", "    num_layers = n\n    read ="),
        ),
        "arguments",
    ),
    wrong(
        "q3",
        "longest_block: other names for the arguments",
        edited(
            FLOPS,
            ("def longest_block(budget,", "def longest_block(flops,"),
            ("    low,", "    budget = flops\n    low,"),
        ),
        "longest's arguments",
    ),
    wrong(
        "q3",
        "counts the batch norms as well",
        edited(
            FLOPS,
            ("return 2 * 9 * read * growth_rate", "return (2 * 9 * read * growth_rate + 2 * read)"),
        ),
        "convolutions",
    ),
    wrong(
        "q3",
        "counts a bias",
        edited(
            FLOPS,
            (
                "return 2 * 9 * read * growth_rate",
                "return (2 * 9 * read + num_layers) * growth_rate",
            ),
        ),
        "plain",
    ),
    wrong(
        "q3",
        "one layer at least",
        edited(FLOPS, ("return low", "return max(low, 1)")),
        "0",
    ),
    wrong(
        "q3",
        "an error when no layer fits",
        edited(
            FLOPS,
            (
                "    return low",
                "    if low == 0:\n        raise ValueError('budget')\n    return low",
            ),
        ),
        "0",
    ),
    wrong(
        "q4",
        "other names for the arguments",
        edited(THRIFTY, ("bn_size=4):\n", "b=4):\n    bn_size = b\n")),
        "arguments",
    ),
    wrong("q4", "another default", edited(THRIFTY, ("bn_size=4", "bn_size=3")), "arguments"),
    wrong(
        "q4",
        "one parameter for each of a BN's channels",
        edited(THRIFTY, ("2 * c + ", "c + "), ("2 * width", "width")),
        "BN",
    ),
    wrong(
        "q4",
        "the last layer first",
        edited(THRIFTY, ("return kinds", "return kinds[::-1]")),
        "order",
    ),
    wrong("q4", "capital letters", edited(THRIFTY, ('"plain"', '"Plain"')), "words"),
    wrong(
        "q4", "yes and no", edited(THRIFTY, ('"plain"', "False"), ('"bottleneck"', "True")), "words"
    ),
    wrong("q4", "one text", edited(THRIFTY, ("return kinds,", 'return " ".join(kinds),')), "list"),
    wrong(
        "q4",
        "the last layer's parameters",
        edited(THRIFTY, ("total += plain", "total = plain"), ("total += bott", "total = bott")),
        "total",
    ),
    wrong(
        "q4",
        "the total first",
        edited(THRIFTY, ("return kinds, total", "return total, kinds")),
        "two things",
    ),
    wrong(
        "q4",
        "the kinds only",
        edited(THRIFTY, ("return kinds, total", "return kinds")),
        "two things",
    ),
    correct(
        "q4", "a tuple of the kinds", edited(THRIFTY, ("return kinds,", "return tuple(kinds),"))
    ),
    wrong(
        "q5",
        "keeps what it normalised only, of the layers' input",
        edited(BATCH, ("2 * (read + inside)", "(read + 2 * inside)")),
        "normalised",
    ),
    wrong(
        "q5",
        "a plain layer keeps its own channels, too",
        edited(BATCH, ("0 if bn_size is None", "num_layers * growth_rate if bn_size is None")),
        "one step",
    ),
    wrong(
        "q5",
        "a bottleneck keeps its inside only",
        edited(
            BATCH,
            ("    return 2 * (read", "    if bn_size:\n        read = 0\n    return 2 * (read"),
        ),
        "1×1",
    ),
    wrong(
        "q5",
        "a bottleneck is one step with a wider output",
        edited(BATCH, ("num_layers * bn_size * growth_rate", "num_layers * growth_rate")),
        "two steps",
    ),
    wrong(
        "q5",
        "counts what a BN notes",
        edited(BATCH, ("* height * width\n", "* height * width + 2 * (read + inside)\n")),
        "BN's numbers",
    ),
    wrong(
        "q5",
        "a parameter and its momentum",
        edited(BATCH, ("4 * 3 *", "4 * 2 *"), ("    left =", "    # no gradient\n    left =")),
        "three",
    ),
    wrong(
        "q5",
        "8 bytes for a feature",
        edited(BATCH, ("left // (4", "left // (8"), ("< 4 *", "< 8 *")),
        "4 bytes",
    ),
    wrong(
        "q5",
        "half of the height inside",
        edited(BATCH, ("(read + inside) * height", "(read * height + inside * (height // 2))")),
        "size",
    ),
    wrong("q5", "the height squared", edited(BATCH, ("height * width\n", "height**2\n")), "size"),
    wrong(
        "q5",
        "counts biases",
        edited(BATCH, ("2 * c + 9 * c * growth_rate", "2 * c + (9 * c + 1) * growth_rate")),
        "no bias",
    ),
    wrong(
        "q5",
        "counts biases in the bottleneck",
        edited(BATCH, ("+ 9 * b * growth_rate", "+ 9 * b * growth_rate + b + growth_rate")),
        "no bias",
    ),
    wrong(
        "q5",
        "None stands for four",
        edited(BATCH, ("    read =", "    bn_size = bn_size or 4\n    read =")),
        "None",
    ),
    wrong(
        "q5",
        "a bn_size of 1 is none",
        edited(BATCH, ("bn_size is None", "bn_size in (None, 1)")),
        "a number",
    ),
    wrong(
        "q5",
        "bytes",
        edited(BATCH, ("return 2 * (", "return 8 * ("), ("    left", "    kept //= 4\n    left")),
        "not bytes",
    ),
    wrong(
        "q5",
        "other names for the arguments",
        edited(
            BATCH,
            (
                "kept_numbers(num_layers, in_channels, growth_rate, bn_size, height, width):",
                "kept_numbers(num_layers, in_channels, growth_rate, b, height, width):\n"
                "    bn_size = b",
            ),
        ),
        "arguments",
    ),
    wrong(
        "q5",
        "largest_batch: other names for the arguments",
        edited(
            BATCH,
            ("largest_batch(memory,", "largest_batch(size,"),
            ("    parameters = 0", "    memory = size\n    parameters = 0"),
        ),
        "largest_batch's arguments",
    ),
    wrong(
        "q5",
        "one image less",
        edited(BATCH, ("return left // (4 * kept)", "return max(1, left // (4 * kept) - 1)")),
        "largest",
    ),
    wrong(
        "q5",
        "less than the memory",
        edited(BATCH, ("left = memory -", "left = memory - 1 -")),
        "at most",
    ),
    wrong("q5", "a MemoryError", edited(BATCH, ("raise ValueError", "raise MemoryError")), "error"),
    wrong(
        "q5",
        "a message of another word",
        edited(BATCH, ('f"memory={memory}', 'f"{memory}')),
        "error",
    ),
    wrong("q6", "no 1×1 branch", edited(TABLE, ("in_channels * one\n        +", "")), "1×1"),
    wrong(
        "q6",
        "branches read each other",
        edited(TABLE, ("+ in_channels * pooled", "+ five * pooled")),
        "all read the input",
    ),
    wrong("q6", "M is 1,024 × 1,024", edited(TABLE, ("* 10**6", "* 2**20")), "M"),
    wrong("q6", "M is 1,024 × 1,000", edited(TABLE, ("* 10**6", "* 1_024_000")), "M"),
    wrong(
        "q6",
        "reduced widths first",
        edited(
            TABLE,
            (
                "one, reduce3, three, reduce5, five, pooled",
                "one, reduce3, reduce5, three, five, pooled",
            ),
        ),
        "order of widths",
    ),
    wrong(
        "q6",
        "module_weights: other names",
        edited(TABLE, ("in_channels, widths):", "channels, widths):\n    in_channels = channels")),
        "weights' arguments",
    ),
    wrong(
        "q6",
        "another tolerance by default",
        edited(TABLE, ("tolerance=0.02", "tolerance=0.03")),
        "arguments",
    ),
    wrong(
        "q6",
        "other channels by default",
        edited(TABLE, ("in_channels=192", "in_channels=256")),
        "arguments",
    ),
    wrong(
        "q6",
        "other names for the arguments",
        edited(TABLE, ("tolerance=0.02):", "margin=0.02):\n    tolerance = margin")),
        "arguments",
    ),
    wrong(
        "q6",
        "pairs in place of a dictionary",
        edited(TABLE, ("return wrong\n", "return list(wrong.items())\n")),
        "dictionary",
    ),
    wrong(
        "q6",
        "tuples in place of lists",
        edited(TABLE, ("wrong[name] = columns", "wrong[name] = tuple(columns)")),
        "dictionary",
    ),
    wrong(
        "q6", "never the parameters", edited(TABLE, ('columns.append("params")', "pass")), "params"
    ),
    wrong(
        "q6",
        "exactly the tolerance is too much",
        edited(TABLE, ("> tolerance *", ">= tolerance *")),
        "more than",
    ),
    wrong(
        "q6",
        "times the printed number",
        edited(
            TABLE,
            ("tolerance * own:", "tolerance * float(params[:-1]) * 1024:"),
            ("tolerance * own_ops:", "tolerance * float(ops[:-1]) * 10**6:"),
        ),
        "your number",
    ),
    wrong(
        "q6",
        "operations: times the printed number",
        edited(TABLE, ("tolerance * own_ops:", "tolerance * float(ops[:-1]) * 10**6:")),
        "your number",
    ),
    wrong(
        "q6", "never the operations", edited(TABLE, ('columns.append("ops")', "pass")), "likewise"
    ),
    wrong("q6", "whole numbers only", edited(TABLE, ("float(", "int(")), "decimals"),
    wrong(
        "q6",
        "cuts decimals off",
        edited(TABLE, ("float(ops[:-1])", "int(float(ops[:-1]))")),
        "decimals",
    ),
    wrong(
        "q6",
        "operations first",
        edited(TABLE, ("wrong[name] = columns", "wrong[name] = columns[::-1]")),
        "order",
    ),
    wrong(
        "q6",
        "the first module always reads 192",
        edited(TABLE, ("    wrong = {}", "    wrong, in_channels = {}, 192")),
        "first",
    ),
    wrong(
        "q6",
        "the image is half as large",
        edited(TABLE, ("own * size * size", "own * (size // 2) ** 2")),
        "size",
    ),
]
