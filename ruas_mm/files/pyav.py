"""PyAV, which brings FFmpeg, loaded when a video is to be read or written."""

from types import ModuleType

from ruas_mm.compatibility import is_installed


def load_pyav() -> ModuleType:
    """The module ``av``.

    Raises:
        ValueError: It is not installed.
    """
    if not is_installed('av'):
        raise ValueError("videos need PyAV: pip install 'av>=14'")
    import av

    return av
