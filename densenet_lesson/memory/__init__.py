"""Dense blocks that keep less in memory for the backward pass, and faster answers. Chapter 9.

A dense layer concatenates, normalises and rectifies everything before it. Autograd keeps these
copies, those of every layer: they grow as the square of the number of layers. Yet they are cheap
to make again from the feature maps themselves, whose number grows with the layers only.

- "plain" keeps every copy: see `blocks.DenseBlock.forward`.
- "recompute" keeps the feature maps, each once, and the outputs of the 1×1 convolutions.
- "one_buffer" (also called "linear") keeps the block's output, which has all feature maps in it.

Outputs, gradients, parameters and running statistics are the same. Where no gradients are asked
for, where hooks look inside, or where a tool traces the network, every block is plain.

Source: Pleiss et al., "Memory-Efficient Implementation of DenseNets", arXiv:1707.06990.
"""

from __future__ import annotations

from ..blocks import CanSaveMemory, DenseBlock, Transition
from ..configs import OTHER_NAMES
from .one_buffer import OneBufferBlock
from .recompute import RecomputedBlock, RecomputedTransition

WAYS = {
    "plain": (DenseBlock, Transition),
    "recompute": (RecomputedBlock, RecomputedTransition),
    "one_buffer": (OneBufferBlock, RecomputedTransition),
}


def attach(part: CanSaveMemory, memory: str) -> None:
    """Make a dense block or a transition, with the layers that it has, one that saves memory.

    Args:
        part: what `part.memory = memory` is said of; it gets another class.
        memory: one of `configs.MEMORIES`, or "linear".
    """
    block, transition = WAYS[OTHER_NAMES.get(memory, memory)]
    part.__class__ = block if isinstance(part, DenseBlock) else transition
    part._memory = memory
