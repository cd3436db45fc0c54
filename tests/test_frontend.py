"""The served style sheet and scripts are what the sources in consult/frontend build."""

import json
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "consult" / "frontend"
SERVED = ROOT / "consult" / "static" / "consult"

# The service never needs Node, so the tests must not either. Where there is no npm this test does
# not exist, and so cannot be counted as passed.
if shutil.which("npm"):

    def test_the_served_files_are_built_again_byte_for_byte(tmp_path: Path) -> None:
        built = subprocess.run(
            [FRONTEND / "build", tmp_path], capture_output=True, text=True, check=False
        )
        assert built.returncode == 0, built.stdout + built.stderr
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "desk.js",
            "shortcuts.js",
            "site.css",
            "site.js",
        ]
        for path in tmp_path.iterdir():
            assert path.read_bytes() == (SERVED / path.name).read_bytes(), (
                f"{path.name} differs: run make frontend"
            )


def test_every_npm_package_has_an_exact_version_and_a_hash() -> None:
    wanted = json.loads((FRONTEND / "package.json").read_text())["devDependencies"]
    locked = json.loads((FRONTEND / "package-lock.json").read_text())["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert [
        path
        for path, package in locked.items()
        if path and not package["integrity"].startswith("sha512-")
    ] == []


def test_the_npm_lock_file_names_no_registry() -> None:
    """Each package is known by its hash, so that it may come from any registry or mirror."""
    locked = json.loads((FRONTEND / "package-lock.json").read_text())["packages"]
    assert [path for path, package in locked.items() if "resolved" in package] == []


def test_the_served_code_of_others_comes_with_its_licence() -> None:
    version = re.search(r'govuk-frontend-version: ?"([0-9.]+)"', (SERVED / "site.css").read_text())
    assert version
    assert (
        json.loads((FRONTEND / "package.json").read_text())["devDependencies"]["govuk-frontend"]
        == version[1]
    )
    assert "Copyright" in (SERVED / "govuk-frontend-licence.txt").read_text()
