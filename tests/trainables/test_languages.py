import json

import pytest
from babel import Locale
from babel.core import get_global
from pydantic import TypeAdapter

from trainables.curriculum import Trial
from trainables.languages import (
    LANGUAGES,
    PRETRAINING_LANGUAGES,
    SOURCE_LANGUAGE,
    XTREME_R_LANGUAGES,
    Language,
    LanguageCodeError,
    LanguageRules,
    identify_pretraining,
    is_seen,
    resolve_language,
)
from trainables.outcome import Outcome
from trainables.transfer import Transfer

_SIB_200 = """
ace_Arab ace_Latn acm_Arab acq_Arab aeb_Arab afr_Latn ajp_Arab aka_Latn als_Latn amh_Ethi apc_Arab arb_Arab arb_Latn ars_Arab
ary_Arab arz_Arab asm_Beng ast_Latn awa_Deva ayr_Latn azb_Arab azj_Latn bak_Cyrl bam_Latn ban_Latn bel_Cyrl bem_Latn ben_Beng
bho_Deva bjn_Arab bjn_Latn bod_Tibt bos_Latn bug_Latn bul_Cyrl cat_Latn ceb_Latn ces_Latn cjk_Latn ckb_Arab crh_Latn cym_Latn
dan_Latn deu_Latn dik_Latn dyu_Latn dzo_Tibt ell_Grek eng_Latn epo_Latn est_Latn eus_Latn ewe_Latn fao_Latn fij_Latn fin_Latn
fon_Latn fra_Latn fur_Latn fuv_Latn gaz_Latn gla_Latn gle_Latn glg_Latn grn_Latn guj_Gujr hat_Latn hau_Latn heb_Hebr hin_Deva
hne_Deva hrv_Latn hun_Latn hye_Armn ibo_Latn ilo_Latn ind_Latn isl_Latn ita_Latn jav_Latn jpn_Jpan kab_Latn kac_Latn kam_Latn
kan_Knda kas_Arab kas_Deva kat_Geor kaz_Cyrl kbp_Latn kea_Latn khk_Cyrl khm_Khmr kik_Latn kin_Latn kir_Cyrl kmb_Latn kmr_Latn
knc_Arab knc_Latn kon_Latn kor_Hang lao_Laoo lij_Latn lim_Latn lin_Latn lit_Latn lmo_Latn ltg_Latn ltz_Latn lua_Latn lug_Latn
luo_Latn lus_Latn lvs_Latn mag_Deva mai_Deva mal_Mlym mar_Deva min_Arab min_Latn mkd_Cyrl mlt_Latn mni_Beng mos_Latn mri_Latn
mya_Mymr nld_Latn nno_Latn nob_Latn npi_Deva nqo_Nkoo nso_Latn nus_Latn nya_Latn oci_Latn ory_Orya pag_Latn pan_Guru pap_Latn
pbt_Arab pes_Arab plt_Latn pol_Latn por_Latn prs_Arab quy_Latn ron_Latn run_Latn rus_Cyrl sag_Latn san_Deva sat_Olck scn_Latn
shn_Mymr sin_Sinh slk_Latn slv_Latn smo_Latn sna_Latn snd_Arab som_Latn sot_Latn spa_Latn srd_Latn srp_Cyrl ssw_Latn sun_Latn
swe_Latn swh_Latn szl_Latn tam_Taml taq_Latn taq_Tfng tat_Cyrl tel_Telu tgk_Cyrl tgl_Latn tha_Thai tir_Ethi tpi_Latn tsn_Latn
tso_Latn tuk_Latn tum_Latn tur_Latn twi_Latn tzm_Tfng uig_Arab ukr_Cyrl umb_Latn urd_Arab uzn_Latn vec_Latn vie_Latn war_Latn
wol_Latn xho_Latn ydd_Hebr yor_Latn yue_Hant zho_Hans zho_Hant zsm_Latn zul_Latn
"""
SIB_200 = _SIB_200.split()


def test_the_table_is_in_alphabetical_order_of_its_codes():
    assert len(LANGUAGES) >= 205
    assert list(LANGUAGES) == sorted(LANGUAGES)
    assert all(code == language.code for code, language in LANGUAGES.items())


def test_xtreme_r_has_fifty_of_them_in_the_order_of_earlier_versions():
    assert len(XTREME_R_LANGUAGES) == 50
    assert list(XTREME_R_LANGUAGES) == sorted(XTREME_R_LANGUAGES)
    assert set(XTREME_R_LANGUAGES) < set(LANGUAGES)


def test_every_language_of_sib_200_has_a_row_of_its_own():
    assert len(set(SIB_200)) == 205
    rows = [LANGUAGES[resolve_language(code)] for code in SIB_200]
    assert [row.flores for row in rows] == SIB_200
    assert len({row.code for row in rows}) == 205


def test_of_xtreme_r_four_are_unseen_by_xlm_r():
    assert {code for code in XTREME_R_LANGUAGES if not LANGUAGES[code].seen} == {"ht", "qu", "wo", "yo"}


