"""The Gradio blocks: a bar, the tabs, and the events that stream.

Every custom component has a constant template. Data reaches the browser as JSON only (as a component's value, or as the
answer of a server function), and the scripts in ``assets/js`` build the page from it with ``textContent``: a template
that interpolates a document's text would run it (Gradio compiles templates with ``Function``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from workbench.api.uploads import Uploads
from workbench.api.warmup import Warmup
from workbench.errors import PagelensError
from workbench.permits import ALL, permitted
from workbench.ui import payload
from workbench.ui.actions import UNEXPECTED, Actions, logger
from workbench.ui.endpoints import add_endpoints
from workbench.ui.guard import PERMIT

if TYPE_CHECKING:
    from workbench.service import Workbench

_PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def _part(name: str, value: Any = None, server_functions: Any = None, events: str = "") -> gr.HTML:
    """A custom component whose content ``assets/js/<name>.js`` builds. ``events`` names those it can trigger."""
    return gr.HTML(
        value=value,
        html_template=f'<div class="pl-part" data-part="{name}"></div>',
        js_on_load=f'pagelens.mount("{name}", {{element, props, watch, trigger, server}}); /* {events} */',
        elem_id=f"pl-{name}",
        apply_default_css=False,
        server_functions=server_functions,
    )


def build(workbench: Workbench) -> gr.Blocks:
    """The whole page over one workbench. It opens without loading a model; `Warmup` loads one behind it."""
    uploads = Uploads(workbench.settings.home)
    actions = Actions(workbench, uploads, Warmup(workbench))

    def ask(event: gr.EventData, asker: gr.Request) -> Iterator[dict[str, Any]]:
        request = dict(event._data or {})
        number = request.get("number", 0)
        try:
            with permitted(asker.request.scope.get(PERMIT, ALL)):
                stages = actions.search(request)  # what may be seen is decided here
            for result in stages:
                yield {"number": number, "ok": True, "result": payload.search_result(result)}
        except PagelensError as error:
            yield {"number": number, "ok": False, "error": str(error)}
        except Exception:
            logger.exception("The search failed")
            yield {"number": number, "ok": False, "error": UNEXPECTED}

    with gr.Blocks(
        title="Pagelens", analytics_enabled=False, fill_width=True, delete_cache=(3600, 86400), elem_id="pagelens"
    ) as blocks:
        _part("bar", server_functions=actions.functions())
        _part("jobs")
        with gr.Tabs(elem_id="pl-tabs", selected="search"):
            with gr.Tab("Library", id="library", elem_id="pl-tab-library"):
                _part("library")
            with gr.Tab("Search", id="search", elem_id="pl-tab-search"):
                results = _part("search", events="'ask'")
            with gr.Tab("Page", id="page", elem_id="pl-tab-page"):
                _part("viewer")
            with gr.Tab("Compare", id="compare", elem_id="pl-tab-compare"):
                _part("compare")
            with gr.Tab("Evaluate", id="evaluate", elem_id="pl-tab-evaluate"):
                _part("evaluate")
            with gr.Tab("System", id="system", elem_id="pl-tab-system"):
                _part("system")
        add_endpoints(workbench, uploads)
        results.ask(
            ask, None, results, trigger_mode="multiple", concurrency_id="search", concurrency_limit=2, **_PRIVATE
        )
    blocks.queue(max_size=64, default_concurrency_limit=2)
    blocks.pagelens = actions
    return blocks
