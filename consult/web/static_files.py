"""Style sheets, scripts and images: gathered and hashed for each version by `manage.py prepare`."""

import filecmp
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """A page whose style sheet was not gathered is plain instead of an error: it can still be
    read and sent.
    """

    def stored_name(self, name: str) -> str:
        return str(self.hashed_files.get(self.hash_key(name)) or name)


def ungathered_files() -> list[str]:
    """Return the files of this version that are missing where the web server looks, or are from
    another one.
    """
    gathered = Path(settings.STATIC_ROOT)
    # Tests use the files under their own names.
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
            # As when gathering them, the first of a name counts.
            found.setdefault(name, storage.path(name))
    return found
