"""What a batch takes to make: seconds and memory of every format, each in a process of its own.

`python -m tests.bench.packs --count 25000`

Seconds are told as ratios to the plain CSV, within one run: a busy machine slows all. Memory
is the peak of the whole process, with Django in it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from consult.models import Consultation
from consult.plans.loading import load_plan
from responses.exporting import pack
from responses.exporting.batches import seal_batch
from responses.exporting.pack import describe, make_files, zip_chunks
from responses.models import Batch
from tests.conftest import BUNDLED_PLAN

PARTS = {
    "csv": "responses.csv",
    "answers": "answers.csv",
    "jsonl": "responses.jsonl",
    "themes": "themefinder",
    "xlsx": "responses.xlsx",
    "parquet": "responses.parquet",
}
COPIES = {"csv": "copy_responses", "answers": "copy_answers"}
MAKERS = {"jsonl": "response_lines", "themes": "theme_files", "xlsx": "workbook"}


def peak() -> int:
    """The most memory that this process ever had, in MB."""
    return (
        int(
            next(
                line
                for line in Path("/proc/self/status").read_text().splitlines()
                if line.startswith("VmHWM")
            ).split()[1]
        )
        // 1024
    )


@contextmanager
def nothing(*_: object, **__: object) -> Iterator[object]:
    """A maker that makes nothing."""
    yield lambda entry: None  # noqa: ARG005  # as makers do


def measure(only: str) -> None:
    """Make one format, or all of them and the zip, and print seconds and MB."""
    for part, maker in MAKERS.items():
        if only not in {part, "all"}:
            setattr(pack, maker, nothing)
    for part, copy in COPIES.items():
        if only not in {part, "all"}:
            setattr(pack, copy, lambda path, **_: path.write_bytes(b""))
    if only in COPIES:
        pack._entries = lambda *_: iter(())  # type: ignore[assignment]  # PostgreSQL writes these by itself
    if only not in {"parquet", "all"}:
        pack.import_module = lambda _: type("Without", (), {"parquet_table": staticmethod(nothing)})  # type: ignore[assignment, attr-defined, return-value]
    batch = Batch.objects.get()
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        files = make_files(batch=batch, folder=Path(folder))
        if only == "all":
            files = [file for file in files if file.name != "manifest.json"] + [
                describe(Path(folder), "manifest.json", rows=None)
            ]
            for _ in zip_chunks(files, open_one=lambda name: (Path(folder) / name).open("rb")):  # type: ignore[arg-type, return-value]
                pass
        print(f"{time.monotonic() - began:.2f} {peak()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=25_000)
    parser.add_argument("--only", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        measure(options.only)
        return
    call_command("migrate", verbosity=0)
    load_plan(text=BUNDLED_PLAN.read_text(), actor=None)
    consultation, now = Consultation.objects.get(), timezone.now()
    consultation.opens_at, consultation.closes_at = (
        now - timedelta(days=20),
        now + timedelta(days=30),
    )
    consultation.save(update_fields=["opens_at", "closes_at"])
    with Path(os.devnull).open("w") as quiet:
        call_command(
            "fill_responses",
            "--count",
            str(options.count),
            "--seed",
            "1",
            verbosity=0,
            stdout=quiet,
        )
    seal_batch(consultation=consultation, actor=None)
    connection.close()
    found = {}
    for part in [*PARTS, "all"]:
        command = [sys.executable, "-m", "tests.bench.packs", "--only", part]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        found[part] = (float(said[-2]), int(said[-1]))
    first = found["csv"][0]
    print(f"{options.count:,} responses; reading them and the plain CSV took {first:.1f} s")
    for part, (seconds, most) in found.items():
        print(f"{part:<10}{seconds / first:>6.2f} of the CSV's time{most:>8} MB at most")


if __name__ == "__main__":
    main()
