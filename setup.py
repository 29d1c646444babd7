"""Install ``ruas_mm`` without touching an existing OpenMMLab environment."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(
    r"__version__ = '(.+)'", (ROOT / 'ruas_mm' / '__init__.py').read_text()
)[1]

# Pictures and videos alone: no mmcv, no toolbox.
ENHANCE = [
    'torch>=2.0',
    'mmengine>=0.10',
    'opencv-python-headless',
    'safetensors',
    'rich',
    'click>=8.1',
    'pillow>=11.3',
    'pillow-heif>=1.0',
    'tifffile',
    'imagecodecs',
    'av>=14',
]

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
    # Nothing here on purpose: users add the package to an environment that
    # has torch, mmcv and a toolbox; pip must not exchange any of them.
    install_requires=[],
    entry_points=dict(console_scripts=['ruas-mm = ruas_mm.__main__:main']),
    extras_require={
        'mmdet': ['torch>=2.0', 'mmengine', 'mmcv', 'mmdet'],
        'mmseg': ['torch>=2.0', 'mmengine', 'mmcv', 'mmsegmentation', 'ftfy'],
        'mmpretrain': ['torch>=2.0', 'mmengine', 'mmcv', 'mmpretrain'],
        'enhance': ENHANCE,
        'metrics': ['scikit-image', 'lpips'],
        'app': [*ENHANCE, 'gradio>=6', 'pandas<3'],
        'onnx': ['onnx', 'onnxruntime'],
        'demo': ['scikit-image'],
    },
)
