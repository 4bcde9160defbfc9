"""Chapter 12 rebuilds RDNet-T in two cells; timm has the authors' own."""

import timm
import torch
from torch import nn

from course import code_cells


def rebuilt() -> nn.Module:
    """The network of the chapter, from its cells."""
    source = {cell.id: cell.source for cell in code_cells("12_variants")}
    names: dict = {}
    exec(source["imports"], names)
    exec(source["rdnet-layer"], names)
    exec(source["rdnet"].split("\n\n\n")[0], names)
    return names["rdnet_tiny"]()


def test_rdnet_of_the_chapter_gives_the_scores_of_timms():
    torch.manual_seed(0)
    ours, theirs = rebuilt().eval(), timm.create_model("rdnet_tiny").eval()
    kinds = (nn.Conv2d, nn.LayerNorm, nn.Linear)
    pairs = [[m for m in net.modules() if isinstance(m, kinds)] for net in (ours, theirs)]
    for mine, other in zip(*pairs, strict=True):
        nn.init.normal_(other.bias, std=0.1)
        mine.load_state_dict(other.state_dict())
    scales = [p for name, p in ours.named_parameters() if name.endswith("scale")]
    gammas = [p for name, p in theirs.named_parameters() if name.endswith("gamma")]
    for scale, gamma in zip(scales, gammas, strict=True):
        nn.init.normal_(gamma)  # else the new channels would hardly count
        scale.data = gamma.data[:, None, None]
    assert sum(p.numel() for p in ours.parameters()) == 23_863_008
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-3, atol=1e-3)
