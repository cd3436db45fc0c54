"""References and numbers of rows, as they come in an address or a form."""

import pytest
from django.http import Http404

from responses.references import NotAReference, new_reference, normalise_reference
from responses.requests import number_in, numbers_in, reference_or_404


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("007", 7),
        ("0", 0),
        ("", 0),
        ("-7", 0),
        ("7.0", 0),
        (" 7", 0),
        ("7e3", 0),
        ("٧", 0),
        ("²", 0),
        ("seven", 0),
        ("9" * 17, int("9" * 17)),
        ("9" * 18, 0),
    ],
)
def test_a_number_of_a_row_or_none(text: str, number: int) -> None:
    assert number_in(text) == number


def test_the_largest_number_fits_into_a_column() -> None:
    assert number_in("9" * 17) < 2**63


def test_of_several_only_the_numbers_are_taken_in_their_order() -> None:
    assert numbers_in(["3", "x", "1", "", "0", "3"]) == [3, 1, 3]


def test_a_reference_in_any_writing_is_found() -> None:
    reference = new_reference()
    for written in (
        reference.lower(),
        reference.replace("-", ""),
        reference.replace("-", " "),
        reference.replace("-", "–"),
        f"  {reference} ",
    ):
        assert reference_or_404(written) == reference


@pytest.mark.parametrize("text", ["", "x", "K7M4-PX9T", "K7M4-PX9T-RR", "K7M4 PX9T I", "x" * 5000])
def test_what_is_no_reference_is_not_found(text: str) -> None:
    with pytest.raises(Http404):
        reference_or_404(text)
    with pytest.raises(NotAReference):
        normalise_reference(text)


def test_a_slip_is_told_from_something_else() -> None:
    reference = new_reference()
    wrong = reference[:-1] + ("K" if reference[-1] != "K" else "M")
    with pytest.raises(NotAReference, match="has a mistake in it"):
        normalise_reference(wrong)
    with pytest.raises(NotAReference, match="nine letters and digits"):
        normalise_reference("K7M4")
