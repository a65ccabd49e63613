"""The Gradio blocks: a bar and the tabs, each a place that the page's scripts fill.

Every custom component has a constant template. Data reaches the browser as JSON of the API only, and the scripts in
``assets/js`` make text and attributes of it, never markup: a template that interpolates a document's text would run it
(Gradio compiles templates with ``Function``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

from workbench.api.uploads import Uploads
from workbench.ui.endpoints import add_endpoints

if TYPE_CHECKING:
    from workbench.service import Workbench

TABS = ("library", "search", "page", "compare", "evaluate", "system")


def _part(name: str) -> None:
    """A custom component whose content a script makes, when Gradio has mounted it."""
    gr.HTML(
        html_template=f'<div class="pl-part" data-part="{name}"></div>',
        js_on_load=f'pagelens.mount("{name}", element);',
        elem_id=f"pl-{name}",
        apply_default_css=False,
    )


def build(workbench: Workbench, uploads: Uploads) -> gr.Blocks:
    """The whole page over one workbench, and what people script with Gradio's own client. No model is loaded."""
    with gr.Blocks(
        title="Pagelens", analytics_enabled=False, fill_width=True, delete_cache=(3600, 86400), elem_id="pagelens"
    ) as blocks:
        _part("bar")
        with gr.Tabs(elem_id="pl-tabs", selected="search"):
            for name in TABS:
                with gr.Tab(name.capitalize(), id=name, elem_id=f"pl-tab-{name}"):
                    _part("viewer" if name == "page" else name)
        add_endpoints(workbench, uploads)
    blocks.queue(max_size=64, default_concurrency_limit=2)
    return blocks
