"""Gradio's import without what it does for editors: it parses its own components every time and writes stubs beside
their files, which is two fifths of its time, and which processes that start together do to the same files.

It leaves that alone where a component's file is not known, as of one made in a console; so none is known meanwhile.
"""

from __future__ import annotations

import inspect
from typing import Any
from unittest import mock

_FILE = inspect.getfile


def _getfile(of: Any) -> str:
    if str(getattr(of, "__module__", "")).startswith("gradio."):
        raise OSError("not while Gradio is imported")
    return _FILE(of)


with mock.patch("inspect.getfile", _getfile):
    import gradio as gradio
