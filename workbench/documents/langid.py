"""The language of a page, by its script and the small words of its language, as short-word identification does
(Grefenstette 1995): in running text every third word or so is one of them.

A page of names and numbers has none, and is of no language. What this module does not do: read, or choose what OCR
reads in; see `languages`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache

MOST = 600
"""Words of a page that are looked at."""
FEW = 10
"""Letters of a script that tell of a page in it."""
SHARE = 0.06
"""Small words among all, from which on a text is believed to run in their language; a table of names has fewer."""
LEAST = 3
"""Different small words at least: one or two may stand in a name, or mean something else."""
A_KANA = 0.05
"""Kana among the letters of a Japanese page at least; one of Chinese has none."""
AHEAD = 1.5
"""Of the small words that only one of two languages has, how many times as many are the one's as the other's."""

_SMALL = """
en the of and to in is that for it as was with be by on not he his but at are this have from or had an they which one
en you were all their there been if more when will would who so no
de der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass
de sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch
fr le de la et les des en un du une que est pour qui dans par plus pas au sur ne se ce il sont avec son aux
fr cette ou être comme mais nous vous sa ses leur ont été fait si qu elle ces dont entre
es de la que el en los se del las un por con no una su para es al lo como más pero sus le ha me si sin sobre este
es ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está
it di il la che in per un del è non con una le da si della al sono dei ha come lo gli più nel alla se ma dal
it delle nella questo anche ed essere su degli ai tra sul dalla cui stato suo sua ad
pt de que do da em um para com não uma os no se na por mais as dos como mas ao ele das à seu sua ou quando muito
pt nos já eu também só pelo pela até isso ela entre depois sem mesmo aos são foi é
nl de van het een en in is dat op te zijn met voor niet aan er die om ook als dan maar bij of uit nog worden door naar
nl heeft hij ze wordt deze tot over kan wel zo dit je meer wat al geen moet
sv och att det som en på är av för med den till inte om ett han men var jag sig från vi så kan när år har de eller
sv skulle här också efter där man vid detta vara under alla ska
da og at det er en til af på som for med den de ikke der har et om var fra han men sig vi kan så ved også hvis skal
da eller blev være efter over når hun nogle dette kun mere alle
nb og det er på en som til av for med at ikke den har de et om var fra men seg vi kan så ved også hvis skal eller ble
nb være etter over når noe dette alle mer bare jeg hun enn må da
fi ja on ei se että oli hän mutta ovat joka kun niin myös sen tai kuin vain jos mitä mukaan ole olla jo sekä voi
fi tämä nyt mukaan jossa tämän ne hänen joten sitä kanssa sitten vuoden ollut jotka
pl na się nie do to że jest jak za od po co przez dla tak ale jego by są czy być lub tym już było ten który
pl może oraz także tylko które jako przed nie ma przy ich
cs se na je že do to ve pro za si by jako po od jsou ale když nebo tak co jeho jen byl aby být podle má
cs které který při až již není než také ze která
sk sa na je že do to vo pre za si by ako po od sú ale keď alebo tak čo jeho len bol aby byť podľa má
sk ktoré ktorý pri až už nie než tiež zo ktorá
sl in je na se za da so ne po pa ki od tudi bi kot pri do iz ali ni če bil več še lahko ter ko le med zaradi
hr je na se da za su od ne kao iz do po će koji što to ili bi nije samo koja sve ali prema ima kako koje bio
hu az és hogy nem is egy ez meg volt de csak van el már mint ha még azt vagy ki kell lesz ezt után pedig mert ami
hu olyan volna minden között lehet szerint aki
ro și de în la cu pe nu că din mai pentru este se un care sau ca au fi am după prin dar al ale lui sunt fost să
ro între fost această acest poate când ce ei fără până
tr ve bir bu da de için ile olarak çok olan en daha ne gibi kadar ya sonra olduğu var ama her değil ancak göre olduğunu
tr ise veya ki şey diye tarafından
vi và của là có không cho được các một trong những với để đã này người khi đó từ ra như về đến cũng vào lại nhiều trên
vi phải ở theo sẽ bị
id yang dan di dari dengan untuk ini dalam tidak pada akan itu adalah ke oleh sebagai atau juga telah dapat tersebut
id bahwa karena ada lebih bisa saat mereka seperti tahun kami
ca de la el que en les del els per un amb una no es al és com més pel va seva ha són però aquest aquesta també
ca seu entre dels als dos aquests quan on
et ja on ei et kui ka oli see aga ta oma või mis mida siis kes nii selle välja nende olid veel ning vaid võib peab
lv un ir ar no uz par ka to tas bet kas vai arī tika pie lai kā nav pēc gan tā šo līdz šī būt
lt ir į kad yra iš su ne tai kaip bet ar buvo tik jo už nuo savo apie dar po jos kuris taip pat gali
ru и в не на что с по как это он к но из за то все от так о же для его бы или у был только было при мы может еще если
ru есть их также до когда является быть
uk і в не на що з за до як це та у його але від для по про він є так було через або може які щоб при був її також
uk коли якщо тільки бути після
be і ў не на што з за да як гэта у яго але ад для па пра ён ёсць так было праз або можа якія каб пры быў яе таксама
bg и на в да се за от с е не че по са като си до това при или ще но през след той която които който съм само още бъде
mk и на во да се за од со е не дека по ги си до тоа при или ќе но го има кој кои која беше само уште биде како што
sr и у је на да се за су од са о не као а из до по ће који што то или би није само која све али према има како које
sr je na da se za su od sa ne kao iz do po će koji što to ili bi nije samo koja sve ali prema ima kako koje
el και το να του της η που με ο για την από θα είναι τα στην των δεν οι στο σε τον ότι μια στη αυτό ως τις έχει
ar في من على إلى أن التي عن الذي هذا مع هذه ما لا كان بين بعد وقد كما ذلك أو لم قد كل قبل
fa و در به از که این را با است برای آن یک خود تا کرد بر هم نیز شده می شود یا های اما
ur کے میں کی ہے اور سے کا کو اس نے پر یہ ہیں کہ ایک تھا بھی نہیں ہو کر گیا لیے تھے
hi के में की है और से का को पर इस ने यह हैं कि एक भी नहीं था हो कर लिए गया जो या
mr आणि आहे या व तो हे ते ही असे आहेत त्या होते केले मध्ये करून नाही किंवा होता
ne र छ को मा यो का लाई भएको पनि छन् ले गर्ने हो एक तथा गरेको थियो हुन
"""
_ONLY = {
    "HANGUL": "ko", "GEORGIAN": "ka", "ARMENIAN": "hy", "HEBREW": "he", "THAI": "th", "TAMIL": "ta", "TELUGU": "te",
    "BENGALI": "bn", "GUJARATI": "gu", "KANNADA": "kn", "MALAYALAM": "ml", "GURMUKHI": "pa", "SINHALA": "si",
    "KHMER": "km", "LAO": "lo", "MYANMAR": "my", "TIBETAN": "bo", "ETHIOPIC": "am", "ORIYA": "or",
}  # fmt: skip
"""Scripts, as Unicode's names of letters begin, that one language is mostly written in."""
_KANA, _HAN = ("HIRAGANA", "KATAKANA"), "CJK"
_WORD = re.compile(r"(?:[^\W\d_]|[\u0900-\u0963])+")
"""Letters, and the signs that vowels are in Devanagari."""


