"""What the service is made of."""

import re
from pathlib import Path

from django.conf import settings

from tests.support.bill import bill


def test_the_bill_of_materials_lists_each_pinned_package_and_its_hashes() -> None:
    pinned = re.findall(
        r"^([a-z0-9-]+)==(\S+)",
        (Path(settings.BASE_DIR) / "requirements.txt").read_text(),
        re.MULTILINE,
    )
    made = bill()
    listed = {component["name"]: component for component in made["components"]}
    assert made["bomFormat"] == "CycloneDX"
    assert {(name, row["version"]) for name, row in listed.items()} == {
        *pinned,
        ("govuk-frontend", listed["govuk-frontend"]["version"]),
    }
    assert all(
        row["externalReferences"][0]["hashes"]
        for name, row in listed.items()
        if name != "govuk-frontend"
    )
