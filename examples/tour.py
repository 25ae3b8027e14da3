"""A tour of tensors, in the order in which an introduction to PyTorch shows them, on any backend.

    python examples/tour.py
    python examples/tour.py --backend jax

Only the import lines differ from those of a program for PyTorch.
"""

from __future__ import annotations

import argparse
import io
import warnings
from collections.abc import Callable

import numpy as np

import tensorplug as torch
import tensorplug.nn.functional as F
from tensorplug import nn
from tensorplug.autograd import Variable


def making_tensors() -> None:
    show("of a type, from a list", torch.FloatTensor([[1, 2], [3, 4]]))
    show("of a type, from an array, which is cast", torch.LongTensor(np.array([1.7, 2.2])))
    show("of a size, with whatever was in memory", torch.Tensor(5, 3).size())
    show("from a list, whose numbers say the type", torch.tensor([[1, 2], [3, 4]]))
    show("of a dtype", torch.tensor([1, 2], dtype=torch.float64))
    show("of what may be a tensor already", torch.as_tensor([1, 2]))
    show("zeros", torch.zeros(2, 3))
    show("like another, of another dtype", torch.ones_like(torch.zeros(2, 3), dtype=torch.int32))
    show("full", torch.full((2, 2), 7.0))
    show("eye", torch.eye(3))
    show("arange leaves its end out", torch.arange(0, 10, 2))
    show("linspace has both ends", torch.linspace(0, 1, 5))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # range is deprecated
        show("range includes its end", torch.range(1, 4))


def random_numbers() -> None:
    torch.manual_seed(0)
    show("uniform", torch.rand(2, 3))
    show("normal", torch.randn(2, 3))
    show("integers", torch.randint(0, 10, (5,)))
    show("a permutation", torch.randperm(5))
    first = torch.manual_seed(1) and torch.rand(2)
    again = torch.manual_seed(1) and torch.rand(2)
    show("one seed, one stream, on every backend", (first == again).all())
    state = torch.get_rng_state()
    first = torch.rand(2)
    torch.set_rng_state(state)
    show("a state can be put back", torch.rand(2) == first)
    generator = torch.Generator().manual_seed(2)
    show("a generator of one's own", torch.rand(2, generator=generator))


def sizes() -> None:
    x = torch.zeros(5, 3)
    show("x.size()", x.size())
    show("x.size(0), x.shape[1]", (x.size(0), x.shape[1]))
    show("x.dim(), x.numel(), len(x)", (x.dim(), x.numel(), len(x)))
    show("x.dtype, x.type()", (x.dtype, x.type()))


def arithmetic() -> None:
    x, y = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([10.0, 20.0, 30.0])
    show("x + y", x + y)
    show("torch.add(x, y)", torch.add(x, y))
    result = torch.empty(3)
    torch.add(x, y, out=result)
    show("torch.add(x, y, out=result)", result)
    y.add_(x)
    show("y.add_(x) changes y", y)
    show("x * y, element by element", x * y)
    show("x ** 2 - 1 / x", x**2 - 1 / x)
    show("x.exp(), x.sqrt()", (x.exp(), x.sqrt()))
    show("x > 1.5", x > 1.5)
    show("integers and floats", torch.tensor([1, 2, 3]) + x)


def in_place() -> None:
    x = torch.zeros(2, 3)
    show("fill_", x.fill_(2.0))
    show("mul_", x.mul_(torch.tensor([1.0, 2.0, 3.0])))
    show("clamp_", x.clamp_(max=5.0))
    x[0] = -1.0
    x[:, 1] = torch.tensor([8.0, 9.0])
    show("x[0] = -1; x[:, 1] = ...", x)
    show("masked_fill_", x.masked_fill_(x < 0, 0.0))
    show("copy_", x.copy_(torch.arange(6.0).view(2, 3)))
    show("t_", x.t_())
    show("unsqueeze_, squeeze_", (x.unsqueeze_(0).size(), x.squeeze_(0).size()))
    show("scatter_", x.scatter_(1, torch.tensor([[0], [1], [0]]), -1.0))
    show("index_add_", x.index_add_(0, torch.tensor([0, 0]), torch.ones(2, 2)))
    show("zero_", x.zero_())
    torch.manual_seed(0)
    show("uniform_", x.uniform_(-1, 1))
    show("normal_", x.normal_())
    show("bernoulli_", x.bernoulli_(0.5))
    show("random_", x.random_(0, 10))


