"""Loss classes, each made from the signature and the docstring of its function."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, ClassVar

from ..core import Tensor
from ..core.pytorch.distances import pairwise_distance
from ..core.types.axes import as_integer
from .binary import *
from .checks import require_positive, require_tensor, require_unit_interval
from .cross_entropy import *
from .ctc import *
from .distance import *
from .likelihood import *
from .margin import *
from .margin import require_power
from .reduction import REDUCTIONS, require_reduction
from .regression import *
from .regression import require_beta

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CTCLoss",
    "CosineEmbeddingLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "NLLLoss",
    "PoissonNLLLoss",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]

Check = Callable[[str, str, Any], Any]
"""``check(loss, name, value)`` validates an option, and returns the value to store."""

_ENTRY = re.compile(r"^(?=\S)", re.MULTILINE)


def _require_reduction(loss: str, name: str, value: Any) -> Any:
    require_reduction(loss, value)
    return value


def _require_reduction_or_batchmean(loss: str, name: str, value: Any) -> Any:
    require_reduction(loss, value, (*REDUCTIONS, "batchmean"))
    return value


def _require_weight(loss: str, name: str, value: Any) -> Any:
    if value is not None:
        require_tensor(loss, name, value)
    return value


def _default_distance(loss: str, name: str, value: Any) -> Any:
    return pairwise_distance if value is None else value


class Loss:
    """Base class of losses: stores the options, and computes the loss of the tensors that it is called with.

    A subclass names its function. Parameters with a default are options of the class and attributes of its objects. Its
    docstring is made from that of the function; the one written in the subclass is the example.

    Parameters
    ----------
    function : callable
        ``function(*tensors, **options)``.
    without : str, optional
        A parameter that the class does not take.
    by_keyword : bool, default: False
        Whether options are keyword-only, even if the function takes them by position.
    **checks : callable
        `Check` of options by name, beside those of reductions and weights.
    """

    _function: ClassVar[Callable[..., Tensor]]
    _options: ClassVar[inspect.Signature]
    _checks: ClassVar[dict[str, Check]] = {
        "reduction": _require_reduction,
        "weight": _require_weight,
        "pos_weight": _require_weight,
    }

    def __init_subclass__(
        cls, function: Callable[..., Tensor] | None = None, without: str = "", by_keyword: bool = False, **checks: Check
    ) -> None:
        if function is None:
            return
        given = inspect.signature(function).parameters.values()
        options = [one for one in given if one.default is not one.empty and one.name != without]
        if by_keyword:
            options = [one.replace(kind=one.KEYWORD_ONLY) for one in options]
        cls._function = staticmethod(function)
        cls._options = inspect.Signature(options)
        cls._checks = cls._checks | checks
        cls.__doc__ = _class_docstring(function, set(cls._options.parameters), cls.__doc__)

        def __init__(self: Loss, *options: Any, **named: Any) -> None:
            Loss.__init__(self, *options, **named)

        self = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
        __init__.__signature__ = inspect.Signature([self, *options])  # type: ignore[attr-defined]
        cls.__init__ = __init__  # type: ignore[method-assign]

    def __init__(self, *options: Any, **named: Any) -> None:
        loss = type(self).__name__
        try:
            given = self._options.bind(*options, **named)
        except TypeError as error:
            raise TypeError(f"{loss}: {error}; its options are {self._options}") from None
        given.apply_defaults()
        for name, value in given.arguments.items():
            check = self._checks.get(name)
            setattr(self, name, value if check is None else check(loss, name, value))

    def forward(self, *tensors: Any, **named: Any) -> Tensor:
        """Compute the loss of tensors, given as to the function."""
        options = {name: getattr(self, name) for name in self._options.parameters}
        return self._function(*tensors, **named, **options)

    def __call__(self, *tensors: Any, **named: Any) -> Tensor:
        return self.forward(*tensors, **named)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _class_docstring(function: Callable[..., Tensor], options: set[str], example: str | None) -> str:
    """The docstring of a class: summary and options of its function, and an example."""
    text = inspect.getdoc(function) or ""
    parameters = text.partition("Parameters\n----------\n")[2].partition("\n\n")[0]
    entries = [entry.rstrip() for entry in _ENTRY.split(parameters) if entry.partition(" : ")[0] in options]
    sections = {
        "Parameters": "\n".join(entries),
        "Raises": "TypeError, ValueError\n    If an option is unknown, or its value invalid.",
        "See Also": f"tensorplug.losses.functional.{function.__name__} : the formula, the shapes, and the errors.",
        "Examples": inspect.cleandoc(example or ""),
    }
    written = [f"{title}\n{'-' * len(title)}\n{body}" for title, body in sections.items()]
    return "\n\n".join([text.partition("\n\n")[0], *written])


class BCELoss(Loss, function=binary_cross_entropy):
    """
    >>> import tensorplug as tp
    >>> tp.BCELoss()(tp.tensor([0.9, 0.5]), tp.tensor([1.0, 0.0]))
    tensor(0.3993)
    """


class BCEWithLogitsLoss(Loss, function=binary_cross_entropy_with_logits):
    """
    >>> import tensorplug as tp
    >>> tp.BCEWithLogitsLoss()(tp.tensor([2.0, 0.0]), tp.tensor([1.0, 0.0]))
    tensor(0.4100)
    """


class CosineEmbeddingLoss(Loss, function=cosine_embedding_loss):
    """
    >>> import tensorplug as tp
    >>> tp.CosineEmbeddingLoss()(tp.tensor([[3.0, 4.0]]), tp.tensor([[1.0, 0.0]]), tp.tensor([1]))
    tensor(0.4000)
    """


class CrossEntropyLoss(Loss, function=cross_entropy, label_smoothing=require_unit_interval):
    """
    >>> import tensorplug as tp
    >>> loss = tp.CrossEntropyLoss(label_smoothing=0.1)
    >>> loss(tp.tensor([[2.0, 0.0, 0.0]]), tp.tensor([0]))
    tensor(0.3729)
    """


class CTCLoss(Loss, function=ctc_loss, blank=as_integer):
    """
    >>> import tensorplug as tp
    >>> loss = tp.CTCLoss()
    >>> frames = tp.log_softmax(tp.tensor([[[0.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0]]]))
    >>> loss(frames, tp.tensor([[1, 2]]), (3,), (2,))
    tensor(0.4790)
    """


class GaussianNLLLoss(Loss, function=gaussian_nll_loss, by_keyword=True, eps=require_positive):
    """
    >>> import tensorplug as tp
    >>> tp.GaussianNLLLoss()(tp.tensor([1.0, 2.0]), tp.tensor([0.0, 2.0]), tp.tensor([1.0, 1.0]))
    tensor(0.2500)
    """


class HingeEmbeddingLoss(Loss, function=hinge_embedding_loss):
    """
    >>> import tensorplug as tp
    >>> tp.HingeEmbeddingLoss()(tp.tensor([0.5, 0.75]), tp.tensor([1, -1]))
    tensor(0.3750)
    """


class HuberLoss(Loss, function=huber_loss, without="weight", delta=require_positive):
    """
    >>> import tensorplug as tp
    >>> tp.HuberLoss(delta=2.0)(tp.tensor([1.0, 2.0]), tp.tensor([0.5, 6.0]))
    tensor(3.0625)
    """


class KLDivLoss(Loss, function=kl_div, reduction=_require_reduction_or_batchmean):
    """
    >>> import tensorplug as tp
    >>> tp.KLDivLoss(reduction="batchmean")(tp.tensor([[0.9, 0.1]]).log(), tp.tensor([[0.5, 0.5]]))
    tensor(0.5108)
    """


class L1Loss(Loss, function=l1_loss, without="weight"):
    """
    >>> import tensorplug as tp
    >>> tp.L1Loss()(tp.tensor([1.0, 2.0]), tp.tensor([0.0, 4.0]))
    tensor(1.5000)
    """


class MarginRankingLoss(Loss, function=margin_ranking_loss):
    """
    >>> import tensorplug as tp
    >>> tp.MarginRankingLoss(0.5)(tp.tensor([1.0, 2.0]), tp.tensor([0.0, 4.0]), tp.tensor([1, 1]))
    tensor(1.2500)
    """


class MSELoss(Loss, function=mse_loss, without="weight"):
    """
    >>> import tensorplug as tp
    >>> tp.MSELoss()(tp.tensor([1.0, 2.0]), tp.tensor([0.0, 4.0]))
    tensor(2.5000)
    """


class MultiLabelMarginLoss(Loss, function=multilabel_margin_loss):
    """
    >>> import tensorplug as tp
    >>> tp.MultiLabelMarginLoss()(tp.tensor([[0.1, 0.2, 0.4, 0.8]]), tp.tensor([[3, 0, -1, 1]]))
    tensor(0.8500)
    """


class MultiLabelSoftMarginLoss(Loss, function=multilabel_soft_margin_loss):
    """
    >>> import tensorplug as tp
    >>> tp.MultiLabelSoftMarginLoss()(tp.tensor([[2.0, -2.0, 0.0]]), tp.tensor([[1, 0, 1]]))
    tensor(0.3157)
    """


class MultiMarginLoss(Loss, function=multi_margin_loss, p=require_power):
    """
    >>> import tensorplug as tp
    >>> tp.MultiMarginLoss()(tp.tensor([[0.1, 0.2, 0.9]]), tp.tensor([2]))
    tensor(0.1667)
    """


class NLLLoss(Loss, function=nll_loss):
    """
    >>> import tensorplug as tp
    >>> tp.NLLLoss()(tp.tensor([[0.5, 0.25, 0.25]]).log(), tp.tensor([0]))
    tensor(0.6931)
    """


class PoissonNLLLoss(Loss, function=poisson_nll_loss):
    """
    >>> import tensorplug as tp
    >>> tp.PoissonNLLLoss(log_input=False)(tp.tensor([1.0, 2.0]), tp.tensor([1, 3]))
    tensor(0.4603)
    """


class SmoothL1Loss(Loss, function=smooth_l1_loss, beta=require_beta):
    """
    >>> import tensorplug as tp
    >>> tp.SmoothL1Loss()(tp.tensor([1.0, 2.0]), tp.tensor([0.5, 4.0]))
    tensor(0.8125)
    """


class SoftMarginLoss(Loss, function=soft_margin_loss):
    """
    >>> import tensorplug as tp
    >>> tp.SoftMarginLoss()(tp.tensor([2.0, 2.0]), tp.tensor([1, -1]))
    tensor(1.1269)
    """


class TripletMarginLoss(Loss, function=triplet_margin_loss, margin=require_positive):
    """
    >>> import tensorplug as tp
    >>> loss = tp.TripletMarginLoss(margin=2.0)
    >>> loss(tp.tensor([0.0, 0.0]), tp.tensor([0.0, 1.0]), tp.tensor([1.5, 0.0]))
    tensor(1.5000)
    """


class TripletMarginWithDistanceLoss(
    Loss,
    function=triplet_margin_with_distance_loss,
    margin=require_positive,
    distance_function=_default_distance,
):
    """
    >>> import tensorplug as tp
    >>> loss = tp.TripletMarginWithDistanceLoss(distance_function=lambda x1, x2: 1 - tp.cosine_similarity(x1, x2))
    >>> loss(tp.tensor([[0.0, 1.0]]), tp.tensor([[0.0, 2.0]]), tp.tensor([[1.0, 0.0]]))
    tensor(0.)
    """
