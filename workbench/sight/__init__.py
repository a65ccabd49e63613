"""Seeing what pictures show: an ImageNet classifier, whose weights come with a Python package, and names for classes.

Importing this package is cheap; torch and the weights come with the first picture.
"""

from __future__ import annotations

from workbench.sight.classifier import Classifier, Seen, Sighting, installed, load
from workbench.sight.kinds import TEXT

__all__ = ["TEXT", "Classifier", "Seen", "Sighting", "installed", "load"]
