"""The array types and the box that all values share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Int = NDArray[np.int32]
Int64 = NDArray[np.int64]
Box = tuple[float, float, float, float]
