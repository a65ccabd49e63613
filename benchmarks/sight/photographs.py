"""How photographs are found by what they show: labelled pictures as pages without words.

They are those of Debian's `tuxpaint-stamps-default`. Each is asked for by its own label ("A great blue heron."), and
kinds of them by the name of their folder ("a bird"). Run::

    apt-get download tuxpaint-stamps-default && dpkg-deb -x tuxpaint-stamps-default_*.deb stamps
    python -m benchmarks.sight.photographs stamps/usr/share/tuxpaint/stamps

Thresholds were fitted on every other picture; the figures are of the others.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench import encoders, sight
from workbench.encoders.reader import Reader
from workbench.sight.classifier import COMBINED
from workbench.sight.names import names
from workbench.types import Float, QueryEmbedding

KINDS = {
    "birds": "a bird", "fruit": "fruit", "vegetables": "a vegetable", "flowers": "a flower", "insects": "an insect",
    "fish": "a fish", "mammals": "a mammal", "animals": "an animal", "vehicles": "a vehicle", "tools": "a tool",
    "music": "a musical instrument", "clothes": "clothing", "food": "food", "dogs": "a dog", "cats": "a cat",
}  # fmt: skip
NOT_PHOTOGRAPHS = ("symbols", "seasonal", "cartoon", "flags", "roadsigns", "_mirror", "_flip")
Form = Callable[[Float], Float]


def pictures(folder: Path) -> Iterator[tuple[Path, str, Image.Image]]:
    """The photographs among the stamps, with their labels."""
    for file in sorted(folder.rglob("*.png")):
        label = file.with_suffix(".txt")
        if label.is_file() and not any(part in str(file.relative_to(folder)) for part in NOT_PHOTOGRAPHS):
            with Image.open(file) as image:
                rgba = image.convert("RGBA")
            flat = Image.new("RGB", rgba.size, "white")
            flat.paste(rgba, mask=rgba.getchannel("A"))
            yield file.relative_to(folder), label.read_text(encoding="utf-8").splitlines()[0].split(".")[0], flat


def opened(file: Path) -> Image.Image | None:
    """The picture of a file on white, at most 1,000 pixels long; None for a broken link and what is no picture."""
    try:
        if file.suffix == ".svg":
            from resvg_py import svg_to_bytes

            image = Image.open(io.BytesIO(bytes(svg_to_bytes(svg_path=str(file.resolve()), width=256))))
        else:
            image = Image.open(file)
        image.thumbnail((1000, 1000))
        rgba = image.convert("RGBA")
    except Exception:  # a link that leads nowhere, a picture of no common kind
        return None
    flat = Image.new("RGB", rgba.size, "white")
    flat.paste(rgba, mask=rgba.getchannel("A"))
    return flat


def forms(reader: Reader) -> dict[str, Form]:
    """Ways to make vectors ``(k, dim)`` of a picture's likelihoods ``(CLASSES,)``."""
    known = names()
    classifier = sight.load()
    vectors = np.stack([reader.name(words) for words in known.words])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    caption = reader.caption()
    caption = caption / np.linalg.norm(caption, axis=1, keepdims=True)
    empty = reader._empty()
    empty = empty / np.linalg.norm(empty)

    def mixed(likely: Float) -> Float:
        top = np.argsort(-likely)[:COMBINED]
        made = likely[top] @ vectors[top]
        return np.asarray(made / np.linalg.norm(made))[None]

    def apart(likely: Float) -> Float:
        return vectors[np.argsort(-likely)[:5]]

    def meanings(likely: Float) -> Float:
        found = [i for i, _ in classifier.meanings(likely)]
        return vectors[found] if found else empty

    def both(likely: Float) -> Float:
        found = meanings(likely)
        made = found + mixed(likely)
        return found if found is empty else made / np.linalg.norm(made, axis=1, keepdims=True)

    def captioned(likely: Float) -> Float:
        found = both(likely)
        return found if found is empty else np.concatenate([found, caption])

    return {
        "nothing, as before": lambda _: empty,
        "ConSE: one mean of ten classes": mixed,
        "five classes, each a vector": apart,
        "meanings by WordNet, each a vector": meanings,
        "meanings, each halfway to the mean": both,
        "the same and the caption's words": captioned,
    }


def maxsim(queries: list[QueryEmbedding], pages: list[Float]) -> NDArray[np.float64]:
    """Scores ``(queries, pages)``."""
    starts = np.cumsum([0, *(len(page) for page in pages)])[:-1]
    stacked = np.concatenate(pages)
    return np.stack([
        query.weights @ np.maximum.reduceat(query.vectors @ stacked.T, starts, axis=1) for query in queries
    ])  # fmt: skip


def main(folder: Path) -> None:
    """Print the table."""
    reader = encoders.load("reader")
    assert isinstance(reader, Reader)
    found = list(pictures(folder))
    classifier = sight.load()
    likely = [classifier.likelihoods(image) for _, _, image in found]
    held = np.arange(len(found)) % 2 == 1
    asked = [reader.encode_query(label) for _, label, _ in found]
    kinds = [reader.encode_query(text) for text in KINDS.values()]
    of_kind = np.array([[f"/{kind}/" in f"/{file}" for file, _, _ in found] for kind in KINDS])
    write = sys.stdout.write
    write(f"{len(found)} pictures; {held.sum()} of them asked for\n\n")
    write("| a picture is | its own label: MRR | first | in five | kinds: mean average precision |\n")
    write("| --- | ---: | ---: | ---: | ---: |\n")
    for name, form in forms(reader).items():
        pages = [form(one) for one in likely]
        scores = maxsim(asked, pages)
        own = np.diag(scores)
        ranks = ((scores >= own[:, None]).sum(axis=1))[held]  # level ones count as ahead
        precisions = []
        for row, right in zip(maxsim(kinds, pages), of_kind, strict=True):
            hits = (right & held)[np.argsort(-row, kind="stable")][held[np.argsort(-row, kind="stable")]]
            if hits.any():
                precisions.append((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())
        figures = ((1 / ranks).mean(), (ranks == 1).mean(), (ranks <= 5).mean(), np.mean(precisions))
        write(f"| {name} | {' | '.join(f'{figure:.3f}' for figure in figures)} |\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
