"""How addresses are matched: Starlette's way, but for names with line breaks, which files may have."""

from __future__ import annotations

from starlette.convertors import PathConvertor, register_url_convertor


class _AnyPath(PathConvertor):
    """The rest of an address, whatever is in it; Starlette's ends at a line break."""

    regex = "(?s:.*)"


def with_line_breaks() -> None:
    """Let routes and mounts that are made from now on match line breaks where they take any path."""
    register_url_convertor("path", _AnyPath())
