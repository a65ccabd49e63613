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


class Linear:
    """``x @ weight.T + bias`` in float32, with the weight laid out for oneDNN once where torch has that.

    torch multiplies through MKL, which on AMD processors runs at less than half the speed of oneDNN (measured: 105
    against 245 GFLOP/s on one core); elsewhere the two are level. The operators are torch's own but not public, so
    they are tried on the real weight first, and left aside where they are missing or give another product.
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self.weight, self.bias = weight.contiguous(), bias.contiguous()  # (out, in), (out,)
        self._packed: Tensor | None = None
        probe = torch.linspace(-1, 1, 3 * weight.shape[1]).view(3, -1)
        try:
            self._packed = torch.ops.mkldnn._reorder_linear_weight(self.weight)
            if torch.allclose(self(probe), F.linear(probe, self.weight, self.bias), rtol=1e-4, atol=1e-4):
                del self.weight  # the packed copy is enough
            else:
                self._packed = None
        except (AttributeError, RuntimeError, NotImplementedError):
            self._packed = None

    def __call__(self, x: Tensor) -> Tensor:
        """``(..., in)`` to ``(..., out)``."""
        if self._packed is None:
            return F.linear(x, self.weight, self.bias)
        return torch.ops.mkldnn._linear_pointwise(x, self._packed, self.bias, "none", [], "")  # type: ignore[no-any-return]


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
    """BERT with absolute positions, exact GELU and post-layer normalisation, in float32 on the CPU."""

    def __init__(self, weights: dict[str, Tensor], heads: int, eps: float) -> None:
        def pair(name: str) -> tuple[Tensor, Tensor]:
            return weights[f"{name}.weight"], weights[f"{name}.bias"]

        def layer(name: str) -> _Layer:
            three = [pair(f"{name}.attention.self.{part}") for part in ("query", "key", "value")]
            return _Layer(
                Linear(torch.cat([weight for weight, _ in three]), torch.cat([bias for _, bias in three])),
                Linear(*pair(f"{name}.attention.output.dense")),
                pair(f"{name}.attention.output.LayerNorm"),
                Linear(*pair(f"{name}.intermediate.dense")),
                Linear(*pair(f"{name}.output.dense")),
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
    def load(cls, file: Path, heads: int, eps: float) -> Bert:
        """Read a safetensors file; `EncoderError` when it is not a BERT."""
        from safetensors.torch import load_file

        try:
            return cls({name: tensor.float() for name, tensor in load_file(file).items()}, heads, eps)
        except (KeyError, ValueError, OSError) as error:
            raise EncoderError(f"{file.name} does not hold the weights of a BERT encoder ({error}).") from error

    @torch.inference_mode()
    def __call__(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """States ``(batch, tokens, dim) float32`` of ``ids (batch, tokens) int64``.

        ``lengths (batch,) int64`` counts each row's real tokens; what stands behind them is padding, which no real
        token attends to, and its own states mean nothing.
        """
        batch, tokens = ids.shape
        mask = None
        if int(lengths.min()) < tokens:
            mask = (torch.arange(tokens) < lengths[:, None])[:, None, None, :]  # (batch, 1, 1, tokens), True = attend
        x = self._norm(F.embedding(ids, self.words) + self.positions[:tokens], self.norm)
        for layer in self.layers:
            qkv = layer.qkv(x).view(batch, tokens, 3, self.heads, -1)
            q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (batch, heads, tokens, dim / heads)
            attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
            attended = attended.transpose(1, 2).reshape(batch, tokens, self.dim)
            x = self._norm(x + layer.attention_out(attended), layer.attention_norm)
            x = self._norm(x + layer.down(F.gelu(layer.up(x))), layer.norm)
        return x

    def _norm(self, x: Tensor, weights: tuple[Tensor, Tensor]) -> Tensor:
        return F.layer_norm(x, (self.dim,), *weights, eps=self.eps)
