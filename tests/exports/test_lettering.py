"""Letters on pictures: a font that has them, a question mark where none has, and lines that fit."""

from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from workbench.exports import lettering
from workbench.exports.lettering import fitting, has, wrapped


def test_plain_letters_stay_and_a_letter_without_a_font_becomes_a_question_mark(monkeypatch):
    assert fitting("Net 12", 14)[1] == "Net 12"
    monkeypatch.setattr(lettering, "fonts", lambda size: (ImageFont.load_default(size),))
    font, text = fitting("aЖb", 14)
    assert text == "a?b"
    assert has(font, "a")
    assert not has(font, "Ж")


@given(st.lists(st.floats(1, 300), max_size=30), st.floats(50, 400), st.floats(0, 20))
def test_lines_hold_everything_in_order_and_no_more_than_fits(widths, room, gap):
    lines = wrapped(widths, room, gap)
    assert [i for line in lines for i in line] == list(range(len(widths)))
    for line in lines:
        assert len(line) == 1 or sum(widths[i] for i in line) + gap * (len(line) - 1) <= room + 1e-6
