"""Makes `workbench/sight/imagenet.tsv`: ImageNet's classes, and what they are, out of WordNet 3.0.

ImageNet numbers its classes by WordNet 3.0's noun synsets; Debian's package `wordnet-base` has them in `data.noun`, and
timm the order of the classes. Run::

    apt-get download wordnet-base && dpkg-deb -x wordnet-base_*.deb wordnet
    python -m benchmarks.sight.wordnet wordnet/usr/share/wordnet/data.noun > workbench/sight/imagenet.tsv

What so many things are that to say it says nothing is left out (`EMPTY`); a class goes by what is above that.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

EMPTY = frozenset(
    name.strip()
    for name in """
entity, physical entity, object, whole, artifact, living thing, organism, instrumentality, matter, abstraction,
causal agent, chordate, placental, diapsid, device, covering, conveyance, commodity, consumer goods, structure,
substance, solid, natural object, plant part, plant organ, reproductive structure, unit, psychological feature,
attribute, group, relation, process, event, act, activity, communication, measure, part, thing, location,
region, point, cause, agent, mechanism, equipment, implement, durables, nutriment, way, obstruction, restraint,
protective covering, area, creation, state, mechanical device, signal, indication, written communication,
diversion, cognition, content, knowledge domain, geological formation, line, shape, plane figure, figure, round
shape, passage, opening, body part, material, produce, furnishing, foodstuff, establishment, place of business,
mercantile establishment, means, amphibious vehicle
""".replace("\n", " ").split(",")
)
HEAD = """\
# ImageNet's 1000 classes in their order, then what they are: synset, names, synsets above. From WordNet 3.0, whose
# licence is WORDNET.txt; made by benchmarks/sight/wordnet.py.
"""


def read(data: Path) -> dict[str, tuple[list[str], list[str]]]:
    """Synset -> names and synsets above, of WordNet's ``data.noun``."""
    found = {}
    for line in data.read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):  # the licence
            continue
        fields = line.partition(" | ")[0].split()
        count = int(fields[3], 16)
        words = [fields[4 + 2 * i].replace("_", " ") for i in range(count)]
        at = 4 + 2 * count
        pointers = [fields[at + 1 + 4 * i : at + 5 + 4 * i] for i in range(int(fields[at]))]
        above = [f"n{target}" for symbol, target, part, _ in pointers if symbol in ("@", "@i") and part == "n"]
        found[f"n{fields[0]}"] = (words, above)
    return found


def lines(data: Path, classes: list[str]) -> list[str]:
    """The rows of the file for these classes."""
    synsets = read(data)

    def above(synset: str) -> list[str]:
        """The nearest synsets above one that say something."""
        found: list[str] = []
        for parent in synsets[synset][1]:
            found += above(parent) if synsets[parent][0][0] in EMPTY else [parent]
        return list(dict.fromkeys(found))

    order, waiting = list(classes), list(classes)
    while waiting:
        new = [parent for parent in above(waiting.pop()) if parent not in order]
        order += new
        waiting += new
    return ["\t".join((synset, "|".join(synsets[synset][0]), " ".join(above(synset)))) for synset in order]


if __name__ == "__main__":
    timm = find_spec("timm")  # a file of it is read; it is not imported
    if timm is None or timm.origin is None:
        sys.exit("timm is not installed; run: pip install timm")
    listed = Path(timm.origin).parent / "data/_info/imagenet_synsets.txt"
    sys.stdout.write(HEAD + "\n".join(lines(Path(sys.argv[1]), listed.read_text(encoding="utf-8").split())) + "\n")
