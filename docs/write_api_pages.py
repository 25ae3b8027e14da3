"""Write the API pages of the docs site, docs/api, from the library itself; docs/conf.py runs it.

A page for each public name, one for each namespace, which lists its names by chapter, and one of the names that are
not there.
"""

from __future__ import annotations

import ast
import functools
import inspect
import pathlib
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import tensorplug
import tensorplug.conformance
from tensorplug import Tensor
from tensorplug.core.types.absent import COUNTERPARTS, Absent, _nearest

FOLDER = pathlib.Path(__file__).resolve().parent / "api"

ROOT = "tensorplug"


@dataclass(frozen=True)
class Entry:
    """A public name, and the object that it stands for."""

    namespace: str
    name: str
    value: Any

    @property
    def full(self) -> str:
        return f"{self.namespace}.{self.name}"

    @property
    def member(self) -> bool:
        """Whether it is an attribute of `Tensor`."""
        return self.namespace == f"{ROOT}.Tensor"

    @functools.cached_property
    def function(self) -> Any:
        """What has a module and a docstring: of a property its getter."""
        value = self.value.fget if isinstance(self.value, property) else self.value
        return inspect.unwrap(getattr(value, "__func__", value))

    @property
    def documented(self) -> bool:
        """Whether the object has a docstring of its own, as constants have not."""
        return inspect.isclass(self.value) or (inspect.isroutine(self.value) and not inspect.isbuiltin(self.value))

    @functools.cached_property
    def text(self) -> str:
        """The docstring; of a constant that of its assignment, or else of its type."""
        if self.documented or self.member:
            return inspect.getdoc(self.value) or ""
        return _of_assignments().get(self.name) or (inspect.getdoc(type(self.value)) or "").partition("\n\n")[0]

    @property
    def summary(self) -> str:
        return " ".join(self.text.partition("\n\n")[0].split())

    @functools.cached_property
    def module(self) -> str:
        """The module of the definition; of an in-place form that of the function."""
        if self.member and self.name.endswith("_") and hasattr(Tensor, self.name[:-1]):
            return Entry(self.namespace, self.name[:-1], inspect.getattr_static(Tensor, self.name[:-1])).module
        module = getattr(self.function, "__module__", None) if self.documented or self.member else _of_constant(self)
        return module or self.namespace

    @property
    def chapter(self) -> tuple[str, str]:
        """Title of the chapter and of its section."""
        parts = self.module.split(".")
        parts = parts[3:] if parts[1:2] == ["core"] and len(parts) > 3 else parts[-1:]
        return _title(parts[0]), _title(" ".join(parts[1:]))

    @functools.cached_property
    def parameters(self) -> frozenset[str]:
        try:
            return frozenset(inspect.signature(self.function).parameters)
        except (TypeError, ValueError):
            return frozenset()


_ACRONYMS = {"Fft": "FFT", "Lbfgs": "LBFGS", "Sgd": "SGD", "Dtypes": "Data types", "Uniques": "Unique elements"}


def _title(name: str) -> str:
    title = name.replace("_", " ").capitalize()
    return _ACRONYMS.get(title, title)


@functools.cache
def _modules() -> dict[str, ast.Module]:
    """The parsed modules of the library."""
    loaded = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    return {
        name: ast.parse(pathlib.Path(file).read_text())
        for name, file in sorted(loaded.items())
        if file and name.startswith(f"{ROOT}.")
    }


@functools.cache
def _of_assignments() -> dict[str, str]:
    """The strings below assignments of modules, by the names that are assigned."""
    found = {}
    for tree in _modules().values():
        for first, second in zip(tree.body, tree.body[1:], strict=False):
            targets = first.targets if isinstance(first, ast.Assign) else [getattr(first, "target", None)]
            text = second.value if isinstance(second, ast.Expr) else None
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                found |= {target.id: text.value for target in targets if isinstance(target, ast.Name)}
    return found


def _of_constant(entry: Entry) -> str | None:
    """The module that lists a constant in its ``__all__``."""
    chapters = (name for name in _modules() if name.startswith(f"{ROOT}.core."))
    return next((name for name in chapters if entry.name in getattr(sys.modules[name], "__all__", ())), None)


