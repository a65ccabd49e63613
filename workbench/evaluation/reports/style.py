"""The look of a report: the workbench's own colours and type, light and dark, in one style sheet with its hash."""

from __future__ import annotations

import base64
import hashlib

from workbench.resources import asset

DARK = ".dark {"


def sheet() -> str:
    """The style sheet: the tokens of the screen, its dark ones where the system is dark, then the report's own rules.

    Paper is always light.
    """
    light, found, dark = asset("css/tokens.css").read_text(encoding="utf-8").partition(DARK)
    night = f"@media screen and (prefers-color-scheme: dark) {{\n:root {{{dark.rstrip()}\n}}\n" if found else ""
    return f"\n{light}{night}{asset('report/report.css').read_text(encoding='utf-8')}"


def policy(style: str) -> str:
    """A content security policy that lets a page show this style and pictures in itself, and do nothing else."""
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
