"""References on the device that models are tested on, and how near their numbers must be.

``PAGELENS_DEVICE`` and ``PAGELENS_DTYPE`` choose, as they do for the models themselves; unless said otherwise it is the
processor (tests/conftest.py). On a GPU: ``PAGELENS_DEVICE=cuda PAGELENS_DTYPE=bfloat16 pytest tests/encoders``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from workbench.encoders.device import Device, choose

NEAR = {torch.float32: 1e-5, torch.float16: 4e-3, torch.bfloat16: 3e-2}
"""How far a number of a unit vector may be from its reference: a rounding of each layer, at 24, 11 and 8 bits."""
NEAR_ELSEWHERE = {**NEAR, torch.float32: 1e-4}
"""The same on a GPU, whose kernels differ by the size of a batch, and sum in another order each."""


def tolerance() -> float:
    """The bound for the device and the dtype that are chosen."""
    chosen = choose()
    return (NEAR if chosen.kind == "cpu" else NEAR_ELSEWHERE)[chosen.dtype]


def close(found: Any, expected: Any, of: float = 1.0) -> None:
    """Numbers near enough to a reference, whose size is ``of`` times that of a unit vector's."""
    np.testing.assert_allclose(host(found), host(expected), atol=tolerance() * of, rtol=0)


def host(values: Any) -> np.ndarray[Any, Any]:
    """A tensor of any device and dtype, or an array, as an array."""
    return values.detach().float().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)


def placed(device: Device, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What a processor returned, on the model's device and in its dtype."""
    return {
        name: value.to(device.name, device.dtype if value.is_floating_point() else None)
        for name, value in inputs.items()
    }
