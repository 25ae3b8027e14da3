"""Writes losses.json: PyTorch's losses and their first and second gradients, over a grid of options and shapes.

Run it with PyTorch 2.13 installed. The second gradient is that of the sum of squares of the first ones; None where
PyTorch has none, and where it has NaN for the second derivative of a norm at zero.
"""

from __future__ import annotations

import itertools
import json
import math
import pathlib
import warnings
from collections.abc import Iterator
from typing import Any

import torch

REDUCTIONS = ("none", "mean", "sum")

Case = dict[str, Any]

torch.manual_seed(0)


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64)


def uniform(*shape: int) -> torch.Tensor:
    return torch.rand(shape, dtype=torch.float64) * 0.9 + 0.05


def signs(*shape: int) -> torch.Tensor:
    return torch.randint(2, shape, dtype=torch.float64) * 2 - 1


def grid(**options: tuple[Any, ...]) -> Iterator[dict[str, Any]]:
    """Every combination of the options; None leaves one away."""
    for values in itertools.product(*options.values()):
        yield {name: value for name, value in zip(options, values, strict=True) if value is not None}


def case(
    loss: str, tensors: dict[str, Any], wanted: tuple[str, ...], options: dict[str, Any], twice: bool = True
) -> Case:
    return {"loss": loss, "tensors": tensors, "wanted": wanted, "options": options, "twice": twice}


def regression() -> Iterator[Case]:
    both = ("input", "target")
    for loss, extra in (
        ("l1_loss", {}),
        ("mse_loss", {}),
        ("smooth_l1_loss", {"beta": (None, 0.0, 0.5)}),
        ("huber_loss", {"delta": (None, 0.5)}),
    ):
        for shape, options in itertools.product(((5,), (), (2, 3, 2)), grid(reduction=REDUCTIONS, **extra)):
            yield case(loss, {"input": 2 * normal(*shape), "target": normal(*shape)}, both, options)
        kinks = torch.tensor([0.0, 1.0, -1.0, 0.5, -0.5, 3.0], dtype=torch.float64)
        yield case(loss, {"input": kinks, "target": torch.zeros_like(kinks)}, both, {"reduction": "none"})
        odd = torch.tensor([math.inf, -math.inf, math.nan], dtype=torch.float64)
        yield case(loss, {"input": odd, "target": torch.ones_like(odd)}, (), {"reduction": "none"})
        yield case(loss, {"input": odd[:2], "target": torch.ones_like(odd[:2])}, both, {"reduction": "none"})
        yield case(loss, {"input": normal(2, 3), "target": normal(3)}, both, {})
        yield case(loss, {"input": normal(2, 3), "target": torch.arange(6).reshape(2, 3)}, (), {})
        if loss != "smooth_l1_loss":
            for options in grid(reduction=REDUCTIONS):
                tensors = {"input": normal(2, 3), "target": normal(2, 3), "weight": uniform(2, 3)}
                yield case(loss, tensors, (*both, "weight"), options)


