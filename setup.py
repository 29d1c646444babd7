"""Install ``ruas_mm`` without touching an existing OpenMMLab environment."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(
    r"__version__ = '(.+)'", (ROOT / 'ruas_mm' / '__init__.py').read_text()
)[1]

setup(
    name='ruas_mm',
    version=VERSION,
    description='Low-light vision for OpenMMLab (RUAS)',
    long_description=(ROOT / 'README.md').read_text(),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.8',
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
    extras_require={
        'mmdet': ['torch>=2.0', 'mmengine', 'mmcv', 'mmdet'],
        'mmseg': ['torch>=2.0', 'mmengine', 'mmcv', 'mmsegmentation', 'ftfy'],
        'mmpretrain': ['torch>=2.0', 'mmengine', 'mmcv', 'mmpretrain'],
        'enhance': ['safetensors', 'rich', 'pillow'],
        'metrics': ['scikit-image', 'lpips'],
        'app': ['gradio>=6', 'pandas<3'],
        'onnx': ['onnx', 'onnxruntime'],
        'demo': ['scikit-image'],
    },
)
