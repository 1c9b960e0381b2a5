from random import Random

import pytest

from trainables.noise.augmentation import augmentation
from trainables.noise.substitution import Synonyms

TEXTS = ["Kenya and Kenya", "Fiji"]
SYNONYMS = Synonyms.of({"kenya": ["Uruguay", "Finland"], "fiji": ["Viti"]})


def by_hand(encoder) -> float:
    """Expected distance a token at scale 1, relative to the mean norm: each word by its pieces' mean embedding."""

    def centre(word):
        ids = encoder.tokenizer(word, add_special_tokens=False)["input_ids"]
        return len(ids), encoder.embeddings[ids].double().mean(0)

    def distance(one, other):
        return (centre(one)[1] - centre(other)[1]).norm().item()

    kenya, fiji, plain = centre("Kenya")[0], centre("Fiji")[0], centre("and")[0]
    moved = 2 * kenya * (distance("Kenya", "Uruguay") + distance("Kenya", "Finland")) / 3
    moved += fiji * distance("Fiji", "Viti") / 2
    return moved / (2 * kenya + fiji + plain) / encoder.embeddings.double().norm(dim=-1).mean().item()


def test_the_published_setting_reaches_the_magnitude_of_its_displacements(encoder):
    found = augmentation(SYNONYMS, 100.0, TEXTS, encoder)
    assert found.scale == 1.0
    assert found.magnitude == pytest.approx(by_hand(encoder), rel=1e-5)
    assert found.native == {"scale": 1.0, "magnitude": found.magnitude}


def test_half_of_that_magnitude_replaces_half_as_often(encoder):
    most = augmentation(SYNONYMS, 100.0, TEXTS, encoder).magnitude
    found = augmentation(SYNONYMS, most / 2, TEXTS, encoder)
    assert found.scale == pytest.approx(0.5)
    assert found.magnitude == pytest.approx(most / 2)


def test_texts_without_a_word_of_the_table_are_not_moved(encoder):
    assert augmentation(SYNONYMS, 0.1, ["and", ""], encoder).scale == 0.0


def test_a_schedule_goes_no_further_than_the_published_setting(encoder):
    found = augmentation(SYNONYMS, 100.0, TEXTS, encoder)
    text = "Kenya " * 40
    assert found.rewrite(text, 2.0, Random(1)) == found.rewrite(text, 1.0, Random(1)) != text
    assert found.rewrite(text, 0.0, Random(1)) == text
