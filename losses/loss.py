"""The losses as classes, which hold the options of the functions."""

from __future__ import annotations

from typing import Any, ClassVar

from ..core import Tensor
from ..core.pytorch.distances import pairwise_distance
from ..core.types.axes import as_integer
from .binary import *
from .checks import require_positive, require_tensor, require_unit_interval
from .cross_entropy import *
from .ctc import NAME, ctc_loss
from .distance import *
from .distance import Distance
from .likelihood import *
from .margin import *
from .margin import _require_power
from .reduction import REDUCTIONS, require_reduction
from .regression import *
from .regression import _require_beta

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


class Loss:
    """A loss with its options: called with tensors, it gives the loss.

    Parameters
    ----------
    reduction : str, default: "mean"
        What becomes of the losses of the single elements: ``"none"``, ``"mean"`` or ``"sum"``.

    Raises
    ------
    ValueError
        For another reduction.
    """

    reductions: ClassVar[tuple[str, ...]] = tuple(REDUCTIONS)

    def __init__(self, reduction: str = "mean") -> None:
        require_reduction(type(self).__name__, reduction, self.reductions)
        self.reduction = reduction

    def _require_weights(self, **weights: Any) -> None:
        """Raise TypeError unless every weight that is given is a tensor."""
        for name, weight in weights.items():
            if weight is not None:
                require_tensor(type(self).__name__, name, weight)

    def forward(self, *tensors: Any) -> Tensor:
        """The loss of tensors."""
        raise NotImplementedError(f"{type(self).__name__}.forward")

    def __call__(self, *tensors: Any, **named: Any) -> Tensor:
        return self.forward(*tensors, **named)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class BCELoss(Loss):
    """The cross-entropy between probabilities of a yes and the answers.

    Parameters
    ----------
    weight : Tensor, optional
        What the losses are multiplied by; it broadcasts to the shape of the input.
    reduction : {"mean", "sum", "none"}, default: "mean"

    Raises
    ------
    TypeError, ValueError
        If an option is not one of these.

    See Also
    --------
    tensorplug.losses.functional.binary_cross_entropy : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.BCELoss()(tp.tensor([0.9, 0.5]), tp.tensor([1.0, 0.0]))
    tensor(0.3993)
    """

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self._require_weights(weight=weight)
        self.weight = weight

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of probabilities and answers."""
        return binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(Loss):
    """The cross-entropy between the sigmoids of logits and the answers.

    Parameters
    ----------
    weight : Tensor, optional
        What the losses are multiplied by; it broadcasts to the shape of the input.
    reduction : {"mean", "sum", "none"}, default: "mean"
    pos_weight : Tensor, optional
        By what a yes counts; it broadcasts to the shape of the input.

    Raises
    ------
    TypeError, ValueError
        If an option is not one of these.

    See Also
    --------
    tensorplug.losses.functional.binary_cross_entropy_with_logits : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.BCEWithLogitsLoss()(tp.tensor([2.0, 0.0]), tp.tensor([1.0, 0.0]))
    tensor(0.4100)
    """

    def __init__(
        self, weight: Tensor | None = None, *, reduction: str = "mean", pos_weight: Tensor | None = None
    ) -> None:
        super().__init__(reduction)
        self._require_weights(weight=weight, pos_weight=pos_weight)
        self.weight = weight
        self.pos_weight = pos_weight

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of logits and answers."""
        options: dict[str, Any] = {"reduction": self.reduction, "pos_weight": self.pos_weight}
        return binary_cross_entropy_with_logits(input, target, self.weight, **options)


class CosineEmbeddingLoss(Loss):
    """How far the cosine of a pair that belongs together is from 1, and that of another beyond a margin.

    Parameters
    ----------
    margin : float, default: 0.0
    reduction : {"mean", "sum", "none"}, default: "mean"

    Raises
    ------
    ValueError
        For another reduction.

    See Also
    --------
    tensorplug.losses.functional.cosine_embedding_loss : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.CosineEmbeddingLoss()(tp.tensor([[3.0, 4.0]]), tp.tensor([[1.0, 0.0]]), tp.tensor([1]))
    tensor(0.4000)
    """

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """The loss of two inputs and whether they belong together."""
        return cosine_embedding_loss(input1, input2, target, self.margin, reduction=self.reduction)


