"""What `manage.py check` asks beside Django's own questions."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from consult.durability import UNSAFE, unsafe_settings


@register(Tags.database)
def database_keeps_what_it_confirms(app_configs: Any, databases: Sequence[str] | None = None, **options: Any) -> list[CheckMessage]:
    """Asked with `--database default`: whether the database can lose what it has confirmed."""
    if not databases or "default" not in databases:
        return []
    try:
        off = unsafe_settings()
    except DatabaseError:
        return [Error("The database does not answer.", hint="Start it, or correct DATABASE_URL.", id="consult.E001")]
    return [Error(f"PostgreSQL's {name} is off: {UNSAFE[name]}.", hint="Set it to on.", id="consult.E002") for name in off]
