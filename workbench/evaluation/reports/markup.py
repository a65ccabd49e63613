"""HTML and SVG as values: whatever is not markup already is escaped, so that no text of a document can become markup.

`el` makes one element from its children and attributes. There is no way to write an event handler, a script or an
inline style with it: those names are refused, which is what the page's content security policy asks for anyway.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

Child = str | float | None | Iterable["Child"]
"""Text, a number, nothing, markup, or several of these."""

VOID = frozenset({"br", "img", "meta", "input", "hr"})
REFUSED = frozenset({"style", "srcdoc", "script"})
_CONTROLS = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def el(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """One element. ``class_`` and ``for_`` lose their underscore, other underscores become hyphens.

    An attribute that is None or False is left out; True leaves its name alone. ``ValueError`` for an attribute or
    element that could run or load something by itself.
    """
    parts = []
    for key, value in attributes.items():
        attribute = key.rstrip("_").replace("_", "-")
        if attribute in REFUSED or attribute.startswith("on"):
            raise ValueError(f"{attribute} is not for a report")
        if value is not None and value is not False:
            parts.append(f" {attribute}" if value is True else f' {attribute}="{escape(_plain(value))}"')
    if name in REFUSED:
        raise ValueError(f"<{name}> is not for a report")
    start = f"<{name}{''.join(parts)}>"
    return Markup(start) if name in VOID else Markup(f"{start}{join(children)}</{name}>")


def join(children: Iterable[Child]) -> Markup:
    """Children one after another, escaped where they are not markup."""
    return Markup("").join(_flat(children))


def _flat(children: Iterable[Child]) -> Iterable[Markup]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, Markup):
            yield child
        elif isinstance(child, str | int | float):
            yield escape(_plain(child))
        else:
            yield from _flat(child)


def _plain(value: str | float) -> str:
    """A value as text; control characters and lone surrogates, which no HTML file may hold, become U+FFFD."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text.translate(_CONTROLS).encode("utf-8", "replace").decode("utf-8")
