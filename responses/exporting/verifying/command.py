"""Check batches that you received. All you need is Python 3.8 or later: no network, no other file,
nothing to install.

python verify_batch.py [--key PUBLIC_KEY] PLACE [PLACE ...]

A PLACE is a batch's folder, its zip file, or a folder with several of either. It checks that every
file is the one that the manifest lists, that each row is there, that the manifest was signed, and
that the batches follow one another without a gap and hold each version of a response once. It
prints what holds and what does not, and exits with 0 only if everything holds.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from responses.exporting.verifying.batch import check_batch
from responses.exporting.verifying.chain import check_chain
from responses.exporting.verifying.places import UNREADABLE, Findings, Place, find_places


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check batches that you received.")
    parser.add_argument(
        "places",
        nargs="+",
        type=Path,
        metavar="PLACE",
        help="a batch's folder or zip file, or a folder of them",
    )
    parser.add_argument(
        "--key",
        default="",
        help="the public key that you trust, 64 hexadecimal digits from the service's page",
    )
    options = parser.parse_args(arguments)
    found, batches = Findings(), []
    for path in find_places(options.places):
        print(path)
        try:
            place = Place(path)
            if manifest := check_batch(place, found, key=options.key):
                batches.append((place, manifest))
        except UNREADABLE as trouble:
            found.fails(f"it cannot be read: {trouble}")
    if batches:
        print("All together")
        check_chain(batches, found)
    if found.wrong:
        things = "1 thing" if found.wrong == 1 else f"{found.wrong} things"
        print(f"{things} did not hold. Do not use this data.")
        return 1
    print("Everything holds.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
