"""Pagelens: a visual document search workbench."""
