import torch

from ruas_mm.models.same_size import map_by_size


def test_equal_sizes_run_together_and_come_back_in_order():
    shapes = [(3, 4, 5), (3, 2, 2), (3, 4, 5), (1, 4, 5)]
    images = [torch.full(s, float(i)) for i, s in enumerate(shapes)]
    batches = []

    def network(x):
        batches.append(tuple(x.shape))
        return x + 1, x.mean((1, 2, 3))

    results = map_by_size(network, images)
    assert batches == [(2, 3, 4, 5), (1, 3, 2, 2), (1, 1, 4, 5)]
    for index, (image, (first, second)) in enumerate(zip(images, results)):
        assert torch.equal(first, image + 1)
        assert second == index


def test_no_pictures():
    assert map_by_size(lambda x: (x,), []) == []
