"""Makes `workbench/sight/kinds.npz`, the classifier of kinds of figure, and measures it on pictures kept back.

It is a logistic regression on the means of EfficientNet-Lite2's features over a picture. What it learns from comes with
Debian's packages, or is drawn: by `drawn.py`, and by `reports.py` as reports, slides, papers and filings have it; all
under free licences. Run::

    for package in tuxpaint-stamps-default mate-backgrounds python3-skimage kgeography-data gnome-user-docs \\
        gimp-help-en debian-handbook lilypond-doc papirus-icon-theme octave-doc libeigen3-doc graphviz-doc \\
        python-statsmodels-doc fonts-breip fonts-dancingscript fonts-rufscript fonts-femkeklaver fonts-ecolier-court \\
        fonts-lato fonts-open-sans fonts-roboto-unhinted fonts-ebgaramond fonts-crosextra-carlito \\
        fonts-crosextra-caladea fonts-liberation fonts-texgyre fonts-inconsolata debian-policy \\
        developers-reference; do
        apt-get download $package && dpkg-deb -x ${package}_*.deb packages/$package; done
    pip install '.[figures]'
    python -m benchmarks.sight.figures packages workbench/sight/kinds.npz

Every fourth picture is kept back, those of one name in several languages or sizes together, and all that `reports`
draws in one style; what is shipped is fitted on them too. Nothing of a benchmark of questions is learned from.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from benchmarks.sight import drawn, pages, paper, reports
from benchmarks.sight.photographs import opened
from benchmarks.sight.photographs import pictures as stamps
from workbench import sight
from workbench.documents.pdfium import PdfFile
from workbench.sight.kinds import NONE
from workbench.types import Float

HANDS = ("fonts-breip", "fonts-dancingscript", "fonts-rufscript", "fonts-femkeklaver", "fonts-ecolier-court")
"""Fonts that look as if written by hand."""
OF_DOCUMENTS = ("fonts-liberation", "fonts-texgyre", "fonts-inconsolata")
"""Fonts that look like those of most documents; those of `made` are the others."""
EACH, A_STYLE = 150, 40
"""Pictures of a kind, at most where packages bring them, and of a style of those in reports at least."""
REPORTED = ("chart", "diagram", "table", "text", NONE)
"""Kinds that are drawn as reports have them."""
SHOWN = frozenset(("chart", "table", "diagram"))
"""Kinds that stand on slides."""
DOCUMENTS = ("debian-policy/**/policy.pdf.gz", "developers-reference/**/*.pdf")
"""Manuals whose pages are hardly anything but text."""
HELD_BACK = 4
PENALTY = 1e-2
"""Of the weights' squares: 1e-3 to 1e-2 are level on the pictures kept back, 3e-2 is a little worse; of 1e-2 and 3e-2
it is the better one on every other document of `told`."""
SOURCES: dict[str, tuple[str, ...]] = {
    "photograph": ("mate-backgrounds/**/nature/*.jpg", "python3-skimage/**/data/*.png", "python3-skimage/**/data/*.jpg",
                   "gimp-help-en/**/en/images/using/*.jpg"),
    "map": ("kgeography-data/usr/share/kgeography/*.png",),
    "screenshot": ("gnome-user-docs/**/C/**/*.png", "gnome-user-docs/**/de/**/*.png",
                   "gimp-help-en/**/en/images/dialogs/*.png", "gimp-help-en/**/en/images/menus/**/*.png",
                   "gimp-help-en/**/en/images/filters/**/*-dialog.png",
                   "debian-handbook/**/en-US/images/inst-*.png", "debian-handbook/**/en-US/images/*.png"),
    "music": ("lilypond-doc/**/lily-*.png",),
    "logo": ("papirus-icon-theme/**/Papirus/64x64/apps/*.svg",),
    "diagram": ("libeigen3-doc/**/*graph.png", "graphviz-doc/**/*.png"),
    "chart": ("octave-doc/**/octave.html/*.png", "python-statsmodels-doc/**/*.png"),
}  # fmt: skip
NOT_PHOTOGRAPHS = frozenset({"horse", "page", "text", "phantom", "checker_bilevel", "clock_motion", "microaneurysms",
                             "motorcycle_disp", "color", "gray", "logo", "blobs", "coffee", "rocket"})  # fmt: skip
"""Of python3-skimage: drawings and test patterns, and the two that the sample asks for."""


Example = tuple[str, str, Image.Image]
"""The kind of a picture, its name (those of one name belong together), and itself."""


def made(packages: Path, rng: np.random.Generator) -> Iterator[Example]:
    """Pictures that are drawn here, half of them with words around them."""
    fonts = [font for font in _fonts(packages) if font.relative_to(packages).parts[0] not in OF_DOCUMENTS]
    by_hand = tuple(font for font in fonts if font.relative_to(packages).parts[0] in HANDS)
    drawn.use([font for font in fonts if font not in by_hand])
    for kind, draw in drawn.kinds(by_hand).items():
        for number in range(EACH):
            image = draw(rng)
            captioned = kind not in ("text", "handwriting") and rng.random() < 0.5
            yield kind, f"drawn {kind} {number}", drawn.captioned(image, rng) if captioned else image


def reported(kind: str, packages: Path, rng: np.random.Generator) -> Iterator[Example]:
    """What reports, slides, papers and filings have of a kind; those of one style have one name."""
    set_in = [font for font in _fonts(packages) if font.relative_to(packages).parts[0] not in HANDS]
    paper.use([font for font in set_in if "chorus" not in font.name], packages)
    scenes = [image for file in _files(packages, "photograph") if (image := opened(file)) and min(image.size) >= 60]
    styles = reports.kinds(scenes)[kind]
    for style, draw in styles.items():
        for _ in range(max(EACH // len(styles), A_STYLE)):
            image = draw(rng)
            on_slide = kind in SHOWN and rng.random() < 0.15
            yield kind, f"drawn {style}", pages.slide(image, rng) if on_slide else image
    if kind != "text":
        return
    for file in sorted(file for pattern in DOCUMENTS for file in packages.glob(pattern)):
        with NamedTemporaryFile(suffix=".pdf") as plain:
            content = file.read_bytes()
            plain.write(gzip.decompress(content) if file.suffix == ".gz" else content)
            plain.flush()
            document = PdfFile(Path(plain.name))
            for number in rng.permutation(document.pages)[: EACH // 3]:
                page = document.handle[int(number)]
                yield "text", file.name, page.render(scale=rng.uniform(1, 1.6)).to_pil().convert("RGB")
            document.close()


def _fonts(packages: Path) -> list[Path]:
    return sorted(p for p in packages.glob("fonts-*/**/*") if p.suffix in (".ttf", ".otf"))


def _files(packages: Path, kind: str) -> list[Path]:
    """Files of pictures of a kind."""
    found = {file for pattern in SOURCES[kind] for file in packages.glob(pattern)}
    files = sorted(found, key=lambda file: file.name)
    files = [file for file in files if file.stat().st_size > 2500 or file.suffix == ".svg"]
    return [file for file in files if not (kind == "photograph" and file.stem in NOT_PHOTOGRAPHS)]


def found(packages: Path, rng: np.random.Generator) -> Iterator[Example]:
    """Pictures that come with packages."""
    photographs = [(str(name), image) for name, _, image in stamps(packages / "tuxpaint-stamps-default")]
    scenes = []
    for kind in SOURCES:
        files = _files(packages, kind)
        rng.shuffle(files)
        for file in files[:EACH]:
            image = opened(file)
            if image is None or min(image.size) < 60:
                continue
            if kind == "photograph":
                scenes.append(image)
            yield kind, file.stem, image
    for name, image in photographs:
        yield "photograph", name, image
    for number in range(EACH // 2):  # things before a scene, as photographs mostly are
        scene = _part(scenes[number % len(scenes)], rng, 0.3)
        thing = photographs[int(rng.integers(len(photographs)))][1]
        scene = scene.resize((400, 300))
        thing = thing.resize((150, 150))
        mask = Image.fromarray((np.asarray(thing).min(axis=2) < 245).astype(np.uint8) * 255)
        scene.paste(thing, (int(rng.integers(0, 250)), int(rng.integers(0, 150))), mask)
        yield "photograph", f"scene {number}", scene


def _part(image: Image.Image, rng: np.random.Generator, least: float) -> Image.Image:
    share = rng.uniform(least, 1.0)
    width, height = (max(32, round(side * share)) for side in image.size)
    left, top = (
        int(rng.integers(0, max(1, side - part + 1))) for side, part in zip(image.size, (width, height), strict=True)
    )
    return image.crop((left, top, left + width, top + height))


def worn(image: Image.Image, kind: str, rng: np.random.Generator) -> Image.Image:
    """The picture as a page may show it: cut, with a margin, small, grey, blurred or pressed."""
    if rng.random() < 0.5:
        image = _part(image, rng, 0.7)
    if rng.random() < 0.35 and kind != "photograph":
        edge = [int(side * rng.uniform(0.02, 0.25)) for side in image.size]
        around = Image.new("RGB", (image.width + 2 * edge[0], image.height + 2 * edge[1]), "white")
        around.paste(image, (edge[0], edge[1]))
        image = around
    if rng.random() < 0.4:
        image = image.copy()
        image.thumbnail((int(rng.integers(120, 400)),) * 2)
    if rng.random() < 0.25:
        image = image.convert("L").convert("RGB")
    if rng.random() < 0.2:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.2)))
    held = io.BytesIO()
    image.save(held, "JPEG", quality=int(rng.integers(40, 95)))
    return Image.open(held).convert("RGB")


def fit(features: Float, classes: NDArray[np.int64], count: int) -> tuple[Float, Float]:
    """Weights ``(count, FEATURES)`` and bias ``(count,)``; every kind weighs the same, however many pictures it has."""
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-3
    x, y = torch.from_numpy((features - mean) / scale).float(), torch.from_numpy(classes)
    even = torch.from_numpy(1 / np.bincount(classes, minlength=count)[classes]).float()
    weight, bias = torch.zeros(count, x.shape[1], requires_grad=True), torch.zeros(count, requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        lost = torch.nn.functional.cross_entropy(x @ weight.T + bias, y, reduction="none")
        value = (lost * even).sum() / count + PENALTY * (weight**2).sum() / 2
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    found = weight.detach().numpy() / scale
    return found.astype(np.float32), (bias.detach().numpy() - found @ mean).astype(np.float32)


def looked_at(
    part: str, examples: Callable[[Path, np.random.Generator], Iterator[Example]], packages: Path
) -> tuple[list[str], list[bool], Float]:
    """Kinds, whether they are kept back, and features ``(n, FEATURES)`` of pictures, each worn by chance.

    They are remembered beside the packages, since they take minutes; delete the file to look anew.
    """
    cache = packages / f"{part}.npz"
    if not cache.is_file():
        rng = np.random.default_rng(0)
        kinds: list[str] = []
        held: list[bool] = []
        features: list[Float] = []
        batch: list[Image.Image] = []
        for kind, name, image in examples(packages, rng):
            kinds.append(kind)
            held.append(int(hashlib.sha256(f"{kind} {name}".encode()).hexdigest(), 16) % HELD_BACK == 0)
            batch.append(worn(image, kind, rng))
            if len(batch) == 8:
                features.append(sight.load().features(batch))
                batch = []
        features += [sight.load().features(batch)] if batch else []
        np.savez(cache, kinds=kinds, held=held, features=np.concatenate(features))
    with np.load(cache) as known:
        return known["kinds"].tolist(), known["held"].tolist(), known["features"]


def main(packages: Path, file: Path) -> None:
    """Make the file and print what it gets right of the pictures kept back."""
    parts = [looked_at(part, examples, packages) for part, examples in (("found", found), ("made", made))]
    parts += [looked_at(f"reported {kind}", partial(reported, kind), packages) for kind in REPORTED]
    kinds = [kind for part in parts for kind in part[0]]
    held, features = [kept for part in parts for kept in part[1]], np.concatenate([part[2] for part in parts])
    names = sorted(set(kinds))
    classes, kept = np.array([names.index(kind) for kind in kinds]), np.array(held)
    weight, bias = fit(features[~kept], classes[~kept], len(names))
    report(names, classes[kept], features[kept] @ weight.T + bias)
    weight, bias = fit(features, classes, len(names))
    np.savez_compressed(file, kinds=names, weight=weight.astype(np.float16), bias=bias)


def report(names: Sequence[str], classes: NDArray[np.int64], logits: Float) -> None:
    """The confusions of pictures kept back, a row a kind."""
    write = sys.stdout.write
    guessed = logits.argmax(axis=1)
    write(f"of {len(classes)} pictures kept back {(guessed == classes).mean():.3f} are told right\n\n")
    write(
        "| kind | pictures | told right | mostly taken for | of those told so, right |\n"
        "| --- | ---: | ---: | --- | ---: |\n"
    )
    for i, name in enumerate(names):
        mine = classes == i
        wrong = np.bincount(guessed[mine & (guessed != i)], minlength=len(names))
        other = f"{names[int(wrong.argmax())]} ({wrong.max()})" if wrong.any() else ""
        right = (classes[guessed == i] == i).mean() if (guessed == i).any() else 0.0
        write(f"| {name} | {mine.sum()} | {(guessed[mine] == i).mean():.3f} | {other} | {right:.3f} |\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
