"""Tries PyTorch's own operator samples on Tensorplug, in float64: values, dtypes, shapes and gradients.

Run it with PyTorch 2.13, its test dependency expecttest and Tensorplug installed::

    python tests/references/pytorch_samples.py [--backend jax] [--only linalg] [--store]

``--store`` writes pytorch_samples.json: of each operator that is complete one small sample with what PyTorch gives. An
operator is complete when each of its samples gives what PyTorch gives. Random ones are compared by shape and dtype.
"""

from __future__ import annotations

import argparse
import collections
import json
import pathlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy
import torch
from torch.testing._internal.common_methods_invocations import op_db

import tensorplug as tp

OUTSIDE = {
    "_": "private",
    "jiterator_": "CUDA source code",
    "torch.": "private",
    "sparse.": "sparse tensors",
    "to_sparse": "sparse tensors",
    "masked.": "masked tensors, a prototype",
    "signal.windows.": "signal processing",
    "native_": "private forms of layers",
    "special.airy_ai": "no gradient in PyTorch either",
    "special.bessel_": "no gradient in PyTorch either",
    "special.chebyshev_": "no gradient in PyTorch either",
    "special.hermite_": "no gradient in PyTorch either",
    "special.laguerre_": "no gradient in PyTorch either",
    "special.legendre_": "no gradient in PyTorch either",
    "special.modified_bessel_": "no gradient in PyTorch either",
    "special.scaled_modified_bessel_": "no gradient in PyTorch either",
    "special.shifted_chebyshev_": "no gradient in PyTorch either",
    "special.spherical_bessel_": "no gradient in PyTorch either",
    "max_pool2d_with_indices_backward": "private forms of layers",
    "unsafe_": "private",
    "hash_tensor": "internal to torch",
    "chalf": "complex numbers of 16-bit halves",
    "cfloat": "an alias of to(complex64)",
    "cdouble": "an alias of to(complex128)",
    "resize_": "discouraged by PyTorch",
    "resolve_": "about PyTorch's lazy conjugation and negation",
    "geqrf": "LAPACK's raw form",
    "ormqr": "LAPACK's raw form",
    "linalg.ldl_": "LAPACK's raw form",
    "nonzero_static": "for compilers",
}
"""Operators that an array library with automatic differentiation is not expected to have, by the start of the name."""

COPIES = "_copy"
"""Ends the names of copying forms of views, which compilers use."""

RANDOM = frozenset(
    """
    bernoulli cauchy empty empty_like empty_permuted empty_strided exponential geometric log_normal multinomial
    new_empty new_empty_strided nn.functional.alpha_dropout nn.functional.dropout nn.functional.dropout2d
    nn.functional.dropout3d nn.functional.feature_alpha_dropout nn.functional.fractional_max_pool2d
    nn.functional.fractional_max_pool3d nn.functional.multi_head_attention_forward nn.functional.rrelu normal rand_like
    randint randint_like randn randn_like uniform
    """.split()
)
"""Whose values are random or undefined; attention has dropout in its one sample."""

TOLERANCE = {"rtol": 1e-7, "atol": 1e-9}
"""Of float64; results of long formulas differ in their last digits."""

FLOAT32_TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}
"""Of samples with operands in float32."""


class Verdict(NamedTuple):
    """What trying an operator's samples showed."""

    samples: int
    right: int
    reason: str
    """Why the first wrong one is wrong."""

    @property
    def state(self) -> str:
        """Complete, partial or absent."""
        return "complete" if self.right == self.samples else "partial" if self.right else "absent"


def expected_operators() -> list[Any]:
    """PyTorch's operators with float64 samples, but for those outside and for further variants of the same name."""
    found: dict[str, Any] = {}
    for operator in op_db:
        name = operator.name
        if name.startswith("__") and name.endswith("__"):
            inside = True
        else:
            inside = not name.startswith(tuple(OUTSIDE)) and not name.endswith(COPIES)
        if inside and torch.float64 in operator.dtypes:
            found.setdefault(f"{name} {operator.variant_test_name}".strip(), operator)
    return list(found.values())


