"""What only an examination of a loaded model needs: the same model called as its own library's documents call it.

The examination itself is `workbench.modelcheck`. Nothing here is on the way of an ingest or a search.
"""

from __future__ import annotations

import contextlib
import importlib.util
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.encoders.base import Encoder
from workbench.encoders.rerankers import Reranker
from workbench.errors import EncoderError
from workbench.types import Float

_MIXING = re.compile(
    r"(layers|resblocks|blocks)\.\d+\.(.*\.)?"
    r"(o_proj|out_proj|down_proj|fc2|attn\.proj|Wo|c_proj|conv_dw|(?<=\d\.)attn|(?<=\d\.)self_attn)$"
)
"""Modules through whose output a layer of any family adds to what passes through it."""


@dataclass(frozen=True, slots=True)
class Residence:
    """Where a loaded model lives: device and dtype as torch names them, its weights' number and bytes.

    ``attention`` is the kind it computes, as transformers names it, empty where another library decides.
    """

    device: str
    dtype: str
    parameters: int
    bytes: int
    attention: str = ""


def residence(encoder: Encoder | Reranker) -> Residence:
    """Where a loaded model lives, read from its weights."""
    model = _model(encoder)
    if model is None:
        return Residence("cpu", "float32", 0, 0)
    weights = list(model.parameters())
    first = weights[0]
    return Residence(
        str(first.device),
        str(first.dtype).removeprefix("torch."),
        sum(weight.numel() for weight in weights),
        sum(weight.numel() * weight.element_size() for weight in weights),
        str(getattr(getattr(encoder, "engine", None), "attention", "")),
    )


def direct(encoder: Encoder) -> Callable[[Sequence[Image.Image]], object] | None:
    """The bare way through an encoder's model: pictures in, the library's own processor and one call, output on host.

    None for an encoder that has no library of its own beneath it.
    """
    engine, clip = getattr(encoder, "engine", None), getattr(encoder, "clip", None)
    if engine is not None and (official := Official.of(encoder)) is not None:
        return official.pages
    if clip is not None:
        return lambda pictures: _open_clip(clip, pictures)
    return None


def _open_clip(clip: Any, pictures: Sequence[Image.Image]) -> Any:
    import torch

    with torch.no_grad():
        pixels = torch.stack([clip.prepare(picture) for picture in pictures])
        return clip.model.encode_image(pixels.to(clip.device.name, clip.device.dtype)).float().cpu()


@dataclass(frozen=True, slots=True)
class OfficialPage:
    """A page by colpali-engine's own calls: ``vectors (tokens, dim)`` of all tokens, which ``shown (tokens,)`` visual.

    ``tiles`` are the lengths of the runs of visual tokens, one a tile (a single one where nothing is tiled).
    """

    vectors: Float
    shown: NDArray[np.bool_]
    tiles: tuple[int, ...]


