"""Short texts in many languages, from the names and formats of the Unicode CLDR that Babel carries."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list


def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


TERRITORIES = words("""
AR AT AU BE BR CA CH CL CN CO CU DE DK EG ES FI FR GB GR HU IE IN IQ IR
IS IT JP KE KR MA MX NG NL NO NP NZ PE PL PT RO RU SE TH TN TR UA US VN
""")
SPLITS = words("""
train validation test validation_matched validation_mismatched test_matched test_mismatched
train_r1 train_r2 train_r3 dev_r1 dev_r2 dev_r3 test_r1 test_r2 test_r3
""")
MOST = 5_000
"""The most rows of a split whose texts are all different."""
COMMAS = {"zh": "，", "ja": "、", "th": " ", "my": " ", "ar": "، ", "fa": "، ", "ur": "، "}
STOPS = {"zh": "。", "ja": "。", "th": "", "my": "။", "hi": "।", "bn": "।", "mr": "।", "ur": "۔"}
MARKS = {"zh": "？", "ja": "？", "ar": "؟", "fa": "؟", "ur": "؟", "el": ";", "th": ""}
UNSPACED = ("zh", "ja", "th")


@cache
def locale(language: str) -> Locale:
    """The CLDR locale of a language code of the hub; English where there is none."""
    try:
        return Locale.parse({"tl": "fil", "tgl": "fil", "cmn": "zh", "pes": "fa", "swh": "sw"}.get(language, language))
    except UnknownLocaleError:
        return Locale("en")


def place(language: str, number: int) -> str:
    """The name of a territory."""
    code = TERRITORIES[number % len(TERRITORIES)]
    name: str = locale(language).territories.get(code) or Locale("en").territories[code]
    return name


@dataclass(frozen=True)
class Item:
    """One row's facts: two territories and a day that no other row of its set has."""

    language: str
    split: str
    number: int
    shift: int = 0
    """Makes another item, for texts beside the row's own."""

    @property
    def serial(self) -> int:
        return SPLITS.index(self.split) * 2 * MOST + self.shift + self.number

    @property
    def script(self) -> str:
        """The two-letter code that punctuation goes by."""
        code: str = locale(self.language).language
        return code

    def into(self, language: str) -> "Item":
        """The same in another language."""
        return Item(language, self.split, self.number, self.shift)

    def other(self) -> "Item":
        """An item that no row is about."""
        return Item(self.language, self.split, self.number, MOST)

    def place(self, offset: int) -> str:
        """Territories of the item: 0 and 1 are what it says, from 2 on what it does not say."""
        return place(self.language, self.entity + offset)

    @property
    def entity(self) -> int:
        """The number of its first territory."""
        return self.serial * 7 % len(TERRITORIES)

    @property
    def date(self) -> date:
        return date(2001, 1, 1) + timedelta(days=self.serial)

    @property
    def day(self) -> str:
        text: str = format_date(self.date, "full", locale=locale(self.language))
        return text

    @property
    def both(self) -> str:
        text: str = format_list([self.place(0), self.place(1)], locale=locale(self.language))
        return text

    @property
    def sentence(self) -> str:
        """What it says."""
        return self.says(self.both, self.day)

    @property
    def question(self) -> str:
        """Asks for the first territory."""
        return self.comma.join((self.place(1), self.day)) + MARKS.get(self.script, "?")

    @property
    def comma(self) -> str:
        return COMMAS.get(self.script, ", ")

    @property
    def stop(self) -> str:
        return STOPS.get(self.script, ".")

    def says(self, *parts: str) -> str:
        """A sentence of these parts."""
        text = self.comma.join(parts)
        return text if text.endswith(self.stop) else text + self.stop

    def pieces(self) -> list[tuple[str, str]]:
        """What it says, a name or a sign at a time, and what each is."""
        here = locale(self.language)
        month: str = here.months["format"]["wide"][self.date.month]
        tongues = sorted(here.languages.items()) or [("", "Esperanto")]
        told = [
            ("first", self.place(0)),
            ("sign", self.comma.strip()),
            ("second", self.place(1)),
            ("other", tongues[self.serial % len(tongues)][1]),
            ("number", str(self.date.day)),
            ("month", month),
            ("number", str(self.date.year)),
            ("sign", self.stop),
        ]
        return [(role, text) for role, text in told if text]
