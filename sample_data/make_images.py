"""Draws the sample dataset's plots and its scan again, from public-domain measurements.

Needs matplotlib, pandas and statsmodels (for the data files inside it), which Pagelens itself does not::

    pip install matplotlib statsmodels
    python sample_data/make_images.py
"""

import importlib.util
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFilter, ImageFont

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

DOCUMENTS = Path(__file__).resolve().parent / "documents"
PACKAGE = importlib.util.find_spec("statsmodels")
DATA = Path(next(iter(PACKAGE.submodule_search_locations))) / "datasets"
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"

WIND = [
    ("0", "Calm", "under 1", "Water like a mirror", "Smoke rises straight up"),
    ("1", "Light air", "1-3", "Ripples like scales, no foam", "Smoke drifts, vanes stay still"),
    ("2", "Light breeze", "4-6", "Short wavelets, glassy crests", "Wind felt on the face, leaves rustle"),
    ("3", "Gentle breeze", "7-10", "Crests begin to break", "Leaves and twigs always moving"),
    ("4", "Moderate breeze", "11-16", "Small waves, many white horses", "Dust and loose paper lifted"),
    ("5", "Fresh breeze", "17-21", "Longer waves, some spray", "Small trees in leaf sway"),
    ("6", "Strong breeze", "22-27", "Large waves, foam crests", "Wires whistle, umbrellas hard to hold"),
    ("7", "Near gale", "28-33", "Sea heaps up, foam in streaks", "Whole trees move, walking is hard"),
    ("8", "Gale", "34-40", "High long waves, spindrift", "Twigs break off trees"),
    ("9", "Strong gale", "41-47", "Dense streaks, crests topple", "Roof tiles and chimney pots fall"),
    ("10", "Storm", "48-55", "Very high waves, white sea", "Trees uprooted"),
    ("11", "Violent storm", "56-63", "Ships hidden in the troughs", "Widespread damage"),
    ("12", "Hurricane", "64 and over", "Air full of foam and spray", "Devastation"),
]
MORSE = (
    "A Alfa .-, B Bravo -..., C Charlie -.-., D Delta -.., E Echo ., F Foxtrot ..-., G Golf --., "
    "H Hotel ...., I India .., J Juliett .---, K Kilo -.-, L Lima .-.., M Mike --, N November -., "
    "O Oscar ---, P Papa .--., Q Quebec --.-, R Romeo .-., S Sierra ..., T Tango -, U Uniform ..-, "
    "V Victor ...-, W Whiskey .--, X X-ray -..-, Y Yankee -.--, Z Zulu --.., 1 .----, 2 ..---, 3 ...--, "
    "4 ....-, 5 ....., 6 -...., 7 --..., 8 ---.., 9 ----., 0 -----"
)


def plots() -> None:
    """Three line and area charts as PNG pictures, 1,200 pixels wide."""
    plt.rcParams.update({"font.size": 12, "axes.spines.top": False, "axes.spines.right": False})
    plt.rcParams.update({"figure.constrained_layout.w_pad": 0.15, "figure.constrained_layout.h_pad": 0.15})

    weekly = pd.read_csv(DATA / "co2" / "co2.csv")
    weekly.index = pd.to_datetime(weekly["date"].astype(str), format="%Y%m%d")
    figure, axes = _figure("Atmospheric carbon dioxide at Mauna Loa Observatory, Hawaii, 1958-2001")
    axes.plot(weekly.index, weekly["co2"], color="#c2410c", linewidth=1)
    axes.set_xlabel("Year")
    axes.set_ylabel("CO2 concentration (parts per million by volume)")
    low, high = weekly["co2"].idxmin(), weekly["co2"].idxmax()
    for when, offset in ((low, (70, -4)), (high, (-190, -5))):
        text = f"{weekly['co2'][when]:.1f} ppm in {when:%B %Y}"
        arrow = {"arrowstyle": "->", "color": "#57534e"}
        axes.annotate(text, (when, weekly["co2"][when]), xytext=offset, textcoords="offset points", arrowprops=arrow)
    _save(figure, "co2-mauna-loa.png")

    yearly = pd.read_csv(DATA / "sunspots" / "sunspots.csv")
    figure, axes = _figure("Yearly mean number of sunspots, 1700-2008: the eleven-year solar cycle")
    axes.fill_between(yearly["YEAR"], yearly["SUNACTIVITY"], color="#fbbf24", alpha=0.5)
    axes.plot(yearly["YEAR"], yearly["SUNACTIVITY"], color="#b45309", linewidth=1)
    top = yearly.loc[yearly["SUNACTIVITY"].idxmax()]
    text = f"strongest maximum: {top['SUNACTIVITY']:.0f} in {top['YEAR']:.0f}"
    axes.annotate(text, (top["YEAR"], top["SUNACTIVITY"]), xytext=(-230, -8), textcoords="offset points")
    axes.axvspan(1795, 1823, color="#e0e7ff", zorder=0)
    axes.text(1809, 165, "Dalton minimum", ha="center")
    axes.set_xlabel("Year")
    axes.set_ylabel("Sunspot number")
    axes.set_ylim(0, 200)
    _save(figure, "sunspots.png")

    sea = pd.read_csv(DATA / "elnino" / "elnino.csv").set_index("YEAR")
    figure, axes = _figure("El Nino: sea surface temperature of the eastern Pacific, month by month")
    months = [month.capitalize() for month in sea.columns]
    for year in sea.index:
        axes.plot(months, sea.loc[year], color="#cbd5e1", linewidth=0.8)
    for year, colour in ((1982, "#2563eb"), (1983, "#dc2626"), (1997, "#16a34a"), (1998, "#9333ea")):
        axes.plot(months, sea.loc[year], color=colour, linewidth=2.4, label=str(year))
    axes.plot(months, sea.mean(), color="black", linewidth=2.4, linestyle="--", label="mean of 1950-2010")
    axes.legend(frameon=False, ncols=5, loc="upper center", bbox_to_anchor=(0.5, -0.12))
    axes.set_ylabel("Temperature (degrees Celsius)")
    _save(figure, "el-nino-sea-temperature.png")


