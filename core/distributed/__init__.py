"""Tensors divided over a mesh of devices, as in ``torch.distributed.tensor``.

A mesh is a device, so a tensor's key says that it is on one; how it is divided, the array alone knows.
"""