def likelihoods() -> Iterator[Case]:
    for shape, options, weighted in itertools.product(
        ((4, 5), (5,), (2, 3, 4), (2, 3, 2, 2)), grid(reduction=REDUCTIONS, ignore_index=(None, 1)), (False, True)
    ):
        axis = min(1, len(shape) - 1)
        target = torch.randint(shape[axis], (*shape[:axis], *shape[axis + 1 :]))
        if target.ndim and options.get("ignore_index") is not None:
            target[0], target[1] = 1, 0
        tensors = {"input": normal(*shape), "target": target}
        if weighted:
            tensors["weight"] = uniform(shape[axis])
        yield case("nll_loss", tensors, ("input",), options)
    for reduction in REDUCTIONS:
        options = {"reduction": reduction}
        ignored = torch.full((2,), -100)
        yield case("nll_loss", {"input": normal(2, 3), "target": ignored}, ("input",), options)
        yield case("nll_loss", {"input": normal(3), "target": torch.tensor(-100)}, ("input",), options)
        zero = {"input": normal(2, 3), "target": torch.tensor([0, 2]), "weight": torch.zeros(3, dtype=torch.float64)}
        yield case("nll_loss", zero, ("input",), options)

    both = ("input", "target")
    for shape, options in itertools.product(
        ((5,), (), (2, 3)), grid(reduction=REDUCTIONS, log_input=(True, False), full=(False, True), eps=(None, 1e-2))
    ):
        rates = normal(*shape) if options["log_input"] else uniform(*shape) * 5
        yield case("poisson_nll_loss", {"input": rates, "target": 6 * uniform(*shape)}, both, options)
    few = {"input": normal(4), "target": torch.tensor([0.0, 1.0, 2.0, 5.0], dtype=torch.float64)}
    yield case("poisson_nll_loss", few, ("input",), {"reduction": "none", "full": True})
    counts = {"input": normal(2, 3), "target": torch.arange(6).reshape(2, 3)}
    yield case("poisson_nll_loss", counts, ("input",), {"full": True})

    for (shape, var), options in itertools.product(
        (((3, 4), (3, 4)), ((3, 4), (3, 1)), ((3, 4), (3,)), ((4,), (4,)), ((4,), (1,)), ((2, 3, 2), (2, 1, 2))),
        grid(reduction=REDUCTIONS, full=(None, True), eps=(None, 0.3)),
    ):
        tensors = {"input": normal(*shape), "target": normal(*shape), "var": uniform(*var)}
        yield case("gaussian_nll_loss", tensors, ("input", "target", "var"), options)
    tensors = {"input": normal(3), "target": normal(3), "var": torch.tensor([0.0, 1e-9, 1.0], dtype=torch.float64)}
    yield case("gaussian_nll_loss", tensors, ("input", "target", "var"), {"reduction": "none"})
    yield case("gaussian_nll_loss", {"input": normal(3), "target": normal(3), "var": 0.5}, ("input", "target"), {})

    for shape, options in itertools.product(
        ((3, 4), (4,), (), (2, 3, 2)), grid(reduction=(*REDUCTIONS, "batchmean"), log_target=(None, True))
    ):
        target = torch.softmax(normal(*shape), -1) if shape else uniform()
        target = target.log() if options.get("log_target") else target
        logs = torch.log_softmax(normal(*shape), -1) if shape else normal()
        yield case("kl_div", {"input": logs, "target": target}, both, options)
    zero = torch.tensor([0.0, 0.5, 0.5, 0.0], dtype=torch.float64)
    for logs in (normal(4), torch.tensor([0.0, -1.0, -math.inf, -1.0], dtype=torch.float64)):
        for options in grid(reduction=REDUCTIONS):
            yield case("kl_div", {"input": logs, "target": zero}, both, options)
    yield case("kl_div", {"input": normal(2, 3), "target": uniform(3)}, both, {"reduction": "batchmean"})


