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
from datetime import timedelta
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from consult.models import Consultation
from consult.plans.loading import load_plan
from responses.exporting import steps
from responses.exporting.batches import seal_batch
from responses.exporting.manifests import FileEntry
from responses.exporting.pack import make_files
from responses.exporting.zipping import zip_chunks
from responses.models import Batch
from tests.conftest import BUNDLED_PLAN

# By the step that makes it.
PARTS = {
    "responses": "responses.csv",
    "answers": "answers.csv",
    "workbook": "responses.xlsx",
    "parquet": "responses.parquet",
    "lines": "responses.jsonl",
}


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


def measure(only: str) -> None:
    """Run one step, or all of them and the zip, and print seconds and MB."""
    batch = Batch.objects.get()

    def run(name: str, make: steps.Make) -> list[FileEntry]:
        return make() if only in {name, "all"} else []

    with tempfile.TemporaryDirectory() as folder, transaction.atomic():
        began = time.monotonic()
        files = make_files(batch=batch, folder=Path(folder), run=run)
        if only == "all":
            for _ in zip_chunks(files, open_one=lambda name: (Path(folder) / name).open("rb")):
                pass
        print(f"{time.monotonic() - began:.2f} {peak()}")


def sealed_batch(count: int) -> Batch:
    """A batch of made-up responses to the bundled consultation."""
    call_command("migrate", verbosity=0)
    load_plan(text=BUNDLED_PLAN.read_text(), actor=None)
    consultation, now = Consultation.objects.get(), timezone.now()
    consultation.opens_at = now - timedelta(days=20)
    consultation.closes_at = now + timedelta(days=30)
    consultation.save(update_fields=["opens_at", "closes_at"])
    with Path(os.devnull).open("w") as quiet:
        call_command("fill_responses", "--count", str(count), "--seed", "1", stdout=quiet)
    batch = seal_batch(consultation=consultation, actor=None)
    assert batch is not None
    return batch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=25_000)
    parser.add_argument("--only", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        measure(options.only)
        return
    sealed_batch(options.count)
    connection.close()
    found = {}
    for part in [*PARTS, "all"]:
        command = [sys.executable, "-m", "tests.bench.packs", "--only", part]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        found[part] = (float(said[-2]), int(said[-1]))
    first = found["responses"][0]
    print(f"{options.count:,} responses; reading them and the plain CSV took {first:.1f} s")
    for part, (seconds, most) in found.items():
        name = PARTS.get(part, part)
        print(f"{name:<20}{seconds / first:>6.2f} of the CSV's time{most:>8} MB at most")


if __name__ == "__main__":
    main()
