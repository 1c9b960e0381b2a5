"""Sets made from FLORES-200: SIB-200 (topics, 205 languages) and Belebele (reading, 122)."""

from dataclasses import replace

from trainables.benchmarks._parallel_cards import Split, make_parallel_card, make_parts, map_configurations
from trainables.cards import (
    RACE_FORMAT,
    DatasetPart,
    DatasetSource,
    RowFormat,
    TaskCard,
    TaskParts,
    make_choice_format,
)

SIB_200_CONFIGURATIONS = map_configurations(
    """
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
)
"""The 205 configurations of SIB-200: FLORES-200's, and N'Ko (Adelani et al., EACL 2024)."""

BELEBELE_CONFIGURATIONS = map_configurations(
    """
    acm_Arab afr_Latn als_Latn amh_Ethi apc_Arab arb_Arab arb_Latn ars_Arab ary_Arab arz_Arab asm_Beng azj_Latn bam_Latn ben_Beng
    ben_Latn bod_Tibt bul_Cyrl cat_Latn ceb_Latn ces_Latn ckb_Arab dan_Latn deu_Latn ell_Grek eng_Latn est_Latn eus_Latn fin_Latn
    fra_Latn fuv_Latn gaz_Latn grn_Latn guj_Gujr hat_Latn hau_Latn heb_Hebr hin_Deva hin_Latn hrv_Latn hun_Latn hye_Armn ibo_Latn
    ilo_Latn ind_Latn isl_Latn ita_Latn jav_Latn jpn_Jpan kac_Latn kan_Knda kat_Geor kaz_Cyrl kea_Latn khk_Cyrl khm_Khmr kin_Latn
    kir_Cyrl kor_Hang lao_Laoo lin_Latn lit_Latn lug_Latn luo_Latn lvs_Latn mal_Mlym mar_Deva mkd_Cyrl mlt_Latn mri_Latn mya_Mymr
    nld_Latn nob_Latn npi_Deva npi_Latn nso_Latn nya_Latn ory_Orya pan_Guru pbt_Arab pes_Arab plt_Latn pol_Latn por_Latn ron_Latn
    rus_Cyrl shn_Mymr sin_Latn sin_Sinh slk_Latn slv_Latn sna_Latn snd_Arab som_Latn sot_Latn spa_Latn srp_Cyrl ssw_Latn sun_Latn
    swe_Latn swh_Latn tam_Taml tel_Telu tgk_Cyrl tgl_Latn tha_Thai tir_Ethi tsn_Latn tso_Latn tur_Latn ukr_Cyrl urd_Arab urd_Latn
    uzn_Latn vie_Latn war_Latn wol_Latn xho_Latn yor_Latn zho_Hans zho_Hant zsm_Latn zul_Latn
    """
)
"""The 122 configurations of Belebele (Bandarkar et al., ACL 2024)."""

TOPICS = ("entertainment", "geography", "health", "politics", "science/technology", "sports", "travel")
SIB_200 = make_parallel_card(
    TaskCard(
        kind="classification",
        description="the topic of a sentence of FLORES-200, in 205 languages (Adelani et al., EACL 2024); any of them can be the source",
        train=0,
    ),
    DatasetSource(repository="Davlan/sib200", licence="CC BY-SA 4.0 (of FLORES-200; mteb states CC BY 4.0 of a copy)"),
    RowFormat(columns={"text": "text", "label": "category"}, labels=TOPICS),  # the category is text
    SIB_200_CONFIGURATIONS,
    [Split("train", 701), Split("validation", 99), Split("test", 204)],
    item_column="index_id",
)

_RACE_PART = DatasetPart(
    source=DatasetSource(repository="ehovy/race", licence="other: for research alone, not for profit"),
    row_format=RACE_FORMAT,
    configuration="all",
    split="train",
    rows=87_866,
)
BELEBELE = TaskCard(
    kind="multiple_choice",
    description="the answer to a question about a passage of FLORES-200, in 122 languages and scripts (Bandarkar et al., ACL 2024); it has "
    "test rows alone: trained on RACE (Lai et al., EMNLP 2017), in English, whose dev set serves",
    train=87_866,
    languages=tuple(sorted(BELEBELE_CONFIGURATIONS)),
    published_difference="trained on RACE alone, in the published task on several English sets of reading comprehension",
    parts=TaskParts(
        train=(_RACE_PART,),
        dev=(replace(_RACE_PART, split="validation", rows=4887),),
        test=make_parts(
            DatasetSource(repository="facebook/belebele", licence="CC BY-SA 4.0"),
            make_choice_format(
                ("flores_passage", "question"),
                ("mc_answer1", "mc_answer2", "mc_answer3", "mc_answer4"),
                "correct_answer_num",
                first=1,
            ),
            BELEBELE_CONFIGURATIONS,
            Split("test", 900),
            item_column=("link", "question_number"),
        ),
    ),
)
