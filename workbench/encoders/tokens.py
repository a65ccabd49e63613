"""Which token vectors of a query and of a page are compared, and what to call them.

The model always reads the query in the form it was trained with (prefix, text, augmentation tokens); a policy only says
which vectors are kept afterwards, so every policy ranks with the same model:

``official``         all of them, as the authors of the model score.
``no_augmentation``  without the augmentation tokens that colpali-engine appends (ten; none for some families).
``no_special``       without any special token: those, and also the tokens that open and close a text or a turn.

Of a page, whose picture stands in a prompt of its own, there are two:

``visual``           the vectors that stand for a piece of the picture.
``official``         those of the prompt around it too, as the published figures were made. They have no place.

`reader`, which has no tokens of pictures, has ``pictures``, words and what the page's photographs look like, beside
``visual``, words alone, which is what it gave before it saw photographs.

What the policies never do: go by the number of an id. Small ids are special in one vocabulary and ``!`` or ``$`` in
another.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

OFFICIAL = "official"
POLICIES = (OFFICIAL, "no_special", "no_augmentation")
VISUAL = "visual"
PICTURES = "pictures"
PAGE_POLICIES = (VISUAL, OFFICIAL)
AUGMENTATION = 10
"""How many augmentation tokens colpali-engine's `process_queries` appends."""


def kept(policy: str, ids: NDArray[np.int64], tokenizer: Any, augmentation: int | None) -> NDArray[np.bool_]:
    """Which of a query's ``ids (n,)`` a policy keeps, ``(n,) bool``; all of them if it would keep none.

    ``augmentation`` is the id of the augmentation token, None for a family without.
    """
    keep = np.ones(len(ids), np.bool_)
    if policy == "no_special":
        keep = ~np.isin(ids, list(special_ids(tokenizer)))
    elif policy == "no_augmentation" and augmentation is not None:
        keep = ~_appended(ids, augmentation)
    return keep if keep.any() else np.ones(len(ids), np.bool_)


def special_ids(tokenizer: Any) -> set[int]:
    """The ids a tokenizer holds for special, whether named (bos, eos, ...) or added as special."""
    added = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    return added | set(tokenizer.all_special_ids)


def labels(ids: NDArray[np.int64], tokenizer: Any) -> tuple[str, ...]:
    """The text of each token. Where several tokens share one character, each is labelled with that character."""
    found: list[str] = []
    start = 0
    for end in range(1, len(ids) + 1):
        text = tokenizer.decode(ids[start:end].tolist())
        if "\ufffd" in text and end < len(ids) and end - start < 4:  # no character takes more than four bytes
            continue
        found += [text] * (end - start)
        start = end
    return tuple(found)


def _appended(ids: NDArray[np.int64], augmentation: int) -> NDArray[np.bool_]:
    """The last run of augmentation tokens, at most ten of them; a chat template may close its turn after them."""
    places = np.flatnonzero(ids == augmentation)
    run = np.zeros(len(ids), np.bool_)
    if len(places):
        breaks = np.flatnonzero(np.diff(places) > 1)
        last = places[breaks[-1] + 1 :] if len(breaks) else places
        run[last[-AUGMENTATION:]] = True
    return run
