"""Configs are read and written without what takes longest.

A runner has its config formatted by YAPF four times, and each ``mmdet::`` in
one reads the hundred metafiles of its host.
"""

from functools import lru_cache

from mmengine.config import config, utils
from yapf.yapflib import yapf_api


def make_configs_quick() -> None:
    """For this process; what is written stays valid Python."""
    for module in (config, yapf_api):  # MMEngine 0.10 and later versions
        module.FormatCode = lambda text, **_: (text, True)
    if not hasattr(utils.load, 'cache_info'):
        utils.load = lru_cache(maxsize=None)(utils.load)
