"""Small books with printed page numbers, contents, an index and bookmarks, for the tests of the manuals' benchmark."""

from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = A5
BODY = 40
TOPICS = [f"{a} {b}" for a in ("copper", "silver", "golden", "iron", "leaden", "tin") for b in
          ("wire", "kettle", "bridge", "anchor", "lantern")]  # fmt: skip


def topics_of(front):
    """Each topic's printed page, and the page of the file it stands on after ``front`` pages without numbers."""
    return {topic: (number, number + front) for number, topic in enumerate(TOPICS, 1)}


def write_book(path, front=3, numbered=True, wrong_by=0, entries=None):
    """``front`` unnumbered pages with contents, 40 numbered ones with a topic each, and an index in two columns.

    ``wrong_by`` shifts the numbers that the index states; ``entries`` replaces its lines.
    """
    canvas = Canvas(str(path), pagesize=A5, invariant=True)
    _line(canvas, 60, 500, "A Book of Metal Things")
    canvas.showPage()
    canvas.bookmarkPage("contents")
    canvas.addOutlineEntry("Contents", "contents")
    _line(canvas, 40, 540, "Contents")
    for i in range(12):
        _line(canvas, 40, 520 - 14 * i, f"{i + 1} Chapter about things {'. ' * 20} {3 * i + 1}")
    canvas.showPage()
    for _ in range(front - 2):
        _line(canvas, 60, 500, "This page was left free of numbers on purpose.")
        canvas.showPage()
    for number in range(1, BODY + 1):
        topic = TOPICS[number - 1] if number <= len(TOPICS) else "nothing in particular"
        canvas.bookmarkPage(f"p{number}")
        canvas.addOutlineEntry(f"{number}. About the {topic}", f"p{number}")
        for i in range(9):
            _line(canvas, 40, 520 - 14 * i, f"Line {i} of what the writer knows of the {topic}.")
        if numbered:
            _line(canvas, WIDTH / 2, 30, str(number))
        canvas.showPage()
    canvas.bookmarkPage("index")
    canvas.addOutlineEntry("Index", "index")
    _line(canvas, 40, 560, "Index")
    lines = entries or [f"{topic}, {number + wrong_by}" for number, topic in enumerate(TOPICS, 1)]
    half = (len(lines) + 1) // 2
    for column, part in enumerate((lines[:half], lines[half:])):
        for row, text in enumerate(part):
            indent = len(text) - len(text.lstrip())
            _line(canvas, 40 + 190 * column + 6 * indent, 535 - 13 * row, text.strip())
    _line(canvas, WIDTH / 2, 30, str(BODY + 1))
    canvas.showPage()
    canvas.save()
    return path


def _line(canvas, x, y, text):
    canvas.setFont("Helvetica", 9)
    canvas.drawString(x, y, text)
