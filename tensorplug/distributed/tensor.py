"""PyTorch's `torch.distributed.tensor`: placements, `distribute_tensor`, `distribute_module`, and constructors."""

from ..core.distributed.creation import empty as empty
from ..core.distributed.creation import full as full
from ..core.distributed.creation import ones as ones
from ..core.distributed.creation import rand as rand
from ..core.distributed.creation import randn as randn
from ..core.distributed.creation import zeros as zeros
from ..core.distributed.mesh import DeviceMesh as DeviceMesh
from ..core.distributed.mesh import init_device_mesh as init_device_mesh
from ..core.distributed.placements import Partial as Partial
from ..core.distributed.placements import Placement as Placement
from ..core.distributed.placements import Replicate as Replicate
from ..core.distributed.placements import Shard as Shard
from ..core.distributed.tensors import distribute_tensor as distribute_tensor
from ..core.distributed.tensors import from_local as from_local
from ..nn.distributed import distribute_module as distribute_module

__all__ = [
    "DeviceMesh",
    "Partial",
    "Placement",
    "Replicate",
    "Shard",
    "distribute_module",
    "distribute_tensor",
    "empty",
    "from_local",
    "full",
    "init_device_mesh",
    "ones",
    "rand",
    "randn",
    "zeros",
]
