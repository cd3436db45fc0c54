"""manage.py make_signing_key: create the key that signs batches, once."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from responses.exporting.signing import KeyExists, make_key


class Command(BaseCommand):
    help = "Create the key that signs the manifests of batches. Never overwrites one."

    def handle(self, *args: object, **options: object) -> None:
        try:
            public = make_key()
        except KeyExists as reason:
            raise CommandError(
                f"There is already a key: {settings.SIGNING_KEY_FILE}. Move it away first, and "
                "keep it."
            ) from reason
        self.stdout.write(
            f"The private key is in {settings.SIGNING_KEY_FILE}. Keep a copy where nobody else can "
            "read it."
        )
        self.stdout.write(f"The public key is {public}")
        self.stdout.write(f"Receivers find it at {settings.SITE_URL}/signing-key/")
