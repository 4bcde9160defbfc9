/* The networks of densenet_lesson/configs.py. Written by `make presets`: don't edit by hand. */

window.lesson = window.lesson || {};

window.lesson.defaults = {
  densenet: {"name": "densenet", "block_config": [6, 12, 24, 16], "growth_rate": 32, "num_init_features": 64, "bn_size": 4, "compression": 0.5, "drop_rate": 0.0, "stem": "imagenet", "bias": false, "pool": "avg", "negative_slope": 0.0, "deep_supervision": false, "in_channels": 3, "num_classes": 1000, "image_size": 224},
  resnet: {"name": "resnet", "block": "basic", "layers": [2, 2, 2, 2], "widths": [64, 128, 256, 512], "shortcut": "B", "stem": "imagenet", "bias": false, "shortcut_norm": true, "in_channels": 3, "num_classes": 1000, "image_size": 224},
};

window.lesson.presets = {
  densenet121: {"kind": "densenet", "name": "DenseNet-121"},
  densenet161: {"kind": "densenet", "name": "DenseNet-161", "block_config": [6, 12, 36, 24], "growth_rate": 48, "num_init_features": 96},
  densenet169: {"kind": "densenet", "name": "DenseNet-169", "block_config": [6, 12, 32, 32]},
  densenet201: {"kind": "densenet", "name": "DenseNet-201", "block_config": [6, 12, 48, 32]},
  densenet264: {"kind": "densenet", "name": "DenseNet-264", "block_config": [6, 12, 64, 48]},
  densenet_d2l: {"kind": "densenet", "name": "DenseNet of d2l.ai", "block_config": [4, 4, 4, 4], "bn_size": null, "bias": true, "in_channels": 1, "num_classes": 10, "image_size": 96},
  densenet_digits: {"kind": "densenet", "name": "DenseNet for digits", "block_config": [4, 4], "growth_rate": 12, "num_init_features": 16, "bn_size": null, "stem": "cifar", "in_channels": 1, "num_classes": 10, "image_size": 8},
  densenet40: {"kind": "densenet", "name": "DenseNet (L=40, k=12)", "block_config": [12, 12, 12], "growth_rate": 12, "num_init_features": 16, "bn_size": null, "compression": 1.0, "stem": "cifar", "num_classes": 10, "image_size": 32},
  densenet100: {"kind": "densenet", "name": "DenseNet (L=100, k=12)", "block_config": [32, 32, 32], "growth_rate": 12, "num_init_features": 16, "bn_size": null, "compression": 1.0, "stem": "cifar", "num_classes": 10, "image_size": 32},
  densenet100_k24: {"kind": "densenet", "name": "DenseNet (L=100, k=24)", "block_config": [32, 32, 32], "growth_rate": 24, "num_init_features": 16, "bn_size": null, "compression": 1.0, "stem": "cifar", "num_classes": 10, "image_size": 32},
  densenet_bc100: {"kind": "densenet", "name": "DenseNet-BC (L=100, k=12)", "block_config": [16, 16, 16], "growth_rate": 12, "num_init_features": 24, "stem": "cifar", "num_classes": 10, "image_size": 32},
  densenet_bc250: {"kind": "densenet", "name": "DenseNet-BC (L=250, k=24)", "block_config": [41, 41, 41], "growth_rate": 24, "num_init_features": 48, "stem": "cifar", "num_classes": 10, "image_size": 32},
  densenet_bc190: {"kind": "densenet", "name": "DenseNet-BC (L=190, k=40)", "block_config": [31, 31, 31], "growth_rate": 40, "num_init_features": 80, "stem": "cifar", "num_classes": 10, "image_size": 32},
  densenet_bc40: {"kind": "densenet", "name": "DenseNet-BC (L=40, k=12)", "block_config": [6, 6, 6], "growth_rate": 12, "num_init_features": 24, "stem": "cifar", "num_classes": 10, "image_size": 32},
  densenet_bc40_k36: {"kind": "densenet", "name": "DenseNet-BC (L=40, k=36)", "block_config": [6, 6, 6], "growth_rate": 36, "num_init_features": 72, "stem": "cifar", "num_classes": 10, "image_size": 32},
  densenet_bc40_k48: {"kind": "densenet", "name": "DenseNet-BC (L=40, k=48)", "block_config": [6, 6, 6], "growth_rate": 48, "num_init_features": 96, "stem": "cifar", "num_classes": 10, "image_size": 32},
  densenet_bc40_k60: {"kind": "densenet", "name": "DenseNet-BC (L=40, k=60)", "block_config": [6, 6, 6], "growth_rate": 60, "num_init_features": 120, "stem": "cifar", "num_classes": 10, "image_size": 32},
  resnet18: {"kind": "resnet", "name": "ResNet-18"},
  resnet34: {"kind": "resnet", "name": "ResNet-34", "layers": [3, 4, 6, 3]},
  resnet50: {"kind": "resnet", "name": "ResNet-50", "block": "bottleneck", "layers": [3, 4, 6, 3]},
  resnet101: {"kind": "resnet", "name": "ResNet-101", "block": "bottleneck", "layers": [3, 4, 23, 3]},
  resnet152: {"kind": "resnet", "name": "ResNet-152", "block": "bottleneck", "layers": [3, 8, 36, 3]},
  resnet20: {"kind": "resnet", "name": "ResNet-20 (CIFAR)", "layers": [3, 3, 3], "widths": [16, 32, 64], "shortcut": "A", "stem": "cifar", "num_classes": 10, "image_size": 32},
  resnet32: {"kind": "resnet", "name": "ResNet-32 (CIFAR)", "layers": [5, 5, 5], "widths": [16, 32, 64], "shortcut": "A", "stem": "cifar", "num_classes": 10, "image_size": 32},
  resnet44: {"kind": "resnet", "name": "ResNet-44 (CIFAR)", "layers": [7, 7, 7], "widths": [16, 32, 64], "shortcut": "A", "stem": "cifar", "num_classes": 10, "image_size": 32},
  resnet56: {"kind": "resnet", "name": "ResNet-56 (CIFAR)", "layers": [9, 9, 9], "widths": [16, 32, 64], "shortcut": "A", "stem": "cifar", "num_classes": 10, "image_size": 32},
  resnet110: {"kind": "resnet", "name": "ResNet-110 (CIFAR)", "layers": [18, 18, 18], "widths": [16, 32, 64], "shortcut": "A", "stem": "cifar", "num_classes": 10, "image_size": 32},
  resnet1202: {"kind": "resnet", "name": "ResNet-1202 (CIFAR)", "layers": [200, 200, 200], "widths": [16, 32, 64], "shortcut": "A", "stem": "cifar", "num_classes": 10, "image_size": 32},
  resnet18_d2l: {"kind": "resnet", "name": "ResNet-18 of d2l.ai", "bias": true, "shortcut_norm": false, "in_channels": 1, "num_classes": 10, "image_size": 96},
};