def _figure(title: str) -> tuple[Figure, Axes]:
    figure, axes = plt.subplots(figsize=(10, 6), layout="constrained")
    axes.set_title(title, loc="left", fontsize=14, fontweight="bold", pad=14)
    axes.grid(axis="y", color="#e7e5e4")
    return figure, axes


def _save(figure: Figure, name: str) -> None:
    figure.savefig(DOCUMENTS / name, dpi=120, metadata={"Software": ""})
    plt.close(figure)


class Sheet:
    """An A4 page of typewritten lines at 150 dots an inch, and what a scanner makes of it."""

    def __init__(self) -> None:
        self.image = Image.new("L", (1240, 1754), 255)
        self.draw = ImageDraw.Draw(self.image)

    def text(self, x: int, y: int, line: str, size: int = 21, bold: bool = False) -> None:
        """Type one line with its top left corner at (x, y), in dots."""
        name = "DejaVuSansMono-Bold.ttf" if bold else "DejaVuSansMono.ttf"
        self.draw.text((x, y), line, font=ImageFont.truetype(FONTS / name, size), fill=25)

    def rule(self, y: int, width: int = 2) -> None:
        """Draw a line from margin to margin at height y."""
        self.draw.line((90, y, 1150, y), fill=40, width=width)

    def scanned(self, seed: int, angle: float) -> Image.Image:
        """Turned by less than a degree, unevenly lit, blurred, noisy and specked."""
        rng = np.random.default_rng(seed)
        turned = self.image.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=255)
        pixels = np.asarray(turned.filter(ImageFilter.GaussianBlur(0.8)), np.float32)
        height, width = pixels.shape
        light = 0.90 + 0.07 * np.linspace(0, 1, width)[None, :] - 0.05 * np.linspace(0, 1, height)[:, None]
        light -= 0.25 * np.exp(-np.arange(width) / 14.0)[None, :]  # the shadow of the binding
        pixels = pixels * light + rng.normal(0, 5, pixels.shape)
        for x, y in zip(rng.integers(0, width, 60), rng.integers(0, height, 60), strict=True):
            pixels[y : y + 2, x : x + 2] *= 0.5
        for y in (590, 1160):  # punched holes
            circle = (np.arange(width)[None, :] - 42) ** 2 + (np.arange(height)[:, None] - y) ** 2 < 20**2
            pixels[circle] = 70
        return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def wind_sheet() -> Sheet:
    """The Beaufort scale as a table."""
    sheet = Sheet()
    sheet.text(100, 110, "OBSERVER'S CARDS", 24)
    sheet.text(960, 110, "Card 1 of 3", 24)
    sheet.text(100, 165, "THE BEAUFORT SCALE OF WIND FORCE", 36, bold=True)
    sheet.text(100, 225, "Judge the wind by what it does; estimate over ten minutes, ten metres up.", 21)
    sheet.rule(285, 4)
    columns = (100, 160, 400, 570, 860)
    for x, head in zip(columns, ("No.", "Name", "Knots", "At sea", "On land"), strict=True):
        sheet.text(x, 300, head, 22, bold=True)
    sheet.rule(338)
    y = 352
    for row in WIND:
        for x, cell, room in zip(columns, row, (4, 16, 12, 17, 17), strict=True):
            for n, line in enumerate(_wrap(cell, room)):
                sheet.text(x, y + 26 * n, line, 20)
        y += 26 * max(len(_wrap(cell, room)) for cell, room in zip(row[3:], (17, 17), strict=True)) + 14
        sheet.rule(y - 6, 1)
    sheet.text(100, y + 20, "Speed in metres per second = 0.836 x force to the power 3/2.", 21)
    sheet.text(100, y + 52, "Gale warnings are given from force 8 upwards.", 21)
    return sheet


