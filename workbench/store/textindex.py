"""Text search over the pages' words: BM25 as LanceDB's inverted index gives it, and how that index is set.

Settled by measurement and pinned by tests:

* ``icu/split`` finds words of languages written without spaces and both halves of ``AB-1234``.
* Our own stop words. With an ICU tokenizer LanceDB 0.40 drops the stop words of *all* its languages whatever
  ``language`` says: *sea*, *war*, *son*, *hat*, *die*, *man* and the digit *4* could not be found.
* A text is matched as words and never read as query syntax (`MatchQuery`).
* Half of a surrogate pair cannot be sent to LanceDB (`wellformed`).
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from typing import Any

from workbench.types.text import wellformed

COLUMN = "text"
_LUCENE_ENGLISH = """a an and are as at be but by for if in into is it no not of on or such that the their then there
these they this to was will with"""
_QUESTIONS = "what which who whom whose how when where why do does did"
STOP_WORDS = f"{_LUCENE_ENGLISH} {_QUESTIONS}".split()
_TOKENIZER: dict[str, Any] = {
    "base_tokenizer": "icu/split",
    "language": "English",
    "stem": True,
    "ascii_folding": True,
    "remove_stop_words": True,
    "custom_stop_words": STOP_WORDS,
}
_WITH_STOP_WORDS = {**_TOKENIZER, "remove_stop_words": False, "custom_stop_words": None}


def tokens(text: str) -> list[str]:
    """The words of a text as the index has them, in order: split, stemmed, without accents and stop words."""
    return _tokenized(text, _TOKENIZER)


def split(text: str) -> list[str]:
    """The same with its stop words."""
    return _tokenized(text, _WITH_STOP_WORDS)


def _tokenized(text: str, how: dict[str, Any]) -> list[str]:
    import lancedb

    return [token.text for token in lancedb.tokenize(wellformed(text), **how)]


@cache
def fingerprint() -> str:
    """What changes when `tokens` may."""
    return blake2b(f"{version('lancedb')} {_TOKENIZER}".encode(), digest_size=8).hexdigest()


def build(table: Any) -> None:
    """Make the index anew from the rows there are. Deletions leave its word statistics as they were; this does not."""
    from lancedb.index import FTS

    table.create_index(COLUMN, config=FTS(with_position=False, **_TOKENIZER), replace=True)


def search(table: Any, query: str, limit: int) -> list[tuple[str, float]]:
    """Page ids with their BM25 score, best first, then by id. Rows not yet indexed are found too."""
    from lancedb.query import MatchQuery

    words = wellformed(query)
    if limit < 1 or not words.strip():
        return []
    found = table.search(MatchQuery(words, COLUMN), query_type="fts")
    rows = found.select(["page_id", "_score"]).limit(limit).to_arrow()
    pairs = zip(rows["page_id"].to_pylist(), rows["_score"].to_pylist(), strict=True)
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def frequency(table: Any, word: str, most: int) -> int:
    """How many of at most ``most`` rows have a word, all of its parts where it is several (``AB-1234``)."""
    from lancedb.query import FullTextOperator, MatchQuery

    plain = wellformed(word)
    if most < 1 or not plain.strip():
        return 0
    found = table.search(MatchQuery(plain, COLUMN, operator=FullTextOperator.AND), query_type="fts")
    return int(found.select(["page_id", "_score"]).limit(most).to_arrow().num_rows)


def is_there(table: Any) -> bool:
    """Whether the table has its text index."""
    return any(COLUMN in index.columns for index in table.list_indices())
