"""References: the short label by which a response is spoken of, on the telephone too.

A label, never a password.

Eight random characters and a check character, in groups of four, like K7M4-PX9T-R. The alphabet
leaves out what is easily taken for something else: 0, 1, I, L, O, S and U. Its 29 characters are a
prime number, so that the weighted sum behind the check character catches every single wrong
character and every swap of two.
"""

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRTVWXYZ"
LENGTH = 8


class NotAReference(ValueError):
    """The text is no reference: of the wrong length or alphabet, or its check character does not
    fit.
    """


def new_reference() -> str:
    """A random reference. The database's constraint, not chance, keeps it unique."""
    return _written("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))


def normalise_reference(text: str) -> str:
    """The reference in `text` as it is stored, however people write it: small letters, spaces,
    other dashes or none.

    Raises NotAReference.
    """
    # A length limit before any work: this is fed from search boxes.
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
