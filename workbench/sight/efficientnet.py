"""EfficientNet-Lite2's forward pass, nothing more: pictures in, a 9 x 9 map of features or classes out.

Written out, as `encoders.bert` is, because the layers are few and a model library takes seconds to import; a test holds
it against timm's `tf_efficientnet_lite2`. Batch normalisation is folded into the convolutions once.

Tan and Le 2019 (arXiv:1905.11946); the Lite variants (no squeeze and excitation, ReLU6, a fixed stem and head) are
Google's; layout of the weights as EfficientNet-PyTorch saves them, which pads as TensorFlow does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from workbench.errors import EncoderError

SIDE = 260
"""Pixels along a side of the pictures it was trained on."""
CELLS = 9
"""Places along a side of the map that such a picture becomes."""
FEATURES = 1280
_EPSILON = 1e-3
# Of the seven stages: expansion, kernel, stride of the first block, blocks (B0's, for depth 1.2; first and last fixed).
_STAGES = ((1, 3, 1, 1), (6, 3, 2, 3), (6, 5, 2, 3), (6, 3, 2, 4), (6, 5, 1, 4), (6, 5, 2, 5), (6, 3, 1, 1))


@dataclass(frozen=True, slots=True)
class _Convolution:
    weight: Tensor
    bias: Tensor
    stride: int = 1
    groups: int = 1

    def __call__(self, x: Tensor) -> Tensor:
        return F.conv2d(_padded(x, self.weight.shape[-1], self.stride), self.weight, self.bias, self.stride, 0, 1,
                        self.groups)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Block:
    """An inverted residual: widen (but in the first), filter each channel, narrow; added to what came in if it fits."""

    expand: _Convolution | None
    depthwise: _Convolution
    project: _Convolution
    residual: bool

    def __call__(self, x: Tensor) -> Tensor:
        wide = x if self.expand is None else F.relu6(self.expand(x))
        made = self.project(F.relu6(self.depthwise(wide)))
        return x + made if self.residual else made


class EfficientNetLite2:
    """The network in float32 on the CPU. Safe to call from several threads."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        def folded(conv: str, norm: str, stride: int = 1, depthwise: bool = False) -> _Convolution:
            scale = weights[f"{norm}.weight"] / torch.sqrt(weights[f"{norm}.running_var"] + _EPSILON)
            bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
            weight = weights[f"{conv}.weight"] * scale[:, None, None, None]
            return _Convolution(weight, bias, stride, len(weight) if depthwise else 1)

        self._stem = folded("_conv_stem", "_bn0", 2)
        self._blocks: list[_Block] = []
        for expansion, _, first, count in _STAGES:
            for i in range(count):
                at = f"_blocks.{len(self._blocks)}"
                wide = folded(f"{at}._expand_conv", f"{at}._bn0") if expansion > 1 else None
                filtered = folded(f"{at}._depthwise_conv", f"{at}._bn1", 1 if i else first, depthwise=True)
                narrow = folded(f"{at}._project_conv", f"{at}._bn2")
                self._blocks.append(_Block(wide, filtered, narrow, i > 0))
        self._head = folded("_conv_head", "_bn1")
        self._classes = (weights["_fc.weight"], weights["_fc.bias"])

    @classmethod
    def load(cls, file: Path) -> EfficientNetLite2:
        """Read a PyTorch file, as data only; `EncoderError` when it does not hold this network."""
        try:
            found = torch.load(file, map_location="cpu", weights_only=True)
            return cls({name: tensor.float() for name, tensor in found.items() if not name.endswith("tracked")})
        except Exception as error:  # pickle and zip raise what they like
            raise EncoderError(f"{file.name} does not hold the weights of EfficientNet-Lite2 ({error}).") from error

    @torch.inference_mode()
    def features(self, pictures: Tensor) -> Tensor:
        """Features ``(n, FEATURES, CELLS, CELLS)`` of ``pictures (n, 3, SIDE, SIDE) float32``; see `normalised`."""
        x = F.relu6(self._stem(pictures))
        for block in self._blocks:
            x = block(x)
        return F.relu6(self._head(x))

    @torch.inference_mode()
    def logits(self, features: Tensor) -> Tensor:
        """Classes ``(n, CELLS, CELLS, 1000)`` of each place; their mean over the places is the network's own answer.

        That is a class activation map (Zhou et al. 2016, arXiv:1512.04150): the last layer is linear in the mean.
        """
        weight, bias = self._classes
        return torch.einsum("kc,nchw->nhwk", weight, features) + bias


def normalised(pixels: Tensor) -> Tensor:
    """RGB ``(..., h, w, 3) uint8`` as the network takes it, ``(..., 3, h, w) float32``."""
    return ((pixels.float() - 127.0) / 128.0).movedim(-1, -3)


def _padded(x: Tensor, kernel: int, stride: int) -> Tensor:
    """Zeros around it as TensorFlow's SAME puts them: the odd one goes to the right and below."""
    height, width = x.shape[-2:]
    down = max((-(-height // stride) - 1) * stride + kernel - height, 0)
    across = max((-(-width // stride) - 1) * stride + kernel - width, 0)
    if not (down or across):
        return x
    return F.pad(x, (across // 2, across - across // 2, down // 2, down - down // 2))