def binary() -> Iterator[Case]:
    both = ("input", "target")
    shapes = ((5,), (), (2, 3), (2, 3, 2))
    for shape, options, weighted in itertools.product(shapes, grid(reduction=REDUCTIONS), (False, True)):
        tensors = {"input": uniform(*shape), "target": uniform(*shape)}
        if weighted:
            tensors["weight"] = uniform(*shape[-1:])
        yield case("binary_cross_entropy", tensors, both, options)
    sure = torch.tensor([0.0, 0.0, 1.0, 1.0, 0.5, 0.0, 1.0], dtype=torch.float64)
    answers = torch.tensor([0.0, 1.0, 0.0, 1.0, 0.5, 0.5, 0.5], dtype=torch.float64)
    for reduction in REDUCTIONS:
        tensors = {"input": sure, "target": answers}
        yield case("binary_cross_entropy", tensors, ("input",), {"reduction": reduction})
    yield case("binary_cross_entropy", {"input": sure, "target": answers}, both, {"reduction": "none"})

    for shape, options, weights in itertools.product(
        shapes, grid(reduction=REDUCTIONS), ((), ("weight",), ("pos_weight",), ("weight", "pos_weight"))
    ):
        tensors = {"input": 3 * normal(*shape), "target": uniform(*shape)}
        tensors |= {weight: uniform(*shape[-1:]) * 2 for weight in weights}
        yield case("binary_cross_entropy_with_logits", tensors, both, options)
    extreme = torch.tensor([math.inf, -math.inf] * 3 + [800.0, -800.0, math.nan], dtype=torch.float64)
    answers = torch.tensor([0.0, 0.0, 1.0, 1.0, 0.5, 0.5, 1.0, 1.0, 1.0], dtype=torch.float64)
    for weights in ({}, {"pos_weight": torch.tensor(2.0, dtype=torch.float64)}):
        tensors = {"input": extreme, "target": answers, **weights}
        yield case("binary_cross_entropy_with_logits", tensors, ("input",), {"reduction": "none"})
    yield case("binary_cross_entropy_with_logits", {"input": extreme, "target": answers}, (), {})

    for shape, options in itertools.product(shapes, grid(reduction=REDUCTIONS)):
        yield case("soft_margin_loss", {"input": 3 * normal(*shape), "target": signs(*shape)}, ("input",), options)
    yield case("soft_margin_loss", {"input": normal(2, 3), "target": signs(3)}, ("input",), {})
    tensors = {"input": torch.tensor([math.inf, -math.inf], dtype=torch.float64), "target": signs(2)}
    yield case("soft_margin_loss", tensors, (), {"reduction": "none"})

    for shape, options, weighted in itertools.product(
        ((3, 4), (4,), (2, 3, 2)), grid(reduction=REDUCTIONS), (False, True)
    ):
        tensors = {"input": 3 * normal(*shape), "target": torch.randint(2, shape, dtype=torch.float64)}
        if weighted:
            tensors["weight"] = uniform(*shape[-1:])
        yield case("multilabel_soft_margin_loss", tensors, both, options)
    tensors = {"input": extreme[:6, None], "target": answers[:6, None]}
    yield case("multilabel_soft_margin_loss", tensors, ("input",), {"reduction": "none"})


def margins() -> Iterator[Case]:
    three = ("input1", "input2", "target")
    for shape, options in itertools.product(((5,), (), (2, 3)), grid(reduction=REDUCTIONS, margin=(None, 0.5))):
        tensors = dict(zip(three, (normal(*shape), normal(*shape), signs(*shape)), strict=True))
        yield case("margin_ranking_loss", tensors, three, options)
    kink = torch.tensor([1.0, 2.0], dtype=torch.float64)
    tensors = {"input1": kink, "input2": kink, "target": torch.tensor([1, -1])}
    yield case("margin_ranking_loss", tensors, ("input1", "input2"), {"reduction": "none"})
    tensors = {"input1": normal(2, 1), "input2": normal(1, 3), "target": signs(2, 3)}
    yield case("margin_ranking_loss", tensors, three, {})

    for shape, options in itertools.product(((5,), (), (2, 3)), grid(reduction=REDUCTIONS, margin=(None, 0.5))):
        tensors = {"input": 2 * uniform(*shape), "target": signs(*shape)}
        yield case("hinge_embedding_loss", tensors, ("input",), options)
    tensors = {
        "input": torch.tensor([1.0, 1.0, 0.5, 2.0], dtype=torch.float64),
        "target": torch.tensor([1, -1, 0, 0]),
    }
    yield case("hinge_embedding_loss", tensors, ("input",), {"reduction": "none"})

    for shape, options, weighted in itertools.product(
        ((4, 3), (3,)), grid(reduction=REDUCTIONS, p=(None, 2), margin=(None, 0.3)), (False, True)
    ):
        tensors = {"input": normal(*shape), "target": torch.randint(3, shape[:-1])}
        if weighted:
            tensors["weight"] = uniform(3)
        yield case("multi_margin_loss", tensors, ("input",), options)
    tensors = {"input": torch.tensor([[0.0, 1.0, 2.0]], dtype=torch.float64), "target": torch.tensor([1])}
    yield case("multi_margin_loss", tensors, ("input",), {})

    targets = torch.tensor([[0, 2, -1, 3], [-1, 1, 0, 0], [3, 0, 2, 1], [1, 1, -1, 0]])
    for reduction in REDUCTIONS:
        tensors = {"input": normal(4, 4), "target": targets}
        yield case("multilabel_margin_loss", tensors, ("input",), {"reduction": reduction})
        tensors = {"input": normal(4), "target": targets[0]}
        yield case("multilabel_margin_loss", tensors, ("input",), {"reduction": reduction})
    tensors = {"input": normal(2, 4), "target": torch.full((2, 4), -1)}
    yield case("multilabel_margin_loss", tensors, ("input",), {})


