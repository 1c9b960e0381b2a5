"""The languages of XTREME-R: family, branch, script, seen in pre-training, resource class.

Families are named as in the XTREME-R paper (Ruder et al., EMNLP 2021); branches follow Glottolog 5 (CC BY 4.0);
scripts are ISO 15924 codes of each language's Unicode CLDR locale; ``seen`` says whether the language is in XLM-R's
pre-training data (Conneau et al., ACL 2020, table 6); ``resources`` is the class of Joshi et al. (ACL 2020),
from 0 (left behind) to 5 (winners).
"""

from dataclasses import dataclass

SOURCE_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """One row of the table."""

    code: str
    """The code XTREME-R uses: ISO 639-1."""
    name: str
    family: str
    branch: str
    script: str
    seen: bool
    """Whether XLM-R was pre-trained on it."""
    resources: int
    """Class of Joshi et al. (2020): 0 to 5."""

    @property
    def locale(self) -> str:
        """The Unicode CLDR locale: CLDR files Tagalog under ``fil``."""
        return "fil" if self.code == "tl" else self.code


_ROWS = """
af Afrikaans  | Indo-European  | Germanic              | Latn | seen   | 3
ar Arabic     | Afro-Asiatic   | Semitic               | Arab | seen   | 5
az Azerbaijani| Turkic         | Oghuz                 | Latn | seen   | 1
bg Bulgarian  | Indo-European  | Slavic                | Cyrl | seen   | 3
bn Bengali    | Indo-European  | Indo-Aryan            | Beng | seen   | 3
de German     | Indo-European  | Germanic              | Latn | seen   | 5
el Greek      | Indo-European  | Hellenic              | Grek | seen   | 3
en English    | Indo-European  | Germanic              | Latn | seen   | 5
es Spanish    | Indo-European  | Romance               | Latn | seen   | 5
et Estonian   | Uralic         | Finnic                | Latn | seen   | 3
eu Basque     | Basque         | Basque                | Latn | seen   | 4
fa Persian    | Indo-European  | Iranian               | Arab | seen   | 4
fi Finnish    | Uralic         | Finnic                | Latn | seen   | 4
fr French     | Indo-European  | Romance               | Latn | seen   | 5
gu Gujarati   | Indo-European  | Indo-Aryan            | Gujr | seen   | 1
he Hebrew     | Afro-Asiatic   | Semitic               | Hebr | seen   | 3
hi Hindi      | Indo-European  | Indo-Aryan            | Deva | seen   | 4
ht Haitian    | Creole         | French-based          | Latn | unseen | 2
hu Hungarian  | Uralic         | Hungarian             | Latn | seen   | 4
id Indonesian | Austronesian   | Malayo-Sumbawan       | Latn | seen   | 3
it Italian    | Indo-European  | Romance               | Latn | seen   | 4
ja Japanese   | Japonic        | Japanesic             | Jpan | seen   | 5
jv Javanese   | Austronesian   | Javanese              | Latn | seen   | 1
ka Georgian   | Kartvelian     | Georgian-Zan          | Geor | seen   | 3
kk Kazakh     | Turkic         | Kipchak               | Cyrl | seen   | 3
ko Korean     | Korean         | Korean                | Kore | seen   | 4
lt Lithuanian | Indo-European  | Baltic                | Latn | seen   | 3
ml Malayalam  | Dravidian      | South Dravidian       | Mlym | seen   | 1
mr Marathi    | Indo-European  | Indo-Aryan            | Deva | seen   | 2
ms Malay      | Austronesian   | Malayo-Sumbawan       | Latn | seen   | 3
my Burmese    | Sino-Tibetan   | Burmo-Qiangic         | Mymr | seen   | 1
nl Dutch      | Indo-European  | Germanic              | Latn | seen   | 4
pa Punjabi    | Indo-European  | Indo-Aryan            | Guru | seen   | 2
pl Polish     | Indo-European  | Slavic                | Latn | seen   | 4
pt Portuguese | Indo-European  | Romance               | Latn | seen   | 4
qu Quechua    | Quechuan       | Quechua II            | Latn | unseen | 1
ro Romanian   | Indo-European  | Romance               | Latn | seen   | 3
ru Russian    | Indo-European  | Slavic                | Cyrl | seen   | 4
sw Swahili    | Niger-Congo    | Bantu                 | Latn | seen   | 2
ta Tamil      | Dravidian      | South Dravidian       | Taml | seen   | 3
te Telugu     | Dravidian      | South-Central Dravidian | Telu | seen | 1
th Thai       | Kra-Dai        | Tai                   | Thai | seen   | 3
tl Tagalog    | Austronesian   | Greater Central Philippine | Latn | seen | 3
tr Turkish    | Turkic         | Oghuz                 | Latn | seen   | 4
uk Ukrainian  | Indo-European  | Slavic                | Cyrl | seen   | 3
ur Urdu       | Indo-European  | Indo-Aryan            | Arab | seen   | 3
vi Vietnamese | Austro-Asiatic | Vietic                | Latn | seen   | 4
wo Wolof      | Niger-Congo    | Atlantic              | Latn | unseen | 2
yo Yoruba     | Niger-Congo    | Volta-Niger           | Latn | unseen | 2
zh Mandarin   | Sino-Tibetan   | Sinitic               | Hans | seen   | 5
"""


def _parse(row: str) -> Language:
    named, family, branch, script, seen, resources = (cell.strip() for cell in row.split("|"))
    code, name = named.split(maxsplit=1)
    return Language(code, name, family, branch, script, seen == "seen", int(resources))


LANGUAGES: dict[str, Language] = {language.code: language for language in map(_parse, _ROWS.strip().splitlines())}
"""Every language of XTREME-R by its code, in alphabetical order of the codes."""
