"""colpali-engine's own scoring, as its README has it: every page, padded to the longest of its batch, in torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.corpus import Corpus, EncodedQuery


class ColpaliEngine:
    """``processor.score_multi_vector`` over a list of float32 tensors, one a page, all in memory."""

    def __init__(self, corpus: Corpus, folder: Path) -> None:
        from workbench.encoders.torchvision_cure import cure

        cure()
        import torch
        from colpali_engine.utils.processing_utils import BaseVisualRetrieverProcessor

        self._score = BaseVisualRetrieverProcessor.score_multi_vector
        self._refs = corpus.refs
        self._pages = [torch.from_numpy(corpus.full[i]) for i in range(len(corpus))]
        self.bytes = int(corpus.full.flat.nbytes)

    def search(self, asked: EncodedQuery, k: int) -> Sequence[str]:
        """Score every page, keep the k best."""
        import torch

        scores = self._score([torch.from_numpy(asked.weighted)], self._pages, device="cpu")[0]
        best = torch.topk(scores, min(k, len(scores))).indices
        return [self._refs[i] for i in best.tolist()]

    def close(self) -> None:
        """Drop the pages."""
        self._pages = []
