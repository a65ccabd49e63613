"""How well a document was read, from what is known of its pages: a verdict, and why in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

GOOD, PARTLY, BADLY, WORDLESS, WAITING = "good", "partly", "badly", "wordless", "waiting"
"""Verdicts: all read; some pages hardly; half of them or more; no word on any page; pages still to be read."""
_MANY = 0.5  # of the pages that went in, from which on a document counts as badly read


@dataclass(frozen=True, slots=True)
class Legibility:
    """A verdict, and why."""

    verdict: str
    why: str


def legibility(pages: int, indexed: int, unread: int, hardly: int, wordless: int) -> Legibility:
    """The verdict on a document of so many ``pages``.

    ``indexed`` of them are in. Of those, the words in the pictures of ``unread`` are still to be read, ``hardly`` could
    hardly be read, and ``wordless`` have no words.
    """
    if unread or not indexed:
        what = f"The words in the pictures of {_pages(unread)} are still to be read."
        return Legibility(WAITING, what if unread else "None of its pages is in yet.")
    said = []
    if indexed < pages:
        said.append(f"{indexed:,} of {_pages(pages)} are in.")
    if hardly:
        whose = "its" if hardly == 1 else "their"
        what = "Its page" if indexed == 1 else f"{hardly:,} of {_pages(indexed)}"
        said.append(f"{what} could hardly be read, so {whose} words are hard to find.")
    if wordless == indexed:
        said.append("No words were read on its pages; they are found by how they look, if the encoder sees pictures.")
        return Legibility(BADLY if hardly else WORDLESS, " ".join(said))
    if wordless:
        said.append(f"{_pages(wordless)} without words.")
    if not hardly:
        return Legibility(GOOD, " ".join([*said, "All words that were seen were read."]))
    return Legibility(BADLY if hardly >= _MANY * indexed else PARTLY, " ".join(said))


def _pages(count: int) -> str:
    return f"{count:,} page{'' if count == 1 else 's'}"
