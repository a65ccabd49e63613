"""The heat on the screen is that of `workbench.heatmap`: the same sums in the page, and the same pixels."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.browser.driving import opened, search
from workbench.answers.explanations import Layers
from workbench.heatmap import Look, bounds, combined, draw, paint, palette, scaled, strength, values
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.types import Explanation, Geometry, PageRef, PooledView, QueryEmbedding

pytestmark = pytest.mark.browser
QUERY = "the largest animal sings"
WIDTH = 960  # of the canvas

SUMS = """({why, tokens, join, range, pooled}) => {
  const seen = pagelens.heat.read(why), list = pagelens.heat.combined(seen, tokens, join);
  const stage = pagelens.heat.combined(pagelens.heat.read(why, why.pooled[0]), tokens, join);
  const several = (tokens.length || why.tokens.length) > 1;
  const {low, high} = pagelens.heat.bounds(pagelens.heat.placed(list, seen.boxes), {join, range}, several);
  return {list: [...list], stage: [...stage], low, high}; }"""
DRAWN = """async ({why, tokens, look, aspect}) => {
  const seen = pagelens.heat.read(why), list = pagelens.heat.combined(seen, tokens, look.join);
  const several = (tokens.length || why.tokens.length) > 1, canvas = document.createElement("canvas");
  const range = pagelens.heat.bounds(pagelens.heat.placed(list, seen.boxes), look, several);
  pagelens.heat.draw(canvas, {list, places: seen.boxes, aspect, ...look, ...range});
  const blob = await new Promise((made) => canvas.toBlob(made));
  return [...new Uint8Array(await blob.arrayBuffer())]; }"""


def made(seed: int, tokens: int, grid: bool) -> Explanation:
    """A page of random similarities: words anywhere, some over others, or a grid with a vector that has no place."""
    rng = np.random.default_rng(seed)
    if grid:
        ys, xs = np.divmod(np.arange(12 * 9), 9)
        boxes = np.stack([xs / 9, ys / 12, (xs + 1) / 9, (ys + 1) / 12], axis=1)
        boxes, cells = np.concatenate([boxes, [[0, 0, 1, 1]]]), np.r_[np.arange(108), -1]
    else:
        corner, size = rng.uniform(0, 0.9, (150, 2)), rng.uniform(0, [0.2, 0.03], (150, 2))
        boxes, cells = np.concatenate([corner, np.minimum(corner + size, 1)], axis=1), np.full(150, -1)
    geometry = Geometry(boxes.astype(np.float32), (12, 9) if grid else None, cells.astype(np.int32))
    n = len(boxes)
    similar = rng.uniform(-0.1, 0.9, (tokens, n)).astype(np.float32)
    similar[:, -1] = 1  # where there is a vector without a place, it is this one
    query = QueryEmbedding(
        "q", np.ones((tokens, 1), np.float32), tuple("abcdef"[:tokens]), np.ones(tokens, np.float32), "all"
    )
    pooled = PooledView("rows", geometry.boxes[:7], similar[:, :7], (), 1.0)
    weights = rng.uniform(1e-6, 1, tokens).astype(np.float32)
    return Explanation(PageRef("a.pdf", 1), query, "e", 1.0, geometry, similar, (), (), (), (pooled,), weights)


def layers(told: Explanation) -> dict:
    """What the page gets of it, as `api.layers` hands it on."""
    found = Layers.of(told, "c").model_dump(mode="json")
    return {**found, "heat_weights": [token["heat_weight"] for token in found["tokens"]]}


def picked(tokens: int) -> list[tuple[int, ...]]:
    """No token chosen, each alone, and each pair: as many subsets as there are ways for the sums to differ."""
    return [(), *((t,) for t in range(tokens)), *itertools.combinations(range(tokens), 2)]


@pytest.mark.parametrize("grid", [False, True])
@pytest.mark.parametrize("tokens", [1, 5])
def test_any_words_have_the_values_and_the_range_that_python_gives_them(browser, address, filled, tokens, grid):
    page = opened(browser, address)
    told = made(tokens, tokens, grid)
    why = layers(told)
    step = 1.1 / 255  # of one byte over similarities from -.1 to 1: twice what rounding can do
    for chosen, join, range_ in itertools.product(picked(tokens), ("mean", "max"), ("page", "shared")):
        got = page.evaluate(SUMS, {"why": why, "tokens": chosen, "join": join, "range": range_})
        look = Look(chosen or None, join, range_)
        assert got["list"] == pytest.approx(values(told, look.tokens, join), abs=step)
        stage = combined(told.pooled[0].similarities, told.heat_weights, look.tokens, join)
        assert got["stage"] == pytest.approx(stage, abs=step)
        assert (got["low"], got["high"]) == pytest.approx(bounds(told, look), abs=step)
    page.close()


@pytest.mark.parametrize("grid", [False, True])
@pytest.mark.parametrize(
    "look",
    [Look(), Look((0, 2), "max", "page", "viridis", 0.5), Look(None, "mean", "shared", "magma", 1.0), Look((1,))],
)
def test_the_canvas_has_the_pixels_that_python_draws(browser, address, filled, look, grid):
    page = opened(browser, address)
    told, aspect = made(7, 4, grid), 1.25
    shown = {"join": look.join, "range": look.range, "colour": look.colour, "opacity": look.opacity}
    why = layers(told)
    sent = page.evaluate(DRAWN, {"why": why, "tokens": look.tokens or (), "look": shown, "aspect": aspect})
    got = np.asarray(Image.open(io.BytesIO(bytes(sent))).convert("RGBA"), float)
    size = (WIDTH, round(WIDTH * aspect))
    there = strength(told, size, look)
    assert got.shape == (size[1], size[0], 4)
    # Edges may be a pixel off, because boxes travel as 16-bit fractions; strength, within what a byte can hold.
    away = np.abs(got[..., 3] / 255 - there * look.opacity) > 0.03
    assert away.mean() < 0.01
    strong = (there > 0.5) & ~away  # a canvas keeps few colours of what is nearly transparent
    colours = palette(look.colour)[np.rint(there[strong] * 255).astype(int)].astype(float)
    assert np.abs(got[..., :3][strong] - colours).mean() < 3
    page.close()


def heat_is_there(page) -> None:
    page.wait_for_selector("#pl-ledger tbody tr")
    page.wait_for_function(
        """() => { const c = document.querySelector('#pl-heat'), i = document.querySelector('.pl-paper-image');
        return i.naturalWidth && c.width &&
          c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0) }"""
    )


def away(got: Image.Image, wanted: Image.Image) -> float:
    """Mean difference of two pictures of a size, in levels of 255, of those pixels where the second has colour.

    Both are softened before: a browser scales letters, which are a few pixels high, by another filter than we do.
    """
    a, b = (np.asarray(picture.convert("RGB").filter(ImageFilter.BoxBlur(3)), float) for picture in (got, wanted))
    coloured = np.ptp(b, axis=2) > 40
    assert coloured.any()
    return float(np.abs(a - b).mean(axis=2)[coloured].mean())


def test_what_is_seen_is_what_is_exported(browser, address, filled, home, tmp_path):
    ref = PageRef("whales.pdf", 1)
    bench = Workbench(Settings(home=home))
    told = bench.explain(QUERY, ref, "documents")
    with Image.open(bench.library.page_image("documents", ref)) as opened_:
        plain = opened_.convert("RGB")
    page = opened(browser, address, f"?c=documents&q={QUERY.replace(' ', '%20')}&ref=whales.pdf%23page%3D1")
    words = told.query.labels
    for look in (Look(), Look((words.index("largest"), words.index("animal")), "max", "shared", "viridis")):
        heat_is_there(page)
        if look.tokens:
            for token in look.tokens:
                page.click(f"button[data-token='{token}']")
            page.locator(f"[name=pl-how][value={look.join}]").check(force=True)
            page.locator(f"[name=pl-mode][value={look.range}]").check(force=True)
            page.select_option("[aria-label='Colour scale']", look.colour)
        page.evaluate("() => document.querySelectorAll('.pl-marks *').forEach((node) => node.remove())")
        shown = Image.open(io.BytesIO(page.locator(".pl-paper").screenshot()))
        wanted = draw(plain, told, look).resize(shown.size, Image.Resampling.LANCZOS)
        other = draw(plain, told, Look(look.tokens, "mean" if look.join == "max" else "max", "page", "magma"))
        # Another join, range or colour is far away.
        assert away(shown, wanted) < 8 < 20 < away(shown, other.resize(shown.size, Image.Resampling.LANCZOS))
        with page.expect_download() as wait:
            page.click("[aria-label='Save this page as a picture with its heat']")
        wait.value.save_as(tmp_path / "page.png")
        with Image.open(tmp_path / "page.png") as saved:
            kept = saved.convert("RGB").crop((0, 0, *plain.size))
        same = (np.asarray(kept) == np.asarray(draw(plain, told, look))).all(axis=2)
        assert same.mean() > 0.95  # all but the outlines of the parts that won
    assert page.seen.problems == []
    page.close()


def test_both_pages_of_a_comparison_are_the_heat_of_python_on_one_scale(browser, address, filled, home):
    page = opened(browser, address)
    search(page, QUERY)
    page.close()
    bench = Workbench(Settings(home=home))
    page = opened(browser, address, f"?c=documents&tab=compare&q={QUERY.replace(' ', '%20')}&p=exact&b=bm25%3A12")
    page.wait_for_function("document.querySelectorAll('.pl-heats-canvas[data-drawn]').length === 2")
    shown = page.evaluate(
        """async () => Promise.all([...document.querySelectorAll('.pl-heats-page')].map(async (figure) => {
        const blob = await new Promise((made) => figure.querySelector('canvas').toBlob(made));
        return [figure.innerText, [...new Uint8Array(await blob.arrayBuffer())]]; }))"""
    )
    told = []
    for text, _ in shown:
        name, number = text.rsplit("page ", 1)[0].split()[-1].strip(","), int(text.rsplit("page ", 1)[1])
        told.append(bench.explain(QUERY, PageRef(name, number), "documents"))
    heats = [values(one) for one in told]
    everything = np.concatenate(heats)
    low, high = float(np.median(everything)), float(everything.max())
    for one, heat, (_, sent) in zip(told, heats, shown, strict=True):
        got = np.asarray(Image.open(io.BytesIO(bytes(sent))).convert("RGBA"), float)
        there = scaled(paint(heat, one.geometry, (got.shape[1], got.shape[0])), low, high)
        assert (np.abs(got[..., 3] / 255 - there * Look().opacity) > 0.03).mean() < 0.005
    page.close()
