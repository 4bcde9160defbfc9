"""Benchmarks: this package's DenseNets against those that people use, measured in one run.

    python -m tools.benchmark --out benchmark.json

Every figure that matters is a ratio of two measurements of the same run, taken in turn. A peer that
is not installed (timm, d2l) is named as missing, and the rest goes on.
"""