CALLS: dict[str, Callable[..., Any]] = {
    "einsum": lambda tensors, equation: tp.einsum(equation, *tensors),
    "nn.functional.embedding": lambda weight, index, **options: tp.nn.functional.embedding(index, weight, **options),
    "nn.functional.embedding_bag": lambda weight, index, *more, **options: tp.nn.functional.embedding_bag(
        index, weight, *more, **options
    ),
    "polygamma": lambda x, n: tp.polygamma(n, x),
    "special.polygamma": lambda x, n: tp.special.polygamma(n, x),
    "zero_": lambda x: x.clone().zero_(),
    "linalg.lstsq grad_oriented": lambda a, b, driver: tp.linalg.lstsq(a, b, driver=driver)[:2],
    "linalg.pinv singular": lambda a, b: tp.linalg.pinv(a @ b.mT),
    "pca_lowrank": lambda a, b, **options: tp.pca_lowrank(a @ b.mT, **options),
    "svd_lowrank": lambda a, b, **options: tp.svd_lowrank(a @ b.mT, **options),
}
"""What the samples call with other arguments than users do, by the name of the operator or of its variant."""


def ours(operator: Any) -> list[Callable[..., Any]]:
    """The function of Tensorplug with the name of PyTorch's and the method of Tensor, those that there are."""
    name = operator.name
    variant = f"{name} {operator.variant_test_name}"
    if variant in CALLS:
        return [CALLS[variant]]
    found: list[Any] = [CALLS[name]] if name in CALLS else []
    place: Any = tp
    try:
        for part in name.split("."):
            place = getattr(place, part)
        found.append(place)
    except (AttributeError, ImportError):
        pass
    method = getattr(tp.Tensor, name.rpartition(".")[2], None)
    if method is not None:
        found.append(method if callable(method) else lambda x: getattr(x, name))
    writing = getattr(tp.Tensor, name if name.endswith("_") else f"{name}_", None)
    if writing is not None and not name.endswith("__") and (name.endswith("_") or name in RANDOM):
        found.append(lambda x, *arguments, **keywords: writing(x.clone(), *arguments, **keywords))
    return found


def walk(tree: Any, convert: Callable[[torch.Tensor], Any]) -> Any:
    """A tree of arguments or results with its tensors converted."""
    if isinstance(tree, torch.Tensor):
        return convert(tree)
    if isinstance(tree, (list, tuple)):
        return (
            type(tree)(walk(part, convert) for part in tree)
            if type(tree) in (list, tuple)
            else tuple(walk(part, convert) for part in tree)
        )
    if isinstance(tree, dict):
        return {name: walk(part, convert) for name, part in tree.items()}
    if isinstance(tree, torch.dtype | torch.memory_format):
        return getattr(tp, str(tree).removeprefix("torch."))
    if isinstance(tree, torch.nn.Module):
        return getattr(tp.nn, type(tree).__name__)()
    if callable(tree) and hasattr(torch.nn.functional, getattr(tree, "__name__", "")):
        return getattr(tp.nn.functional, tree.__name__)
    return tree


def leaves(tree: Any, kind: type) -> Iterator[Any]:
    """The tensors of a tree, and Python numbers in their places."""
    if isinstance(tree, (list, tuple)):
        for part in tree:
            yield from leaves(part, kind)
    elif isinstance(tree, (kind, bool, int, float, complex)):
        yield tree


def to_tensorplug(x: torch.Tensor) -> tp.Tensor:
    """A leaf of the same values on the default device."""
    return tp.asarray(x.detach().resolve_conj().resolve_neg().numpy(force=True).copy()).requires_grad_(x.requires_grad)


def host(x: Any) -> numpy.ndarray:
    """A tensor of either library, or a number, as a NumPy array; bfloat16 as float32."""
    if isinstance(x, torch.Tensor):
        x = x.float() if x.dtype is torch.bfloat16 else x
        return x.detach().resolve_conj().resolve_neg().numpy(force=True)
    x = x.float() if isinstance(x, tp.Tensor) and x.dtype is tp.bfloat16 else x
    return x.detach().numpy() if isinstance(x, tp.Tensor) else numpy.asarray(x)


def from_numpy(array: Any) -> torch.Tensor:
    """A tensor of PyTorch's of an array or a NumPy number."""
    return torch.from_numpy(numpy.asarray(array))


