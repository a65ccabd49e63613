"""The command line: ``pagelens``, also ``python -m workbench``. One module per group of commands; `main` runs them."""

from workbench.cli.app import app, main

__all__ = ["app", "main"]
