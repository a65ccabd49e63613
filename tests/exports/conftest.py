"""A small collection of real PDFs, one of whose names and texts would do harm where text were taken for more."""

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

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
    (root / "files").mkdir()
    for name, pages in TOPICS.items():
        canvas = Canvas(str(root / "files" / name), pagesize=A4)
        for text in pages:
            canvas.setFont("Helvetica", 14)
            canvas.drawString(72, 700, text)
            canvas.drawString(72, 90, "Printed for testing")
            canvas.showPage()
        canvas.save()
    workbench = Workbench(Settings(home=root / "home"))
    workbench.ingest([root / "files"], "notes")
    return workbench
