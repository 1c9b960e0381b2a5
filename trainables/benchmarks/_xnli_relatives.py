"""Sets that translate XNLI into other languages, and are trained as XNLI is: AfriXNLI, AmericasNLI and IndicXNLI."""

from dataclasses import replace

from trainables.benchmarks._low_resource import AMERICASNLI_LANGUAGES, INDICXNLI_LANGUAGES, LOW_RESOURCE_TASKS
from trainables.benchmarks._parallel_cards import Split, make_parts, map_configurations
from trainables.benchmarks.xtreme import NLI_LABELS, XTREME
from trainables.cards import DatasetPart, DatasetSource, TaskCard, TaskParts, make_pair_format

_XNLI = XTREME["xnli"]
_TRAINED = "it has no training rows: trained on XNLI's"
_FORMAT = make_pair_format("premise", "hypothesis", NLI_LABELS, hub_order=NLI_LABELS)


def _make_card(description: str, dev: tuple[DatasetPart, ...], test: tuple[DatasetPart, ...]) -> TaskCard:
    assert _XNLI.parts is not None
    return replace(
        _XNLI,
        description=f"{description}; {_TRAINED}",
        languages=tuple(sorted(code for part in test for code in part.languages)),
        parts=TaskParts(train=_XNLI.parts.train, dev=dev, test=test),
    )


def _make_english_dev() -> DatasetPart:
    """XNLI's own dev set in English, for a set without English."""
    assert _XNLI.parts is not None
    return replace(_XNLI.parts.dev[0], languages=("en",))


def _find_source(task: str) -> DatasetSource:
    """The set of an intermediate task, of which other splits are scored here."""
    parts = LOW_RESOURCE_TASKS[task].parts
    assert parts is not None
    return parts.train[0].source


_AFRIXNLI_SOURCE = DatasetSource(
    repository="masakhane/afrixnli",
    licence="CC BY-NC 4.0 (of XNLI, which it translates; its own card: Apache-2.0, mteb: CC BY 4.0)",
)
_AFRICAN = map_configurations("amh eng ewe fra hau ibo kin lin lug orm sna sot swa twi wol xho yor zul")
AFRIXNLI = _make_card(
    "XNLI in 16 African languages, English and French (Adelani et al., NAACL 2025)",
    make_parts(_AFRIXNLI_SOURCE, _FORMAT, _AFRICAN, Split("validation", 450)),
    make_parts(_AFRIXNLI_SOURCE, _FORMAT, _AFRICAN, Split("test", 600)),
)

_AMERICAN = map_configurations(" ".join(AMERICASNLI_LANGUAGES))
_AMERICAN_DEV_ROWS = dict.fromkeys(AMERICASNLI_LANGUAGES, 743) | {"cni": 658, "nah": 376, "oto": 222}
_AMERICAN_TEST_ROWS = dict.fromkeys(AMERICASNLI_LANGUAGES, 750) | {"nah": 738, "oto": 748}
XNLI_AMERICAS = _make_card(
    "XNLI in ten indigenous languages of the Americas (AmericasNLI, Ebrahimi et al., ACL 2022)",
    (
        _make_english_dev(),
        *make_parts(_find_source("americasnli"), _FORMAT, _AMERICAN, Split("validation", _AMERICAN_DEV_ROWS)),
    ),
    make_parts(_find_source("americasnli"), _FORMAT, _AMERICAN, Split("test", _AMERICAN_TEST_ROWS)),
)

_INDIAN = map_configurations(" ".join(INDICXNLI_LANGUAGES))
XNLI_INDIC = _make_card(
    "XNLI in eleven languages of India (IndicXNLI, Aggarwal et al., EMNLP 2022)",
    (_make_english_dev(), *make_parts(_find_source("indicxnli"), _FORMAT, _INDIAN, Split("validation", 2490))),
    make_parts(_find_source("indicxnli"), _FORMAT, _INDIAN, Split("test", 5010)),
)
