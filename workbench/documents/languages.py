"""Languages that pages are read in: what a person writes as tesseract's names, and which of them this machine reads.

What this module does not do: read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.documents import tesseract
from workbench.errors import InputError

AUTO, OWN, TESSERACT = "auto", "built-in", "tesseract"
"""`AUTO` is no language by name, and no engine by name either."""
ENGINES = (AUTO, OWN, TESSERACT)
"""Who reads a picture: `AUTO` is the built-in one, and tesseract where that one has no letters for what it sees."""
MOST = 6
"""Languages at once: each more costs tesseract as much time again, and blurs the others."""
BUILT_IN = frozenset({"eng", "deu", "fra", "spa", "ita", "por", "nld", "chi_sim", "chi_tra", "jpn", "jpn_vert"})
"""Languages, by tesseract's names, that need no tesseract."""
NAMES: dict[str, tuple[str, str]] = {
    code: (short, english)
    for code, short, english in (
        row.split(" ", 2)
        for row in """\
afr af Afrikaans|amh am Amharic|ara ar Arabic|asm as Assamese|bel be Belarusian|ben bn Bengali|bod bo Tibetan
bul bg Bulgarian|cat ca Catalan|ces cs Czech|chi_sim zh Chinese, simplified|chi_tra zh-tw Chinese, traditional
cym cy Welsh|dan da Danish|deu de German|ell el Greek|eng en English|est et Estonian|eus eu Basque|fas fa Persian
fin fi Finnish|fra fr French|gle ga Irish|guj gu Gujarati|heb he Hebrew|hin hi Hindi|hrv hr Croatian|hun hu Hungarian
hye hy Armenian|ind id Indonesian|isl is Icelandic|ita it Italian|jpn ja Japanese|kan kn Kannada|kat ka Georgian
kaz kk Kazakh|khm km Khmer|kir ky Kyrgyz|kor ko Korean|lao lo Lao|lav lv Latvian|lit lt Lithuanian|mal ml Malayalam
mar mr Marathi|mkd mk Macedonian|mon mn Mongolian|msa ms Malay|mya my Burmese|nep ne Nepali|nld nl Dutch
nor no Norwegian|ori or Odia|pan pa Punjabi|pol pl Polish|por pt Portuguese|pus ps Pashto|ron ro Romanian
rus ru Russian|san sa Sanskrit|sin si Sinhala|slk sk Slovak|slv sl Slovenian|spa es Spanish|sqi sq Albanian
srp sr Serbian|swa sw Swahili|swe sv Swedish|tam ta Tamil|tel te Telugu|tgk tg Tajik|tha th Thai|tur tr Turkish
uig ug Uyghur|ukr uk Ukrainian|urd ur Urdu|uzb uz Uzbek|vie vi Vietnamese|yid yi Yiddish""".replace("\n", "|").split(
            "|"
        )
    )
}
"""tesseract's name of a language: its tag in BCP 47, and its name in English."""
_TAGS = {tag: code for code, (tag, _) in NAMES.items()} | {
    "zh-cn": "chi_sim",
    "zh-hans": "chi_sim",
    "zh-hant": "chi_tra",
}
_ENGLISH = {english.lower(): code for code, (_, english) in NAMES.items()}


@dataclass(frozen=True, slots=True)
class Language:
    """A language that pages can be read in: tesseract's ``code``, its BCP 47 ``tag``, its English ``name``.

    ``built_in`` needs no tesseract; ``get`` is how to have one that is not ``there``.
    """

    code: str
    tag: str
    name: str
    built_in: bool
    there: bool
    get: str


def named(texts: Sequence[str]) -> tuple[str, ...]:
    """tesseract's names of languages as a person writes them: ``rus``, ``ru`` or ``Russian``, joined by ``+`` or ``,``.

    Empty for ``auto``. `InputError` for what is no language, and for more than `MOST`.
    """
    words = [word.strip() for text in texts for word in re.split(r"[+,;]", text) if word.strip()]
    if [word.lower() for word in words] in ([], [AUTO]):
        return ()
    found = tuple(dict.fromkeys(map(_code, words)))
    if len(found) > MOST:
        raise InputError(f"{len(found)} languages are too many to read at once; name {MOST} at most, or {AUTO}.")
    return found


def by_tesseract(languages: Sequence[str], engine: str = AUTO) -> bool:
    """Whether an engine of `ENGINES` has tesseract read these languages, all of them: it is not for one word alone."""
    return engine == TESSERACT or (engine == AUTO and not BUILT_IN.issuperset(languages))


def lacking(languages: Sequence[str], engine: str = AUTO) -> list[str]:
    """Those of the languages, by tesseract's names, that the engine cannot read on this machine."""
    there = tesseract.installed() if by_tesseract(languages, engine) else BUILT_IN
    return [code for code in languages if code not in there]


def refusal(languages: Sequence[str], engine: str = AUTO) -> str:
    """Why this machine cannot read these languages with the engine, and the cure; empty where it can."""
    missing = lacking(languages, engine)
    if not missing:
        return ""
    if not by_tesseract(languages, engine):
        return f"The built-in OCR does not read {', '.join(missing)}; leave the engine to '{AUTO}'."
    missing = [code for code in missing if code != "eng"] or missing  # every tesseract comes with that
    return f"tesseract is not installed with {', '.join(missing)}. {tesseract.install(missing[0])}"


def check(languages: Sequence[str], engine: str = AUTO) -> None:
    """`InputError` with the cure where this machine cannot read one of these with the engine."""
    if reason := refusal(languages, engine):
        raise InputError(reason)


def known() -> list[Language]:
    """Every language that has a name here or is installed, by its English name."""
    installed = tesseract.installed()
    codes = NAMES.keys() | {code for code in installed if code != "osd" and "/" not in code}
    found = []
    for code in codes:
        tag, name = NAMES.get(code, ("", code))
        built_in = code in BUILT_IN
        there = built_in or code in installed
        found.append(Language(code, tag, name, built_in, there, "" if there else tesseract.command(code)))
    return sorted(found, key=lambda language: language.name)


def _code(word: str) -> str:
    lower = word.lower()
    code = lower if lower in NAMES else _TAGS.get(lower.replace("_", "-")) or _ENGLISH.get(lower)
    if code is None and word in tesseract.installed():
        code = word
    if code is None:
        raise InputError(
            f"'{word}' is no language that is known here; write one as ru, rus or Russian, or {AUTO} for whatever is "
            "seen on the page."
        )
    return code