def _wrap(text: str, room: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def morse_sheet() -> Sheet:
    """Morse code beside the spelling alphabet, and its timing."""
    sheet = Sheet()
    sheet.text(100, 110, "OBSERVER'S CARDS", 24)
    sheet.text(960, 110, "Card 2 of 3", 24)
    sheet.text(100, 165, "MORSE CODE AND SPELLING ALPHABET", 36, bold=True)
    sheet.rule(240, 4)
    for n, entry in enumerate(MORSE.split(", ")):
        name, _, code = entry.rpartition(" ")
        x, y = 100 + 370 * (n // 12), 270 + 62 * (n % 12)
        sheet.text(x, y, name, 25)
        place = x + (175 if len(name) > 1 else 60)
        for sign in code:
            wide = 33 if sign == "-" else 11
            sheet.draw.rectangle((place, y + 10, place + wide, y + 21), fill=25)
            place += wide + 11
    sheet.rule(1030, 4)
    notes = (
        "Timing. The dot is the unit. A dash lasts three dots. Leave one dot",
        "between the signs of a letter, three between letters, seven between",
        "words.",
        "",
        "Distress. Send SOS as one sign without gaps: three dots, three dashes,",
        "three dots. By lamp, repeat it until answered.",
        "",
        "Mistake. Eight dots in a row cancel the last word.",
        "",
        "Speed is counted in words a minute with the word PARIS, fifty dots long.",
    )
    for n, line in enumerate(notes):
        sheet.text(100, 1070 + 40 * n, line, 23)
    return sheet


def nile_sheet() -> Sheet:
    """The yearly flow of the Nile as a table of a hundred years and a drawn line."""
    sheet = Sheet()
    flow = pd.read_csv(DATA / "nile" / "nile.csv").set_index("year")["volume"]
    sheet.text(100, 110, "OBSERVER'S CARDS", 24)
    sheet.text(960, 110, "Card 3 of 3", 24)
    sheet.text(100, 165, "YEARLY FLOW OF THE NILE AT ASWAN", 36, bold=True)
    sheet.text(100, 225, "1871 to 1970, in hundred millions of cubic metres", 23)
    sheet.rule(275, 4)
    for n, (year, volume) in enumerate(flow.items()):
        x, y = 100 + 215 * (n // 20), 300 + 34 * (n % 20)
        sheet.text(x, y, f"{year} {volume:5.0f}", 22)
    sheet.rule(1000, 4)
    left, top, right, bottom = 180, 1060, 1130, 1500
    sheet.draw.line((left, top, left, bottom, right, bottom), fill=40, width=3)
    years, volumes = flow.index.to_numpy(), flow.to_numpy()
    xs = left + (years - 1870) / 101 * (right - left)
    ys = bottom - volumes / 1500 * (bottom - top)
    sheet.draw.line([(float(x), float(y)) for x, y in zip(xs, ys, strict=True)], fill=30, width=3)
    for value in (500, 1000, 1500):
        y = bottom - value / 1500 * (bottom - top)
        sheet.text(100, int(y) - 12, f"{value:4d}", 20)
        sheet.draw.line((left - 10, y, left, y), fill=40, width=3)
    for year in (1880, 1900, 1920, 1940, 1960):
        sheet.text(int(left + (year - 1870) / 101 * (right - left)) - 24, bottom + 12, str(year), 20)
    before, after = volumes[years <= 1898].mean(), volumes[years > 1898].mean()
    sheet.text(100, 1560, f"Mean until 1898: {before:.0f}. Mean from 1899, after which the river", 23)
    sheet.text(100, 1594, f"carried less: {after:.0f}. Lowest: {volumes.min():.0f} in {years[volumes.argmin()]}.", 23)
    return sheet


def scan() -> None:
    """The three cards as an image-only PDF, JPEG inside."""
    sheets = zip((wind_sheet(), morse_sheet(), nile_sheet()), (11, 12, 13), (0.55, -0.4, 0.3), strict=True)
    first, *rest = (sheet.scanned(seed, angle) for sheet, seed, angle in sheets)
    target = DOCUMENTS / "observers-cards-scan.pdf"
    first.save(target, save_all=True, append_images=rest, resolution=150, quality=50)


if __name__ == "__main__":
    plots()
    scan()
