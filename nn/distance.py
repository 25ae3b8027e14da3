"""Distances as layers."""

from .function_layer import FunctionLayer

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class CosineSimilarity(FunctionLayer, function="cosine_similarity", inputs=2, text=""):
    """Cosine of the angle between vectors along an axis: see `nn.functional.cosine_similarity`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.CosineSimilarity(dim=0)(tp.tensor([3.0, 4.0]), tp.tensor([1.0, 0.0]))
    tensor(0.6000)
    """


class PairwiseDistance(FunctionLayer, function="pairwise_distance", inputs=2, text=""):
    """Distance between pairs of vectors: see `nn.functional.pairwise_distance`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.PairwiseDistance(p=1, eps=0.0)(tp.tensor([[1.0, 2.0]]), tp.tensor([[0.0, 4.0]]))
    tensor([3.])
    """