def distances() -> Iterator[Case]:
    inputs = ("input1", "input2")
    for shape, options in itertools.product(((4, 3), (3,)), grid(reduction=REDUCTIONS, margin=(None, 0.3))):
        tensors = {"input1": normal(*shape), "input2": normal(*shape), "target": signs(*shape[:-1])}
        yield case("cosine_embedding_loss", tensors, inputs, options)
    tensors = {
        "input1": torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]], dtype=torch.float64),
        "input2": torch.tensor([[1.0, 2.0], [0.0, 1.0], [1.0, 2.0]], dtype=torch.float64),
        "target": torch.tensor([-1, -1, 0]),
    }
    yield case("cosine_embedding_loss", tensors, inputs, {"reduction": "none"})

    three = ("anchor", "positive", "negative")
    for shape, options in itertools.product(
        ((4, 3), (3,)), grid(reduction=REDUCTIONS, p=(None, 1.0, 3.0), swap=(None, True))
    ):
        tensors = dict(zip(three, (normal(*shape), normal(*shape), normal(*shape)), strict=True))
        yield case("triplet_margin_loss", tensors, three, options)
    for options in ({"margin": 3.0}, {"eps": 0.1}, {"p": math.inf}, {"p": 0.5}, {"p": 1.5}):
        tensors = dict(zip(three, (normal(4, 3), normal(4, 3), normal(4, 3)), strict=True))
        yield case("triplet_margin_loss", tensors, three, options)
    same = normal(2, 3)
    equal = {"anchor": same, "positive": same, "negative": same}
    yield case("triplet_margin_loss", equal, three, {"reduction": "none", "swap": True})
    yield case("triplet_margin_loss", equal, three, {"reduction": "none", "eps": 0.0}, twice=False)
    for shape, options in itertools.product(((4, 3), (3,)), grid(reduction=REDUCTIONS, swap=(None, True))):
        tensors = dict(zip(three, (normal(*shape), normal(*shape), normal(*shape)), strict=True))
        yield case("triplet_margin_with_distance_loss", tensors, three, options)

    pair = ("x1", "x2")
    for options in grid(p=(None, 1.0, 3.0, math.inf), keepdim=(None, True)):
        yield case("pairwise_distance", {"x1": normal(2, 3), "x2": normal(2, 3)}, pair, options)
    yield case("pairwise_distance", {"x1": normal(2, 2, 3), "x2": normal(3)}, pair, {"eps": 0.1})
    for options in grid(dim=(None, 0, -1), eps=(None, 2.0)):
        yield case("cosine_similarity", {"x1": normal(3, 2), "x2": normal(3, 2)}, pair, options)
    zeros = torch.zeros(1, 3, dtype=torch.float64)
    yield case("cosine_similarity", {"x1": zeros, "x2": normal(2, 3)}, pair, {}, twice=False)


def empty_batches() -> Iterator[Case]:
    nothing, none = torch.zeros(0, 3, dtype=torch.float64), torch.zeros(0, dtype=torch.int64)
    pairs = (
        *("l1_loss", "mse_loss", "smooth_l1_loss", "huber_loss", "poisson_nll_loss", "binary_cross_entropy"),
        *("binary_cross_entropy_with_logits", "soft_margin_loss", "multilabel_soft_margin_loss"),
        *("hinge_embedding_loss", "kl_div"),
    )
    for reduction in REDUCTIONS:
        options = {"reduction": reduction}
        for loss in pairs:
            yield case(loss, {"input": nothing, "target": nothing}, ("input",), options)
        for loss in ("nll_loss", "multi_margin_loss"):
            yield case(loss, {"input": nothing, "target": none}, ("input",), options)
        lists = torch.zeros(0, 3, dtype=torch.int64)
        yield case("multilabel_margin_loss", {"input": nothing, "target": lists}, ("input",), options)
        tensors = {"input": nothing, "target": nothing, "var": nothing}
        yield case("gaussian_nll_loss", tensors, ("input",), options)
        tensors = {"anchor": nothing, "positive": nothing, "negative": nothing}
        yield case("triplet_margin_loss", tensors, ("anchor",), options)
        tensors = {"input1": nothing, "input2": nothing, "target": none}
        yield case("cosine_embedding_loss", tensors, ("input1",), options)
        tensors = {"input1": nothing, "input2": nothing, "target": nothing}
        yield case("margin_ranking_loss", tensors, ("input1",), options)


