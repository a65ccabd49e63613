"""CLIP and SigLIP patch by patch: a vector in the space of texts for every piece of the picture.

These models pool their patch states into the one vector that was trained against text. The vector of a patch is what
the pooling would give if that patch were all there is: for CLIP the last block attends from each token to itself only,
which is what MaskCLIP found to make patches comparable with texts (Zhou et al. 2022, arXiv:2112.01071); for attention
pools and averages the pool gets that one token. Untrained for, hence coarse: good for photos and figures, not words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from workbench.encoders import places
from workbench.encoders.base import EncoderSpec
from workbench.encoders.clip import ClipEncoder, OpenClip
from workbench.encoders.pictures import PictureVectors
from workbench.encoders.prepared import Inputs
from workbench.errors import EncoderError
from workbench.types import Box


def load(spec: EncoderSpec) -> ClipDense:
    """Load a model from this machine; `EncoderError` when its weights are missing, or it has no patches."""
    return ClipDense(spec, OpenClip.load(spec))


class ClipDense(ClipEncoder):
    """A vector a patch."""

    def __init__(self, spec: EncoderSpec, clip: OpenClip) -> None:
        super().__init__(spec, clip)
        visual = clip.model.visual
        if hasattr(visual, "trunk"):
            self._patches = _timm_patches
        elif hasattr(visual, "transformer"):
            self._patches = _vit_patches
            if visual.attn_pool is None and visual.pool_type == "tok":
                visual.transformer.resblocks[-1].register_forward_pre_hook(_each_to_itself, with_kwargs=True)
        else:
            raise EncoderError(f"The '{spec.id}' model sees no patches ({type(visual).__name__}); use it for pages.")

    def _launched(
        self, inputs: Sequence[Inputs], crops: Sequence[Box], placed: Any = None
    ) -> Callable[[int], PictureVectors]:
        import torch

        with torch.inference_mode():
            found, (rows, cols) = self._patches(self.clip.model.visual, self.clip.pixels(inputs))
            vectors = found.float().cpu().numpy()
        return lambda row: PictureVectors(vectors[row], places.grid(rows, cols, crops[row]))


def _each_to_itself(block: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], Any]:
    """Let every token of a transformer block, given ``(batch, tokens, width)``, attend to itself alone."""
    import torch

    states = arguments[0]
    tokens = states.shape[1 if getattr(block.attn, "batch_first", True) else 0]
    mask = torch.full((tokens, tokens), float("-inf"), dtype=states.dtype, device=states.device)
    return arguments, {**named, "attn_mask": mask.fill_diagonal_(0)}


def _vit_patches(visual: Any, pixels: Any) -> tuple[Any, tuple[int, int]]:
    """``(batch, patches, dim)`` and the grid, of open_clip's own vision transformer."""
    import torch

    states = visual.transformer(visual._embeds(pixels))  # (batch, 1 + patches, width), the class token first
    batch, tokens, width = states.shape
    first = states[:, :1].expand(batch, tokens - 1, width)  # an average leaves the first token out
    alone = states[:, 1:, None] if visual.pool_type == "tok" else torch.stack([first, states[:, 1:]], dim=2)
    pooled, _ = visual._pool(alone.reshape(batch * (tokens - 1), -1, width))
    vectors = pooled if visual.proj is None else pooled @ visual.proj
    return vectors.reshape(batch, tokens - 1, -1), visual.grid_size


def _timm_patches(visual: Any, pixels: Any) -> tuple[Any, tuple[int, int]]:
    """``(batch, patches, dim)`` and the grid, of a timm model inside open_clip."""
    import torch

    trunk = visual.trunk
    states = trunk.forward_features(pixels)
    if states.ndim == 4:  # a convolutional model's map (batch, width, rows, cols)
        batch, width, rows, cols = states.shape
        alone = states.permute(0, 2, 3, 1).reshape(-1, width, 1, 1)
    else:
        prefix = int(getattr(trunk, "num_prefix_tokens", 0))
        batch, tokens, width = states.shape
        rows, cols = trunk.patch_embed.grid_size
        patches = states[:, prefix:, None]
        if trunk.global_pool != "token":  # which takes the first, whichever it is; the others leave the prefix out
            before = states[:, None, :prefix].expand(batch, tokens - prefix, prefix, width)
            patches = torch.cat([before, patches], dim=2)
        alone = patches.reshape(batch * (tokens - prefix), -1, width)
    vectors = visual.head(trunk.forward_head(alone))
    return vectors.reshape(batch, rows * cols, -1), (rows, cols)
