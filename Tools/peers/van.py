"""VAN in PyTorch after its paper (Guo et al., arXiv 2202.09741), with the parameter names of the release."""
import torch
from torch import nn

VARIANTS = {
    "van_b0": ((32, 64, 160, 256), (3, 3, 5, 2)),
    "van_b1": ((64, 128, 320, 512), (2, 2, 4, 2)),
    "van_b2": ((64, 128, 320, 512), (3, 3, 12, 3)),
}
RATIOS = (8, 8, 4, 4)


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


class DepthwiseConvolution(nn.Module):
    """3x3 of each channel by itself; a module of its own because the release names it so."""

    def __init__(self, channels):
        super().__init__()
        self.dwconv = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)

    def forward(self, x):
        return self.dwconv(x)


class MLP(nn.Module):
    """1x1, depth-wise 3x3, GELU, 1x1."""

    def __init__(self, channels, hidden):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        self.dwconv = DepthwiseConvolution(hidden)
        self.fc2 = nn.Conv2d(hidden, channels, 1)

    def forward(self, x):
        return self.fc2(nn.functional.gelu(self.dwconv(self.fc1(x))))


class Block(nn.Module):
    """Attention and MLP behind BatchNorm, each with a layer scale."""

    def __init__(self, channels, hidden):
        super().__init__()
        self.layer_scale_1 = nn.Parameter(torch.full((channels,), 1e-2))
        self.layer_scale_2 = nn.Parameter(torch.full((channels,), 1e-2))
        self.norm1, self.norm2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
        self.attn, self.mlp = Attention(channels), MLP(channels, hidden)

    def forward(self, x):
        x = x + self.layer_scale_1[:, None, None] * self.attn(self.norm1(x))
        return x + self.layer_scale_2[:, None, None] * self.mlp(self.norm2(x))


class PatchEmbedding(nn.Module):
    """Strided convolution and BatchNorm."""

    def __init__(self, inputs, channels, kernel, stride):
        super().__init__()
        self.proj = nn.Conv2d(inputs, channels, kernel, stride, kernel // 2)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x):
        return self.norm(self.proj(x))


class VAN(nn.Module):
    """Four stages of strides 4, 8, 16 and 32; with `classes`, mean over positions and a linear classifier."""

    def __init__(self, channels, depths, classes=1000):
        super().__init__()
        inputs = (3, *channels)
        for stage in range(4):
            width, number = channels[stage], stage + 1
            kernel, stride = (3, 2) if stage else (7, 4)
            self.add_module(f"patch_embed{number}", PatchEmbedding(inputs[stage], width, kernel, stride))
            blocks = (Block(width, width * RATIOS[stage]) for _ in range(depths[stage]))
            self.add_module(f"block{number}", nn.ModuleList(blocks))
            self.add_module(f"norm{number}", nn.LayerNorm(width, eps=1e-6))
        if classes:
            self.head = nn.Linear(channels[-1], classes)

    def maps(self, x):
        """Outputs of the four stages, each `[N, C, H, W]`."""
        found = []
        for number in range(1, 5):
            x = getattr(self, f"patch_embed{number}")(x)
            for block in getattr(self, f"block{number}"):
                x = block(x)
            x = getattr(self, f"norm{number}")(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            found.append(x)
        return found

    def forward(self, x):
        return self.head(self.maps(x)[-1].mean((2, 3)))


def make(name, classes=1000):
    return VAN(*VARIANTS[name], classes=classes)