def indexing() -> None:
    x = torch.arange(12).view(3, 4)
    show("x", x)
    show("x[1]", x[1])
    show("x[:, 1]", x[:, 1])
    show("x[-1, ::2]", x[-1, ::2])
    show("x[:, ::-1], a step that NumPy has", x[:, ::-1])
    show("x[x > 6]", x[x > 6])
    show("x[[0, 2]]", x[[0, 2]])
    show("x[..., None].shape", x[..., None].shape)
    show("x[1, 2].item(), 7 in x", (x[1, 2].item(), 7 in x))
    show("index_select", x.index_select(1, torch.tensor([0, 3])))
    show("masked_select", x.masked_select(x % 5 == 0))
    show("gather", x.gather(1, torch.tensor([[0], [1], [2]])))


def shapes() -> None:
    x = torch.arange(6.0)
    show("view", x.view(2, 3))
    show("view(-1, 2)", x.view(-1, 2))
    rows = x.view(2, 3)
    rows[0, 0] = 100.0
    show("a view shares memory", x)
    show("t", rows.t())
    show(
        "transpose, permute", (torch.zeros(2, 3, 4).transpose(0, 1).shape, torch.zeros(2, 3, 4).permute(2, 0, 1).shape)
    )
    attempt("view of what is not in order", lambda: rows.t().view(-1))
    show("reshape copies where it must", rows.t().reshape(-1))
    show("squeeze, unsqueeze", (torch.zeros(1, 2, 1).squeeze().shape, x.unsqueeze(0).shape))
    show("expand", torch.tensor([[1], [2]]).expand(2, 3))
    show("view_as, expand_as", (x.view_as(rows).shape, torch.zeros(1, 3).expand_as(rows).shape))
    show("repeat", torch.tensor([1, 2]).repeat(2, 2))
    show("flatten", torch.zeros(2, 3, 4).flatten(1).shape)
    show("cat", torch.cat([rows, rows], 0))
    show("stack", torch.stack([x[:2], x[:2]], dim=1))
    show("split, chunk", (x.split(4), x.chunk(3)))
    show("flip", x.flip(0))
    show("unfold", x.unfold(0, 2, 2))


def algebra() -> None:
    a, b = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    v = torch.tensor([1.0, -1.0])
    show("mm", torch.mm(a, b))
    show("mv", torch.mv(a, v))
    show("a @ b", a @ b)
    show("dot, of vectors", torch.dot(v, v))
    attempt("dot, of anything else", lambda: torch.dot(a, b))
    show("outer, or ger", torch.ger(v, v))
    show("bmm", torch.bmm(torch.ones(2, 1, 3), torch.ones(2, 3, 1)))
    show("addmm", torch.addmm(v, a, b))
    show("einsum", torch.einsum("ij,jk->ik", a, b))
    attempt("shapes that don't fit", lambda: a @ torch.ones(3))


def reductions() -> None:
    x = torch.tensor([[1.0, 5.0, 2.0], [4.0, 3.0, 6.0]])
    show("sum", x.sum())
    show("sum over an axis", torch.sum(x, 1))
    show("mean, axis kept", x.mean(dim=0, keepdim=True))
    show("max with its index", torch.max(x, dim=1))
    show("argmax", x.argmax(dim=1))
    show("std", x.std())
    show("cumsum", x.cumsum(1))
    show("sort", torch.sort(x, dim=1))
    show("topk", x.topk(2))
    show("argsort", x.argsort(descending=True))
    show("where", torch.where(x > 3, x, 0.0))
    index = torch.tensor([[0, 1, 0], [1, 0, 1]])
    show("scatter_add", torch.zeros(2, 3).scatter_add(0, index, x))


def the_numpy_bridge() -> None:
    a = np.ones(3)
    x = torch.from_numpy(a)
    show("a double tensor", x)
    np.add(a, 1, out=a)
    show("np.add(a, 1, out=a), seen where memory is shared", x)
    y = torch.ones(3)
    b = y.numpy()
    y.add_(1)
    show("y.add_(1), seen by the array where memory is shared", b)
    show("a list", y.tolist())


def functions_of_networks() -> None:
    x = torch.tensor([[-1.0, 0.0, 2.0], [3.0, 1.0, -2.0]])
    show("relu", F.relu(x))
    show("sigmoid, tanh", (torch.sigmoid(x[0]), x[0].tanh()))
    show("softmax", F.softmax(x, dim=1))
    show("log_softmax", F.log_softmax(x, dim=1))
    show("logsumexp", x.logsumexp(1))
    show("linear", F.linear(x, torch.ones(2, 3), torch.tensor([0.5, -0.5])))
    show("one_hot", F.one_hot(torch.tensor([0, 2]), num_classes=3))
    show("normalize", F.normalize(x, dim=1))
    show("cosine_similarity", F.cosine_similarity(x, x.flip(1)))
    torch.manual_seed(0)
    show("dropout", F.dropout(torch.ones(8), p=0.5))
    target = torch.tensor([2, 0])
    show("a loss as a function", F.cross_entropy(x, target))
    show("a loss as a class", nn.CrossEntropyLoss(reduction="none")(x, target))


