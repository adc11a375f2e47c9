"""BEVANet-S in PyTorch (arXiv 2508.07300), 19 classes, without the heads of training.

Parameter names are those of the authors' release. `c` planes: 32; the semantic branch halves down to 1/64, the
detail branch stays at 1/8.
"""
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

PLANES, PYRAMID_PLANES, HEAD_PLANES, CLASSES, EXPANSION = 32, 96, 128, 19, 4
# Kernel size to the side of the local kernel, the taps of the long ones and their dilation.
KERNELS = {23: (5, 7, 3), 35: (5, 11, 3)}
conv3x3 = partial(nn.Conv2d, kernel_size=3, padding=1, bias=False)


def resized(x, like):
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


class Named(nn.Module):
    """One module under a name of its own, as the release nests them."""

    def __init__(self, name, module):
        super().__init__()
        self.name = name
        self.add_module(name, module)

    def forward(self, x):
        return getattr(self, self.name)(x)


def pointwise(inputs, outputs, bias=True):
    return Named("pwconv", nn.Conv2d(inputs, outputs, 1, bias=bias))


def depthwise(channels, height, width, dilation=1):
    """Keeps the size."""
    padding = (dilation * (height // 2), dilation * (width // 2))
    return Named("dwconv", nn.Conv2d(channels, channels, (height, width), padding=padding, dilation=dilation, groups=channels))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut."""

    def __init__(self, inputs, outputs, stride=1, rectified=True):
        super().__init__()
        self.conv1, self.bn1 = conv3x3(inputs, outputs, stride=stride), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = conv3x3(outputs, outputs), nn.BatchNorm2d(outputs)
        self.downsample = downsample(inputs, outputs, stride)
        self.rectified = rectified

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        y = y + (self.downsample(x) if self.downsample else x)
        return F.relu(y) if self.rectified else y


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 to twice the planes, and a shortcut; not rectified."""

    def __init__(self, inputs, planes):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, planes, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = conv3x3(planes, planes), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = nn.Conv2d(planes, 2 * planes, 1, bias=False), nn.BatchNorm2d(2 * planes)
        self.downsample = downsample(inputs, 2 * planes, 1)

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return self.bn3(self.conv3(y)) + self.downsample(x)


def downsample(inputs, outputs, stride):
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


def layer(inputs, outputs, blocks, stride=1):
    """Basic blocks; the last one leaves rectifying to what follows, unless it is the only one."""
    return nn.Sequential(*(
        BasicBlock(outputs if i else inputs, outputs, 1 if i else stride, rectified=blocks == 1 or i < blocks - 1)
        for i in range(blocks)))


class KernelSelection(nn.Module):
    """Weighs three maps by gates of channels and of positions."""

    def __init__(self, channels):
        super().__init__()
        hidden = max(channels // 16, 32)

        def gate(inputs, outputs):
            return nn.Sequential(pointwise(inputs, outputs), depthwise(outputs, 3, 3), nn.BatchNorm2d(outputs), nn.ReLU())
        self.fc_reduce = gate(channels, hidden)
        self.fc_expand_small, self.fc_expand_big_h, self.fc_expand_big_v = (gate(hidden, channels) for _ in range(3))
        self.conv_squeeze = nn.Conv2d(2, 3, 7, padding=3)

    def forward(self, *maps):
        total = maps[0] + maps[1] + maps[2]
        reduced = self.fc_reduce(total.mean((2, 3), keepdim=True))
        places = torch.cat((total.mean(1, keepdim=True), total.amax(1, keepdim=True)), 1)
        places = torch.sigmoid(self.conv_squeeze(places))
        gates = (self.fc_expand_small, self.fc_expand_big_h, self.fc_expand_big_v)
        return sum(maps[i] * torch.sigmoid(gates[i](reduced)) * places[:, i:i + 1] for i in range(3))


class SelectiveKernel(nn.Module):
    """The input times a 1x1 of selected small, horizontal and vertical kernels."""

    def __init__(self, channels, size):
        super().__init__()
        side, taps, dilation = KERNELS[size]
        self.DW_conv = depthwise(channels, side, side)
        self.DW_D_conv_h = depthwise(channels, 1, taps, dilation)
        self.DW_D_conv_v = depthwise(channels, taps, 1, dilation)
        self.pwconv = pointwise(channels, channels)
        self.FS_kernel = KernelSelection(channels)

    def forward(self, x):
        small = self.DW_conv(x)
        return x * self.pwconv(self.FS_kernel(small, self.DW_D_conv_h(small), self.DW_D_conv_v(small)))


class SequentialKernel(nn.Module):
    """The input times a 1x1 of four one-dimensional kernels, one after another."""

    def __init__(self, channels, size):
        super().__init__()
        side, taps, dilation = KERNELS[size]
        self.DW_conv_h, self.DW_conv_v = depthwise(channels, 1, side), depthwise(channels, side, 1)
        self.DW_D_conv_h, self.DW_D_conv_v = depthwise(channels, 1, taps, dilation), depthwise(channels, taps, 1, dilation)
        self.pwconv = pointwise(channels, channels)

    def forward(self, x):
        return x * self.pwconv(self.DW_D_conv_v(self.DW_D_conv_h(self.DW_conv_v(self.DW_conv_h(x)))))


class Attention(nn.Module):
    """1x1, GELU, a large kernel, 1x1, and a shortcut."""

    def __init__(self, channels, kernel):
        super().__init__()
        self.proj_1, self.spatial_gating_unit, self.proj_2 = pointwise(channels, channels), kernel, pointwise(channels, channels)

    def forward(self, x):
        return x + self.proj_2(self.spatial_gating_unit(F.gelu(self.proj_1(x))))


class MLP(nn.Module):
    """1x1, depth-wise 3x3, GELU, 1x1."""

    def __init__(self, channels):
        super().__init__()
        hidden = EXPANSION * channels
        self.fc1, self.dwconv, self.fc2 = pointwise(channels, hidden), depthwise(hidden, 3, 3), pointwise(hidden, channels)

    def forward(self, x):
        return self.fc2(F.gelu(self.dwconv(self.fc1(x))))


class VisualAttention(nn.Module):
    """Attention and MLP behind BatchNorm, each with a layer scale."""

    def __init__(self, channels, size):
        super().__init__()
        self.layer_scale_1, self.layer_scale_2 = (nn.Parameter(torch.full((channels,), 1e-2)) for _ in range(2))
        self.norm1, self.norm2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
        self.attn, self.mlp = Attention(channels, SelectiveKernel(channels, size)), MLP(channels)

    def forward(self, x):
        x = x + self.layer_scale_1[:, None, None] * self.attn(self.norm1(x))
        return x + self.layer_scale_2[:, None, None] * self.mlp(self.norm2(x))


class ChannelNorm(nn.LayerNorm):
    """LayerNorm over the channels of `[N, C, H, W]`."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class PixelFusion(nn.Module):
    """Detail `x` and coarser `y`, mixed by how alike they are at each position."""

    def __init__(self, channels, middle):
        super().__init__()
        self.f_x, self.f_y = (
            nn.Sequential(nn.Conv2d(channels, middle, 1, bias=False), nn.BatchNorm2d(middle)) for _ in range(2))

    def forward(self, x, y):
        likeness = torch.sigmoid((self.f_x(x) * resized(self.f_y(y), x)).sum(1, keepdim=True))
        return (1 - likeness) * x + likeness * resized(y, x)


def preactivated(inputs, convolution):
    return nn.BatchNorm2d(inputs), nn.ReLU(), convolution


class Pyramid(nn.Module):
    """Deep large-kernel pyramid pooling (DLKPPM)."""

    def __init__(self, inputs, planes, outputs):
        super().__init__()

        def branch(*pool):
            return nn.Sequential(*pool, *preactivated(inputs, pointwise(inputs, planes, bias=False)))

        def process(dilation=1):
            return nn.Sequential(*preactivated(planes, nn.Conv2d(planes, planes, 3, padding=dilation, dilation=dilation, bias=False)))
        self.scale1, self.scale2 = branch(nn.AvgPool2d(5, 2, 2)), branch(nn.AvgPool2d(9, 4, 4))
        self.scale4, self.scale5 = branch(nn.AdaptiveAvgPool2d(2)), branch(nn.AdaptiveAvgPool2d(1))
        self.scale0, self.bn = branch(), nn.BatchNorm2d(planes)
        self.lska = Attention(planes, SequentialKernel(planes, 35))
        self.layer_scale_lska = nn.Parameter(torch.full((planes,), 1e-2))
        self.process1, self.process2 = process(dilation=2), process(dilation=2)
        self.process_lska, self.process4, self.process5 = process(), process(), process()
        self.compression = nn.Sequential(*preactivated(6 * planes, pointwise(6 * planes, outputs, bias=False)))
        self.shortcut = nn.Sequential(*preactivated(inputs, pointwise(inputs, outputs, bias=False)))

    def forward(self, x):
        own = self.scale0(x)
        attended = own + self.layer_scale_lska[:, None, None] * self.lska(self.bn(own))
        first = self.process1(resized(self.scale1(x), x) + own)
        second = self.process2(resized(self.scale2(x), x) + first)
        third = self.process_lska(attended + second)
        fourth = self.process4(resized(self.scale4(x), x) + third)
        fifth = self.process5(resized(self.scale5(x), x) + fourth)
        return self.compression(torch.cat((own, first, second, third, fourth, fifth), 1)) + self.shortcut(x)


class BoundaryFusion(nn.Module):
    """Detail and semantic maps, mixed by the boundary map (BGAF)."""

    def __init__(self, channels):
        super().__init__()
        self.conv_p, self.conv_i, self.out = (
            nn.Sequential(*preactivated(channels, conv3x3(channels, channels))) for _ in range(3))

    def forward(self, detail, semantic, boundary):
        detail, semantic, edge = self.conv_p(detail), self.conv_i(semantic), torch.sigmoid(boundary)
        return self.out(edge * detail + (1 - edge) * semantic + detail + semantic)


class Head(nn.Module):
    """3x3 and 1x1, each behind BatchNorm and ReLU."""

    def __init__(self, inputs, middle, outputs):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), conv3x3(inputs, middle)
        self.bn2, self.conv2 = nn.BatchNorm2d(middle), nn.Conv2d(middle, outputs, 1)

    def forward(self, x):
        return self.conv2(F.relu(self.bn2(self.conv1(F.relu(self.bn1(x))))))


class BEVANet(nn.Module):
    """Logits `[N, 19, H/8, W/8]` of an image whose sides are multiples of 8."""

    def __init__(self, c=PLANES):
        super().__init__()
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, c, 3, 2, 1), nn.BatchNorm2d(c), nn.ReLU(), nn.Conv2d(c, c, 3, 2, 1), nn.BatchNorm2d(c), nn.ReLU())
        self.layer1, self.layer2 = layer(c, c, 2), layer(c, 2 * c, 2, stride=2)
        self.layer3_semantic, self.layer3_detail = layer(2 * c, 4 * c, 3, stride=2), layer(2 * c, 2 * c, 2)
        self.compression3, self.fuse_sd_3 = downsample(4 * c, 2 * c, 1), PixelFusion(2 * c, c)
        self.layer4_down_semantic = layer(4 * c, 8 * c, 1, stride=2)
        self.layer4_semantic_1, self.norm4_semantic_1 = VisualAttention(8 * c, 35), ChannelNorm(8 * c)
        self.layer4_semantic_2, self.norm4_semantic_2 = VisualAttention(8 * c, 35), ChannelNorm(8 * c)
        self.layer4_detail_conv = layer(2 * c, 2 * c, 1)
        self.layer4_detail, self.norm4_detail = VisualAttention(2 * c, 23), ChannelNorm(2 * c)
        self.compression4, self.fuse_sd_4 = downsample(8 * c, 2 * c, 1), PixelFusion(2 * c, c)
        self.layer5_detail_semantic = nn.Sequential(Bottleneck(2 * c, 2 * c))
        self.layer5_detail_boundary = nn.Sequential(Bottleneck(2 * c, 2 * c))
        self.layer5_down_semantic_seg = layer(8 * c, 16 * c, 1, stride=2)
        self.layer5_semantic_1_seg, self.norm5_semantic_1_seg = VisualAttention(16 * c, 35), ChannelNorm(16 * c)
        self.layer5_semantic_2_seg, self.norm5_semantic_2_seg = VisualAttention(16 * c, 35), ChannelNorm(16 * c)
        self.spp, self.dfm = Pyramid(16 * c, PYRAMID_PLANES, 4 * c), BoundaryFusion(4 * c)
        self.head = Head(4 * c, HEAD_PLANES, CLASSES)

    def forward(self, image):
        shared = F.relu(self.layer2(F.relu(self.layer1(self.conv1(image)))))
        semantic, detail = F.relu(self.layer3_semantic(shared)), self.layer3_detail(shared)
        detail = F.relu(self.fuse_sd_3(detail, self.compression3(semantic)))
        semantic = self.layer4_down_semantic(semantic)
        semantic = self.norm4_semantic_1(self.layer4_semantic_1(semantic))
        semantic = self.norm4_semantic_2(self.layer4_semantic_2(semantic))
        detail = self.norm4_detail(self.layer4_detail(self.layer4_detail_conv(detail)))
        detail = self.fuse_sd_4(detail, self.compression4(semantic))
        semantic = self.layer5_down_semantic_seg(semantic)
        semantic = self.norm5_semantic_1_seg(self.layer5_semantic_1_seg(semantic))
        semantic = self.norm5_semantic_2_seg(self.layer5_semantic_2_seg(semantic))
        fine = self.layer5_detail_semantic(detail)
        return self.head(self.dfm(fine, resized(self.spp(semantic), fine), self.layer5_detail_boundary(detail)))
