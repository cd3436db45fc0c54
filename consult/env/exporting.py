"""Settings for batches: where they are written, delivered to and signed."""

from consult.env.setting import Setting, names, server, text

# `consult.addresses.delivery` reads an address of each.
DELIVERY_SCHEMES = ("file", "s3", "s3+http", "sftp")

EXPORTING = [
    Setting(
        "EXPORTS_STORAGE",
        text,
        "django.core.files.storage.FileSystemStorage",
        "The class for the exports entry in Django's STORAGES: where batches are written.",
    ),
    Setting(
        "EXPORTS_DIR",
        text,
        "",
        "The folder for batches if EXPORTS_STORAGE is a folder. If empty: VAR_DIR/exports.",
    ),
    Setting(
        "DELIVERY_URL",
        server(*DELIVERY_SCHEMES),
        "",
        (
            "Where to deliver batches: a folder, S3 or SFTP, as in docs/batches.md. If empty, "
            "staff download them."
        ),
        secret=True,
    ),
    Setting(
        "DELIVERY_NOTICES",
        names,
        "",
        (
            "Email addresses to tell when a batch is delivered, and to remind until it is "
            "acknowledged."
        ),
    ),
    Setting(
        "DELIVERY_AGE_RECIPIENTS",
        names,
        "",
        (
            "age public keys (age1…), separated by commas. Deliveries are encrypted to them; "
            "if "
            "empty, they are not encrypted."
        ),
    ),
    Setting(
        "SIGNING_KEY_FILE",
        text,
        "",
        (
            "The file with the private key that signs batches; `make_signing_key` creates it. "
            "If "
            "empty: VAR_DIR/signing-key.pem."
        ),
    ),
]
