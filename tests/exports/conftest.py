"""A small collection of real PDFs, one of whose names and texts would do harm where text were taken for more."""

import pytest

from tests.documents.make import write_pdf
from workbench.service import Workbench
from workbench.settings import Settings

EVIL = "=cmd|' bread & <b>butter<b>.pdf"
TOPICS = {
    "whales.pdf": ["The blue whale is the largest animal alive.", "Humpback whales sing long songs under water."],
    EVIL: ["Knead the dough until it is smooth <script>alert(1)</script> & rest.", "Bake the loaf in a hot oven."],
}


@pytest.fixture(scope="session")
def shelf(tmp_path_factory):
    root = tmp_path_factory.mktemp("exports")
    for name, pages in TOPICS.items():
        write_pdf(root / "files" / name, pages, size=14, footer="Printed for testing")
    workbench = Workbench(Settings(home=root / "home"))
    workbench.ingest([root / "files"], "notes")
    return workbench
