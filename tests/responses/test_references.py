from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.references import ALPHABET, NotAReference, new_reference, normalise_reference

payloads = st.builds(new_reference)


@given(payloads)
def test_a_new_reference_is_its_own_normal_form(reference: str) -> None:
    assert normalise_reference(reference) == reference


@given(payloads)
def test_a_reference_is_found_however_it_is_typed(reference: str) -> None:
    for written in [
        reference.lower(),
        reference.replace("-", ""),
        reference.replace("-", " "),
        f" {reference}\n",
        reference.replace("-", "–"),
    ]:
        assert normalise_reference(written) == reference


@given(payloads, st.integers(0, 8), st.sampled_from(ALPHABET))
def test_every_single_wrong_character_is_noticed(reference: str, place: int, other: str) -> None:
    characters = list(reference.replace("-", ""))
    if characters[place] == other:
        return
    characters[place] = other
    with pytest.raises(NotAReference):
        normalise_reference("".join(characters))


@given(payloads)
def test_every_swap_of_neighbours_is_noticed(reference: str) -> None:
    characters = reference.replace("-", "")
    for place, (left, right) in enumerate(pairwise(characters)):
        if left != right:
            with pytest.raises(NotAReference):
                normalise_reference(characters[:place] + right + left + characters[place + 2 :])


@pytest.mark.parametrize(
    "text", ["", "K7M4", "K7M4-PX9T-RR", "0000-0000-0", "ＫＭ", "\x00", "K" * 10_000]
)
def test_text_that_is_not_a_reference_is_refused(text: str) -> None:
    with pytest.raises(NotAReference):
        normalise_reference(text)
