"""Pages that should be looked at: planted universal pages and copies are found, natural ones are left alone."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.retrieval.arrays import Models
from workbench.analysis.audit import concentration, hubness, jaccard, near_copies, probe_texts, skewness
from workbench.maxsim import maxsim
from workbench.store import Writer
from workbench.types import Float, QueryEmbedding, Ragged, Words

DIM = 32


def unit(rng: np.random.Generator, n: int) -> Float:
    rows = rng.normal(size=(n, DIM)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def world(rng: np.random.Generator, pages: int, probes: int) -> tuple[list[Float], list[Float]]:
    """Pages and probes about topics of their own, over one common direction, as real embeddings have."""
    common = unit(rng, 1)

    def about(n: int) -> Float:
        rows = unit(rng, n) + 0.5 * common
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    return [about(20) for _ in range(pages)], [about(6) for _ in range(probes)]


def scored(pages: list[Float], probes: list[Float]) -> Float:
    offsets = np.cumsum([0, *(len(page) for page in pages)]).astype(np.int64)
    ragged = Ragged(np.concatenate(pages), offsets)
    return np.stack([maxsim(probe, ragged, np.ones(len(probe), np.float32)) for probe in probes])


def names(n: int) -> list[str]:
    return [f"page{i:03}" for i in range(n)]


@given(st.integers(1, 30), st.integers(1, 20), st.integers(1, 12), st.integers(0, 2**16))
@settings(max_examples=50, deadline=None)
def test_every_probe_names_k_pages(pages, probes, k, seed):
    scores = np.random.default_rng(seed).integers(0, 5, (probes, pages)).astype(np.float32)  # many ties
    found = hubness(names(pages), scores, k)
    assert sum(page.count for page in found) == probes * min(k, pages)


def test_the_order_of_probes_and_pages_changes_nothing():
    rng = np.random.default_rng(2)
    scores = rng.integers(0, 9, (30, 120)).astype(np.float32)
    plain = hubness(names(120), scores)
    assert hubness(names(120), scores[rng.permutation(30)]) == plain
    order = rng.permutation(120)
    assert hubness([names(120)[i] for i in order], scores[:, order]) == plain


def test_a_page_that_every_probe_finds_is_flagged_and_nothing_else():
    pages, probes = world(np.random.default_rng(3), 150, 120)
    tokens = np.concatenate(probes)
    pages[77] = np.concatenate([probe[:1] for probe in probes[::6]] + [tokens.mean(axis=0, keepdims=True) * 2])
    pages[77] /= np.linalg.norm(pages[77], axis=1, keepdims=True)
    pages[77] = np.concatenate([pages[77], tokens[::7]])  # vectors at the very places where probes look
    found = hubness(names(150), scored(pages, probes))
    assert [page.page_id for page in found if page.suspicious] == ["page077"]
    assert found[0].floor > 2


def test_a_copy_of_a_natural_page_is_not_flagged():
    pages, probes = world(np.random.default_rng(4), 150, 120)
    pages[10] = pages[20].copy()
    flagged = {page.page_id for page in hubness(names(150), scored(pages, probes)) if page.suspicious}
    assert not flagged & {"page010", "page020"}
    assert len(flagged) <= 1  # a random world has a natural hub now and then


def test_in_a_small_collection_top_places_alone_flag_nothing():
    scores = np.tile(np.linspace(0, 1, 12, dtype=np.float32), (50, 1))  # the same ten pages for every probe
    assert not any(page.suspicious for page in hubness(names(12), scores, 10))


def test_skewness_agrees_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    counts = np.random.default_rng(5).poisson(3, 200)
    assert skewness(counts.tolist()) == pytest.approx(stats.skew(counts))
    assert skewness([2, 2, 2]) == 0


def test_few_vectors_that_win_everything_are_named():
    rng = np.random.default_rng(6)
    _, probes = world(rng, 1, 40)
    asked = [QueryEmbedding("", probe, ("t",) * 6, np.ones(6, np.float32), "test") for probe in probes]
    natural = concentration(asked, np.concatenate([unit(rng, 1) for _ in range(200)]))
    magnets = np.concatenate([unit(rng, 200) * 0.2, np.concatenate(probes).mean(axis=0, keepdims=True)])
    trap = concentration(asked, magnets)
    assert trap.share > natural.share and 200 in trap.vectors and trap.vectors[0] == 200


def test_copies_look_and_read_alike():
    vectors = unit(np.random.default_rng(7), 6)
    vectors[4] = vectors[1]  # looks alike, reads differently
    vectors[5] = vectors[2]
    texts = {name: f"page {i} tells its own story about number {i} only" for i, name in enumerate(names(6))}
    texts["page005"] = texts["page002"]
    assert near_copies(names(6), vectors, texts.__getitem__) == [("page002", "page005", pytest.approx(1.0))]


def test_jaccard_of_runs_of_words():
    assert jaccard("a b c d", "a b c d") == 1
    assert jaccard("a b c d", "a b c x") == pytest.approx(1 / 3)
    assert jaccard("", "") == 1 and jaccard("a b c", "") == 0


def test_probes_come_from_the_pages_and_are_the_same_each_time():
    texts = ["The", "annual", "flow", "of", "the", "river", "Nile", "at", "Aswan", "was", "least", "in", "1913"]
    words = Words(
        tuple(texts), np.zeros((13, 4), np.float32), np.repeat([0, 1], [7, 6]).astype(np.int32), np.zeros(13, bool)
    )
    asked = probe_texts([words], 20)
    assert asked == probe_texts([words], 20) and len(asked) == 20
    assert "The annual flow of the river Nile" in asked
    known = {text.lower() for text in texts}
    assert all(word.lower() in known for text in asked for word in text.split())
    assert probe_texts([Words.empty()], 5) == []


def test_a_collection_is_audited_over_its_own_words(tmp_path, capsys):
    from tests.documents.make import write_pdf  # a small PDF with words on every page
    from workbench.cli import main
    from workbench.service import Workbench
    from workbench.settings import Settings

    topics = ("whales", "bread", "glaciers", "engines", "violins", "deserts")
    pages = [
        f"About {topic} part {n} and what there is to know of {topic} number {n}" for topic in topics for n in range(4)
    ]
    bench = Workbench(Settings(home=tmp_path))
    bench.ingest(
        [write_pdf(tmp_path / "natural.pdf", pages), write_pdf(tmp_path / "copy.pdf", [*pages[:1], "Else"])], "c"
    )
    found = bench.maintenance.audit("c", probes=40)
    assert (found.pages, found.probes, found.index) == (26, 40, "full")
    assert [(str(a), str(b)) for a, b, _ in found.copies] == [("copy.pdf#page=1", "natural.pdf#page=1")]
    assert not found.suspects
    code = main(["--home", str(tmp_path), "collections", "audit", "c", "--probes", "40", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert (code, said["suspects"], said["probes"]) == (0, [], 40)
    assert said["copies"][0]["page"] == "copy.pdf#page=1"
    assert main(["--home", str(tmp_path), "collections", "audit", "c", "--probes", "40"]) == 0
    assert "copy.pdf#page=1" in capsys.readouterr().out


def test_a_page_made_to_be_found_is_told_with_the_questions_that_found_it(tmp_path):
    from tests.store.make import DIM, collection, item, put, record
    from workbench.analysis.audit import audit
    from workbench.answers.upkeep import Audited
    from workbench.retrieval import Encoded

    store = collection(tmp_path)
    natural, trap = record("natural", 60), record("trap", 1)
    lures = unit_rows(np.random.default_rng(8), 600, DIM)  # a vector for whatever may be asked
    with Writer(store) as writer:
        put(writer, natural, batch=60)
        started = writer.begin_document(trap)
        page, embedding, pictures = item(trap, 1, vectors=lures)
        assert writer.add_pages(started, [(page, embedding, pictures)]) == []
        writer.finish_document(started)
        writer.finish()

    def encode(_, query):
        seed = int.from_bytes(str(query).encode()[:7], "little")
        vectors = unit_rows(np.random.default_rng(seed), 6, DIM)
        return Encoded(QueryEmbedding(str(query), vectors, ("t",) * 6, np.ones(6, np.float32), "test"))

    asked = []
    found = audit(store, Models(encode), probes=40, progress=lambda done, total: asked.append((done, total)))
    worst = found.suspects[0]
    assert str(worst.ref) == "trap.pdf#page=1" and worst.optimised
    assert [suspect.optimised for suspect in found.suspects[1:]] == [False] * (len(found.suspects) - 1)
    assert len(worst.found) == 8 and worst.found[0].rank == 1 and len({f.query for f in worst.found}) == 8
    assert asked == [(n, 40) for n in range(40)]
    assert 0 < found.typical <= 1 and Audited.of(found).suspects[0].optimised is True
    store.put_away("trap.pdf", 1, "made to be found")
    again = audit(store, Models(encode), probes=40)
    assert again.pages == 60 and not any(suspect.optimised for suspect in again.suspects)


def unit_rows(rng, rows, dim):
    vectors = rng.standard_normal((rows, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
