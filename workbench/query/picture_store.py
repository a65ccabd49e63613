"""Pictures that people search with: kept by the hash of their file, small, clean and few; shown as a page to encoders.

A picture is decoded once, by a process for reading files and under the limits of documents, and kept without anything
that is no pixel (places, names, thumbnails), so that later readers meet only what was made here. What was not used for
longest goes when there are more than `CACHE_BYTES` of them.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from workbench.atomic import written_whole
from workbench.documents import ReaderPool, readers
from workbench.documents.probing import content_hash
from workbench.documents.reading import first_picture, words_of
from workbench.documents.sources import display_name
from workbench.errors import InputError, NotFoundError
from workbench.types import Gone, Page, PageRef, Receipt, Words

CACHE_BYTES = 256 << 20
SIDE = 2400
"""Longer side in pixels at which pictures are kept: what OCR reads at, and more than any page model sees."""
_NAME = re.compile(r"[0-9a-f]{64}")
_SUBJECT = "The picture"
_READ = 64  # pictures whose words are remembered


@dataclass(frozen=True, slots=True)
class RepairPreview:
    """What repairing a picture would do: ``steps`` in order with a reason each (none for steps that were given).

    ``before`` and ``after`` are picture files; the same one where there is nothing to do.
    """

    picture: str
    steps: tuple[str, ...]
    reasons: tuple[str, ...]
    before: Path
    after: Path


class PictureStore:
    """The kept pictures, in one folder; ``pool`` reads them. Safe to use from several threads and processes."""

    def __init__(self, folder: Path, most: int = CACHE_BYTES, pool: ReaderPool | None = None) -> None:
        self._folder = folder
        self._readers = pool or readers()
        self._most = most
        self._lock = threading.Lock()
        self._read: OrderedDict[tuple[str, ...], Words] = OrderedDict()

    def keep(self, file: Path | bytes) -> str:
        """Keep a picture, or the first page of a PDF; returns its hash. `DocumentError` when it cannot be read."""
        if isinstance(file, bytes):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / _SUBJECT  # what a sentence about it calls it
                path.write_bytes(file)
                return self._keep(path)
        return self._keep(file)

    def path(self, picture: str, repairs: Sequence[str] = ()) -> Path:
        """The file (WebP) of a kept picture after these repairs; `NotFoundError` when it is not kept (any more)."""
        kept = self._file(picture)
        if not kept.is_file():
            raise NotFoundError("That picture is not kept any more; choose its file again.")
        os.utime(kept)
        if not repairs:
            return kept
        name = "\n".join(repairs).encode("utf-8", "backslashreplace")
        made = kept.with_stem(f"{picture}-{hashlib.sha256(name).hexdigest()}")
        if not made.is_file():
            from workbench.documents.repair import repaired

            self._write(self._readers.call(repaired, self.image(picture), repairs, subject=_SUBJECT), made)
        os.utime(made)
        return made

    def image(self, picture: str, repairs: Sequence[str] = ()) -> Image.Image:
        """The RGB picture; see `path`."""
        with Image.open(self.path(picture, repairs)) as image:
            return image.convert("RGB")

    def page(self, picture: str, repairs: Sequence[str], read: bool) -> Page:
        """The picture as a page, as encoders take them; with its words, by OCR, if they are to be ``read``."""
        image = self.image(picture, repairs)
        words = self.words(picture, repairs) if read else Words.empty()
        return Page(PageRef("picture", 1), image.size, lambda: image, words, picture, pictures=((0.0, 0.0, 1.0, 1.0),))

    def words(self, picture: str, repairs: Sequence[str] = ()) -> Words:
        """The words of a picture, by OCR, which takes seconds the first time."""
        key = (picture, *repairs)
        with self._lock:
            known = self._read.get(key)
        if known is None:
            known = self._readers.call(words_of, self.image(picture, repairs), subject=_SUBJECT)
            with self._lock:
                self._read[key] = known
                while len(self._read) > _READ:
                    self._read.popitem(last=False)
        return known

    def forget(self, gone: Gone) -> Receipt:
        """Delete those of the files that leave which are kept as pictures, repaired ones too."""
        found = 0
        for picture in gone.contents:
            with self._lock:
                for key in [key for key in self._read if key[0] == picture]:
                    del self._read[key]
            found += self._file(picture).is_file()
            for file in self._folder.glob(f"{picture}*"):
                with suppress(OSError):  # on Windows, somebody looks at it
                    file.unlink()
        return Receipt.of(gone, pictures=found)

    def rename_collection(self, collection: str, name: str) -> None:
        """Pictures are known by their content, whatever collection holds them too."""

    def preview(self, picture: str, repairs: Sequence[str] | None = None) -> RepairPreview:
        """What these repairs do to a picture, or, without any, what might be wrong with it and what would mend that."""
        if repairs is None:
            from workbench.documents.repair import proposed

            found = self._readers.call(proposed, self.image(picture), subject=_SUBJECT)
            steps, reasons = tuple(item.step for item in found), tuple(item.reason for item in found)
        else:
            steps, reasons = tuple(repairs), ()
        return RepairPreview(picture, steps, reasons, self.path(picture), self.path(picture, steps))

    def _keep(self, path: Path) -> str:
        name = display_name(path.name)
        digest: str = self._readers.call(content_hash, path, subject=name)
        kept = self._file(digest)
        if kept.is_file():
            os.utime(kept)
            return digest
        digest, image = self._readers.call(first_picture, path, SIDE, subject=name)  # of what it is by now
        self._write(image, self._file(digest))
        return digest

    def _file(self, picture: str) -> Path:
        if not _NAME.fullmatch(picture):
            raise InputError(f"'{picture[:80]}' does not name a picture; its name is the sha256 of its file, in hex.")
        return self._folder / f"{picture}.webp"

    def _write(self, image: Image.Image, path: Path) -> None:
        """Write a picture whole or not at all, then let go of the longest unused beyond the limit."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as partial:
            image.save(partial, "WEBP", quality=95, method=2)
        with self._lock:
            self._sweep(path)

    def _sweep(self, just_made: Path) -> None:
        found = []
        for file in self._folder.glob("*.webp"):
            with suppress(OSError):  # another process swept it meanwhile
                found.append((file.stat(), file))
        left = sum(stat.st_size for stat, _ in found)
        for stat, file in sorted(found, key=lambda item: item[0].st_mtime_ns):
            if left <= self._most:
                return
            if file != just_made:
                with suppress(OSError):  # on Windows, somebody looks at it
                    file.unlink()
                    left -= stat.st_size
