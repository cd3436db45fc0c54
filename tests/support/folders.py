"""What stands in a folder."""

from pathlib import Path


def content_of(folder: Path) -> dict[str, bytes]:
    """Every file in a folder and in those below it, by its name there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
