"""Which language a page is in; of names and numbers, and of two languages at once, nothing is told."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.documents import langid
from workbench.documents.langid import MOST, language

# Article 1 of the Universal Declaration of Human Rights, and beginnings of articles 2 and 7.
TEXTS = {
    "en": "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience "
    "and should act towards one another in a spirit of brotherhood.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt "
    "und sollen einander im Geist der Brüderlichkeit begegnen.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de "
    "conscience et doivent agir les uns envers les autres dans un esprit de fraternité.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón y "
    "conciencia, deben comportarse fraternalmente los unos con los otros.",
    "it": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di ragione e di "
    "coscienza e devono agire gli uni verso gli altri in spirito di fratellanza. Ad ogni individuo spettano tutti i "
    "diritti e tutte le libertà enunciate nella presente Dichiarazione, senza distinzione alcuna, per ragioni di razza",
    "pt": "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de razão e de "
    "consciência, devem agir uns para com os outros em espírito de fraternidade. Todos são iguais perante a lei e, sem "
    "distinção, têm direito a igual proteção da lei.",
    "nl": "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd met verstand en "
    "geweten, en behoren zich jegens elkander in een geest van broederschap te gedragen.",
    "sv": "Alla människor är födda fria och lika i värde och rättigheter. De är utrustade med förnuft och samvete och "
    "bör handla gentemot varandra i en anda av broderskap.",
    "da": "Alle mennesker er født frie og lige i værdighed og rettigheder. De er udstyret med fornuft og samvittighed, "
    "og de bør handle mod hverandre i en broderskabets ånd. Enhver har krav på alle de rettigheder og friheder, som "
    "nævnes i denne erklæring, uden forskelsbehandling af nogen art, og der må heller ikke gøres forskel efter "
    "nogen stilling, hvad enten det er et land eller ikke.",
    "fi": "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Heille on annettu järki ja "
    "omatunto, ja heidän on toimittava toisiaan kohtaan veljeyden hengessä. Jokainen on oikeutettu kaikkiin tässä "
    "julistuksessa esitettyihin oikeuksiin ja vapauksiin ilman minkäänlaista erotusta, kuten se joka on",
    "pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem i "
    "sumieniem i powinni postępować wobec innych w duchu braterstwa. Nie wolno ponadto czynić żadnej różnicy, jest to "
    "także nie do przyjęcia ani dla kraju, ani dla obszaru, do którego dana osoba przynależy, bez względu na to, czy",
    "cs": "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Jsou nadáni rozumem a svědomím a mají "
    "spolu jednat v duchu bratrství. Každý má všechna práva a všechny svobody, které stanoví tato deklarace, bez "
    "jakéhokoli rozlišování, ať už se jedná o zemi nebo o území, která je pod správou, nebo na které se vztahuje jiné",
    "hu": "Minden emberi lény szabadon születik és egyenlő méltósága és joga van. Az emberek, ésszel és "
    "lelkiismerettel bírván, egymással szemben testvéri szellemben kell hogy viseltessenek. Nem lehet semmiféle "
    "különbséget tenni az ország vagy terület jogállása szerint sem, ha az nem független",
    "ro": "Toate ființele umane se nasc libere și egale în demnitate și în drepturi. Ele sunt înzestrate cu rațiune și "
    "conștiință și trebuie să se comporte unele față de altele în spiritul fraternității.",
    "tr": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler ve "
    "birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler. Bundan başka, bağımsız bir ülke olsun veya ya da "
    "için bu her ne olursa olsun daha çok ayrım gözetilmeyecektir.",
    "vi": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền. Mọi con người đều được tạo hóa "
    "ban cho lý trí và lương tâm và cần phải đối xử với nhau trong tình bằng hữu.",
    "id": "Semua orang dilahirkan merdeka dan mempunyai martabat dan hak-hak yang sama. Mereka dikaruniai akal dan "
    "hati nurani dan hendaknya bergaul satu sama lain dalam semangat persaudaraan. Setiap orang "
    "berhak atas semua hak dan kebebasan yang tercantum di dalam Pernyataan ini, karena tidak ada bedanya di mana.",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью и "
    "должны поступать в отношении друг друга в духе братства. Каждый человек имеет право на жизнь, на свободу.",
    "uk": "Всі люди народжуються вільними і рівними у своїй гідності та правах. Вони наділені розумом і совістю і "
    "повинні діяти у відношенні один до одного в дусі братерства.",
    "bg": "Всички хора се раждат свободни и равни по достойнство и права. Те са надарени с разум и съвест и следва да "
    "се отнасят помежду си в дух на братство. Всеки има право на живот, свобода и лична сигурност, която не може",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. Είναι προικισμένοι με "
    "λογική και συνείδηση, και οφείλουν να συμπεριφέρονται μεταξύ τους με πνεύμα αδελφοσύνης.",
    "ar": "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق. وقد وهبوا عقلاً وضميراً وعليهم أن يعامل بعضهم بعضاً "
    "بروح الإخاء. لكل إنسان حق التمتع بكافة الحقوق والحريات الواردة في هذا الإعلان دون أي تمييز من أي نوع لا بسبب",
    "fa": "تمام افراد بشر آزاد به دنیا می آیند و از لحاظ حیثیت و حقوق با هم برابرند. همه دارای عقل و وجدان هستند و "
    "باید نسبت به یکدیگر با روح برادری رفتار کنند و این برای هر کس است که",
    "hi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है। उन्हें बुद्धि और "
    "अन्तरात्मा की देन प्राप्त है और परस्पर उन्हें भाईचारे के भाव से बर्ताव करना चाहिए।",
    "ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "zh": "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "th": "มนุษย์ทั้งปวงเกิดมามีอิสระและเสมอภาคกันในศักดิ์ศรีและสิทธิ",
    "he": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.",
}  # fmt: skip


@pytest.mark.parametrize("tag", TEXTS)
def test_running_text_tells_its_language(tag):
    assert language(TEXTS[tag].split()) == tag


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12,345 67.8 % 2024 2025",
        "Müller 12 Rossi 13 Kowalski 14 Nguyen 15 Svensson 16 Tanaka 17 Yılmaz 18 García 19 Smith 20 Horvat 21",
        "BC-547 C12 R104 TPS61090RSAR LM317T STM32F103C8T6 NE555P 1N4148 IRLZ44N ATMEGA328P-PU",
        " ".join(f"{number:,}" for number in range(990, 9000, 37)) + " $ % km kg EUR",
        "x = a + b - c * d / e; for i in range(n): print(i, end=' ')",
        "Revenue 2023 2024 2025 EBITDA 12.1 13.4 15.0 Net income 3.2 4.1 5.0",
        "Σ α β",
    ],
)
def test_names_numbers_and_code_are_of_no_language(text):
    assert language(text.split()) == ""


def test_a_page_half_in_one_language_and_half_in_another_is_of_neither():
    assert language(f"{TEXTS['en']} {TEXTS['de']}".split()) == ""


def test_so_it_is_of_scripts_that_share_nothing_and_of_languages_that_share_much():
    assert language(f"{TEXTS['ru']} {TEXTS['zh']} {TEXTS['zh']} {TEXTS['zh']}".split()) == ""
    assert language(f"{TEXTS['da'][:200]} {TEXTS['fr']}".split()) == ""


def test_what_a_page_has_beside_its_text_takes_its_language_from_none():
    table = " ".join(f"{number}.5 % ({number + 2000})" for number in range(60))
    assert language(f"{TEXTS['pl']} {table}".split()) == "pl"
    assert language(f"{table} {TEXTS['ru']}".split()) == "ru"


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("hr", "Sva ljudska bića rađaju se slobodna i jednaka u dostojanstvu i pravima. Ona su obdarena razumom i "
               "sviješću i trebaju jedna prema drugima postupati u duhu bratstva."),
        ("zh", "人人生而自由，在尊嚴和權利上一律平等。他們賦有理性和良心，並應以兄弟關係的精神相對待。"),
        ("gl", "Tódolos seres humanos nacen libres e iguais en dignidade e dereitos e, dotados como están de razón e "
               "conciencia, débense comportar fraternalmente uns cos outros."),
        ("de", "ALLE MENSCHEN SIND FREI UND GLEICH AN WÜRDE UND RECHTEN GEBOREN."),
        ("de", "Bitte vor dem Öffnen den Netzstecker ziehen."),
        ("fr", "Débranchez la prise avant d'ouvrir le boîtier."),
    ],
)  # fmt: skip
def test_neighbours_capitals_and_one_line_are_told(tag, text):
    assert language(text.split()) == tag


@pytest.fixture(scope="module")
def library():
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages([tag for tag in model.labels if tag not in langid._LEFT_OUT])
    return model


@given(st.lists(st.one_of(st.text(max_size=300), st.sampled_from(list(TEXTS.values()))), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_texts_read_at_once_are_what_the_library_reads_byte_by_byte(library, texts):
    for text, found in zip(texts, langid._likely(texts), strict=True):
        expected = dict.fromkeys(langid._model().tags, 0.0)
        for tag, probability in library.rank(text):
            expected[langid._WITHIN.get(tag, tag)] += probability
        np.testing.assert_allclose(found, list(expected.values()), rtol=1e-3, atol=1e-5)


def test_nothing_is_loaded_before_a_page_has_words():
    code = "import sys; import workbench.store.writer as w; w.language(['12']); print('py3langid' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_hostile_words_are_looked_at_in_part(monkeypatch):
    asked, likely = [], langid._likely
    monkeypatch.setattr(langid, "_likely", lambda texts: asked.extend(texts) or likely(texts))
    assert language([*TEXTS["en"].split(), "ab" * 1_000_000]) in ("en", "")
    assert max(map(len, asked)) < 3000


def test_a_sentence_in_a_second_language_does_not_decide():
    assert language(f"{TEXTS['it']} {TEXTS['en']}".split()) == "it"


def test_a_quotation_in_a_second_script_does_not_decide():
    assert language(f"{TEXTS['en']} {TEXTS['en']} {TEXTS['el'][:60]}".split()) == "en"
    assert language(f"{TEXTS['zh']} Pagelens PDF OCR".split()) == "zh"


def test_only_the_beginning_of_a_very_long_page_is_looked_at():
    assert language([*(TEXTS["en"].split() * 60)[:MOST], *TEXTS["de"].split() * 500]) == "en"
