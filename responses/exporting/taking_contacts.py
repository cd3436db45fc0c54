"""Who may take files that hold contact details."""

from consult.models import Right, TwoPersonAct, User
from consult.staff.second_person import require_second_person


class MayNotTakeContacts(Exception):
    """This person does not have the right to contact details, or the consultation does not hand
    them over.
    """


def may_take_contacts(user: User) -> bool:
    return user.may(Right.TAKE_CONTACTS)


def require_right_to_contacts(user: User) -> None:
    """Raise MayNotTakeContacts unless this person has the right."""
    if not may_take_contacts(user):
        raise MayNotTakeContacts


def require_contacts_allowed(user: User, *, subject: str) -> None:
    """Raise MayNotTakeContacts, or SecondPersonNeeded until someone else has confirmed that this
    person may take `subject`.
    """
    require_right_to_contacts(user)
    require_second_person(act=TwoPersonAct.TAKE_CONTACTS, actor=user, subject=subject, once=False)
