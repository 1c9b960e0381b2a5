"""One row of the table of languages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """One row of the table."""

    code: str
    """Our code: ISO 639-1 where there is one, else ISO 639-3; with an ISO 15924 script where it is not the usual script: ``zh_Hant``."""
    name: str
    family: str
    branch: str
    script: str
    seen: bool = False
    """Whether XLM-R was pre-trained on it. For other encoders see `trainables.languages.is_seen`."""
    resources: int | None = None
    """Class of Joshi et al. (2020), 0 to 5, for XTREME-R's languages; None for others."""
    iso_639_3: tuple[str, ...] = ()
    """Codes of ISO 639-3 for it, that of FLORES-200 first; where ours is a macrolanguage, that of one individual language."""

    @property
    def locale(self) -> str:
        """The Unicode CLDR locale: CLDR files Tagalog under ``fil``."""
        return "fil" if self.code == "tl" else self.code

    @property
    def flores(self) -> str:
        """The code in FLORES-200, SIB-200 and Belebele: ``swh_Latn``."""
        script = "Hang" if self.script == "Kore" else self.script
        return f"{self.iso_639_3[0] if self.iso_639_3 else self.code}_{script}"
