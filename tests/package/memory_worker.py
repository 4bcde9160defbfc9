"""One of the two processes of test_memory.py that share a batch of two halves."""

import copy
import sys

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from densenet_lesson import build

CONFIG = {"block_config": (2, 2), "growth_rate": 4, "num_init_features": 6, "bn_size": 2}


def gradients(model, x):
    model(x).square().sum().backward()
    return [parameter.grad for parameter in model.parameters()]


def main(meeting_point: str, rank: int) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{meeting_point}", rank=rank, world_size=2)
    for memory in ("recompute", "one_buffer"):
        torch.manual_seed(0)
        plain = build("densenet_digits", **CONFIG).double()
        halves = torch.rand(2, 3, 1, 8, 8, dtype=torch.float64)
        expected = [gradients(copy.deepcopy(plain), x) for x in halves]
        model = copy.deepcopy(plain)
        model.set_memory(memory)
        shared = DistributedDataParallel(model)
        for _ in range(2):  # the second step finds what the first one left
            shared.zero_grad()
            found = gradients(shared, halves[rank])
        for mean, first, second in zip(found, *expected, strict=True):
            torch.testing.assert_close(mean, (first + second) / 2, rtol=1e-10, atol=1e-10)
        print(memory, "is right", flush=True)
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
