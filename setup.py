"""Install ``ruas_mm`` without touching an existing OpenMMLab environment."""

import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.develop import develop

ROOT = Path(__file__).resolve().parent
VERSION = re.search(
    r"__version__ = '(.+)'", (ROOT / 'ruas_mm' / '__init__.py').read_text()
)[1]
RESOURCES = ('configs', 'tools', 'model-index.yml')
# Pictures and videos alone: no mmcv, no toolbox.
FILES = [
    'opencv-python-headless',
    'rich',
    'click>=8.1',
    'pillow>=11.3',
    'pillow-heif>=1.0',
    'tifffile',
    'imagecodecs',
    'av>=14,<20',
]
ENHANCE = ['torch>=2.0', 'mmengine>=0.10', 'safetensors', *FILES]


def link_resources() -> None:
    """``ruas_mm/.mim`` beside the sources, where they can be changed."""
    folder = ROOT / 'ruas_mm' / '.mim'
    folder.mkdir(exist_ok=True)
    for name in RESOURCES:
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(Path('..', '..', name))


class BuildWithResources(build_py):
    """Puts configs, tools and metafiles into ``ruas_mm/.mim``: ``mim``."""

    def run(self) -> None:
        super().run()
        if getattr(self, 'editable_mode', False):
            link_resources()
            return
        folder = Path(self.build_lib, 'ruas_mm', '.mim')
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for source in (ROOT / name for name in RESOURCES):
            if source.is_dir():
                ignored = shutil.ignore_patterns('__pycache__', '.*')
                shutil.copytree(source, folder / source.name, ignore=ignored)
            else:
                shutil.copy(source, folder)


class DevelopWithResources(develop):
    """See :class:`BuildWithResources`."""

    def run(self) -> None:
        super().run()
        link_resources()


setup(
    name='ruas_mm',
    version=VERSION,
    description='Low-light vision for OpenMMLab (RUAS)',
    long_description=(ROOT / 'README.md').read_text(),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.10',
    packages=find_packages(include=['ruas_mm', 'ruas_mm.*']),
    package_data={
        'ruas_mm': [
            'datasets/enhancement/splits/*.txt',
            'weights/*.safetensors',
            'weights/*.md',
        ]
    },
    cmdclass=dict(build_py=BuildWithResources, develop=DevelopWithResources),
    # Nothing here on purpose: users add the package to an environment that
    # has torch, mmcv and a toolbox; pip must not exchange any of them.
    install_requires=[],
    entry_points=dict(console_scripts=['ruas-mm = ruas_mm.__main__:main']),
    extras_require={
        'mmdet': ['torch>=2.0', 'mmengine', 'mmcv', 'mmdet'],
        'mmseg': ['torch>=2.0', 'mmengine', 'mmcv', 'mmsegmentation', 'ftfy'],
        'mmpretrain': ['torch>=2.0', 'mmengine', 'mmcv', 'mmpretrain'],
        'enhance': ENHANCE,
        'deploy': [*FILES, 'onnxruntime'],  # exported enhancers: no torch
        'metrics': ['scikit-image', 'lpips'],
        'app': [*ENHANCE, 'gradio>=6', 'pandas<3'],
        'onnx': ['onnx', 'onnxruntime'],
        'demo': ['scikit-image'],
    },
)
