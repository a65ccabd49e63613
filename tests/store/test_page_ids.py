"""Page ids as one array: what a list and a dictionary of strings would say."""

import numpy as np
import pytest

from workbench.store.directory import PageDirectory
from workbench.store.page_ids import PageIds
from workbench.types import PageRef


@pytest.mark.parametrize("seed", range(20))
def test_they_are_what_strings_in_a_list_are(seed):
    rng = np.random.default_rng(seed)
    known = [f"{rng.choice(['ab', 'é', 'abc', '0', 'x' * 32])}:{n}" for n in rng.permutation(int(rng.integers(0, 40)))]
    asked = [*[*rng.permutation(known)][::2], "", "ab", "zz:1", "y" * 50, "ab:1000"]
    ids = PageIds.of(known)
    place = {page: i for i, page in enumerate(known)}
    assert [*ids] == known == ids
    assert len(ids) == len(known)
    assert ids.places(asked).tolist() == [place.get(page, -1) for page in asked]
    assert [ids.place(page) for page in asked] == [place.get(page, -1) for page in asked]
    assert [page in ids for page in asked] == [page in place for page in asked]
    assert ids[2:9] == PageIds.of(known[2:9])
    assert PageIds.joined([ids[:5], ids[5:]]) == ids
    for start in ("ab", "ab:", "é:", "x" * 32 + ":", "none:"):
        assert ids.beginning(start).tolist() == [i for i, page in enumerate(known) if page.startswith(start)]
    with pytest.raises(ValueError, match="not there"):
        ids.index("nowhere")


@pytest.mark.parametrize("seed", range(20))
def test_a_directory_is_in_order_of_document_and_page(seed):
    rng = np.random.default_rng(seed)
    files = [f"{n:032x}" for n in range(5)]
    refs = {
        f"{file}:{page}": PageRef(f"{'üa Z'[n % 4]}.pdf", int(page))
        for n, file in enumerate(files)
        for page in rng.permutation(int(rng.integers(0, 12)) + 1)
    }
    directory = PageDirectory.of(7, dict(sorted(refs.items(), key=lambda _: rng.random())))
    ordered = sorted(refs, key=lambda page: (refs[page].document, refs[page].page, page))
    assert [*directory.ids] == ordered
    assert dict(directory.refs) == refs
    assert [directory.ref(row) for row in range(len(directory))] == [refs[page] for page in ordered]
    for name in (*"üa Z", "none"):
        rows = directory.of_document(f"{name}.pdf")
        assert [*directory.ids[rows.start : rows.stop]] == [p for p in ordered if refs[p].document == f"{name}.pdf"]
    for file in (*files, "f" * 32):
        assert directory.ids.only(directory.of_file(file)) == [p for p in ordered if p.startswith(file)]
    for ref in (*refs.values(), PageRef("a.pdf", 99), PageRef("none.pdf", 1)):
        with_it = [page for page in refs if refs[page] == ref]
        assert directory.id_of(ref) == (with_it[0] if len(with_it) == 1 else "")
    kept = rng.random(len(directory)) < 0.5
    assert dict(directory.only(kept).refs) == {page: refs[page] for page, k in zip(ordered, kept, strict=True) if k}
