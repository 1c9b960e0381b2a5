"""Which encoders were pre-trained on which languages, as far as that is published in a list.

XLM-R: Conneau et al. (ACL 2020, table 6), 100 languages of CC-100 with scripts apart; mDeBERTa-v3 (He et al., ICLR 2023) and XLM-V
(Liang et al., EMNLP 2023) were trained on the same data; multilingual MiniLM, multilingual E5 and BGE-M3 were made from XLM-R. mBERT: ``multilingual.md`` of google-research/bert, 104 languages.
mT5: Xue et al. (NAACL 2021, table 6), 101 languages of mC4. RemBERT: the card of google/rembert (Apache-2.0), which names 103 of its 110
languages. LaBSE: the card of setu4993/LaBSE (Apache-2.0), 109 languages. mmBERT and Glot500: see `_long_lists`. Others, such as EuroBERT, are
not listed here, so unknown.
"""

from collections.abc import Mapping

from trainables.languages._long_lists import GLOT500_CODES, MMBERT_CODES


def _list(codes: str) -> frozenset[str]:
    return frozenset(codes.split())


XLM_R = _list(
    """
    af am ar as az be bg bn bn_Latn br bs ca cs cy da de el en eo es et eu fa fi fr fy ga gd gl gu ha he hi hi_Latn hr hu hy id is it
    ja jv ka kk km kn ko ku ky la lo lt lv mg mk ml mn mr ms my nb ne nl om or pa pl ps pt ro ru sa sd si sk sl so sq sr su sv sw ta
    ta_Latn te te_Latn th tl tr ug uk ur ur_Latn uz vi xh yi zh zh_Hant
    """
)
MBERT = _list(
    """
    af an ar ast az azb ba bar be bg bn bpy br bs ca ce ceb cs cv cy da de el en es et eu fa fi fr fy ga gl gu he hi hr ht hu hy id io
    is it ja jv ka kk kn ko ky la lb lmo lt lv mg min mk ml mn mr ms my nb nds ne new nl nn oc pa pl pms pnb pt ro ru scn sco sh sk sl
    sq sr su sv sw ta te tg th tl tr tt uk ur uz vi vo war yo zh zh_Hant
    """
)
MT5 = _list(
    """
    af am ar az be bg bn ca ceb co cs cy da de el en eo es et eu fa fi fr fy ga gd gl gu ha haw he hi hmn ht hu hy id ig is it ja jv
    ka kk km kn ko ku ky la lb lo lt lv mg mi mk ml mn mr ms mt my nb ne nl ny pa pl ps pt ro ru sd si sk sl sm sn so sq sr st su sv
    sw ta te tg th tl tr uk ur uz vi xh yi yo zh zu
    """
)

REMBERT = _list(
    """
    af am ar az be bg bn bs ca ceb co cs cy da de el en eo es et eu fa fi fr fy ga gd gl gu ha haw he hi hmn hr ht hu hy id ig is it ja
    jv ka kk km kn ko ku ky la lb lo lt lv mg mi mk ml mn mr ms mt my nb ne nl ny pa pl ps pt ro ru sd si sk sl sm sn so sq sr st su sv
    sw ta te tg th tl tr uk ur uz vi xh yi yo zh zu
    """
)
LABSE = _list(
    """
    af am ar as az be bg bn bo bs ca ceb co cs cy da de el en eo es et eu fa fi fr fy ga gd gl gu ha haw he hi hmn hr ht hu hy id ig is
    it ja jv ka kk km kn ko ku ky la lb lo lt lv mg mi mk ml mn mr ms mt my nb ne nl ny or pa pl pt ro ru rw si sk sl sm sn so sq sr st
    su sv sw ta te tg th tk tl tr tt ug uk ur uz vi wo xh yi yo zh zu
    """
)

PRETRAINING_LANGUAGES: Mapping[str, frozenset[str]] = {
    "xlm-r": XLM_R,
    "mbert": MBERT,
    "mt5": MT5,
    "rembert": REMBERT,
    "labse": LABSE,
    "glot500": _list(GLOT500_CODES),
    "mmbert": _list(MMBERT_CODES),
}
"""Languages by the name that the config's ``encoder_languages`` takes. The lists name some languages that the table lacks."""
