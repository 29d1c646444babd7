"""Networks of others, to be compared with: their weights under our names."""

from typing import Dict, Mapping, Tuple

from torch import Tensor

from ruas_mm.models.enhancers.base import Enhancer
from ruas_mm.weights.tensor_file import not_finite

COUNTER = 'num_batches_tracked'  # older files have none, and it is not used
PARALLEL = 'module.'  # what torch.nn.DataParallel puts before all names


class PublishedEnhancer(Enhancer):
    """An enhancer whose authors publish weights in a layout of their own.

    Attributes:
        theirs: Their names (of a module, or of a parameter) and ours for it.
            Empty: the same.
        unused: Modules of theirs that enhancing does not need.
    """

    theirs: Mapping[str, str] = {}
    unused: Tuple[str, ...] = ()

    def load_published(self, state: Dict[str, Tensor], source: str) -> None:
        """Take the weights of the authors, or of this class.

        Args:
            state: State dict under their names, or under ours.
            source: Named in messages.

        Raises:
            ValueError: Keys are missing or left over, shapes differ, or a
                number is not finite; the message names them as in the file.
        """
        own = self.state_dict()
        state = {k: v for k, v in state.items() if not k.endswith(COUNTER)}
        if all(key.startswith(PARALLEL) for key in state):
            state = {k[len(PARALLEL) :]: v for k, v in state.items()}
        names = {k: k for k in own if not k.endswith(COUNTER)}  # file: here
        if state.keys() != names.keys():
            names = {self.their_name(key): key for key in names}
        found = {k: v for k, v in state.items() if not _is_in(k, self.unused)}
        missing = sorted(names.keys() - found.keys())
        unexpected = sorted(found.keys() - names.keys())
        shapes = [
            f'{key}: {tuple(found[key].shape)} instead of '
            f'{tuple(own[name].shape)}'
            for key, name in sorted(names.items())
            if key in found and found[key].shape != own[name].shape
        ]
        if missing or unexpected or shapes:
            raise ValueError(
                f'{source} does not fit {type(self).__name__}: missing '
                f'{missing}, unexpected {unexpected}, other shapes {shapes}'
            )
        bad = not_finite(found)
        if bad:
            raise ValueError(
                f'{source} holds numbers that are not finite: {bad}'
            )
        own.update({name: found[key] for key, name in names.items()})
        self.load_state_dict(own)

    def their_name(self, key: str) -> str:
        """What the authors call our ``key``."""
        for theirs, ours in self.theirs.items():
            if _is_in(key, (ours,)):
                return theirs + key[len(ours) :]
        return key


def _is_in(key: str, modules: Tuple[str, ...]) -> bool:
    return any(key == m or key.startswith(f'{m}.') for m in modules)
