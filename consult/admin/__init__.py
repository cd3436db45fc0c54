"""Django's admin: wording and dates for editors, the audit trail for administrators.

Nothing is created or deleted here: a consultation comes from a plan file, `load_plan` and these
pages correct it, and each change that is saved becomes a new edition.
"""

from consult.admin import consultation, content, trail
from consult.admin.staff_site import site

__all__ = ["consultation", "content", "site", "trail"]
