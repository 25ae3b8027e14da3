"""Every built-in backend takes part in the tests, or is skipped here with its reason."""

from __future__ import annotations

import tensorplug as tp


def test_a_built_in_backend(built_in_backend: str) -> None:
    with tp.backend(built_in_backend):
        x = tp.tensor([1.0, 2.0], requires_grad=True)
        (x * x).sum().backward()
        assert x.grad is not None
        assert (x.grad.tolist(), x.grad.backend) == ([2.0, 4.0], built_in_backend)
