"""Style sheets, scripts and images: gathered and hashed for each version by `manage.py prepare`."""

import filecmp
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """A page whose style sheet was not gathered is plain, and not an error: it can be read and
    sent.
    """

    def stored_name(self, name: str) -> str:
        return str(self.hashed_files.get(self.hash_key(name)) or name)


def ungathered_files() -> list[str]:
    """The files of this version that are not where the web server looks, or are of another one."""
    gathered = Path(settings.STATIC_ROOT)
    # The files for tests have no other names.
    known = getattr(staticfiles_storage, "hashed_files", None)
    return [
        name
        for name, source in _sources().items()
        if not (gathered / (name if known is None else known.get(name, "?"))).is_file()
        or not (gathered / name).is_file()
        or not filecmp.cmp(source, gathered / name, shallow=False)
    ]


def _sources() -> dict[str, str]:
    found: dict[str, str] = {}
    for finder in get_finders():
        for name, storage in finder.list(StaticFilesConfig.ignore_patterns):
            # As in gathering them, the first of a name counts.
            found.setdefault(name, storage.path(name))
    return found
