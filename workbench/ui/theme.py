"""Gradio's theme, quietened: system fonts, our own colours, and no shadows or blocks of its own."""

from __future__ import annotations

from typing import Any

import gradio as gr

STYLES = (
    "css/tokens.css",
    "css/frame.css",
    "css/controls.css",
    "css/widths.css",
    "css/library.css",
    "css/search.css",
    "css/results.css",
    "css/viewer.css",
    "css/models.css",
    "css/compare.css",
    "css/evaluate.css",
    "css/system.css",
)
_SANS = ["ui-sans-serif", "system-ui", "sans-serif"]
_MONO = ["ui-monospace", "monospace"]


def theme() -> Any:
    """A `gradio.themes.Base` with local fonts only, so that nothing is fetched."""
    return gr.themes.Base(font=_SANS, font_mono=_MONO).set(
        body_background_fill="#f6f6f4",
        body_background_fill_dark="#131312",
        body_text_color="#1c1c1a",
        body_text_color_dark="#eeede8",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_shadow="none",
    )
