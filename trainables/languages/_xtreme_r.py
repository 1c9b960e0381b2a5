"""Rows of XTREME-R's fifty languages. They never change: scores of earlier searches are grouped by them.

A row: our code, name, family, branch, script, class of resources. See `trainables.languages` for sources.
"""

XTREME_R_ROWS = """
af Afrikaans  | Indo-European  | Germanic              | Latn | 3
ar Arabic     | Afro-Asiatic   | Semitic               | Arab | 5
az Azerbaijani| Turkic         | Oghuz                 | Latn | 1
bg Bulgarian  | Indo-European  | Slavic                | Cyrl | 3
bn Bengali    | Indo-European  | Indo-Aryan            | Beng | 3
de German     | Indo-European  | Germanic              | Latn | 5
el Greek      | Indo-European  | Hellenic              | Grek | 3
en English    | Indo-European  | Germanic              | Latn | 5
es Spanish    | Indo-European  | Romance               | Latn | 5
et Estonian   | Uralic         | Finnic                | Latn | 3
eu Basque     | Basque         | Basque                | Latn | 4
fa Persian    | Indo-European  | Iranian               | Arab | 4
fi Finnish    | Uralic         | Finnic                | Latn | 4
fr French     | Indo-European  | Romance               | Latn | 5
gu Gujarati   | Indo-European  | Indo-Aryan            | Gujr | 1
he Hebrew     | Afro-Asiatic   | Semitic               | Hebr | 3
hi Hindi      | Indo-European  | Indo-Aryan            | Deva | 4
ht Haitian    | Creole         | French-based          | Latn | 2
hu Hungarian  | Uralic         | Hungarian             | Latn | 4
id Indonesian | Austronesian   | Malayo-Sumbawan       | Latn | 3
it Italian    | Indo-European  | Romance               | Latn | 4
ja Japanese   | Japonic        | Japanesic             | Jpan | 5
jv Javanese   | Austronesian   | Javanese              | Latn | 1
ka Georgian   | Kartvelian     | Georgian-Zan          | Geor | 3
kk Kazakh     | Turkic         | Kipchak               | Cyrl | 3
ko Korean     | Korean         | Korean                | Kore | 4
lt Lithuanian | Indo-European  | Baltic                | Latn | 3
ml Malayalam  | Dravidian      | South Dravidian       | Mlym | 1
mr Marathi    | Indo-European  | Indo-Aryan            | Deva | 2
ms Malay      | Austronesian   | Malayo-Sumbawan       | Latn | 3
my Burmese    | Sino-Tibetan   | Burmo-Qiangic         | Mymr | 1
nl Dutch      | Indo-European  | Germanic              | Latn | 4
pa Punjabi    | Indo-European  | Indo-Aryan            | Guru | 2
pl Polish     | Indo-European  | Slavic                | Latn | 4
pt Portuguese | Indo-European  | Romance               | Latn | 4
qu Quechua    | Quechuan       | Quechua II            | Latn | 1
ro Romanian   | Indo-European  | Romance               | Latn | 3
ru Russian    | Indo-European  | Slavic                | Cyrl | 4
sw Swahili    | Niger-Congo    | Bantu                 | Latn | 2
ta Tamil      | Dravidian      | South Dravidian       | Taml | 3
te Telugu     | Dravidian      | South-Central Dravidian | Telu | 1
th Thai       | Kra-Dai        | Tai                   | Thai | 3
tl Tagalog    | Austronesian   | Greater Central Philippine | Latn | 3
tr Turkish    | Turkic         | Oghuz                 | Latn | 4
uk Ukrainian  | Indo-European  | Slavic                | Cyrl | 3
ur Urdu       | Indo-European  | Indo-Aryan            | Arab | 3
vi Vietnamese | Austro-Asiatic | Vietic                | Latn | 4
wo Wolof      | Niger-Congo    | Atlantic              | Latn | 2
yo Yoruba     | Niger-Congo    | Volta-Niger           | Latn | 2
zh Mandarin   | Sino-Tibetan   | Sinitic               | Hans | 5
"""

_ISO_639_3 = """
af afr, ar arb ara, az azj aze, bg bul, bn ben, de deu ger, el ell gre, en eng, es spa, et est ekk, eu eus baq, fa pes fas per, fi fin,
fr fra fre, gu guj, he heb, hi hin, ht hat, hu hun, id ind, it ita, ja jpn, jv jav, ka kat geo, kk kaz, ko kor, lt lit, ml mal, mr mar,
ms zsm msa may, my mya bur, nl nld dut, pa pan, pl pol, pt por, qu quy que, ro ron rum, ru rus, sw swh swa, ta tam, te tel, th tha, tl tgl,
tr tur, uk ukr, ur urd, vi vie, wo wol, yo yor, zh zho cmn chi
"""
XTREME_R_ISO_639_3: dict[str, tuple[str, ...]] = {
    code: tuple(found) for code, *found in map(str.split, _ISO_639_3.split(","))
}
"""By code: FLORES-200's code first, then other codes of ISO 639-2 and 639-3 for the same language."""
