"""VAN-B0 with an FPN and the ATSS head of 80 classes in PyTorch, with mmdet's parameter names.

The outputs are raw maps; decoding and suppression are not in it.
"""
import torch
from torch import nn
from torch.nn import functional as F

import van

CHANNELS, CLASSES, LEVELS, TOWER = 256, 80, 5, 4


class Block(nn.Module):
    """3x3 convolution; in the towers of the head with group norm and ReLU, in the neck without."""

    def __init__(self, inputs, kernel=3, stride=1, normed=False):
        super().__init__()
        self.conv = nn.Conv2d(inputs, CHANNELS, kernel, stride, kernel // 2, bias=not normed)
        self.gn = nn.GroupNorm(32, CHANNELS) if normed else None

    def forward(self, x):
        return F.relu(self.gn(self.conv(x))) if self.gn else self.conv(x)


class FeaturePyramid(nn.Module):
    """Strides 8 to 128 from the last three stages; the two last levels from the output before."""

    def __init__(self, inputs):
        super().__init__()
        self.lateral_convs = nn.ModuleList(Block(width, kernel=1) for width in inputs)
        extra = LEVELS - len(inputs)
        self.fpn_convs = nn.ModuleList((
            *(Block(CHANNELS) for _ in inputs), *(Block(CHANNELS, stride=2) for _ in range(extra))))

    def forward(self, maps):
        sums = [convolution(x) for convolution, x in zip(self.lateral_convs, maps)]
        for i in range(len(sums) - 1, 0, -1):
            sums[i - 1] = sums[i - 1] + F.interpolate(sums[i], size=sums[i - 1].shape[-2:], mode="nearest")
        outputs = [convolution(x) for convolution, x in zip(self.fpn_convs, sums)]
        for convolution in self.fpn_convs[len(sums):]:
            outputs.append(convolution(outputs[-1]))
        return outputs


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.0))

    def forward(self, x):
        return x * self.scale


class Head(nn.Module):
    """Two towers for all levels; class logits, box distances and centre-ness."""

    def __init__(self):
        super().__init__()
        self.cls_convs, self.reg_convs = (
            nn.ModuleList(Block(CHANNELS, normed=True) for _ in range(TOWER)) for _ in range(2))
        self.atss_cls = nn.Conv2d(CHANNELS, CLASSES, 3, padding=1)
        self.atss_reg = nn.Conv2d(CHANNELS, 4, 3, padding=1)
        self.atss_centerness = nn.Conv2d(CHANNELS, 1, 3, padding=1)
        self.scales = nn.ModuleList(Scale() for _ in range(LEVELS))

    def forward(self, maps):
        outputs = []
        for x, scale in zip(maps, self.scales):
            classes = boxes = x
            for first, second in zip(self.cls_convs, self.reg_convs):
                classes, boxes = first(classes), second(boxes)
            outputs += [self.atss_cls(classes), scale(self.atss_reg(boxes)), self.atss_centerness(boxes)]
        return tuple(outputs)


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = van.make("van_b0", classes=None)
        self.neck = FeaturePyramid(van.VARIANTS["van_b0"][0][1:])
        self.bbox_head = Head()

    def forward(self, x):
        return self.bbox_head(self.neck(self.backbone.maps(x)[1:]))