class CrossEntropyLoss(Loss):
    """The cross-entropy between logits and class indices or class probabilities.

    Parameters
    ----------
    weight : Tensor, shape (C,), optional
        The weight of each class.
    ignore_index : int, default: -100
        The class index of targets that do not count.
    reduction : {"mean", "sum", "none"}, default: "mean"
    label_smoothing : float, default: 0.0
        From 0 to 1.

    Raises
    ------
    TypeError, ValueError
        If an option is not one of these.

    See Also
    --------
    tensorplug.losses.functional.cross_entropy : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> loss = tp.CrossEntropyLoss(label_smoothing=0.1)
    >>> loss(tp.tensor([[2.0, 0.0, 0.0]]), tp.tensor([0]))
    tensor(0.3729)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction)
        require_unit_interval(type(self).__name__, "label_smoothing", label_smoothing)
        self._require_weights(weight=weight)
        self.weight = weight
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of logits and targets."""
        return cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class CTCLoss(Loss):
    """Connectionist temporal classification.

    Parameters
    ----------
    blank : int, default: 0
    reduction : {"mean", "sum", "none"}, default: "mean"
    zero_infinity : bool, default: False

    See Also
    --------
    tensorplug.losses.functional.ctc_loss : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> loss = tp.CTCLoss()
    >>> frames = tp.log_softmax(tp.tensor([[[0.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0]]]))
    >>> loss(frames, tp.tensor([[1, 2]]), (3,), (2,))
    tensor(0.4790)
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction)
        self.blank = as_integer(NAME, "blank", blank)
        self.zero_infinity = bool(zero_infinity)

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any) -> Tensor:
        """The loss of sequences and targets."""
        return ctc_loss(
            log_probs,
            targets,
            input_lengths,
            target_lengths,
            blank=self.blank,
            reduction=self.reduction,
            zero_infinity=self.zero_infinity,
        )


class GaussianNLLLoss(Loss):
    """The negative log-likelihood of targets under normal distributions.

    Parameters
    ----------
    full : bool, default: False
        Whether the constant is added.
    eps : float, default: 1e-6
        The least variance that is computed with.
    reduction : {"mean", "sum", "none"}, default: "mean"

    Raises
    ------
    ValueError
        If an option is not one of these.

    See Also
    --------
    tensorplug.losses.functional.gaussian_nll_loss : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.GaussianNLLLoss()(tp.tensor([1.0, 2.0]), tp.tensor([0.0, 2.0]), tp.tensor([1.0, 1.0]))
    tensor(0.2500)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction)
        require_positive(type(self).__name__, "eps", eps)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        """The loss of means, targets and variances."""
        return gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)


