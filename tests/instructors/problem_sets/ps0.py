"""Variants of the toy: enough to see that the runner tells right from wrong."""

from variants import correct, wrong

SCALE = """class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.rand(1))

    def forward(self, x):
        return {}"""

CLAUSES = {
    "q1": {"channels": "How many channels?"},
    "q2": {"ReLU": "then ReLU"},
}

VARIANTS = [
    correct(
        "q1",
        "a loop",
        """def grow(in_channels, growth_rate, num_layers):
    for _ in range(num_layers):
        in_channels += growth_rate
    return in_channels""",
    ),
    wrong("q1", "forgets the input", "def grow(c, k, n):\n    return k * n", "channels"),
    wrong("q1", "right for the visible test only", "def grow(c, k, n):\n    return 23"),
    correct("q2", "clamp", SCALE.format("(self.gain * x).clamp(min=0)")),
    wrong("q2", "no ReLU", SCALE.format("self.gain * x"), "ReLU"),
]
