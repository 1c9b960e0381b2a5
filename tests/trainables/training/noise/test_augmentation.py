from random import Random

import pytest

from trainables.curriculum import Noise
from trainables.synonyms import Synonyms
from trainables.training.noise._augmentation import build_augmentation


def of(magnitude: float, schedule: str = "constant") -> Noise:
    return Noise(method="augmentation", magnitude=magnitude, schedule=schedule)


TEXTS = ["Kenya and Kenya", "Fiji"]
SYNONYMS = Synonyms.from_table({"kenya": ["Uruguay", "Finland"], "fiji": ["Viti"]})


def by_hand(encoder) -> float:
    """Expected distance a token at scale 1, relative to the mean norm: each word by its pieces' mean embedding."""

    def centre(word):
        ids = encoder.pretrained_tokenizer(word, add_special_tokens=False)["input_ids"]
        return len(ids), encoder.embeddings[ids].double().mean(0)

    def distance(one, other):
        return (centre(one)[1] - centre(other)[1]).norm().item()

    kenya, fiji, plain = centre("Kenya")[0], centre("Fiji")[0], centre("and")[0]
    moved = 2 * kenya * (distance("Kenya", "Uruguay") + distance("Kenya", "Finland")) / 3
    moved += fiji * distance("Fiji", "Viti") / 2
    return moved / (2 * kenya + fiji + plain) / encoder.embeddings.double().norm(dim=-1).mean().item()


def test_the_published_setting_reaches_the_magnitude_of_its_displacements(encoder):
    found = build_augmentation(SYNONYMS, of(100.0), TEXTS, encoder)
    assert found.scale == 1.0
    assert found.reached_magnitude == pytest.approx(by_hand(encoder), rel=1e-5)
    assert found.native == {"scale": 1.0, "reached": found.reached_magnitude}


def test_half_of_that_magnitude_replaces_half_as_often(encoder):
    most = build_augmentation(SYNONYMS, of(100.0), TEXTS, encoder).reached_magnitude
    found = build_augmentation(SYNONYMS, of(most / 2), TEXTS, encoder)
    assert found.scale == pytest.approx(0.5)
    assert found.reached_magnitude == pytest.approx(most / 2)


def test_texts_without_a_word_of_the_table_are_not_moved(encoder):
    assert build_augmentation(SYNONYMS, of(0.1), ["and", ""], encoder).scale == 0.0


def test_one_that_rises_to_the_published_setting_reaches_half_of_it_in_the_mean(encoder):
    constant, rising = (
        build_augmentation(SYNONYMS, of(100.0, name), TEXTS, encoder) for name in ("constant", "rising")
    )
    assert rising.reached_magnitude == pytest.approx(constant.reached_magnitude / 2)
    text = "Kenya " * 40
    assert rising.rewrite(text, 2.0, Random(1)) == constant.rewrite(text, 1.0, Random(1)) != text
    assert rising.rewrite(text, 0.0, Random(1)) == text