def compare(what: str, got: Any, want: Any, values: bool, tolerance: dict[str, float]) -> None:
    """Raise AssertionError unless two results agree in shape, dtype and values."""
    got, want = host(got), host(want)
    assert got.shape == want.shape, f"{what}: shape {got.shape}, not {want.shape}"
    assert got.dtype == want.dtype, f"{what}: dtype {got.dtype}, not {want.dtype}"
    if values:
        close = numpy.allclose(got, want, equal_nan=True, **tolerance)
        assert close, f"{what}: {got.ravel()[:3]}, not {want.ravel()[:3]}"


def differentiable(results: list[Any]) -> list[Any]:
    """The results that have a gradient."""
    return [x for x in results if not isinstance(x, (bool, int, float, complex)) and x.requires_grad]


def gradients(results: list[Any], inputs: list[Any], convert: Callable[[numpy.ndarray], Any]) -> list[Any]:
    """The gradients of inputs for upstream gradients that are the same in both libraries."""
    random = numpy.random.default_rng(0)
    loss: Any = 0
    for x in differentiable(results):
        upstream = random.standard_normal(tuple(x.shape))
        if "complex" in str(x.dtype):
            upstream = upstream + 1j * random.standard_normal(tuple(x.shape))
        product = x * convert(upstream)
        loss = loss + (product.real if "complex" in str(product.dtype) else product).sum()
    if isinstance(loss, int):
        return [None] * len(inputs)
    loss.backward()
    return [x.grad for x in inputs]


def try_sample(operator: Any, function: Callable[..., Any], sample: Any) -> None:
    """Raise unless a sample gives what PyTorch gives."""
    # Of a matrix minus M the rank is greater than what is asked for, and the rest is random.
    is_random = sample.kwargs.get("dropout_p") or (operator.name == "svd_lowrank" and sample.kwargs["M"] is not None)
    values = operator.name not in RANDOM and not is_random
    given = (sample.input, *sample.args), sample.kwargs
    made: dict[int, tp.Tensor] = {}
    pairs: list[tuple[torch.Tensor, tp.Tensor]] = []

    def convert(x: torch.Tensor) -> tp.Tensor:
        if id(x) not in made:
            x.grad = None
            made[id(x)] = to_tensorplug(x)
            if x.requires_grad and x.is_leaf:
                pairs.append((x, made[id(x)]))
        return made[id(x)]

    operands = leaves([given[0], *given[1].values()], torch.Tensor)
    single = any(getattr(x, "dtype", None) is torch.float32 for x in operands)
    tolerance = FLOAT32_TOLERANCE if single else TOLERANCE
    arguments, keywords = walk(given[0], convert), walk(given[1], convert)
    for name in ("device", "layout"):
        keywords.pop(name, None)
    want = sample.output_process_fn_grad(operator.op(*given[0], **given[1]))
    got = sample.output_process_fn_grad(function(*arguments, **keywords))
    wanted, found = list(leaves(want, torch.Tensor)), list(leaves(got, tp.Tensor))
    assert len(wanted) == len(found), f"{len(found)} results, not {len(wanted)}"
    for number, (x, y) in enumerate(zip(found, wanted, strict=True)):
        compare(f"result {number}", x, y, values, tolerance)
    if not (values and operator.supports_autograd):
        return
    assert len(differentiable(wanted)) == len(differentiable(found)), "a result has no gradient, or has one"
    wanted_gradients = gradients(wanted, [x for x, _ in pairs], from_numpy)
    found_gradients = gradients(found, [x for _, x in pairs], tp.asarray)
    for number, (x, y) in enumerate(zip(found_gradients, wanted_gradients, strict=True)):
        nothing = y is None or not y.any()
        if not (x is None and nothing) and not (y is None and not host(x).any()):
            compare(f"gradient {number}", x, y, True, tolerance)


def try_operator(operator: Any) -> Verdict:
    """Try the samples of an operator."""
    samples = list(operator.sample_inputs("cpu", torch.float64, requires_grad=operator.supports_autograd))
    functions = ours(operator)
    if not functions:
        return Verdict(len(samples), 0, f"no function or method {operator.name}")
    reasons: list[str] = []
    for sample in samples:
        failures = []
        for function in functions:
            try:
                try_sample(operator, function, sample)
                break
            except Exception as failure:
                failures.append(f"{type(failure).__name__}: {failure}".splitlines()[0][:200])
        else:
            reasons.append(failures[0])
    common = collections.Counter(reasons).most_common(1)
    return Verdict(len(samples), len(samples) - len(reasons), common[0][0] if common else "")


