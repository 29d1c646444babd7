"""mmseg's DeepLabv3+ at output stride 16, ResNet-101, on Cityscapes.

Its branches have the dilations 1, 6, 12 and 18 of the paper's search space.
The path stands in place of ``mmseg::``, which MMEngine resolves for one of the
two distributions alone.
"""

_base_ = (
    __import__('mmseg').__path__[0] + '/.mim/configs/deeplabv3plus/'
    'deeplabv3plus_r101-d16-mg124_4xb2-40k_cityscapes-512x1024.py'
)
