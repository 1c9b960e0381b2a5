"""Languages: the table of family, branch and script, codes in any usual form, and what encoders were pre-trained on.

The table has XTREME-R's 50 languages, SIB-200's 205 (FLORES-200's and N'Ko), Belebele's 122, XLM-R's 100, mBERT's 104 but Serbo-Croatian, mT5's 101, and
those of AfriXNLI, AfriSenti, MasakhaPOS, NusaX and AmericasNLI. We wrote its rows by hand.

Families: Glottolog 5 (Hammarström et al., CC BY 4.0), but under the names of the XTREME-R paper (Ruder et al., EMNLP 2021) where that has
one: Niger-Congo for Glottolog's Atlantic-Congo, Austro-Asiatic, Kra-Dai, Korean, Japonic; creoles are a group of their own, as there, and so
are constructed languages. Branches follow Glottolog 5. Scripts are ISO 15924 codes: those of FLORES-200, else CLDR's.
Languages of pre-training: see `PRETRAINING_LANGUAGES`. Classes of resources: Joshi et al. (ACL 2020), from 0 (left behind) to 5 (winners).
"""

from trainables.languages._codes import LanguageCodeError, resolve_language
from trainables.languages._encoders import UNKNOWN, identify_pretraining, is_seen
from trainables.languages._language import Language
from trainables.languages._pretraining_languages import PRETRAINING_LANGUAGES
from trainables.languages._rules import LanguageRules
from trainables.languages._table import DEFAULT_SOURCE, LANGUAGES, SOURCE_LANGUAGE, XTREME_R_LANGUAGES

__all__ = [
    "DEFAULT_SOURCE",
    "LANGUAGES",
    "PRETRAINING_LANGUAGES",
    "SOURCE_LANGUAGE",
    "UNKNOWN",
    "XTREME_R_LANGUAGES",
    "Language",
    "LanguageCodeError",
    "LanguageRules",
    "identify_pretraining",
    "is_seen",
    "resolve_language",
]
