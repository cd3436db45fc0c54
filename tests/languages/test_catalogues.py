"""The Welsh catalogue is whole: a string that the public can meet and that is not in it fails."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from consult.catalogues import (
    PLACEHOLDER,
    Entry,
    compiled,
    public_python,
    public_templates,
    read_catalogue,
    strings_of,
    write_catalogue,
)

ROOT = Path(settings.BASE_DIR)
PO = ROOT / "locale" / "cy" / "LC_MESSAGES" / "django.po"
# Words that are the same in Welsh, and names.
SAME = {
    *("Childline", "Crimestoppers", "PDF", "Poster", "Rape Crisis", "SHA-256:", "Word"),
    "%(time)s ar %(day)s (amser y DU)",
}
# What stands in templates outside the tags that translate.
NAMES = {
    *("AbilityNet", "bytes", "Cymraeg", "English", "Word", "MOPAC", "U+", "SHA-256", "px"),
    # Parts of addresses that are shown.
    *("equalityadvisoryservice.com", "ico.org.uk", "make-a-complaint", "mcmw.abilitynet.org.uk"),
}


def test_every_string_the_public_can_meet_is_in_welsh() -> None:
    known = read_catalogue(PO)
    missing = [entry.text for entry in strings_of(ROOT) if not all(known.get(entry, ("",)))]
    assert missing == [], "run manage.py translations and translate them in locale/cy"


def test_the_catalogue_has_no_string_that_nobody_meets_any_more() -> None:
    assert set(read_catalogue(PO)) == set(strings_of(ROOT))


def test_the_compiled_catalogue_is_that_of_the_one_that_people_edit() -> None:
    assert PO.with_suffix(".mo").read_bytes() == compiled(read_catalogue(PO))


def test_a_translation_is_no_copy_of_the_english() -> None:
    copied = {
        form for entry, forms in read_catalogue(PO).items() for form in forms if form == entry.text
    }
    assert copied <= SAME


def test_translations_keep_what_is_filled_in_and_the_markup() -> None:
    for entry, forms in read_catalogue(PO).items():
        for form in forms:
            assert set(PLACEHOLDER.findall(form)) == set(PLACEHOLDER.findall(entry.text)), form
            assert sorted(re.findall(r"<[^>]+>", form)) == sorted(
                re.findall(r"<[^>]+>", entry.text)
            ), form
            assert form.count("%%") == entry.text.count("%%"), form


def test_strings_that_count_have_the_three_forms_of_welsh() -> None:
    counted = [forms for entry, forms in read_catalogue(PO).items() if entry.plural]
    assert counted
    assert {len(forms) for forms in counted} == {3}


@pytest.mark.parametrize("path", public_templates(ROOT), ids=lambda path: path.name)
def test_no_words_of_a_public_template_stand_outside_the_tags(path: Path) -> None:
    text = path.read_text()
    text = re.sub(r"\{% comment.*?endcomment %\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\{#.*?#\}|<!--.*?-->|<style>.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r"\{% blocktranslate.*?\{% endblocktranslate %\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
    shown = re.findall(r'(?:alt|aria-label|title|placeholder)="([^"]+)"', text)
    # Tags that a template tag cut in two count as one.
    bare = re.sub(r"<[^>]*>", " ", text) if path.suffix == ".html" else text
    words = {
        word for piece in [bare, *shown] for word in re.findall(r"[A-Za-z’+-]{2,}[\w.+-]*", piece)
    }
    assert words <= NAMES


def test_nothing_is_translated_while_a_module_is_loaded() -> None:
    """It would stay in the language of the first one who asked."""
    early = []
    for path in public_python(ROOT):
        tree = ast.parse(path.read_text())
        inside = {
            id(node)
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.Lambda)
            for node in ast.walk(function)
        }
        lazy = "gettext_lazy as _" in path.read_text()
        early += [
            f"{path.relative_to(ROOT)}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"_", "gettext", "ngettext"}
            and not (lazy and node.func.id == "_")
            and id(node) not in inside
        ]
    assert early == []


def test_a_catalogue_is_read_as_it_was_written(tmp_path: Path) -> None:
    catalogue = {
        Entry('Say “yes” or "no"\\\n%(x)s'): ('Dywedwch “ie” neu "na"\\\n%(x)s',),
        Entry("%(n)s day", "%(n)s days"): ("%(n)s diwrnod", "%(n)s ddiwrnod", "%(n)s diwrnod"),
        Entry("New"): ("",),
    }
    path = tmp_path / "django.po"
    write_catalogue(path, catalogue, {Entry("New"): ["templates/new.html"]})
    assert read_catalogue(path) == catalogue
    assert "#: templates/new.html" in path.read_text()
    assert read_catalogue(tmp_path / "none.po") == {}


def test_the_command_changes_nothing_where_nothing_is_new(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = PO.read_bytes(), PO.with_suffix(".mo").read_bytes()
    call_command("translations")
    assert (PO.read_bytes(), PO.with_suffix(".mo").read_bytes()) == before
    assert capsys.readouterr().out == ""
