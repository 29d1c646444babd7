"""What mmpretrain's models take where a config leaves it open."""

from mmengine.config import ConfigDict

from ruas_mm.registry import MODELS

DEFAULT_TYPES = dict(
    classifiers='ClsDataPreprocessor',
    retrievers='ClsDataPreprocessor',
    selfsup='SelfSupDataPreprocessor',
    multimodal='MultiModalDataPreprocessor',
)
"""Package below ``mmpretrain.models`` to its models' default."""


def default_type(host: str) -> str:
    """Type of preprocessor that a model sets when its config has none.

    Args:
        host: Type of the model, as in its config.

    Raises:
        ValueError: It is none of mmpretrain's (the other hosts' configs name
            the type).
    """
    with MODELS.switch_scope_and_registry(None) as registry:
        host_class = registry.get(host)
    for base in getattr(host_class, '__mro__', ()):
        package = base.__module__.split('.')
        if package[:2] == ['mmpretrain', 'models'] and len(package) > 2:
            return f'mmpretrain.{DEFAULT_TYPES[package[2]]}'
    raise ValueError(
        f'host={host!r}, allowed: the type of a model of mmpretrain'
    )


def with_type(data_preprocessor: dict, host: str = None) -> dict:
    """A preprocessor's config that names its type.

    Args:
        data_preprocessor: Config.
        host: Type of the model that it is for; needed where the config does
            not name a type.

    Raises:
        ValueError: No type and no host.
    """
    if 'type' in data_preprocessor:
        return ConfigDict(data_preprocessor)
    if host is None:
        raise ValueError(
            f'data_preprocessor={dict(data_preprocessor)} has no type, '
            'allowed: a type in it, or host={{_base_.model.type}} beside it, '
            'whose default it then has'
        )
    return ConfigDict(data_preprocessor, type=default_type(host))


def delivered_order(data_preprocessor: dict) -> str:
    """Channel order that a preprocessor's config expects of the loader.

    Returns:
        ``'bgr'``, ``'rgb'``, or an empty string where it converts nothing
        and so does not tell.
    """
    if 'data_preprocessor' in data_preprocessor:  # one around another
        return delivered_order(data_preprocessor['data_preprocessor'])
    if data_preprocessor.get('rgb_to_bgr'):
        return 'rgb'
    to_rgb = any(data_preprocessor.get(k) for k in ('bgr_to_rgb', 'to_rgb'))
    return 'bgr' if to_rgb else ''
