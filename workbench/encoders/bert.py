"""A BERT encoder's forward pass, nothing more: token ids in, last-layer states out.

Written out because importing it from transformers takes several seconds, which a first search would wait for; a test
holds it against transformers' BertModel. What it does not do: train, pool, tokenise, or read other architectures.

Devlin et al. 2019 (arXiv:1810.04805); layout of the weights as transformers' BertModel saves them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from workbench.errors import EncoderError

_NEAR = {torch.float32: 1e-4, torch.bfloat16: 2e-2}
"""How far a packed product may be from the plain one, as a part of its length."""


def number() -> torch.dtype:
    """What products are made in: bfloat16 where the processor multiplies it, float32 elsewhere.

    It takes .6 of the time, and a word's vector turns by less than a degree (cosine .9998 and more).
    """
    try:
        return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32
    except (AttributeError, RuntimeError):
        return torch.float32


class Linear:
    """``x @ weight.T + bias`` and, if asked, GELU of it, with the weight laid out for oneDNN once where torch has that.

    torch multiplies through MKL, which on AMD processors runs at less than half the speed of oneDNN (measured: 105
    against 245 GFLOP/s on one core); elsewhere the two are level. A GELU that comes with the product costs a tenth of
    one by itself. The operators are torch's own but not public, so they are tried on the real weight first, and left
    aside where they are missing or give another product. The result is of the ``dtype`` of the product.
    """

    def __init__(self, weight: Tensor, bias: Tensor, gelu: bool = False, dtype: torch.dtype = torch.float32) -> None:
        self.weight, self.bias = weight.contiguous(), bias.contiguous()  # (out, in), (out,)
        self._gelu = gelu
        self._packed: tuple[Tensor, Tensor] | None = None
        probe = torch.linspace(-1, 1, 3 * weight.shape[1]).view(3, -1)
        try:
            reordered = torch.ops.mkldnn._reorder_linear_weight(self.weight.to(dtype))
            self._packed = reordered, self.bias.to(dtype)
            expected = self._plain(probe)
            if float((self(probe) - expected).norm()) <= _NEAR[dtype] * float(expected.norm()):
                del self.weight, self.bias  # the packed copies are enough
            else:
                self._packed = None
        except (AttributeError, RuntimeError, NotImplementedError):
            self._packed = None

    def __call__(self, x: Tensor) -> Tensor:
        """``(tokens, in)`` to ``(tokens, out)``."""
        if self._packed is None:
            return self._plain(x.float())
        weight, bias = self._packed
        after, kind = ("gelu", "none") if self._gelu else ("none", "")
        return torch.ops.mkldnn._linear_pointwise(x.to(weight.dtype), weight, bias, after, [], kind)  # type: ignore[no-any-return]

    def _plain(self, x: Tensor) -> Tensor:
        found = F.linear(x, self.weight, self.bias)
        return F.gelu(found) if self._gelu else found


@dataclass(frozen=True, slots=True)
class _Layer:
    """One transformer block; query, key and value are one product."""

    qkv: Linear
    attention_out: Linear
    attention_norm: tuple[Tensor, Tensor]
    up: Linear
    down: Linear
    norm: tuple[Tensor, Tensor]


class Bert:
    """BERT with absolute positions, exact GELU and post-layer normalisation, on the CPU.

    Products and attention are in ``dtype``; what is added up and normalised between them is in float32.
    """

    def __init__(self, weights: dict[str, Tensor], heads: int, eps: float, dtype: torch.dtype = torch.float32) -> None:
        def pair(name: str) -> tuple[Tensor, Tensor]:
            return weights[f"{name}.weight"], weights[f"{name}.bias"]

        def layer(name: str) -> _Layer:
            three = [pair(f"{name}.attention.self.{part}") for part in ("query", "key", "value")]
            return _Layer(
                Linear(torch.cat([one for one, _ in three]), torch.cat([one for _, one in three]), dtype=dtype),
                Linear(*pair(f"{name}.attention.output.dense"), dtype=dtype),
                pair(f"{name}.attention.output.LayerNorm"),
                Linear(*pair(f"{name}.intermediate.dense"), gelu=True, dtype=dtype),
                Linear(*pair(f"{name}.output.dense"), dtype=dtype),
                pair(f"{name}.output.LayerNorm"),
            )

        self.words = weights["embeddings.word_embeddings.weight"]  # (vocabulary, hidden)
        # A single text is all of token type 0, so its type vector is the same everywhere: added once, to the positions.
        self.positions = (
            weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
        )  # (positions, hidden)
        self.norm = pair("embeddings.LayerNorm")
        count = 1 + max(int(key.split(".")[2]) for key in weights if key.startswith("encoder.layer."))
        self.layers = tuple(layer(f"encoder.layer.{i}") for i in range(count))
        self.heads = heads
        self.eps = eps

    @property
    def dim(self) -> int:
        """Numbers per token state."""
        return self.words.shape[1]

    @classmethod
    def load(cls, file: Path, heads: int, eps: float, dtype: torch.dtype = torch.float32) -> Bert:
        """Read a safetensors file; `EncoderError` when it is not a BERT."""
        from safetensors.torch import load_file

        try:
            return cls({name: tensor.float() for name, tensor in load_file(file).items()}, heads, eps, dtype)
        except (KeyError, ValueError, OSError) as error:
            raise EncoderError(f"{file.name} does not hold the weights of a BERT encoder ({error}).") from error

    @torch.inference_mode()
    def __call__(self, ids: Tensor) -> Tensor:
        """States ``(tokens, dim) float32`` of ``ids (tokens,) int64``: one text, since padding several costs what it
        saves on a processor."""
        tokens = len(ids)
        x = self._norm(F.embedding(ids, self.words) + self.positions[:tokens], self.norm)
        for layer in self.layers:
            qkv = layer.qkv(x).view(1, tokens, 3, self.heads, -1)
            q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (1, heads, tokens, dim / heads)
            attended = F.scaled_dot_product_attention(q, k, v)[0].transpose(0, 1).reshape(tokens, self.dim)
            x = self._norm(x + layer.attention_out(attended), layer.attention_norm)
            x = self._norm(x + layer.down(layer.up(x)), layer.norm)
        return x

    def _norm(self, x: Tensor, weights: tuple[Tensor, Tensor]) -> Tensor:
        return F.layer_norm(x, (self.dim,), *weights, eps=self.eps)
