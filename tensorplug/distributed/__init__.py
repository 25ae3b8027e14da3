"""PyTorch's `torch.distributed.tensor`: tensors divided over a mesh of devices, whose backend divides the work."""

from ..core.distributed.mesh import DeviceMesh as DeviceMesh
from ..core.distributed.mesh import init_device_mesh as init_device_mesh
from . import tensor as tensor
from .tensor import Partial as Partial
from .tensor import Replicate as Replicate
from .tensor import Shard as Shard
from .tensor import distribute_module as distribute_module
from .tensor import distribute_tensor as distribute_tensor
from .tensor import from_local as from_local

__all__ = [
    "DeviceMesh",
    "Partial",
    "Replicate",
    "Shard",
    "distribute_module",
    "distribute_tensor",
    "from_local",
    "init_device_mesh",
    "tensor",
]
