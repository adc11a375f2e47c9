"""The networks in PyTorch, with random weights: what `Tools/benchmarks` races against.

DaViT and SHViT come from timm. The others are in no package, so they are written here after their papers, with the
parameter names of the authors' releases, so that one checkpoint loads here and in cvsuite.
"""
TIMM_NAMES = ("davit_tiny", "davit_small", "davit_base", "shvit_s1", "shvit_s2", "shvit_s3", "shvit_s4")
VAN_NAMES = ("van_b0", "van_b1", "van_b2")
BIFORMER_NAMES = ("biformer_tiny", "biformer_small")
NAMES = (*VAN_NAMES, *TIMM_NAMES, *BIFORMER_NAMES, "bevanet_s", "van_b0_atss")
# Height and width of the published input where it is not 224x224.
SIZES = {"shvit_s4": (256, 256), "bevanet_s": (720, 960), "van_b0_atss": (640, 640)}


def size_of(name):
    """Height and width in pixels."""
    return SIZES.get(name, (224, 224))


def make(name):
    """The network; classifiers have 1000 classes. Imports stand here: who asks for sizes alone needs no PyTorch."""
    import torch
    torch.manual_seed(0)
    if name in TIMM_NAMES:
        import timm
        return timm.create_model(name, pretrained=False, num_classes=1000)
    if name in VAN_NAMES:
        import van
        return van.make(name)
    if name in BIFORMER_NAMES:
        import biformer
        return biformer.make(name)
    if name == "bevanet_s":
        import bevanet
        return bevanet.BEVANet()
    import detector
    return detector.Detector()
