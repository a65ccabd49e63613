"""Keeps transformers from counting the tokens of a batch, one by one, to see whether it has any.

The trap: `BatchEncoding.convert_to_tensors` puts all numbers of a batch in one list and asks for its length. That takes
1.4 ms a page of ColPali (1,046 tokens, three lists of them), in which no other thread of the process runs: of a card
that does 85 pages a second, an eighth.

The cure: the first number will do. A release of transformers that uses the list otherwise, or has none, is left alone,
and so is one that came without its source.
"""

from __future__ import annotations

import inspect
from typing import Any

_ONLY_USE = "len(flatten(value)) == 0"


def cure() -> bool:
    """Have it look for one number; True where that is done, also when it was before."""
    from transformers import tokenization_utils_base as library

    known = getattr(library, "flatten", None)
    if known is None or known is _first:
        return known is _first
    try:
        source = inspect.getsource(library).replace(inspect.getsource(known), "")
    except OSError:
        return False
    if source.count("flatten") != source.count(_ONLY_USE):
        return False
    library.flatten = _first
    return True


def _first(values: Any) -> list[Any]:
    """The first number in lists of lists, if there is one."""
    if not isinstance(values, list | tuple):
        return [values]
    return next((found for each in values if (found := _first(each))), [])
