"""The networks in PyTorch, with random weights: what `Tools/benchmarks` races against.

DaViT and SHViT come from timm. VAN is in no package, so it is written here after its paper
(Guo et al., arXiv 2202.09741) with the parameter names and sizes of the authors' release.
"""
import torch
from torch import nn

VAN_VARIANTS = {
    "van_b0": ((32, 64, 160, 256), (3, 3, 5, 2)),
    "van_b1": ((64, 128, 320, 512), (2, 2, 4, 2)),
    "van_b2": ((64, 128, 320, 512), (3, 3, 12, 3)),
}
TIMM_NAMES = ("davit_tiny", "davit_small", "davit_base", "shvit_s1", "shvit_s2", "shvit_s3", "shvit_s4")
NAMES = (*VAN_VARIANTS, *TIMM_NAMES)


def make(name):
    """The classifier of 1000 classes."""
    torch.manual_seed(0)
    if name in VAN_VARIANTS:
        return VAN(*VAN_VARIANTS[name])
    import timm
    return timm.create_model(name, pretrained=False, num_classes=1000)


class LargeKernelAttention(nn.Module):
    """`[N, C, H, W]`: the input times a 1x1 of a dilated 7x7 of a 5x5."""

    def __init__(self, channels):
        super().__init__()
        self.conv0 = nn.Conv2d(channels, channels, 5, padding=2, groups=channels)
        self.conv_spatial = nn.Conv2d(channels, channels, 7, padding=9, dilation=3, groups=channels)
        self.conv1 = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return x * self.conv1(self.conv_spatial(self.conv0(x)))


class Attention(nn.Module):
    """1x1, GELU, large-kernel attention, 1x1, and a shortcut of its own."""

    def __init__(self, channels):
        super().__init__()
        self.proj_1 = nn.Conv2d(channels, channels, 1)
        self.spatial_gating_unit = LargeKernelAttention(channels)
        self.proj_2 = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        gated = self.spatial_gating_unit(nn.functional.gelu(self.proj_1(x)))
        return x + self.proj_2(gated)


class MLP(nn.Module):
    """1x1, depth-wise 3x3, GELU, 1x1."""

    def __init__(self, channels, hidden):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        self.dwconv = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)
        self.fc2 = nn.Conv2d(hidden, channels, 1)

    def forward(self, x):
        return self.fc2(nn.functional.gelu(self.dwconv(self.fc1(x))))


class Block(nn.Module):
    """Attention and MLP behind BatchNorm, each with a layer scale."""

    def __init__(self, channels, hidden):
        super().__init__()
        self.layer_scale_1 = nn.Parameter(torch.full((channels, 1, 1), 1e-2))
        self.layer_scale_2 = nn.Parameter(torch.full((channels, 1, 1), 1e-2))
        self.norm1, self.norm2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
        self.attn, self.mlp = Attention(channels), MLP(channels, hidden)

    def forward(self, x):
        x = x + self.layer_scale_1 * self.attn(self.norm1(x))
        return x + self.layer_scale_2 * self.mlp(self.norm2(x))


class Stage(nn.Module):
    """Strided convolution with BatchNorm, blocks, LayerNorm over channels."""

    def __init__(self, inputs, channels, ratio, depth, kernel, stride):
        super().__init__()
        self.embed = nn.Sequential(
            nn.Conv2d(inputs, channels, kernel, stride, kernel // 2), nn.BatchNorm2d(channels))
        self.blocks = nn.Sequential(*(Block(channels, channels * ratio) for _ in range(depth)))
        self.norm = nn.LayerNorm(channels, eps=1e-6)

    def forward(self, x):
        x = self.blocks(self.embed(x))
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class VAN(nn.Module):
    """Four stages of strides 4, 8, 16 and 32, mean over positions, linear classifier."""

    def __init__(self, channels, depths, ratios=(8, 8, 4, 4), classes=1000):
        super().__init__()
        inputs = (3, *channels)
        self.stages = nn.Sequential(*(
            Stage(inputs[i], channels[i], ratios[i], depths[i], 3 if i else 7, 2 if i else 4)
            for i in range(4)))
        self.head = nn.Linear(channels[-1], classes)

    def forward(self, x):
        return self.head(self.stages(x).mean((2, 3)))
