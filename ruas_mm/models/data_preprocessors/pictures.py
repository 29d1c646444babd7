"""Pictures in whatever structure a data loader delivers.

Detectors get lists, self-supervised models lists of views, trackers a tensor
of frames for each video, semi-supervised ones a dictionary of branches.
"""

from collections.abc import Mapping
from typing import Any, Iterator, List, Sequence, Union

import torch
from torch import Tensor

Pictures = Union[Tensor, Sequence, Mapping, None]


def flatten_pictures(inputs: Pictures, channel_dim: int = -3) -> List[Tensor]:
    """All pictures of a structure, in order.

    Args:
        inputs: Tensors (..., 3, H, W) in any nesting of lists, tuples and
            dictionaries; None counts as no picture.
        channel_dim: Of a tensor's channels, from the end. -4: (3, T, H, W).

    Returns:
        (3, H, W) each.

    Raises:
        ValueError: Something else, or pictures that are not in colour.
    """
    if inputs is None:
        return []
    if isinstance(inputs, Tensor):
        if inputs.dim() < -channel_dim or inputs.shape[channel_dim] != 3:
            shape = '(..., 3, H, W)' if channel_dim == -3 else '(3, T, H, W)'
            raise ValueError(
                f'inputs has a tensor of shape {tuple(inputs.shape)}, '
                f'allowed: {shape}, colour pictures. Load grey files in '
                "colour (LoadImageFromFile with color_type='color')"
            )
        inputs = inputs.movedim(channel_dim, -3)
        return list(inputs.reshape(-1, *inputs.shape[-3:]))
    if isinstance(inputs, Mapping):
        inputs = list(inputs.values())
    if not isinstance(inputs, (list, tuple)):
        raise ValueError(
            f'inputs has a value of {type(inputs).__name__}, allowed: tensors '
            '(..., 3, H, W), and lists, tuples and dictionaries of them'
        )
    return [
        p for entry in inputs for p in flatten_pictures(entry, channel_dim)
    ]


def unflatten_pictures(
    inputs: Pictures, pictures: Iterator[Tensor], channel_dim: int = -3
) -> Pictures:
    """Put ``pictures`` where those of ``inputs`` were.

    Args:
        inputs: As in :func:`flatten_pictures`.
        pictures: One (3, H, W) for each of that, in order.
        channel_dim: The same.

    Returns:
        The same structure with the same shapes.
    """
    if inputs is None:
        return None
    if isinstance(inputs, Tensor):
        shape = inputs.movedim(channel_dim, -3).shape
        if len(shape) == 3:
            return next(pictures)
        count = shape[:-3].numel()
        stacked = torch.stack([next(pictures) for _ in range(count)])
        return stacked.reshape(shape).movedim(-3, channel_dim)
    if isinstance(inputs, Mapping):
        return {
            key: unflatten_pictures(entry, pictures, channel_dim)
            for key, entry in inputs.items()
        }
    return type(inputs)(
        [unflatten_pictures(e, pictures, channel_dim) for e in inputs]
    )


def flatten_samples(
    inputs: Pictures, samples: Any, channel_dim: int = -3
) -> List[Any]:
    """For each picture of ``inputs``, in order, its data sample.

    Args:
        inputs: As in :func:`flatten_pictures`.
        samples: As many as the first dimension of ``inputs`` (of each view,
            where those are listed), in a dictionary of the same branches.
            A video's sample is replaced by those of its frames.
        channel_dim: As in :func:`flatten_pictures`.

    Raises:
        ValueError: More or fewer samples.
    """
    if isinstance(inputs, Mapping):
        return [
            sample
            for key, entry in inputs.items()
            for sample in flatten_samples(entry, samples[key], channel_dim)
        ]
    if _are_views(inputs, samples):
        return [
            sample
            for view in inputs
            for sample in flatten_samples(view, samples, channel_dim)
        ]
    if len(inputs) != len(samples):
        raise ValueError(
            f'{len(samples)} data_samples, allowed: one for each of the '
            f'{len(inputs)} inputs'
        )
    flat = []
    for entry, sample in zip(inputs, samples):
        number = len(flatten_pictures(entry, channel_dim))
        frames = getattr(sample, 'video_data_samples', [sample] * number)
        flat.extend(list(frames)[:number])
    return flat


def _are_views(inputs: Pictures, samples: Sequence) -> bool:
    """Whether each entry has a picture of every sample (SimCLR, SwAV)."""
    return not isinstance(inputs, Tensor) and all(
        isinstance(entry, Tensor)
        and entry.dim() > 3
        and len(entry) == len(samples)
        and not hasattr(sample, 'video_data_samples')
        for entry, sample in zip(inputs, samples)
    )


def iterate_samples(samples: Any) -> Iterator[Any]:
    """The samples of single pictures in a structure of them."""
    if isinstance(samples, Mapping):
        samples = list(samples.values())
    elif hasattr(samples, 'video_data_samples'):
        samples = samples.video_data_samples
    elif not isinstance(samples, (list, tuple)):
        if samples is not None:
            yield samples
        return
    for sample in samples:
        yield from iterate_samples(sample)
