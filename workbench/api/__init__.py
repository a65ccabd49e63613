"""The HTTP API: the service under ``/api/v1``, with typed requests and answers, and read-only tools for assistants.

`application.application` is a FastAPI application of its own, which the page's server mounts; every operation is one
call of the service. What this package does not do: search or explain, which is the service's work, or show anything.
"""

from __future__ import annotations

from starlette.convertors import PathConvertor, register_url_convertor


class _AnyPath(PathConvertor):
    """Starlette's, which matches the rest of an address, for addresses with line breaks too: names may have some."""

    regex = "(?s:.*)"


register_url_convertor("path", _AnyPath())  # before any route is made
