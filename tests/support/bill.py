"""`make sbom`: the bill of materials of what the service runs on, as CycloneDX, without asking
anyone.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def bill() -> dict[str, object]:
    """The pinned packages with their hashes, and govuk-frontend, whose code stands in the style
    sheet and the script.
    """
    command = [
        str(Path(sys.executable).with_name("cyclonedx-py")),
        "requirements",
        "--pyproject",
        "pyproject.toml",
    ]
    done = subprocess.run(
        [*command, "--output-reproducible", "requirements.txt"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    made: dict[str, object] = json.loads(done.stdout)
    found = re.search(
        r'govuk-frontend-version: ?"([0-9.]+)"',
        (ROOT / "consult" / "static" / "consult" / "site.css").read_text(),
    )
    if found is None:
        sys.exit("The style sheet does not say which govuk-frontend it was made from.")
    name, version = "govuk-frontend", found[1]
    component = {
        "type": "library",
        "bom-ref": name,
        "name": name,
        "version": version,
        "purl": f"pkg:npm/{name}@{version}",
    }
    components = made["components"]
    assert isinstance(components, list)
    components.append(component | {"licenses": [{"license": {"id": "MIT"}}]})
    return made


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(bill(), indent=2) + "\n")
    print(f"The bill of materials is in {sys.argv[1]}.")