@functools.cache
def namespaces() -> dict[str, ModuleType]:
    """The public modules by their names: those beside the front door, and what their ``__all__`` has of modules."""
    beside = [value for value in vars(tensorplug).values() if inspect.ismodule(value) and hasattr(value, "__all__")]
    found = {ROOT: tensorplug}
    waiting = [(module.__name__, module) for module in beside if module.__name__ != f"{ROOT}.core"]
    waiting = [(name, module) for name, module in waiting if name.startswith(f"{ROOT}.") and name.count(".") == 1]
    while waiting:
        name, module = waiting.pop()
        found[name] = module
        inside = ((other, getattr(module, other)) for other in module.__all__)
        waiting += [(f"{name}.{other}", value) for other, value in inside if inspect.ismodule(value)]
    return dict(sorted(found.items()))


@functools.cache
def entries() -> list[Entry]:
    """All public names: those of the namespaces, and the attributes of `Tensor`."""
    found = [
        Entry(space, name, getattr(module, name))
        for space, module in namespaces().items()
        for name in module.__all__
        if not inspect.ismodule(getattr(module, name))
    ]
    names = [name for name in dir(Tensor) if not name.startswith("_")]
    members = [Entry(f"{ROOT}.Tensor", name, inspect.getattr_static(Tensor, name)) for name in names]
    return found + [entry for entry in members if not isinstance(entry.value, Absent)]


@functools.cache
def documents() -> dict[str, str]:
    """The document of each name, without the folder; letter case alone does not tell two files apart everywhere."""
    found: dict[str, str] = {f"{ROOT}.Tensor": f"{ROOT}.Tensor"}
    taken: set[str] = set()
    for entry in sorted(entries(), key=lambda entry: entry.full):
        if entry.full not in found:
            path = f"{entry.namespace}/{entry.name}"
            found[entry.full] = path if path.casefold() not in taken else f"{path}-function"
            taken.add(path.casefold())
    return found


QUOTED = re.compile(r"``.+?``|:[\w:]+:`[^`]*`|`([^`]+)`(?!_)", re.DOTALL)


