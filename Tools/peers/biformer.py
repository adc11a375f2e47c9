"""BiFormer in PyTorch after its paper (Zhu et al., arXiv 2303.08810), with the parameter names of the release."""
import torch
from torch import nn

WINDOWS = 7  # regions along each side of a map
CHOSEN = (1, 4, 16)  # regions that a region attends to, stages 1 to 3; the last stage attends to all positions
HEAD_WIDTH = 32
FULL_ATTENTION_HEADS = 8
VARIANTS = {
    "biformer_tiny": ((64, 128, 256, 512), (2, 2, 8, 2)),
    "biformer_small": ((64, 128, 256, 512), (4, 4, 18, 4)),
}


class FusedProjection(nn.Module):
    """One linear map to queries, keys and values; a module of its own because the release names it `qkv.qkv`."""

    def __init__(self, channels):
        super().__init__()
        self.qkv = nn.Linear(channels, 3 * channels)

    def forward(self, x):
        return self.qkv(x).chunk(3, dim=-1)


class RoutedAttention(nn.Module):
    """Bi-level routing attention on `[N, H, W, C]`, sides divisible by `WINDOWS`."""

    def __init__(self, channels, chosen):
        super().__init__()
        self.chosen, self.heads, self.scale = chosen, channels // HEAD_WIDTH, channels**-0.5
        self.lepe = nn.Conv2d(channels, channels, 5, padding=2, groups=channels)
        self.qkv = FusedProjection(channels)
        self.wo = nn.Linear(channels, channels)

    def regions(self, x):
        """`[N, H, W, C]` to `[N, regions, positions of a region, C]`."""
        n, h, w, c = x.shape
        x = x.reshape(n, WINDOWS, h // WINDOWS, WINDOWS, w // WINDOWS, c)
        return x.transpose(2, 3).reshape(n, WINDOWS**2, -1, c)

    def split_heads(self, x):
        """`[N, regions, positions, C]` to `[N, regions, heads, positions, HEAD_WIDTH]`."""
        n, regions, positions, _ = x.shape
        return x.reshape(n, regions, positions, self.heads, HEAD_WIDTH).transpose(2, 3)

    def forward(self, x):
        n, h, w, c = x.shape
        q, k, v = self.qkv(x)
        local = self.lepe(v.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        q, k, v = self.regions(q), self.regions(k), self.regions(v)
        affinity = (q.detach().mean(2) * self.scale) @ k.detach().mean(2).transpose(1, 2)
        index = affinity.topk(self.chosen, dim=-1).indices
        sample = torch.arange(n, device=x.device)[:, None, None]
        k, v = (part[sample, index].flatten(2, 3) for part in (k, v))
        scores = (self.split_heads(q) * self.scale) @ self.split_heads(k).transpose(3, 4)
        out = scores.softmax(-1) @ self.split_heads(v)
        out = out.transpose(2, 3).reshape(n, WINDOWS, WINDOWS, h // WINDOWS, w // WINDOWS, c)
        return self.wo(out.transpose(2, 3).reshape(n, h, w, c) + local)


class FullAttention(nn.Module):
    """Attention over all positions of `[N, H, W, C]`; the depth-wise 5x5 reads the input."""

    def __init__(self, channels):
        super().__init__()
        self.scale = (channels // FULL_ATTENTION_HEADS) ** -0.5
        self.qkv = nn.Linear(channels, 3 * channels, bias=False)
        self.proj = nn.Linear(channels, channels)
        self.lepe = nn.Conv2d(channels, channels, 5, padding=2, groups=channels)

    def forward(self, x):
        n, h, w, c = x.shape
        local = self.lepe(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        parts = self.qkv(x).reshape(n, h * w, 3, FULL_ATTENTION_HEADS, c // FULL_ATTENTION_HEADS)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        out = ((q * self.scale) @ k.transpose(2, 3)).softmax(-1) @ v
        return self.proj(out.transpose(1, 2).reshape(n, h, w, c) + local)


class Block(nn.Module):
    """Depth-wise 3x3, attention and MLP, each with a shortcut; LayerNorm before the last two."""

    def __init__(self, channels, stage):
        super().__init__()
        self.pos_embed = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.norm1, self.norm2 = nn.LayerNorm(channels, eps=1e-6), nn.LayerNorm(channels, eps=1e-6)
        full = stage == len(CHOSEN)
        self.attn = FullAttention(channels) if full else RoutedAttention(channels, CHOSEN[stage])
        self.mlp = nn.Sequential(
            nn.Linear(channels, 3 * channels), nn.Identity(), nn.GELU(), nn.Linear(3 * channels, channels))

    def forward(self, x):
        x = (x + self.pos_embed(x)).permute(0, 2, 3, 1)
        x = x + self.attn(self.norm1(x))
        x = x + self.mlp(self.norm2(x))
        return x.permute(0, 3, 1, 2)


def halved(inputs, outputs):
    """A 3x3 convolution of stride 2 and BatchNorm."""
    return nn.Conv2d(inputs, outputs, 3, 2, 1), nn.BatchNorm2d(outputs)


class BiFormer(nn.Module):
    """Four stages of strides 4, 8, 16 and 32, BatchNorm, mean over positions, linear classifier."""

    def __init__(self, channels, depths, classes=1000):
        super().__init__()
        stem = nn.Sequential(*halved(3, channels[0] // 2), nn.GELU(), *halved(channels[0] // 2, channels[0]))
        later = (nn.Sequential(*halved(channels[i], channels[i + 1])) for i in range(3))
        self.downsample_layers = nn.ModuleList((stem, *later))
        self.stages = nn.ModuleList(
            nn.Sequential(*(Block(channels[i], i) for _ in range(depths[i]))) for i in range(4))
        self.norm = nn.BatchNorm2d(channels[-1])
        self.head = nn.Linear(channels[-1], classes)

    def forward(self, x):
        for halve, stage in zip(self.downsample_layers, self.stages):
            x = stage(halve(x))
        return self.head(self.norm(x).mean((2, 3)))


def make(name):
    return BiFormer(*VARIANTS[name])
