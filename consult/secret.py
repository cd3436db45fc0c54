"""The secret key for a rehearsal, made on first use. Production sets its own."""

import contextlib
import os
import secrets
from pathlib import Path


def local_secret_key(var_dir: Path) -> str:
    """Return the key kept in `var_dir`, made on first use, so that cookies and receipts survive a
    restart.

    Raises OSError if the folder cannot be written to.
    """
    path = var_dir / "secret-key"
    var_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Written under another name and linked into place, so that two processes starting at the
        # same moment agree on one key.
        fresh = var_dir / f".secret-key-{os.getpid()}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(60))
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text().strip()