class HingeEmbeddingLoss(Loss):
    """The distance of a pair that belongs together, and what is missing to the margin of one that does not.

    Parameters
    ----------
    margin : float, default: 1.0
    reduction : {"mean", "sum", "none"}, default: "mean"

    Raises
    ------
    ValueError
        For another reduction.

    See Also
    --------
    tensorplug.losses.functional.hinge_embedding_loss : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.HingeEmbeddingLoss()(tp.tensor([0.5, 0.75]), tp.tensor([1, -1]))
    tensor(0.3750)
    """

    def __init__(self, margin: float = 1.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of distances and whether pairs belong together."""
        return hinge_embedding_loss(input, target, self.margin, reduction=self.reduction)


class HuberLoss(Loss):
    """Half the square of small differences between input and target, and a multiple of great ones.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default: "mean"
    delta : float, default: 1.0
        The difference at which the loss becomes linear; greater than 0.

    Raises
    ------
    ValueError
        If an option is not one of these.

    See Also
    --------
    tensorplug.losses.functional.huber_loss : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.HuberLoss(delta=2.0)(tp.tensor([1.0, 2.0]), tp.tensor([0.5, 6.0]))
    tensor(3.0625)
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        require_positive(type(self).__name__, "delta", delta)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of an input and a target."""
        return huber_loss(input, target, self.reduction, self.delta)


class KLDivLoss(Loss):
    """The divergence of a distribution from another, of which the logarithm is given.

    Parameters
    ----------
    reduction : {"mean", "batchmean", "sum", "none"}, default: "mean"
        ``"batchmean"`` gives the mean divergence.
    log_target : bool, default: False
        Whether the target holds logarithms.

    Raises
    ------
    ValueError
        For another reduction.

    See Also
    --------
    tensorplug.losses.functional.kl_div : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.KLDivLoss(reduction="batchmean")(tp.tensor([[0.9, 0.1]]).log(), tp.tensor([[0.5, 0.5]]))
    tensor(0.5108)
    """

    reductions: ClassVar[tuple[str, ...]] = (*REDUCTIONS, "batchmean")

    def __init__(self, *, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of log-probabilities and a distribution."""
        return kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class L1Loss(Loss):
    """The absolute difference between input and target.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default: "mean"

    Raises
    ------
    ValueError
        For another reduction.

    See Also
    --------
    tensorplug.losses.functional.l1_loss : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.L1Loss()(tp.tensor([1.0, 2.0]), tp.tensor([0.0, 4.0]))
    tensor(1.5000)
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of an input and a target."""
        return l1_loss(input, target, reduction=self.reduction)


class MarginRankingLoss(Loss):
    """Zero once the input that should rank higher does so by a margin.

    Parameters
    ----------
    margin : float, default: 0.0
    reduction : {"mean", "sum", "none"}, default: "mean"

    Raises
    ------
    ValueError
        For another reduction.

    See Also
    --------
    tensorplug.losses.functional.margin_ranking_loss : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.MarginRankingLoss(0.5)(tp.tensor([1.0, 2.0]), tp.tensor([0.0, 4.0]), tp.tensor([1, 1]))
    tensor(1.2500)
    """

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """The loss of two inputs and which should rank higher."""
        return margin_ranking_loss(input1, input2, target, self.margin, reduction=self.reduction)


class MSELoss(Loss):
    """The square of the difference between input and target.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default: "mean"

    Raises
    ------
    ValueError
        For another reduction.

    See Also
    --------
    tensorplug.losses.functional.mse_loss : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.MSELoss()(tp.tensor([1.0, 2.0]), tp.tensor([0.0, 4.0]))
    tensor(2.5000)
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of an input and a target."""
        return mse_loss(input, target, reduction=self.reduction)


class MultiLabelMarginLoss(Loss):
    """Zero once the scores of all right classes exceed those of all others by a margin of 1.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default: "mean"

    Raises
    ------
    ValueError
        For another reduction.

    See Also
    --------
    tensorplug.losses.functional.multilabel_margin_loss : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.MultiLabelMarginLoss()(tp.tensor([[0.1, 0.2, 0.4, 0.8]]), tp.tensor([[3, 0, -1, 1]]))
    tensor(0.8500)
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of scores and lists of class indices."""
        return multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(Loss):
    """The mean over the classes of the cross-entropies between the sigmoids of logits and the answers.

    Parameters
    ----------
    weight : Tensor, shape (C,), optional
        The weight of each class.
    reduction : {"mean", "sum", "none"}, default: "mean"

    Raises
    ------
    TypeError, ValueError
        If an option is not one of these.

    See Also
    --------
    tensorplug.losses.functional.multilabel_soft_margin_loss : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.MultiLabelSoftMarginLoss()(tp.tensor([[2.0, -2.0, 0.0]]), tp.tensor([[1, 0, 1]]))
    tensor(0.3157)
    """

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self._require_weights(weight=weight)
        self.weight = weight

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of logits and answers."""
        return multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)


class MultiMarginLoss(Loss):
    """Zero once the score of the right class exceeds those of all others by a margin.

    Parameters
    ----------
    p : {1, 2}, default: 1
    margin : float, default: 1.0
    weight : Tensor, shape (C,), optional
        The weight of each class.
    reduction : {"mean", "sum", "none"}, default: "mean"

    Raises
    ------
    TypeError, ValueError
        If an option is not one of these.

    See Also
    --------
    tensorplug.losses.functional.multi_margin_loss : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.MultiMarginLoss()(tp.tensor([[0.1, 0.2, 0.9]]), tp.tensor([2]))
    tensor(0.1667)
    """

    def __init__(
        self, p: int = 1, margin: float = 1.0, weight: Tensor | None = None, *, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        _require_power(type(self).__name__, p)
        self._require_weights(weight=weight)
        self.p = p
        self.margin = margin
        self.weight = weight

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of scores and class indices."""
        return multi_margin_loss(input, target, self.p, self.margin, self.weight, reduction=self.reduction)


class NLLLoss(Loss):
    """The negative log-likelihood of class indices, given the logarithms of the classes' probabilities.

    Parameters
    ----------
    weight : Tensor, shape (C,), optional
        The weight of each class.
    ignore_index : int, default: -100
        The class index of targets that do not count.
    reduction : {"mean", "sum", "none"}, default: "mean"

    Raises
    ------
    TypeError, ValueError
        If an option is not one of these.

    See Also
    --------
    tensorplug.losses.functional.nll_loss : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.NLLLoss()(tp.tensor([[0.5, 0.25, 0.25]]).log(), tp.tensor([0]))
    tensor(0.6931)
    """

    def __init__(self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self._require_weights(weight=weight)
        self.weight = weight
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of log-probabilities and class indices."""
        return nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class PoissonNLLLoss(Loss):
    """The negative log-likelihood of counts under Poisson's distribution.

    Parameters
    ----------
    log_input : bool, default: True
        Whether the input is the logarithm of the rate.
    full : bool, default: False
        Whether Stirling's approximation to the logarithm of the counts' factorials is added.
    eps : float, default: 1e-8
        What is added to a rate before its logarithm is taken.
    reduction : {"mean", "sum", "none"}, default: "mean"

    Raises
    ------
    ValueError
        For another reduction.

    See Also
    --------
    tensorplug.losses.functional.poisson_nll_loss : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.PoissonNLLLoss(log_input=False)(tp.tensor([1.0, 2.0]), tp.tensor([1, 3]))
    tensor(0.4603)
    """

    def __init__(
        self, log_input: bool = True, full: bool = False, *, eps: float = 1e-8, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of rates, or their logarithms, and counts."""
        options: dict[str, Any] = {"eps": self.eps, "reduction": self.reduction}
        return poisson_nll_loss(input, target, self.log_input, self.full, **options)


class SmoothL1Loss(Loss):
    """The square of small differences between input and target, and the absolute value of great ones.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default: "mean"
    beta : float, default: 1.0
        The difference at which the loss becomes linear; at least 0.

    Raises
    ------
    ValueError
        If an option is not one of these.

    See Also
    --------
    tensorplug.losses.functional.smooth_l1_loss : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.SmoothL1Loss()(tp.tensor([1.0, 2.0]), tp.tensor([0.5, 4.0]))
    tensor(0.8125)
    """

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        _require_beta(type(self).__name__, beta)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of an input and a target."""
        return smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class SoftMarginLoss(Loss):
    """The logistic loss of scores and labels of 1 or -1.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default: "mean"

    Raises
    ------
    ValueError
        For another reduction.

    See Also
    --------
    tensorplug.losses.functional.soft_margin_loss : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.SoftMarginLoss()(tp.tensor([2.0, 2.0]), tp.tensor([1, -1]))
    tensor(1.1269)
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of scores and labels."""
        return soft_margin_loss(input, target, reduction=self.reduction)


class TripletMarginLoss(Loss):
    """Zero once an anchor is nearer, by a margin, to what it belongs with than to what it does not.

    Parameters
    ----------
    margin : float, default: 1.0
        Greater than 0.
    p : float, default: 2.0
        The power of the norm.
    eps : float, default: 1e-6
        What is added to each difference.
    swap : bool, default: False
        Whether the distance of positive from negative counts instead where it is less than that of the anchor.
    reduction : {"mean", "sum", "none"}, default: "mean"

    Raises
    ------
    ValueError
        If an option is not one of these.

    See Also
    --------
    tensorplug.losses.functional.triplet_margin_loss : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> loss = tp.TripletMarginLoss(margin=2.0)
    >>> loss(tp.tensor([0.0, 0.0]), tp.tensor([0.0, 1.0]), tp.tensor([1.5, 0.0]))
    tensor(1.5000)
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        *,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        require_positive(type(self).__name__, "margin", margin)
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """The loss of anchors, what they belong with, and what they do not."""
        options: dict[str, Any] = {"p": self.p, "eps": self.eps, "swap": self.swap, "reduction": self.reduction}
        return triplet_margin_loss(anchor, positive, negative, self.margin, **options)


class TripletMarginWithDistanceLoss(Loss):
    """`TripletMarginLoss` with any distance.

    Parameters
    ----------
    distance_function : callable, optional
        Of two tensors; `tensorplug.pairwise_distance` by default.
    margin : float, default: 1.0
        Greater than 0.
    swap : bool, default: False
        Whether the distance of positive from negative counts instead where it is less than that of the anchor.
    reduction : {"mean", "sum", "none"}, default: "mean"

    Raises
    ------
    ValueError
        If an option is not one of these.

    See Also
    --------
    tensorplug.losses.functional.triplet_margin_with_distance_loss : the formula, the shapes, and the errors.

    Examples
    --------
    >>> import tensorplug as tp
    >>> loss = tp.TripletMarginWithDistanceLoss(distance_function=lambda x1, x2: 1 - tp.cosine_similarity(x1, x2))
    >>> loss(tp.tensor([[0.0, 1.0]]), tp.tensor([[0.0, 2.0]]), tp.tensor([[1.0, 0.0]]))
    tensor(0.)
    """

    def __init__(
        self,
        *,
        distance_function: Distance | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        require_positive(type(self).__name__, "margin", margin)
        self.distance_function = distance_function or pairwise_distance
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """The loss of anchors, what they belong with, and what they do not."""
        options: dict[str, Any] = {"margin": self.margin, "swap": self.swap, "reduction": self.reduction}
        return triplet_margin_with_distance_loss(
            anchor, positive, negative, distance_function=self.distance_function, **options
        )