def other_precisions() -> Iterator[Case]:
    """Of each loss one case without a reduction, or else its first, in single and in half precision."""
    seen = {}
    for one in itertools.chain(regression(), likelihoods(), binary(), margins(), distances()):
        if one["loss"] not in seen or (one["options"] == {"reduction": "sum"} and one["wanted"]):
            seen.setdefault(one["loss"], one)
    for one, dtype in itertools.product(seen.values(), (torch.float32, torch.float16)):
        tensors = {
            name: tensor.to(dtype) if isinstance(tensor, torch.Tensor) and tensor.is_floating_point() else tensor
            for name, tensor in one["tensors"].items()
        }
        yield {**one, "tensors": tensors}


FUNCTIONS = {"pairwise_distance": torch.pairwise_distance, "cosine_similarity": torch.cosine_similarity}


def solved(one: Case) -> Case | None:
    """The case with PyTorch's answers; None if it has none."""
    loss = one["loss"]
    function = FUNCTIONS.get(loss) or getattr(torch.nn.functional, loss)
    tensors = {
        name: value.clone().requires_grad_(name in one["wanted"]) if isinstance(value, torch.Tensor) else value
        for name, value in one["tensors"].items()
    }
    wanted = [tensors[name] for name in one["wanted"]]
    half = any(tensor.dtype == torch.float16 for tensor in tensors.values() if isinstance(tensor, torch.Tensor))
    try:
        value = function(**tensors, **one["options"])
        first = torch.autograd.grad(value.sum(), wanted, create_graph=True) if wanted else ()
    except RuntimeError as error:
        # Not every loss is implemented in half precision.
        if half and "not implemented" in str(error):
            return None
        raise
    if half and not all(part.isfinite().all() for part in (value, *first)):
        return None
    return {
        "loss": loss,
        "options": one["options"],
        "tensors": {name: listed(value) for name, value in one["tensors"].items()},
        "wanted": one["wanted"],
        "value": listed(value),
        "first": [listed(gradient) for gradient in first],
        "second": None if half or not one["twice"] else second(first, wanted),
    }


def second(first: tuple[torch.Tensor, ...], wanted: list[torch.Tensor]) -> list[Any] | None:
    squares = sum((gradient * gradient).sum() for gradient in first)
    if not wanted:
        return None
    if not squares.requires_grad:
        return [listed(torch.zeros_like(tensor)) for tensor in wanted]
    try:
        found = torch.autograd.grad(squares, wanted, allow_unused=True)
    except RuntimeError as error:
        if "not implemented" in str(error):
            return None
        raise
    pairs = zip(found, wanted, strict=True)
    return [listed(torch.zeros_like(tensor) if gradient is None else gradient) for gradient, tensor in pairs]


def listed(value: Any) -> Any:
    """A tensor as its dtype, shape and elements."""
    if isinstance(value, torch.Tensor):
        dtype = str(value.dtype).removeprefix("torch.")
        # PyTorch's zeros without storage, as some gradients are, have no list.
        values = torch.zeros(value.shape, dtype=value.dtype).copy_(value.detach()).flatten().tolist()
        rounded = [float(f"{number:.12g}") if isinstance(number, float) else number for number in values]
        return {"dtype": dtype, "shape": list(value.shape), "values": rounded}
    return value


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    chapters = (regression, likelihoods, binary, margins, distances, empty_batches, other_precisions)
    cases = [found for chapter in chapters for one in chapter() if (found := solved(one)) is not None]
    lines = ",\n".join(json.dumps(one) for one in cases)
    pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