def linked(text: str, namespace: str, parameters: frozenset[str] = frozenset()) -> str:
    """Text whose single backticks link public names, and mark all else as code."""

    def link(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        name = found[1].removesuffix("()")
        places = [f"{place}.{name}" for place in (namespace, ROOT, f"{ROOT}.Tensor")]
        full = next((full for full in (*places, name) if full in documents()), None)
        return f"``{found[1]}``" if full is None or name in parameters else f":py:obj:`{name} <{full}>`"

    return QUOTED.sub(link, text)


def _heading(text: str, line: str = "=") -> str:
    return f"{text}\n{line * len(text)}\n"


def _table(chosen: list[Entry]) -> str:
    lines = [".. list-table::", "   :class: names", "   :widths: 30 70", ""]
    for entry in chosen:
        lines += [f"   * - :py:obj:`{entry.name} <{entry.full}>`"]
        lines += [f"     - {linked(entry.summary, entry.namespace, entry.parameters)}"]
    return "\n".join(lines) + "\n"


def _intro(module: ModuleType) -> str:
    """The first paragraph of a module's docstring."""
    return " ".join((inspect.getdoc(module) or "").partition("\n\n")[0].split())


def _index(namespace: str, chosen: list[Entry]) -> Iterator[str]:
    """The chapters of a namespace, and the documents of its names."""
    chapters: dict[str, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    for entry in sorted(chosen, key=lambda entry: (entry.name.casefold(), entry.name)):
        title, section = entry.chapter
        chapters[title][section].append(entry)
    for title, sections in sorted(chapters.items()):
        if len(chapters) > 1:
            yield _heading(title, "-")
        for section, found in sorted(sections.items()):
            if section and len(sections) > 1:
                yield f".. rubric:: {section}\n"
            modules = {entry.module for entry in found}
            if len(chapters) > 1 and len(modules) == 1:
                yield linked(_intro(sys.modules[modules.pop()]), namespace) + "\n"
            yield _table(found)
    yield ".. toctree::\n   :hidden:\n"
    yield "\n".join(f"   {entry.name} <{documents()[entry.full]}>" for entry in chosen if entry.full != namespace)


def _page(entry: Entry) -> str:
    """The page of one name."""
    names = [other.full for other in _same().get(id(entry.value), ()) if other.full != entry.full]
    if inspect.isclass(entry.value) and names and names[0] < entry.full:
        shown = f".. py:class:: {entry.full}\n\n   The class :py:obj:`{names[0]}`.\n"
    elif not (entry.documented or entry.member):
        kind = (
            f"function:: {entry.full}()"
            if callable(entry.value)
            else f"data:: {entry.full}\n   :value: {entry.value!r}"
        )
        shown = f".. py:{kind}\n\n   {linked(entry.summary, entry.namespace)}\n"
    else:
        value = entry.value
        kind = "class" if inspect.isclass(value) else "function"
        if entry.member:
            kind = "property" if isinstance(value, property) else "method"
        shown = f".. auto{kind}:: {entry.full}\n"
        if kind == "class":
            shown += "   :members:\n"
    also = f"Also: {', '.join(f':py:obj:`{name}`' for name in names)}.\n" if names else ""
    return "\n".join([_heading(f"{entry.namespace.removeprefix(f'{ROOT}.')}.{entry.name}"), shown, also])


@functools.cache
def _same() -> dict[int, list[Entry]]:
    """The names of each object that has several."""
    found: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries():
        if entry.documented:
            found[id(entry.value)].append(entry)
    return {key: names for key, names in found.items() if len(names) > 1}


def _absent() -> str:
    """The page of names that are not there, those of PyTorch's methods included."""
    functions = [name for name in COUNTERPARTS if not hasattr(tensorplug, name)]
    methods = [name for name, value in vars(Tensor).items() if isinstance(value, Absent)]
    # In-place forms are told of for methods that are there.
    methods = [name for name in methods if not name.endswith("_") or hasattr(Tensor, name[:-1])]
    rows = []
    for place, names in (("torch", functions), ("Tensor", methods)):
        for name in sorted(names):
            near = _nearest("" if place == "torch" else place, name)
            full = ".".join(filter(None, (ROOT, *near))) if near else ""
            shown = f"{{py:obj}}`{full.removeprefix(f'{ROOT}.')} <{full}>`" if full in documents() else ""
            rows.append(f"| `{place}.{name}` | {shown} |")
    reasons = (FOLDER.parent / "dialects.md").read_text().partition("## What is not part of Tensorplug")[2]
    reasons = re.sub(r"\]\((?!https)", "](../", reasons)
    names = "Names of PyTorch's that error messages explain, with the nearest name here if there is one:"
    table = "\n".join(["| in PyTorch | nearest here |", "|---|---|", *rows])
    return f"# What is not there\n{reasons}\n## Names\n\n{names}\n\n{table}\n"


def pages() -> dict[str, str]:
    """The text of each document by its path in the folder, without its suffix."""
    found = {}
    for namespace, module in namespaces().items():
        chosen = [entry for entry in entries() if entry.namespace == namespace]
        text = f".. py:module:: {namespace}\n   :no-index-entry:\n\n{linked(_intro(module), namespace)}\n"
        found[namespace] = "\n".join([_heading(namespace), text, *_index(namespace, chosen)])
    members = [entry for entry in entries() if entry.member]
    title = _heading("tensorplug.Tensor")
    found[f"{ROOT}.Tensor"] = "\n".join(
        [title, ".. autoclass:: tensorplug.Tensor\n", *_index(f"{ROOT}.Tensor", members)]
    )
    for entry in entries():
        if entry.full != f"{ROOT}.Tensor":
            found[documents()[entry.full]] = _page(entry)
    names = "\n".join(f"   {name}" for name in [ROOT, f"{ROOT}.Tensor", *list(namespaces())[1:]])
    about = {f"{ROOT}.Tensor": "The tensor: its attributes, and PyTorch's methods."}
    about |= {name: linked(_intro(module), name) for name, module in namespaces().items()}
    rows = "\n".join(f"   * - :doc:`{name} <{name}>`\n     - {about[name]}" for name in names.split())
    table = f".. list-table::\n   :class: names\n   :widths: 30 70\n\n{rows}\n"
    found["index"] = f"{_heading('API reference')}\n{table}\n.. toctree::\n   :hidden:\n\n{names}\n"
    found["absent"] = _absent()
    return found


def main() -> None:
    """Write the pages that changed, and remove those of names that are gone."""
    current = {FOLDER / f"{name}.{'md' if name == 'absent' else 'rst'}": text for name, text in pages().items()}
    for path in {path for path in FOLDER.rglob("*") if path.is_file()} - current.keys():
        path.unlink()
    for path, text in current.items():
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


if __name__ == "__main__":
    main()