def devices(backend: str) -> None:
    x = torch.ones(2)
    show("x.device", x.device)
    show("CUDA", (torch.cuda.is_available(), torch.cuda.device_count()))
    if torch.cuda.is_available():
        show("x.cuda()", x.cuda())
        torch.cuda.synchronize()
    else:
        attempt("x.cuda()", x.cuda)
    show("x.cpu()", x.cpu())
    show("to a device and a dtype", x.to("cpu", torch.double))
    show("like another, on its device", torch.zeros_like(x, device=x.device))
    show("on another backend", torch.ones(2, device="numpy").to(backend).backend)


def printing() -> None:
    show("four decimals", torch.tensor([1 / 3, 100.0]))
    show("where the range asks for it", torch.tensor([1e-6, 1e6]))
    show("summarised", torch.arange(10_000.0))
    with torch.printoptions(precision=2):
        show("as one likes it", torch.tensor([1 / 3, 100.0]))
    show("one number", f"{torch.tensor(3.14159):.2f}")


def gradients() -> None:
    x = Variable(torch.ones(2, 2), requires_grad=True)
    y = x + 2
    show("a result knows what it came from", y)
    z = y * y * 3
    out = z.mean()
    show("out", out)
    out.backward()
    show("d out / d x", x.grad)
    (x * 2).sum().backward()
    show("gradients accumulate", x.grad)
    torch.zero_grad([x])
    show("until they are zeroed", x.grad)
    out = (x * x).sum()
    out.backward()
    attempt("a graph serves one pass", out.backward)
    with torch.no_grad():
        show("nothing is recorded", (x * 2).requires_grad)
    show("x.data, x.detach()", (x.data.requires_grad, x.detach().requires_grad))
    (first,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    show("derivatives of any order", torch.autograd.grad(first.sum(), x)[0])


def fitting_a_line() -> None:
    torch.manual_seed(0)
    x = torch.linspace(-1, 1, 50).unsqueeze(1)
    y = 3 * x - 1 + 0.1 * torch.randn(50, 1)
    weight, bias = torch.zeros(1, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
    for _ in range(100):
        loss = F.mse_loss(F.linear(x, weight, bias), y)
        torch.zero_grad([weight, bias])
        loss.backward()
        with torch.no_grad():
            for parameter in (weight, bias):
                parameter -= 0.2 * parameter.grad
    show("weight, bias, loss", tuple(round(value.item(), 2) for value in (weight, bias, loss)))


def saving() -> None:
    file = io.BytesIO()
    try:
        torch.save({"model": {"weight": torch.ones(2, 2, requires_grad=True)}, "epoch": 3}, file)
    except ImportError as error:
        print(f"  {error}")
        return
    file.seek(0)
    show("what comes back", torch.load(file))
    attempt("a file that was cut off", lambda: torch.load(io.BytesIO(file.getvalue()[:-1])))


def show(what: str, value: object) -> None:
    """Print a line or more: what it is, and what came of it."""
    lines = str(value).splitlines()
    print(f"  {what}:", *lines, sep=" " if len(lines) == 1 and len(lines[0]) < 60 else "\n    ")


def attempt(what: str, call: Callable[[], object]) -> None:
    """Print the error that a call raises."""
    try:
        show(what, call())
    except (RuntimeError, ValueError) as error:
        show(what, f"{type(error).__name__}: {error}")


def main() -> None:
    """Walk through everything on the backend that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", default=torch.default_backend(), help="numpy, jax, cupy, or a plugin's")
    backend = parser.parse_args().backend
    stops: list[tuple[str, Callable[[], None]]] = [
        ("Making tensors", making_tensors),
        ("Random numbers", random_numbers),
        ("Sizes", sizes),
        ("Arithmetic", arithmetic),
        ("In place", in_place),
        ("Indexing", indexing),
        ("Shapes", shapes),
        ("Linear algebra", algebra),
        ("Reductions, sorting, choosing", reductions),
        ("The NumPy bridge", the_numpy_bridge),
        ("Functions of networks", functions_of_networks),
        ("Devices", lambda: devices(backend)),
        ("Printing", printing),
        ("Gradients", gradients),
        ("Fitting a line", fitting_a_line),
        ("Saving", saving),
    ]
    try:
        chosen = torch.backend(backend)
    except (RuntimeError, ValueError) as error:
        parser.error(str(error))
    with chosen:
        for title, stop in stops:
            print(f"\n{title}\n{'-' * len(title)}")
            stop()


if __name__ == "__main__":
    main()
