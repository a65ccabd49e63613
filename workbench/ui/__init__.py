"""The page: Library, Search, Page and Compare over one `Workbench`, in Gradio, with nothing fetched from anywhere else.

`build` gives the Gradio blocks; `serve` runs them with the routes for page images and uploads. No retrieval logic lives
here: every action is one call of the service, and its answer is turned into plain JSON by `payload`.
"""

from __future__ import annotations

import workbench.ui.importing  # noqa: F401, before anything else asks for Gradio
from workbench.ui.server import check_address, create_app, serve
from workbench.ui.shell import build

__all__ = ["build", "check_address", "create_app", "serve"]
