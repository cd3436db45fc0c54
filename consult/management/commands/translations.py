"""manage.py translations: bring the catalogues up to date with the code."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from consult.catalogues import compiled, read_catalogue, strings_of, write_catalogue


class Command(BaseCommand):
    help = (
        "Add new strings to the Welsh catalogue and drop those that are gone, compile it, and list "
        "what is not translated."
    )

    def handle(self, *args: object, **options: object) -> None:
        root = Path(settings.BASE_DIR)
        path = root / "locale" / "cy" / "LC_MESSAGES" / "django.po"
        known, places = read_catalogue(path), strings_of(root)
        empty = ("",)
        catalogue = {
            entry: known.get(entry, empty * 3 if entry.plural else empty) for entry in places
        }
        write_catalogue(path, catalogue, places)
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
        for entry, forms in catalogue.items():
            if not all(forms):
                self.stdout.write(f"Not translated: {entry.text}")
