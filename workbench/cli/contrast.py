"""How ``pagelens explain --against`` says why one page scores more than another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.cli import output

if TYPE_CHECKING:
    from workbench.analysis.comparison import Contrast
    from workbench.types import LedgerRow


def show(contrast: Contrast, collection: str, as_json: bool) -> None:
    """Print which query tokens make the difference, largest for the first page first."""
    if as_json:
        from workbench.answers.comparisons import Contrasted

        output.emit(Contrasted.of(contrast, collection))
        return
    output.show(
        f"{contrast.a} scores {contrast.score_a:.3f} and {contrast.b} scores {contrast.score_b:.3f}: "
        f"a difference of {contrast.difference:+.3f} (exact MaxSim, {contrast.encoder})."
    )
    output.show()
    rows = [
        (
            row.label,
            f"{row.difference:+.3f}",
            f"{row.a.contribution:.3f}",
            f"{row.b.contribution:.3f}",
            _place(row.a),
            _place(row.b),
        )
        for row in contrast.rows
    ]
    first, second = str(contrast.a), str(contrast.b)
    output.table(("token", ">difference", ">first", ">second", f"met on {first}", f"met on {second}"), rows)


def _place(row: LedgerRow) -> str:
    """The word a token met or, where vectors have none, the middle of the vector's box in hundredths of the page."""
    if row.text:
        return row.text
    x0, y0, x1, y1 = row.box
    return f"at {(x0 + x1) / 2:.0%}, {(y0 + y1) / 2:.0%}"
