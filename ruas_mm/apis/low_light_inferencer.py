"""Enhance pictures, files and videos with an enhancer that is ready.

Torch is loaded only where it is asked for: an exported enhancer needs none.
"""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Callable,
    Iterable,
    Iterator,
    List,
    Optional,
    Sequence,
    Union,
)

import numpy as np

from ruas_mm.arguments import (
    check_choice,
    check_strength,
    check_tile,
    check_whole_number,
)
from ruas_mm.compatibility import is_installed
from ruas_mm.files.input_files import check_not_an_input
from ruas_mm.files.picture_file import (
    MAX_PIXELS,
    Picture,
    check_target_format,
    read_picture,
    write_picture,
)
from ruas_mm.files.prefetch import prefetched
from ruas_mm.files.video_stream import (
    Frame,
    VideoReport,
    check_video_target,
    open_video,
    write_frames,
)
from ruas_mm.zoo import DEFAULT

if TYPE_CHECKING:
    from ruas_mm.models import VideoMemory

RUNTIMES = ('torch', 'onnx')
FRAMES_AHEAD = 2  # read, and enhanced: evens out what takes longer for once
PictureLike = Union[str, Path, np.ndarray]
Progress = Callable[[int, Optional[int]], None]


class LowLightInferencer:
    """Turns the light on in pictures.

    Args:
        enhancer: A name of :data:`ruas_mm.zoo.ZOO`: ``'RUAS_S'`` (scene
            module alone), ``'RUAS'`` (and noise removal), ``'RUAS_A'`` (noise
            removal where there is noise), ``'RUAS_S_detection'``; or of
            :data:`ruas_mm.zoo.COMPARED`. Looked at by
            ``runtime='torch'`` alone; an ONNX file is exported for one.
        weights: As in :func:`ruas_mm.models.load_enhancer`, or the file of
            ``ruas-mm export``. None: those in the package.
        strength: In [0, 1]; 0 gives the input back.
        device: As in torch. None: cuda where there is one.
        tile: Largest side of what a network sees at once, in pixels, for
            pictures that do not fit into memory; same result up to rounding.
            None: chosen by the enhancer.
        runtime: ``'torch'`` or ``'onnx'``.
        max_pixels: A picture file of more is refused before it is decoded.

    Raises:
        ValueError: An argument is not allowed, weights are damaged or not
            finite.
        FileNotFoundError: There is no such file of weights.

    Example:
        >>> inferencer = LowLightInferencer('RUAS_A')
        >>> enhanced = inferencer('dark.jpg')  # RGB, uint8, (H, W, 3)
        >>> inferencer.enhance_file('dark.png', 'enhanced.png')
    """

    def __init__(
        self,
        enhancer: str = DEFAULT,
        weights: Optional[Union[str, Path]] = None,
        strength: float = 1.0,
        device: Optional[str] = None,
        tile: Optional[int] = None,
        runtime: str = 'torch',
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        check_strength(strength)
        check_tile(tile)
        check_whole_number('max_pixels', max_pixels, 1)
        check_choice('runtime', runtime, RUNTIMES)
        self.strength = strength
        self.runtime = runtime
        self.max_pixels = max_pixels
        if runtime == 'onnx':
            if not is_installed('onnxruntime'):
                raise ValueError(
                    "runtime='onnx' needs ONNX Runtime: pip install "
                    'onnxruntime'
                )
            from ruas_mm.apis.onnx_runtime import load_onnx_enhancer

            self._network = load_onnx_enhancer(weights, device, tile)
        else:
            from ruas_mm.apis.torch_runtime import load_torch_enhancer

            self._network = load_torch_enhancer(
                enhancer, weights, device, tile
            )

    def __call__(
        self, picture: Union[PictureLike, Sequence[PictureLike]]
    ) -> Union[np.ndarray, List[np.ndarray]]:
        """Enhance one picture, or one after another.

        Args:
            picture: File, or RGB array (H, W, 3), uint8 or uint16; or a
                list of those, of any sizes.

        Returns:
            RGB of the same size and type; a list for a list. Of a file the
            pixels as stored, without alpha: see :meth:`enhance_file`.

        Raises:
            ValueError: Another kind of array, a file that is broken, or a
                result that is not finite.
        """
        if isinstance(picture, (list, tuple)):
            return [self(one) for one in picture]
        if isinstance(picture, (str, Path)):
            picture = read_picture(picture, self.max_pixels).rgb
        return self._enhanced(picture)

    def _enhanced(
        self, picture: np.ndarray, memory: Optional['VideoMemory'] = None
    ) -> np.ndarray:
        _check_array(picture)
        peak = np.float32(np.iinfo(picture.dtype).max)
        x = (picture.astype(np.float32) / peak).transpose(2, 0, 1)[None]
        x = np.ascontiguousarray(x)
        arguments = () if memory is None else (memory,)
        enhanced = self._network(x, self.strength, *arguments)
        if not np.isfinite(enhanced).all():
            raise ValueError(
                'the enhanced picture is not finite: the weights do not suit'
            )
        enhanced = enhanced[0].transpose(1, 2, 0).clip(0, 1) * peak
        return np.ascontiguousarray(enhanced.round().astype(picture.dtype))

    def enhance_file(
        self,
        source: Union[str, Path],
        target: Union[str, Path],
        side_by_side: bool = False,
    ) -> None:
        """Enhance a picture file.

        Size, depth, transparency, ICC profile, EXIF (without its thumbnail),
        XMP, resolution and text stay; grey stays grey. The pixels are
        enhanced as stored, and the EXIF orientation stays in the file, so
        that viewers turn it as before; HEIC and AVIF are turned upright.

        Args:
            source: PNG, JPEG, WebP, BMP, TIFF, HEIC or AVIF file.
            target: File to write; its suffix names the format. What was
                there stays until all is written.
            side_by_side: Put the source to the left of the result.

        Raises:
            ValueError: ``source`` is broken or larger than ``max_pixels``,
                ``target`` cannot hold it, or both are one file.
            OSError: ``target`` cannot be written.
        """
        check_not_an_input(Path(target), [source])
        check_target_format(target)
        before = read_picture(source, self.max_pixels)
        # as wide as what will be written
        check_target_format(
            target, _join(before, before) if side_by_side else before
        )
        after = replace(before, rgb=self(before.rgb))
        write_picture(target, _join(before, after) if side_by_side else after)

    def enhance_video(
        self,
        source: Union[str, Path, int],
        target: Union[str, Path],
        side_by_side: bool = False,
        progress: Optional[Progress] = None,
    ) -> VideoReport:
        """Enhance a video frame by frame, in the memory of a few frames.

        Exposure and colours are steady: what is metered follows the frames
        slowly, and starts anew at a cut (:class:`VideoMemory`). With
        ``runtime='onnx'`` and compared enhancers each frame is on its own,
        as a picture.

        The result stands as a player shows the source; times, aspect,
        colour tags, depth, sound, subtitles and description stay, and what
        cannot is named in the report. A frame that cannot be read shows the
        one before again and is named, too. Reading, enhancing and writing
        overlap, in threads of their own.

        Args:
            source: Video file, or number of a camera, which records until a
                keyboard interrupt.
            target: File to write: mp4, m4v, mov, mkv, webm or avi. What was
                there stays until all is written.
            side_by_side: Put the source to the left of the result.
            progress: Called after each frame with the number of frames done
                and, about, of all; None where that is not known.

        Raises:
            ValueError: ``source`` is not readable, ``target`` has another
                suffix, or both are one file.
            OSError: ``target`` cannot be written.
        """
        check_not_an_input(Path(target), [source])
        check_video_target(target)
        with open_video(source) as reader:
            facts = reader.facts
            read = prefetched(reader, FRAMES_AHEAD)
            frames = self._enhanced_frames(read, facts.fps, side_by_side)
            frames = prefetched(frames, FRAMES_AHEAD)
            # threads end before what they read from is closed
            with closing(read), closing(frames):
                if progress is not None:
                    frames = _counted(frames, progress, reader.num_frames)
                try:
                    report = write_frames(
                        frames, target, facts, reader.is_camera
                    )
                except ValueError as error:
                    raise ValueError(f'{source}: {error}') from None
            report.cut = reader.cut
        return report

    def _enhanced_frames(
        self, frames: Iterable[Frame], fps: float, side_by_side: bool
    ) -> Iterator[Frame]:
        memory = None
        if self.runtime == 'torch':
            from ruas_mm.models import VideoMemory

            memory = VideoMemory(fps)
        for frame in frames:
            if frame.rgb is not None:
                after = self._enhanced(frame.rgb, memory)
                if side_by_side:
                    after = np.hstack([frame.rgb, after])
                frame = frame._replace(rgb=after)
            yield frame


def _counted(
    frames: Iterable, progress: Progress, num_frames: Optional[int]
) -> Iterator:
    """``frames``, with a call of ``progress`` behind each."""
    for index, frame in enumerate(frames):
        yield frame
        progress(index + 1, num_frames)


def _check_array(picture: np.ndarray) -> None:
    if (
        not isinstance(picture, np.ndarray)
        or picture.dtype not in (np.uint8, np.uint16)
        or picture.ndim != 3
        or picture.shape[2] != 3
        or not picture.size
    ):
        kind = getattr(picture, 'dtype', type(picture).__name__)
        raise ValueError(
            f'picture is {kind} of shape {getattr(picture, "shape", None)}, '
            'allowed: a file, or RGB (H, W, 3), uint8 or uint16'
        )


def _join(left: Picture, right: Picture) -> Picture:
    alpha = left.alpha
    return replace(
        left,
        rgb=np.hstack([left.rgb, right.rgb]),
        alpha=None if alpha is None else np.hstack([alpha, alpha]),
    )