def language(words: Sequence[str]) -> str:
    """The language of a page's words, as a tag of BCP 47 (``de``, ``zh``); empty where they do not tell."""
    text = unicodedata.normalize("NFC", " ".join(words[:MOST])).lower()
    scripts = Counter[str]()
    for letter, count in Counter(text).items():
        scripts[_script(letter)] += count
    del scripts[""]
    script, letters = max(scripts.items(), key=lambda one: one[1], default=("", 0))
    if letters < FEW:
        return ""
    if script in (*_KANA, _HAN):
        return "ja" if sum(scripts[kana] for kana in _KANA) >= A_KANA * scripts.total() else "zh"
    return _ONLY.get(script) or _by_small_words(_WORD.findall(text))


@cache
def _script(letter: str) -> str:
    """The script of a letter, as Unicode's name of it begins; empty for what is none."""
    return unicodedata.name(letter, "").partition(" ")[0] if letter.isalpha() else ""


def _by_small_words(words: Sequence[str]) -> str:
    met = Counter(word for word in words if word in _small())
    counts = Counter[str]()
    for word, count in met.items():
        counts.update(dict.fromkeys(_small()[word], count))
    best, most = max(counts.items(), key=lambda one: one[1], default=("", 0))
    if most < max(LEAST, SHARE * len(words)) or sum(best in _small()[word] for word in met) < LEAST:
        return ""
    apart = (_apart(met, best, other) for other in counts if other != best)
    return best if all(own >= max(1, AHEAD * others) for own, others in apart) else ""


def _apart(met: Mapping[str, int], one: str, other: str) -> tuple[int, int]:
    """How often small words of the one language stand there that the other has not got, and the reverse."""
    tags = _small()
    own = sum(count for word, count in met.items() if one in tags[word] and other not in tags[word])
    return own, sum(count for word, count in met.items() if other in tags[word] and one not in tags[word])


@cache
def _small() -> Mapping[str, frozenset[str]]:
    """The languages of each small word."""
    found: dict[str, set[str]] = {}
    for line in _SMALL.strip().splitlines():
        tag, *words = line.split()
        for word in words:
            found.setdefault(word, set()).add(tag)
    return {word: frozenset(tags) for word, tags in found.items()}