def test_the_source_language_is_english():
    assert LANGUAGES[SOURCE_LANGUAGE].name == "English"


def test_resource_classes_are_those_of_joshi_and_only_xtreme_r_has_them():
    assert {LANGUAGES[code].resources for code in XTREME_R_LANGUAGES} <= set(range(6))
    assert all(LANGUAGES[code].resources is None for code in LANGUAGES if code not in XTREME_R_LANGUAGES)


def test_rows_are_complete():
    for language in LANGUAGES.values():
        assert language.name
        assert language.family
        assert language.branch
        assert language.script.istitle()
        assert len(language.script) == 4
        assert language.iso_639_3
        assert all(len(code) == 3 for code in language.iso_639_3)


def test_a_branch_is_in_one_family():
    families = {}
    for language in LANGUAGES.values():
        families.setdefault(language.branch, set()).add(language.family)
    assert all(len(each) == 1 for each in families.values())


def test_scripts_are_cldr_s_where_the_code_names_none():
    """FLORES-200 writes Crimean Tatar in Latin script, Tamazight in Tifinagh; CLDR knows no script for some."""
    likely = get_global("likely_subtags")
    told = {code: likely[code].split("_")[1] for code in LANGUAGES if code in likely}
    assert len(told) > 150
    assert {code for code, script in told.items() if script != LANGUAGES[code].script} == {"crh", "tzm"}


def test_names_are_cldr_s_but_for_a_few():
    english = Locale("en").languages
    own = {
        code
        for code in LANGUAGES
        if "_" not in code and english.get(code, LANGUAGES[code].name) != LANGUAGES[code].name
    }
    assert own <= {"bn", "ht", "ku", "nqo", "zh", "ace", "prs", "bbj", "bbc", "nah", "oto"}, own


def test_tagalog_has_the_locale_of_filipino():
    assert LANGUAGES["tl"].locale == "fil"
    assert LANGUAGES["de"].locale == "de"


@pytest.mark.parametrize("code", ["sw", "swa", "swh", "swh_Latn", "sw-KE", "SWH_latn", "sw_Latn", "sw-Latn-TZ"])
def test_swahili_in_every_form(code):
    assert resolve_language(code) == "sw"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("zh-Hans", "zh"),
        ("zho_Hans", "zh"),
        ("cmn", "zh"),
        ("zh-CN", "zh"),
        ("zho_Hant", "zh_Hant"),
        ("zh-TW", "zh_Hant"),
        ("pt-BR", "pt"),
        ("iw", "he"),
        ("fil", "tl"),
        ("kor_Hang", "ko"),
        ("ace", "ace"),
        ("ace_Arab", "ace_Arab"),
        ("kas_Deva", "ks_Deva"),
        ("ger", "de"),
        ("nb-NO", "nb"),
    ],
)
def test_codes_in_usual_forms(written, code):
    assert resolve_language(written) == code


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_code_of_the_table_is_itself(code):
    assert resolve_language(code) == code
    assert resolve_language(LANGUAGES[code].flores) == code


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("no", "means several languages.*nb .*nn "),
        ("hbs", "bs .*hr .*sr "),
        ("xx", "unknown language 'xx': correct it, or add it to language_table"),
        ("English", r"'English' is the name of a language; write its code: en \(English, Latn\)"),
        ("an English", "is not a language code"),
        ("gr", r"unknown language 'gr': write el \(Greek, Grek\) if that is meant, or add it to language_table"),
        ("sr_Latn", "other scripts than Latn: sr "),
        ("", "is not a language code"),
    ],
)
def test_what_is_refused(code, said):
    with pytest.raises(LanguageCodeError, match=said):
        resolve_language(code)


def test_codes_of_a_config_are_taken_as_they_are():
    assert resolve_language("xx", {"xx"}) == "xx"


def test_lists_are_as_long_as_published():
    assert {name: len(codes) for name, codes in PRETRAINING_LANGUAGES.items()} == {
        "xlm-r": 99,
        "mbert": 104,
        "mt5": 101,
        "rembert": 103,
        "labse": 109,
        "glot500": 659,
        "mmbert": 1834,
    }
    short = [codes for name, codes in PRETRAINING_LANGUAGES.items() if name not in ("glot500", "mmbert")]
    assert frozenset().union(*short) - LANGUAGES.keys() == {"sh"}
    unseen = {name: sorted(LANGUAGES.keys() - PRETRAINING_LANGUAGES[name]) for name in ("glot500", "mmbert")}
    assert "ha" in unseen["mmbert"]
    assert {"sw", "zh", "zh_Hant", "tl", "ar", "nb", "yo", "qu", "wo"}.isdisjoint(unseen["mmbert"] + unseen["glot500"])
    assert {"ace_Arab", "taq_Tfng", "vai"} <= {*unseen["mmbert"]} & {*unseen["glot500"]}


