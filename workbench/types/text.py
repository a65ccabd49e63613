"""Text that can be written down: without halves of surrogate pairs, which UTF-8 has no bytes for.

They come from command lines and file names whose bytes are no text, and from JSON (``"\\ud800"``). What this module
does not do: normalise, or judge what a text says.
"""

from __future__ import annotations


def wellformed(text: str) -> str:
    """The text with each half of a surrogate pair as U+FFFD, two that belong together as their character."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def storable(name: str) -> str:
    """A name as text that can be stored, one to one: bytes of it that are no text come as ``\\udc80``."""
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode("utf-8")
