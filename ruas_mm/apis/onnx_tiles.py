"""An exported enhancer on one tile after another, with the same result.

What is measured of a picture as a whole has a name in the file, and so have
the maps in between (:class:`Measuring`). There the graph is cut: one step
after the other is computed, maps tile by tile, from the steps before.
"""

import json
from math import lcm
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional

import numpy as np
import torch
from torch import Tensor

from ruas_mm.compatibility import is_installed
from ruas_mm.models import Enhancer, SceneModule
from ruas_mm.models.low_resolution import reach_of_raised
from ruas_mm.models.measuring import Step
from ruas_mm.models.tiling import tiled

TILING = 'tiling'  # of the metadata


class Tiling(NamedTuple):
    """What an ONNX file tells of tiles.

    Attributes:
        multiple: See :func:`tiled`.
        steps: By name: how far away a pixel can change a map, in pixels, or
            None for what is of the picture as a whole. The last is the
            result. Empty: there is no other way than all at once.
    """

    multiple: int
    steps: Dict[str, Optional[int]]

    @classmethod
    def of(cls, enhancer: Enhancer, steps: Dict[str, Step]) -> 'Tiling':
        """That of an enhancer with its steps."""
        if isinstance(enhancer, SceneModule):  # is measured, takes no notes
            return cls(1, {})
        if not hasattr(enhancer, 'scene'):
            radius = getattr(enhancer, 'radius', None)
            return cls(1, {} if radius is None else dict(output=radius))
        scene, remover = enhancer.scene, enhancer.noise_remover
        multiple = lcm(scene.shrink, getattr(remover, 'multiple', 1))
        reach = reach_of_raised(scene.radius, scene.shrink)
        radii = dict(lit=reach, illumination=reach)
        if enhancer.noise_estimator is not None:
            radii['theta'] = enhancer.noise_estimator.radius
        behind = reach if remover is None else remover.radius
        found = {
            name: radii.get(name, behind) if step.is_local else None
            for name, step in steps.items()
        }
        return cls(multiple, {**found, 'output': behind})

    def write(self) -> str:
        """For the metadata of a file."""
        return json.dumps(self._asdict())

    @classmethod
    def read(cls, text: str) -> 'Tiling':
        """What :meth:`write` gave."""
        return cls(**json.loads(text))


class TiledRun:
    """Takes and gives what the function of :func:`load_onnx_enhancer` does.

    Args:
        path: File of an exported enhancer.
        tile: Largest side of a tile without its margin, in pixels.
        provider: Of ONNX Runtime.
        at_once: The same for whole pictures.

    Raises:
        ValueError: The file does not tell what tiles need, or ``onnx`` is not
            installed.
    """

    def __init__(
        self,
        path: Path,
        tile: int,
        provider: str,
        at_once: Callable[[np.ndarray, float], np.ndarray],
    ) -> None:
        if not is_installed('onnx'):
            raise ValueError(f'tile={tile} needs onnx: pip install onnx')
        import onnx.utils

        model = onnx.load(str(path))
        properties = {p.key: p.value for p in model.metadata_props}
        if TILING not in properties:
            raise ValueError(
                f'tile={tile}, allowed with {path}: None; tiles need a file '
                "that this version's 'ruas-mm export' has written"
            )
        self.tile, self.provider = (tile, tile), provider
        self.at_once = at_once
        self.tiling = Tiling.read(properties[TILING])
        self._cutter = onnx.utils.Extractor(model)
        self._sessions = {}

    def __call__(self, x: np.ndarray, strength: float) -> np.ndarray:
        steps = self.tiling.steps
        if not steps or max(x.shape[-2:]) <= self.tile[0]:
            return self.at_once(x, strength)
        known = dict(input=x, strength=np.array(strength, np.float32))
        for name, radius in steps.items():
            if radius is None:
                known[name] = self._run(name, known)
            else:
                known[name] = self._by_tiles(name, radius, known)
        return known['output']

    def _by_tiles(
        self, name: str, radius: int, known: Dict[str, np.ndarray]
    ) -> np.ndarray:
        size = known['input'].shape[-2:]
        maps = {  # others are of the picture as a whole
            key: torch.from_numpy(value)
            for key, value in known.items()
            if value.ndim == 4 and value.shape[-2:] == size
        }

        def network(*parts: Tensor) -> Tensor:
            tile = {key: part.numpy() for key, part in zip(maps, parts)}
            return torch.from_numpy(self._run(name, {**known, **tile}))

        return tiled(
            network,
            *maps.values(),
            tile=self.tile,
            radius=radius,
            multiple=self.tiling.multiple,
        ).numpy()

    def _run(self, name: str, known: Dict[str, np.ndarray]) -> np.ndarray:
        """One value of the graph, by the way from what is known."""
        key = (name, *known)
        if key not in self._sessions:
            self._sessions[key] = self._cut(name, list(known))
        session = self._sessions[key]
        feed = {
            value.name: np.ascontiguousarray(known[value.name])
            for value in session.get_inputs()
        }
        return session.run([name], feed)[0]

    def _cut(self, name: str, known: List[str]):
        import onnxruntime

        part = self._cutter.extract_model(known, [name])
        needed = {each for node in part.graph.node for each in node.input}
        for value in [v for v in part.graph.input if v.name not in needed]:
            part.graph.input.remove(value)
        options = onnxruntime.SessionOptions()
        options.enable_cpu_mem_arena = False  # it would keep whole maps
        return onnxruntime.InferenceSession(
            part.SerializeToString(), options, providers=[self.provider]
        )