@pytest.mark.parametrize(
    ("encoder", "name"),
    [
        ("miniature", "xlm-r"),
        ("xlm-roberta-base", "xlm-r"),
        ("FacebookAI/xlm-roberta-large", "xlm-r"),
        ("microsoft/mdeberta-v3-base", "xlm-r"),
        ("google-bert/bert-base-multilingual-cased", "mbert"),
        ("google/mt5-small", "mt5"),
        ("jhu-clsp/mmBERT-base", "mmbert"),
        ("cis-lmu/glot500-base", "glot500"),
        ("google/rembert", "rembert"),
        ("sentence-transformers/LaBSE", "labse"),
        ("intfloat/multilingual-e5-small", "xlm-r"),
        ("EuroBERT/EuroBERT-210m", "unknown"),
        ("someone/xlm-roberta-base", "unknown"),
        ("/no/such/folder", "unknown"),
    ],
)
def test_the_list_of_an_encoder(encoder, name):
    assert identify_pretraining(encoder) == name


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ({"model_type": "bert", "vocab_size": 119547}, "mbert"),
        ({"model_type": "xlm-roberta", "vocab_size": 250002}, "xlm-r"),
        ({"model_type": "xlm-roberta", "vocab_size": 8000}, "unknown"),
        ({"model_type": "bert", "vocab_size": 250037}, "xlm-r"),
        ({"model_type": "bert", "vocab_size": 501153}, "labse"),
        ({"model_type": "rembert", "vocab_size": 250300}, "rembert"),
        ({"model_type": "bert", "vocab_size": 8, "_name_or_path": "google/mt5-base"}, "mt5"),
        ([], "unknown"),
    ],
)
def test_a_folder_is_known_by_its_config(tmp_path, config, name):
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert identify_pretraining(str(tmp_path)) == name


def test_encoders_differ_in_what_they_have_seen():
    assert is_seen("xlm-roberta-base", "yo") is False
    assert is_seen("google-bert/bert-base-multilingual-cased", "yo") is True
    assert is_seen("jhu-clsp/mmBERT-base", "yo") is True
    assert is_seen("jhu-clsp/mmBERT-base", "aai") is True
    assert is_seen("EuroBERT/EuroBERT-210m", "yo") is None


def test_rules_say_which_languages_count():
    assert [code for code in ("en", "de", "yo") if LanguageRules().counts(code)] == ["de"]
    assert [code for code in ("en", "de", "yo") if LanguageRules(pretraining="unknown").counts(code)] == ["de", "yo"]
    assert [code for code in ("en", "de", "ar") if LanguageRules(source=("en", "ar")).counts(code)] == ["de"]
    assert [code for code in ("en", "de", "yo") if LanguageRules(pretraining=("yo",)).counts(code)] == ["yo"]


def test_rules_are_written_only_where_they_differ():
    assert LanguageRules().to_json() == {}
    assert not LanguageRules()
    row = Language("xx", "Xish", "Isolate", "Xish", "Latn", seen=False)
    rules = LanguageRules(source=("ar",), pretraining=("ar", "xx"), added=(row,))
    assert LanguageRules.from_json(json.loads(json.dumps(rules.to_json()))) == rules
    assert rules.get_family("xx") == "Isolate"
    assert LanguageRules.from_json(None) == LanguageRules()
    with pytest.raises(KeyError):
        LanguageRules().get_family("xx")


RULES = LanguageRules(
    source=("ar", "en"), pretraining="unknown", added=(Language("xx", "Xish", "Isolate", "Xish", "Latn"),)
)
SCORES = {code: {"accuracy": score} for code, score in {"ar": 0.9, "en": 0.7, "de": 0.6, "yo": 0.4, "xx": 0.2}.items()}


def test_transfer_leaves_out_the_sources_and_counts_a_language_of_one_s_own():
    transfer = Transfer({"own": {"dev": SCORES}}, {"own": "accuracy"}, rules=RULES)
    assert transfer.families("own") == {"Indo-European": 0.6, "Isolate": 0.2, "Niger-Congo": 0.4}
    assert transfer.source_scores() == {"own": pytest.approx(0.8)}
    assert transfer.unseen_means() == {}
    assert transfer.mean() == pytest.approx(0.4)
    assert transfer.restrict_to(["own"]).rules == RULES


@pytest.mark.parametrize("rules", [LanguageRules(), RULES])
def test_outcomes_and_trials_carry_rules_only_where_they_differ(rules):
    transfer = Transfer({"own": {"dev": {"en": {"accuracy": 0.5}}}}, {"own": "accuracy"}, rules=rules)
    outcome = Outcome(transfer=transfer, stages=(), seconds=1.0, scoring_seconds=0.5)
    written = json.loads(json.dumps(outcome.to_json()))
    assert ("rules" in written["transfer"]) == bool(rules)
    assert Outcome.from_json(written) == outcome
    assert TypeAdapter(Outcome).validate_json(json.dumps(written), strict=True) == outcome
    trial = Trial(encoder="e", benchmark="b", curriculum=(), targets=(), languages=("en",), rules=rules)
    document = json.loads(json.dumps(trial.to_json()))
    assert ("rules" in document) == bool(rules)
    assert Trial.from_json(document).rules == rules
    assert TypeAdapter(Trial).validate_json(json.dumps(document), strict=True).rules == rules
