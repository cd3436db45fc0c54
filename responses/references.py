"""References: the short label for a response, easy to read out on the telephone.

A label, never a password. Eight random characters and a check character, in groups of four, like
K7M4-PX9T-R. The alphabet leaves out what is easily mistaken: 0, 1, I, L, O, S and U. It has 29
characters, a prime number, so that the weighted sum behind the check character catches every single
wrong character and every swap of two.
"""

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRTVWXYZ"
LENGTH = 8


class NotAReference(ValueError):
    """The text is not a reference: wrong length, wrong alphabet, or the check character does not
    fit.
    """


def new_reference() -> str:
    """Return a random reference. The database's constraint, not chance, keeps it unique."""
    return _written("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))


def normalise_reference(text: str) -> str:
    """Return the reference in `text` as it is stored, however it is written: small letters, spaces,
    other dashes or none.

    Raises NotAReference.
    """
    # A length limit before any work: this comes from search boxes.
    characters = "".join(character for character in text[:60].upper() if character.isalnum())
    if len(characters) != LENGTH + 1 or any(character not in ALPHABET for character in characters):
        raise NotAReference("A reference has nine letters and digits, like K7M4-PX9T-R.")
    if _check_character(characters[:LENGTH]) != characters[LENGTH]:
        raise NotAReference(
            "That reference has a mistake in it: check it against the email or receipt."
        )
    return _written(characters[:LENGTH])


def _check_character(characters: str) -> str:
    total = sum(
        weight * ALPHABET.index(character) for weight, character in enumerate(characters, 1)
    )
    return ALPHABET[total % len(ALPHABET)]


def _written(characters: str) -> str:
    return f"{characters[:4]}-{characters[4:]}-{_check_character(characters)}"