class Official:
    """A colpali-engine model called as its README does, with its own scorer and similarity maps.

    Faysse et al. 2024 (arXiv:2407.01449); ``process_images``, ``process_queries``, ``score`` and the module
    ``interpretability`` of colpali-engine.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._engine = encoder.engine  # type: ignore[attr-defined]
        self.model, self.processor = self._engine.model, self._engine.processor

    @classmethod
    def of(cls, encoder: Encoder) -> Official | None:
        """The official way through an encoder's model; None when no library stands behind it."""
        from workbench.encoders.multi_vector import MultiVectorEngine
        from workbench.encoders.text_late_interaction import TextLateInteraction

        if isinstance(encoder, TextLateInteraction):
            return TextOfficial(encoder)
        engine = getattr(encoder, "engine", None)
        if isinstance(engine, MultiVectorEngine):
            return MultiVectorOfficial(encoder)
        return cls(encoder) if engine is not None else None

    def pages(self, pictures: Sequence[Image.Image]) -> object:
        """The model's outputs for pictures, on host."""
        return self.outputs(self.processor.process_images(list(pictures))).float().cpu()

    def outputs(self, inputs: Any) -> Any:
        """The model's output for processed inputs, on its device."""
        import torch

        with torch.no_grad():
            return self.model(**inputs.to(self.model.device))

    def page(self, picture: Image.Image) -> OfficialPage:
        """One page's vectors; for a single-vector model one row, taken as shown."""
        inputs = self.processor.process_images([picture])
        vectors = self.outputs(inputs).float().cpu().numpy()[0]
        if vectors.ndim == 1:
            return OfficialPage(vectors[None], np.ones(1, np.bool_), (1,))
        shown = np.asarray(inputs["input_ids"][0].cpu().numpy() == int(self.model.config.image_token_id))
        places = np.flatnonzero(shown)
        runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
        return OfficialPage(vectors, shown, tuple(len(run) for run in runs))

    def query(self, text: str) -> Float:
        """The official query's vectors ``(tokens, dim)``; one row for a single-vector model."""
        inputs = getattr(self.processor, self._engine.family.queries)([text])
        return np.atleast_2d(np.asarray(self.outputs(inputs).float().cpu().numpy()[0], np.float32))

    def score(self, query: Float, page: Float) -> float:
        """The processor's own score of ``query (m, dim)`` for ``page (n, dim)``.

        One page at a time: together with longer ones it would be padded with zeros, which outscore negative products.
        """
        import torch

        q, p = torch.from_numpy(np.ascontiguousarray(query)), torch.from_numpy(np.ascontiguousarray(page))
        if self._engine.family.kind == "page":
            return float(self.processor.score_single_vector([q[0]], [p[0]], device="cpu")[0, 0])
        return float(self.processor.score_multi_vector([q], [p], device="cpu")[0, 0])

    def grid(self, picture: Image.Image, tokens: int) -> tuple[int, int] | None:
        """(rows, cols) that the processor's ``get_n_patches`` gives for a picture; None where it does not fit."""
        for named in ("spatial_merge_size", "patch_size"):
            value = getattr(self.model, named, None)
            with contextlib.suppress(Exception):  # not every processor implements it, or for such arguments
                cols, rows = self.processor.get_n_patches(picture.size, value)
                if cols * rows == tokens:
                    return int(rows), int(cols)
        return None

    def maps(self, query: Float, page: OfficialPage, grid: tuple[int, int]) -> list[Float]:
        """colpali-engine's similarity maps ``(m, rows, cols)`` of a page: one of the whole, or one of each tile.

        ``grid`` are the rows and columns of a page without tiles; a tile's are the root of its length. Its maps of a
        tiled page as a whole would put the tiles' rows behind one another, hence tile by tile. `EncoderError` when the
        module cannot be loaded.
        """
        import torch

        make = _similarity_maps()
        places, made, start = np.flatnonzero(page.shown), [], 0
        for length in page.tiles:
            side = round(length**0.5)
            rows, cols = grid if len(page.tiles) == 1 else (side, side)
            mask = np.zeros(len(page.shown), np.bool_)
            mask[places[start : start + length]] = True
            start += length
            (found,) = make(
                torch.from_numpy(page.vectors)[None],
                torch.from_numpy(query)[None],
                (cols, rows),
                torch.from_numpy(mask)[None],
            )
            made.append(found.numpy().transpose(0, 2, 1))  # its maps are (tokens, x, y)
        return made