def main() -> None:
    """Try the operators, print those that are not complete, and write the table if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="numpy")
    parser.add_argument("--only", default="", help="operators whose names contain this")
    parser.add_argument("--store", action="store_true", help="write pytorch_samples.json")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    tp.set_default_backend(options.backend)
    verdicts: dict[str, Verdict] = {}
    stored: list[dict[str, Any]] = []
    for operator in expected_operators():
        name = f"{operator.name} {operator.variant_test_name}".strip()
        if options.only in name:
            torch.manual_seed(0)
            verdicts[name] = verdict = try_operator(operator)
            if verdict.state == "complete":
                stored += to_store(operator)
            else:
                print(f"{name:40} {verdict.right:3} of {verdict.samples:3}  {verdict.reason}", flush=True)
    states = collections.Counter(verdict.state for verdict in verdicts.values())
    print(f"{len(verdicts)} operators: " + ", ".join(f"{count} {state}" for state, count in states.items()))
    if options.store:
        lines = map(json.dumps, stored)
        pathlib.Path(__file__).with_suffix(".json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


MOST = 40
"""The most elements of a stored sample."""


def to_store(operator: Any) -> list[dict[str, Any]]:
    """The small sample with the most arguments and what PyTorch gives, if there is one."""
    found: dict[int, dict[str, Any]] = {}
    samples = operator.sample_inputs("cpu", torch.float64, requires_grad=operator.supports_autograd)
    for sample in samples if operator.name not in RANDOM | CALLS.keys() else ():
        arguments = [sample.input, *sample.args, *sample.kwargs.values()]
        count = sum(x.numel() for x in leaves(arguments, torch.Tensor) if isinstance(x, torch.Tensor))
        if len(arguments) not in found and 0 < count <= MOST:
            try:
                found[len(arguments)] = answer(operator, sample)
            except TypeError:
                continue
    return [found[max(found)]] if found else []


def answer(operator: Any, sample: Any) -> dict[str, Any]:
    """A sample with its results and gradients in the form of JSON; TypeError if it has none."""
    inputs: list[torch.Tensor] = []
    arguments = as_json([sample.input, *sample.args], inputs)
    keywords = as_json(sample.kwargs, inputs)
    for x in inputs:
        x.grad = None
    out = operator.op(sample.input, *sample.args, **sample.kwargs)
    results = list(leaves(out, torch.Tensor))
    if not results or sample.output_process_fn_grad(out) is not out:
        raise TypeError("the results are not determined by the inputs")
    differentiated = [x for x in inputs if x.requires_grad]
    found = gradients(results, differentiated, from_numpy) if operator.supports_autograd else []
    return {
        "name": operator.name,
        "arguments": arguments,
        "keywords": keywords,
        "results": as_json(results, []),
        "gradients": as_json(found, []),
    }


def as_json(tree: Any, inputs: list[torch.Tensor]) -> Any:
    """A tree of arguments in the form of JSON; its tensors are added to the inputs."""
    if isinstance(tree, dict):
        return {name: as_json(part, inputs) for name, part in tree.items()}
    if isinstance(tree, list | tuple):
        return [as_json(part, inputs) for part in tree]
    if isinstance(tree, complex):
        return {"complex": [tree.real, tree.imag]}
    if isinstance(tree, torch.dtype):
        return {"dtype": str(tree).removeprefix("torch.")}
    if not isinstance(tree, torch.Tensor):
        if tree is not None and not isinstance(tree, bool | int | float | str):
            raise TypeError(f"JSON has no {type(tree).__name__}")
        return tree
    place = next((i for i, one in enumerate(inputs) if one is tree), len(inputs))
    inputs += [tree] if place == len(inputs) else []
    array = host(tree)
    pairs = numpy.stack([array.real, array.imag], axis=-1) if array.dtype.kind == "c" else array
    return {
        "tensor": place,
        "dtype": str(tree.dtype).removeprefix("torch."),
        "shape": list(tree.shape),
        "data": pairs.ravel().tolist(),
        "requires_grad": tree.requires_grad,
    }


if __name__ == "__main__":
    main()
