"""How inputs get to a device and answers back: at once on a processor; on a GPU by streams beside the model's.

There inputs are copied from pinned memory while the model is at the batch before, and an answer is waited for only when
somebody needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.encoders.device import Device
from workbench.types import Float


class Stream:
    """The way to a device that works when it is told to, as a processor does. Used by one thread at a time."""

    def __init__(self, device: Device) -> None:
        self._device = device

    @classmethod
    def to(cls, device: Device) -> Stream:
        """The way to a device."""
        return CudaStream(device) if device.kind == "cuda" else cls(device)

    @contextmanager
    def placing(self, inputs: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The inputs on the device, floats in its dtype; the model is called within."""
        yield {name: wide(value.to(self._device.name, self._dtype(value))) for name, value in inputs.items()}

    @contextmanager
    def pictures(self, arrays: Sequence[NDArray[np.uint8]]) -> Iterator[list[Any]]:
        """Pictures ``(height, width, 3) uint8`` on the device as tensors ``(3, height, width)``; what is made of them
        within goes into `placing`."""

        yield [_tensor(array).permute(2, 0, 1) for array in arrays]

    def answer(self, states: Any) -> Callable[[], Float]:
        """What waits for a model's output and gives it on the host, float32; called within `placing`."""
        found = np.asarray(states.float().cpu().numpy(), np.float32)
        return lambda: found

    def _dtype(self, value: Any) -> Any:
        return self._device.dtype if value.is_floating_point() else None


class CudaStream(Stream):
    """The way to a GPU: a stream for copies and one for the model, so that neither waits for other threads' work."""

    def __init__(self, device: Device) -> None:
        import torch

        super().__init__(device)
        self._copies, self._work = (torch.cuda.Stream(device.name) for _ in range(2))  # type: ignore[no-untyped-call]

    @contextmanager
    def placing(self, inputs: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """As of `Stream`, while the model may still be at the batch before."""
        import torch

        self._copies.wait_stream(torch.cuda.current_stream(self._device.name))
        with torch.cuda.stream(self._copies):
            placed = {
                name: wide(_pinned(value).to(self._device.name, self._dtype(value), non_blocking=True))
                for name, value in inputs.items()
            }
        self._work.wait_stream(self._copies)
        for value in placed.values():
            value.record_stream(self._work)  # its memory is not given away before the model is done with it
        with torch.cuda.stream(self._work):
            yield placed

    @contextmanager
    def pictures(self, arrays: Sequence[NDArray[np.uint8]]) -> Iterator[list[Any]]:
        """As of `Stream`, while the model may still be at the batch before."""
        import torch

        with torch.cuda.stream(self._copies):
            placed = [_pinned(_tensor(array)).to(self._device.name, non_blocking=True) for array in arrays]
            yield [picture.permute(2, 0, 1) for picture in placed]

    def answer(self, states: Any) -> Callable[[], Float]:
        """As of `Stream`; nothing is waited for before it is called."""
        import torch

        host = torch.empty(states.shape, dtype=torch.float32, pin_memory=True)
        host.copy_(states.float(), non_blocking=True)
        done = torch.cuda.Event()  # type: ignore[no-untyped-call]
        done.record(self._work)

        def wait() -> Float:
            done.synchronize()
            return np.asarray(host.numpy(), np.float32)

        return wait


def _tensor(array: NDArray[np.uint8]) -> Any:
    import torch

    return torch.from_numpy(np.require(array, requirements="W"))  # those of PIL's pictures are only for reading


def _pinned(value: Any) -> Any:
    return value if value.device.type != "cpu" or value.is_pinned() else value.pin_memory()


def wide(value: Any) -> Any:
    """A tensor of whole numbers that `prepared.rows` made bytes of, as the model takes it; any other as it is."""
    import torch

    return value.long() if value.dtype is torch.int8 else value
