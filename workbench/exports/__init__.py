"""What was found, in forms to take away: values for files, pages to look at, and marked pictures."""

from workbench.exports.formats import FORMATS, ExportFormat, export_format, filename
from workbench.exports.found import Found, FoundPage

__all__ = [
    "FORMATS",
    "ExportFormat",
    "Found",
    "FoundPage",
    "export_format",
    "filename",
]
