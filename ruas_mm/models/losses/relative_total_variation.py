"""Relative total variation: keeps structure, smooths texture.

Paper: Structure Extraction from Texture via Relative Total Variation, Xu et
al., ACM TOG 2012, Eq. (3)-(6); named as the prior of the illumination in
https://arxiv.org/abs/2112.04719, Sec. 3.

Differs from the paper: nothing in the measure (it is minimised by gradient
descent here, not by their solver). Windows are cut at the border and divided
by the part that lies inside.
"""

from torch import Tensor

from ruas_mm.models.gaussian_blur import gaussian_blur


def relative_total_variation(
    x: Tensor, sigma: float = 3.0, epsilon: float = 1e-3
) -> Tensor:
    """Mean of ``D_x / (L_x + eps) + D_y / (L_y + eps)``.

    D is the windowed total variation (sum of g |dx|) and L the windowed
    inherent variation (|sum of g dx|): texture, whose gradients cancel within
    the window, costs much, an edge, whose gradients agree, little.

    Args:
        x: Map, (N, C, H, W), any size.
        sigma: Of the Gaussian window, in pixels. 3: Xu et al.
        epsilon: Keeps the quotient finite. 1e-3: Xu et al.

    Returns:
        One value a picture, (N,); 0 for one without two pixels in a row.
    """
    total = x.new_zeros(x.shape[0])
    for axis in (2, 3):
        if x.shape[axis] < 2:
            continue
        gradient = x.diff(dim=axis)
        variation = gaussian_blur(gradient.abs(), sigma)
        inherent = gaussian_blur(gradient, sigma).abs()
        total = total + (variation / (inherent + epsilon)).mean((1, 2, 3))
    return total
