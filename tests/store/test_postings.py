"""Words as arrays: the text index's own scores, kept in step with the pages, and made again when they are damaged."""

import itertools
import json
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.make import collection, digest, put, record
from tests.store.test_text import TEXTS, fill
from workbench.store import Collection, lookup, postings, soundness, textindex
from workbench.store.corpus import Corpus, CorpusPart
from workbench.store.page_ids import PageIds
from workbench.store.postings import PageText, Postings, PostingsFile, Segment
from workbench.store.writer import Writer

TOLERANCE = 1e-5
"""Relative: the text index computes in float32, where the rarity of a word on nearly every page has 1e-5 left."""
WORDS = [f"{letter}{i}" for letter in "abcdef" for i in range(12)]


def written(seed, pages):
    """Texts whose words are as unevenly common as those of a language, some empty."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(0, 60, pages)
    return [" ".join(WORDS[min(int(n), len(WORDS)) - 1] for n in rng.zipf(1.4, size)) for size in sizes]


def scores(store, query):
    snapshot = store.snapshot()
    return {snapshot.ids[i]: score for i, score in enumerate(snapshot.bm25(query).tolist()) if score}


def arrays(texts):
    segment = Segment.of({str(page): PageText.of(text) for page, text in texts.items()})
    return Postings.of([segment], PageIds.of(map(str, texts)))


def bm25(made, text, pairs=0.0):
    total = np.zeros(len(made.page_ids), np.float32)
    for each in lookup.sought(made, text, pairs):
        total[each.found.pages] += each.weight * made.scores(each.found)
    return total


QUERIES = [
    "a0",
    "a1 a1 b3",
    "b0 b1 c4 d2",
    "whale sea",
    "to be or not sea",
    "nowhere",
    "\ud800 sea",
]


def test_scores_are_those_of_the_text_index(tmp_path):
    store = collection(tmp_path)
    fill(store, TEXTS + [text or "the" for text in written(1, 200)], batch=32)  # a stop word alone is no word
    for query in QUERIES:
        theirs = dict(store.words.bm25(query, 999))
        assert scores(store, query) == pytest.approx(theirs, rel=TOLERANCE), query
    words = ["whales", "AB-1234", "red-1234", "a0", "the", "nowhere"]
    found = store.snapshot().frequencies(words)
    assert found == {word: textindex.frequency(store.catalog.table("pages"), word, 999) for word in words}


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 10_000),
    st.lists(st.integers(0, 12), min_size=1, max_size=5),
    st.lists(st.sampled_from([*WORDS, "a*", '"a0 a1"']), min_size=1, max_size=6),
)
def test_parts_of_a_corpus_say_together_what_one_collection_of_all_pages_says(seed, sizes, words):
    texts = dict(enumerate(written(seed, sum(sizes))))
    starts = itertools.accumulate(sizes, initial=0)
    held = [arrays({page: texts[page] for page in range(a, a + size)}) for a, size in zip(starts, sizes, strict=False)]
    parts = CorpusPart.several([(each, len(each)) for each in held])
    whole, query = Corpus(arrays(texts), len(texts)), " ".join(words)
    for pairs, structure in ((0.0, 1.0), (0.4, 2.0)):
        told = [part.bm25(query, pairs, structure, 1.0) for part in parts]
        assert [len(scores) for scores in told] == [size + 1 for size in sizes]
        together = np.concatenate([scores[:-1] for scores in told])
        assert np.array_equal(together, whole.bm25(query, pairs, structure, 1.0)[:-1])
    assert [parts[0].corpus.frequency(word) for word in WORDS] == [whole.frequency(word) for word in WORDS]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.lists(st.sampled_from(WORDS), min_size=1, max_size=6))
def test_scores_are_the_formula(seed, pages, words):
    texts = dict(enumerate(written(seed, pages)))
    counts = {page: Counter(text.split()) for page, text in texts.items()}
    there = [count for count in counts.values() if count]
    mean = sum(count.total() for count in there) / len(there) if there else 1

    def score(count):
        total = 0.0
        for word in words:
            df = sum(word in other for other in there)
            idf = math.log(1 + (len(there) - df + 0.5) / (df + 0.5))
            total += idf * count[word] * 2.2 / (count[word] + 1.2 * (0.25 + 0.75 * count.total() / mean))
        return total

    made = arrays(texts)
    assert bm25(made, " ".join(words)) == pytest.approx([score(counts[page]) for page in texts], rel=1e-4, abs=1e-5)
    assert lookup.frequency(made, words[0]) == sum(words[0] in count for count in there)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.tuples(st.integers(0, 25), st.integers(0, 8)), min_size=1, max_size=8))
def test_any_history_gives_what_reading_all_at_once_gives(tmp_path_factory, seed, steps):
    """Steps add so many pages and take so many of the oldest away."""
    texts = {f"p{i}": text for i, text in enumerate(written(seed, 26 * len(steps)))}
    file = PostingsFile(tmp_path_factory.mktemp("history") / "words")
    there, nxt = [], 0
    for step, (added, gone) in enumerate(steps):
        there = (there + [f"p{i}" for i in range(nxt, nxt + added)])[gone:]
        nxt += added
        reading = []

        def fetch(ids, reading=reading):
            reading.extend(ids)
            return [(page, PageText.of(texts[page])) for page in ids]

        held = file.current(str(step), there, fetch, wait=bool(step % 2))
        assert set(reading) <= set(there)
        assert set(np.asarray(held.page_ids)[held.alive]) == set(there)
        fresh = arrays({page: texts[page] for page in there})
        reopened = PostingsFile(file._folder).current(str(step), there, lambda ids: pytest.fail("read again"))
        for words in ("a0 b3", "a1", "c2 a0 a0"):
            for made in (held, reopened):
                mine = dict(zip(made.page_ids, bm25(made, words).tolist(), strict=True))
                expected = dict(zip(fresh.page_ids, bm25(fresh, words).tolist(), strict=True))
                assert {page: mine[page] for page in there} == pytest.approx(expected, rel=1e-5, abs=1e-6)
        sizes = [segment.size for segment in held.segments]
        assert all(before > 2 * after for before, after in itertools.pairwise(sizes)), sizes


def test_words_follow_the_pages(tmp_path):
    store = collection(tmp_path)
    fill(store, TEXTS)
    assert len(scores(store, "whale")) == 2
    with Writer(store) as writer:
        put(writer, record("new", 3), finish=False)
        assert len(scores(store, digest("new")[:6])) == 3  # committed, and found before the ingest ends
        writer.finish()
    with Writer(store) as writer:
        writer.delete_document("doc.pdf")
        assert scores(store, "whale") == {}
        writer.finish()
    segments = json.loads((store.path / "words" / "words.json").read_text())["segments"]
    assert [row["pages"] for row in segments] == [3]  # nothing of the deleted pages is left
    assert len(list((store.path / "words").glob("*.bin"))) == 1


def test_a_page_in_quarantine_is_not_named_but_counts_as_in_the_text_index(tmp_path):
    store = collection(tmp_path)
    fill(store, TEXTS)
    before = scores(store, "whale")
    store.put_away("doc.pdf", 1)
    after = scores(store, "whale")
    assert after == {page: score for page, score in before.items() if not page.endswith(":1")}
    assert store.snapshot().frequencies(["whale"]) == {"whale": 2}


@pytest.mark.parametrize("damage", ["noise", "short", "gone", "directory", "other ids", "another tokenizer"])
def test_a_damaged_copy_is_made_again(tmp_path, damage):
    store = collection(tmp_path)
    fill(store, TEXTS)
    expected = scores(store, "whale sea")
    (data,) = (store.path / "words").glob("*.bin")
    head = store.path / "words" / "words.json"
    match damage:
        case "noise":
            content = bytearray(data.read_bytes())
            content[len(content) // 2] ^= 255
            data.write_bytes(content)
        case "short":
            data.write_bytes(data.read_bytes()[:-8])
        case "gone":
            data.unlink()
        case "directory":
            head.write_text("{")
        case "other ids":
            told = json.loads(head.read_text())
            told["segments"][0]["width"] //= 2
            head.write_text(json.dumps(told))
        case "another tokenizer":
            head.write_text(json.dumps({**json.loads(head.read_text()), "tokenizer": "older"}))
    again = Collection(store.path)
    assert scores(again, "whale sea") == expected
    assert json.loads(head.read_text())["segments"]


def test_the_directory_of_a_large_copy_is_not_believed_for_the_soundness_of_its_file(tmp_path, monkeypatch):
    monkeypatch.setattr(soundness, "READ_ALWAYS", 0)
    store = collection(tmp_path)
    fill(store, TEXTS)
    expected = scores(store, "whale")
    head = store.path / "words" / "words.json"
    told = json.loads(head.read_text())
    row = told["segments"][0]
    row["words"], row["marks"] = row["words"] + 1, row["marks"] - 6  # so many bytes in all
    head.write_text(json.dumps(told))
    assert scores(Collection(store.path), "whale") == expected


def test_without_room_the_words_stay_in_memory(tmp_path, monkeypatch):
    store = collection(tmp_path)
    with monkeypatch.context() as patch:

        def full(*_):
            raise OSError(28, "No space left on device")

        patch.setattr("workbench.store.postings.write_whole", full)
        fill(store, TEXTS)
        assert scores(store, "whale") == pytest.approx(dict(store.words.bm25("whale", 99)), rel=TOLERANCE)
    assert len(scores(Collection(store.path), "whale")) == 2


def test_a_search_does_not_wait_for_many_pages(tmp_path, monkeypatch):
    store = collection(tmp_path)
    fill(store, TEXTS, finish=False)
    monkeypatch.setattr(postings, "INLINE", 4)
    assert store.words.postings() is None
    theirs = dict(store.words.bm25("whale", 99))
    assert scores(store, "whale") == pytest.approx(theirs, rel=1e-6) or store.words.postings() is not None
    store.words._postings._background[1].join(900)
    assert store.words.postings() is not None
    assert len(scores(store, "whale")) == 2


def test_a_page_written_again_is_read_again(tmp_path):
    store = collection(tmp_path)
    fill(store, ["old words", "others"])
    fill(store, ["new words", "others"])
    assert len(scores(store, "new")) == 1
    assert scores(store, "old") == {}


def test_what_words_add_to_a_score_adds_up_and_has_its_places(tmp_path):
    store = collection(tmp_path)
    fill(store, [*TEXTS, "the blue sky over the whale and the largest blue whale of part AB-1234"])
    snapshot = store.snapshot()
    for query in ("blue whale", 'largest "blue whale"', "AB-1234 costs", "the largest animal"):
        for row, ref in enumerate(snapshot.directory.refs.values()):
            page = store.page(ref)
            told = snapshot.word_scores(page, query, 0.4, 2.0, 1.0)
            assert sum(word.score for word in told) == pytest.approx(snapshot.bm25(query, 0.4, 2.0, 1.0)[row], abs=1e-4)
            assert all(word.boxes for word in told)
    page = store.page(snapshot.ref(len(TEXTS)))
    places = {word.label: word.boxes for word in snapshot.word_scores(page, "blue whale AB-1234", 0.4, 2.0, 1.0)}
    there = [tuple(box) for box in page.words.boxes.tolist()]
    assert places["blue whale"] == tuple(there[i] for i in (9, 10))
    assert places["blue"] == tuple(there[i] for i in (1, 9))
    assert places["AB-1234"] == (there[13],)


def test_a_misspelt_query_is_asked_about(tmp_path):
    store = collection(tmp_path)
    fill(store, [*TEXTS, "Quarterly results of lighthouses"])
    assert store.snapshot().suggestion("quartrely lighthuoses") == "Quarterly lighthouses"
    assert store.snapshot().suggestion("xyzzy") == ""


def test_quotes_alone_leave_the_pages_that_have_them(tmp_path):
    store = collection(tmp_path)
    fill(store, TEXTS)
    snapshot = store.snapshot()

    def pages(text):
        found = snapshot.exactly(text)
        return None if found is None else [snapshot.ref(row).page for row in found[0]]

    assert pages('"under the sea"') == [2]
    assert pages('"sea under"') == []
    assert pages('"whale" "animal"') == [1]
    assert pages('what is "under the sea"') is None
    assert pages("under the sea") is None
