"""`make release-check`, its last step: what a release needs besides tests that pass."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
UNRELEASED = "## Not released yet"


def problems(*, version: str, changelog: str, tags: set[str], changed: str) -> list[str]:
    """Return what stands in the way of releasing `version`, in words."""
    found = []
    if not re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", version):
        found.append(f"“{version}” in pyproject.toml is not of the form 1.2.3.")
    if f"v{version}" in tags:
        found.append(f"v{version} was released before: raise the version in pyproject.toml.")
    if UNRELEASED in changelog or not re.search(
        rf"^## {re.escape(version)}(?: |$)", changelog, re.MULTILINE
    ):
        found.append(
            f"CHANGELOG.md: put “## {version}” and the day in place of “{UNRELEASED}”, and say "
            "what an operator has to do."
        )
    if changed:
        found.append(f"There are changes that are not committed:\n{changed}")
    return found


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = problems(
        version=project["version"],
        changelog=(ROOT / "CHANGELOG.md").read_text(),
        tags=set(_git("tag", "--list").split()),
        changed=_git("status", "--porcelain"),
    )
    for problem in found:
        print(f"!!  {problem}")
    if found:
        sys.exit(1)
    print(f"Ready: tag v{project['version']}, and build the image with that as CONSULT_VERSION.")


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


if __name__ == "__main__":
    main()