class MultiVectorOfficial(Official):
    """A page model called as sentence-transformers' documents call it; its ``-hf`` classes as transformers' own do."""

    @property
    def _alone(self) -> bool:
        """Whether the model is one of transformers' retrieval classes, which need nothing around them."""
        return bool(self.model[0].transformer_task == "retrieval")

    def outputs(self, inputs: Any) -> Any:
        """What a retrieval class makes of processed inputs."""
        import torch

        with torch.no_grad():
            return self.model[0].model(**inputs.to(self.model.device)).embeddings

    def pages(self, pictures: Sequence[Image.Image]) -> object:
        """The model's outputs for pictures, on host."""
        return (
            super().pages(pictures)
            if self._alone
            else self.model.encode_document(list(pictures), convert_to_numpy=True)
        )

    def page(self, picture: Image.Image) -> OfficialPage:
        """One page's vectors, of all tokens that the library compares."""
        token = self._engine._image_token
        if self._alone:
            inputs = self.processor.process_images([picture])
            vectors, ids = self.outputs(inputs)[0], inputs["input_ids"][0]
            compared = inputs["attention_mask"][0].bool()
        else:
            made = self.model.encode_document([picture], output_value=None)[0]
            vectors, ids, compared = made["token_embeddings"], made["input_ids"], made["attention_mask"].bool()
        shown = np.asarray((ids == token).cpu().numpy() & compared.cpu().numpy())
        places = np.flatnonzero(shown)
        runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
        keep = np.asarray(compared.cpu().numpy(), np.bool_)
        found = np.asarray(vectors.float().cpu().numpy(), np.float32)
        return OfficialPage(found[keep], shown[keep], tuple(len(run) for run in runs))

    def query(self, text: str) -> Float:
        """The official query's vectors ``(tokens, dim)``."""
        if self._alone:
            inputs = self.processor.process_queries([text])
            found = self.outputs(inputs)[0][inputs["attention_mask"][0].bool()]
        else:
            found = self.model.encode_query([text])[0]
        return np.asarray(found.float().cpu().numpy(), np.float32)

    def score(self, query: Float, page: Float) -> float:
        """The library's MaxSim of ``query (m, dim)`` for ``page (n, dim)``."""
        import torch

        q, p = torch.from_numpy(np.ascontiguousarray(query)), torch.from_numpy(np.ascontiguousarray(page))
        return float(self.model.similarity([q], [p])[0, 0])

    def grid(self, picture: Image.Image, tokens: int) -> tuple[int, int] | None:
        """(rows, cols) that the library's ``get_n_patches`` gives for a picture; None where it does not fit."""
        from sentence_transformers.multi_vector_encoder.interpretability import get_n_patches

        with contextlib.suppress(Exception):  # not every processor says it
            cols, rows = get_n_patches(self.model, picture.size)
            if cols * rows == tokens:
                return int(rows), int(cols)
        return None

    def maps(self, query: Float, page: OfficialPage, grid: tuple[int, int]) -> list[Float]:
        """The library's similarity maps ``(m, rows, cols)`` of a page: one of the whole, or one of each tile."""
        import torch
        from sentence_transformers.multi_vector_encoder.interpretability import maxsim_similarity_map

        places, made, start = np.flatnonzero(page.shown), [], 0
        for length in page.tiles:
            side = round(length**0.5)
            rows, cols = grid if len(page.tiles) == 1 else (side, side)
            part = torch.from_numpy(page.vectors[places[start : start + length]])
            start += length
            made.append(maxsim_similarity_map(torch.from_numpy(query), part, (cols, rows)).numpy())
        return made


class TextOfficial(MultiVectorOfficial):
    """A model of texts called as sentence-transformers' documents call it."""

    def __init__(self, encoder: Encoder) -> None:
        self.model = encoder.model  # type: ignore[attr-defined]
        self.longest = int(encoder.length)  # type: ignore[attr-defined]

    @property
    def _alone(self) -> bool:
        return False

    def text(self, words: Sequence[str]) -> Float:
        """The vectors ``(tokens, dim)`` of a text that the model reads at once."""
        return np.asarray(self.model.encode_document([" ".join(words)])[0].float().cpu().numpy(), np.float32)


@contextlib.contextmanager
def unmixed(encoder: Encoder) -> Iterator[None]:
    """Silence every layer of a model, so that each vector comes of its own piece of the picture alone.

    What is left is the way from the picture to the vectors: resizing, tiling, patches, merging, order. Nothing else may
    use the model meanwhile. `EncoderError` for a model whose layers are not known.
    """
    model = _model(encoder)
    modules = [] if model is None else [part for name, part in model.named_modules() if _MIXING.search(name)]
    if not modules:
        raise EncoderError("the model's layers have names that Pagelens does not know")
    hooks = [part.register_forward_hook(_silence) for part in modules]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _silence(module: Any, arguments: Any, output: Any) -> Any:
    if isinstance(output, tuple):  # attention modules also return weights or caches
        return (output[0].new_zeros(output[0].shape), *output[1:])
    return output.new_zeros(output.shape)


def _model(encoder: Encoder | Reranker) -> Any:
    """The torch module of a model that a library stands behind, None for another."""
    inside = getattr(encoder, "engine", None) or getattr(encoder, "clip", None) or encoder
    return getattr(inside, "model", None)


def _similarity_maps() -> Callable[..., Any]:
    """colpali-engine's function, loaded from its file: the package around it wants libraries for drawing."""
    found = importlib.util.find_spec("colpali_engine")
    if found is None or not found.submodule_search_locations:
        raise EncoderError("colpali-engine is not installed")
    file = Path(next(iter(found.submodule_search_locations))) / "interpretability" / "similarity_map_utils.py"
    spec = importlib.util.spec_from_file_location("pagelens_similarity_maps", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise EncoderError("this release of colpali-engine has no interpretability module")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        raise EncoderError(f"colpali-engine's maps need a package ({error}); run: pip install einops") from error
    function: Callable[..., Any] = module.get_similarity_maps_from_embeddings
    return function
