"""What was found, in forms to take away: values for files, pages to look at, and marked pictures."""

from workbench.exports.forms import FORMS, Form, filename, form
from workbench.exports.found import Found, FoundPage
from workbench.exports.records import explain_record, search_record

__all__ = ["FORMS", "Form", "Found", "FoundPage", "explain_record", "filename", "form", "search_record"]
