"""``tensorplug new-backend``: write the project of a plugin that makes an array library a backend."""

from __future__ import annotations

import argparse
import importlib.util
import re
from pathlib import Path
from string import Template
from typing import Final

from .backends import CONTRACT_VERSION
from .backends.admission import NAME, RESERVED
from .cli import CommandError

PYPROJECT: Final = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "tensorplug-$name"
version = "0.1.0"
description = "$namespace as a backend of Tensorplug"
readme = "README.md"
requires-python = ">=3.11"
dependencies = [$dependencies]

[project.optional-dependencies]
test = ["pytest", "tensorplug[conformance]"]

[project.entry-points.tensorplug]
$name = "tensorplug_$name"

[tool.setuptools]
py-modules = ["tensorplug_$name"]
"""

MODULE: Final = '''\
"""$namespace as a backend of Tensorplug."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tensorplug.backends import Backend, hookimpl


class $title(Backend):
    """Arrays of $namespace; what the library lacks or does differently is overridden here."""

    name = "$name"
    contract = $contract
    distribution = "$distribution"
    install = "pip install $distribution"

    def load(self) -> Any:
        """Import the library; return its array API namespace."""
        import $namespace

        return $namespace


@hookimpl
def tensorplug_backends() -> Iterator[Backend]:
    """Supply the backend."""
    yield $title()
'''

TEST: Final = '''\
"""The backend does what Tensorplug promises of every backend, but for the departures in departures.toml."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("$root", reason="$distribution is not installed: pip install $distribution")

DEPARTURES = Path(__file__).with_name("departures.toml")


def test_the_backend_conforms() -> None:
    command = ["conformance", "$name", "--quick", "--departures", str(DEPARTURES)]
    done = subprocess.run([sys.executable, "-m", "tensorplug", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
'''

DEPARTURES: Final = """\
# What $namespace does otherwise than Tensorplug, by name: the checks that fail for it, and the reason.
#
# ["what it does otherwise"]
# checks = ["exp::special values", "linalg.*::ranges"]
# reason = "The library flushes subnormal numbers to zero."
"""

README: Final = """\
# tensorplug-$name

$namespace as a backend of Tensorplug.

```sh
pip install .
tensorplug backends
tensorplug conformance $name --quick --departures departures.toml --report README.md
```

The third line checks the backend, says what to do next, and writes what follows. What `tensorplug.backends.Backend` \
asks for is told by `python -m pydoc tensorplug.backends.contract`.

<!-- conformance -->
<!-- /conformance -->
"""

FILES: Final = {
    "pyproject.toml": PYPROJECT,
    "tensorplug_$name.py": MODULE,
    "test_tensorplug_$name.py": TEST,
    "departures.toml": DEPARTURES,
    "README.md": README,
}
"""Templates by the template of their path."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``tensorplug new-backend``."""
    parser.add_argument("name", metavar="NAME", help="what users write in device('NAME:cpu')")
    parser.add_argument("--namespace", metavar="MODULE", help="the module of the array API namespace; by default NAME")
    parser.add_argument("--distribution", metavar="PACKAGE", help="the package to install; by default of that name")
    parser.add_argument("--folder", type=Path, default=Path(), help="where tensorplug-NAME is written; by default here")


def main(options: argparse.Namespace) -> int:
    """Write the project, print what to do next, and return the exit code."""
    name = options.name
    if not NAME.fullmatch(name) or name in RESERVED:
        raise CommandError(
            f"{name!r} cannot name a backend: lower-case letters, digits and underscores can, a letter first, unless "
            "it names a device or a dtype"
        )
    namespace = options.namespace or name
    if not all(part.isidentifier() for part in namespace.split(".")):
        raise CommandError(f"--namespace is {namespace!r}, wanted the name of a module")
    project = options.folder / f"tensorplug-{name}"
    if project.exists():
        raise CommandError(f"{str(project)!r} exists already")
    project.mkdir(parents=True)
    root = namespace.removeprefix("array_api_compat.").partition(".")[0]
    distribution = options.distribution or root.replace("_", "-")
    requirements = sorted(
        {distribution, "tensorplug", *["array-api-compat"] * namespace.startswith("array_api_compat")}
    )
    values = {
        "name": name,
        "namespace": namespace,
        "root": root,
        "distribution": distribution,
        "dependencies": ", ".join(f'"{one}"' for one in requirements),
        "title": "".join(part.title() for part in re.split("_+", name)),
        "contract": CONTRACT_VERSION,
    }
    for path, text in FILES.items():
        (project / Template(path).substitute(values)).write_text(Template(text).substitute(values), encoding="utf-8")
    print(f"{project} is written. What to do next:")
    if importlib.util.find_spec(root) is None:
        print(f"  pip install {distribution}")
    print(f"  pip install {project if project.is_absolute() else f'./{project}'}")
    print(f"  tensorplug conformance {name} --quick")
    return 0
