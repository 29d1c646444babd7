"""Configs are written as MMEngine puts them, without YAPF's line breaks.

A runner has its config formatted four times, which takes longer than most of
the runs here.
"""

from mmengine.config import config
from yapf.yapflib import yapf_api


def leave_unformatted() -> None:
    """For this process; the text stays valid Python."""
    for module in (config, yapf_api):  # MMEngine 0.10 and later versions
        module.FormatCode = lambda text, **_: (text, True)
