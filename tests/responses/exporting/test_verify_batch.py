"""Signatures, and the one file with which a receiver checks batches: what holds, and everything
that must not.
"""

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from consult.models import Action, AuditEntry, Consultation
from responses.exporting.batches import folder_of, pack_of, seal_batch
from responses.exporting.signing import sign
from responses.exporting.troubles import batch_troubles
from responses.exporting.verifying.joining import verifying_program
from responses.exporting.writing import BatchNotWritten, write_batch
from responses.governance.reconciling import reconcile
from responses.models import Batch, Response, SigningKey
from responses.responding.amending import withdraw_response

# The program as a receiver has it: one file, loaded here for the tests that run it many times.
PROGRAM = verifying_program()
verify_batch = ModuleType("verify_batch")
exec(compile(PROGRAM, "verify_batch.py", "exec"), verify_batch.__dict__)  # noqa: S102  our own text
signature_holds = verify_batch.signature_holds

# RFC 8032, section 7.1: secret key, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.fixture
def key(db: None, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The public half of a signing key that the operator has made."""
    settings.SIGNING_KEY_FILE = str(tmp_path_factory.mktemp("keys") / "signing-key.pem")
    call_command("make_signing_key")
    return SigningKey.objects.get().public_key


@pytest.fixture
def chain(
    consultation: Consultation, send: Callable[..., Response], exports: Path, key: str
) -> Path:
    """A folder with three signed batches; the second holds the withdrawal of a response in the
    first, the third nothing.
    """
    first = send()
    send({"violence-comment": "=1+1\n\u2028 two lines"})
    write_batch(batch=seal_batch(consultation=consultation, actor=None))
    withdraw_response(earlier=first, submission_key=uuid4(), started_at=timezone.now())
    write_batch(batch=seal_batch(consultation=consultation, actor=None))
    write_batch(batch=seal_batch(consultation=consultation, actor=None))
    return exports / consultation.slug


def check(*arguments: object) -> tuple[int, str]:
    """Run the program as a receiver does: by itself, isolated from everything that is installed."""
    with TemporaryDirectory() as folder:
        program = Path(folder) / "verify_batch.py"
        program.write_text(PROGRAM)
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(program), *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize(("secret", "public", "message", "signature"), VECTORS)
def test_the_vectors_of_the_rfc_hold_and_altered_ones_do_not(
    secret: str, public: str, message: str, signature: str
) -> None:
    key, said, proof = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    assert Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret)).sign(said) == proof
    assert signature_holds(key, said, proof)
    assert not signature_holds(key, said + b"!", proof)
    assert not signature_holds(
        bytes.fromhex(VECTORS[0][1] if public != VECTORS[0][1] else VECTORS[1][1]), said, proof
    )
    for place in (0, 31, 32, 63):
        assert not signature_holds(
            key, said, proof[:place] + bytes([proof[place] ^ 1]) + proof[place + 1 :]
        )
    # The same number modulo the order of the group: accepted, it would let others make second
    # signatures.
    larger = (int.from_bytes(proof[32:], "little") + verify_batch.ORDER).to_bytes(32, "little")
    assert not signature_holds(key, said, proof[:32] + larger)
    for broken in (b"", proof[:63], proof + b"\0"):
        assert not signature_holds(key, said, broken)


@given(message=st.binary(max_size=200), secret=st.binary(min_size=32, max_size=32))
def test_the_program_accepts_what_the_service_signs(message: bytes, secret: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(secret)
    assert signature_holds(key.public_key().public_bytes_raw(), message, key.sign(message))


def test_a_zip_in_which_a_name_stands_twice_is_refused(
    chain: Path, key: str, tmp_path: Path
) -> None:
    packed = tmp_path / "batch.zip"
    shutil.copy(chain / "packs" / "batch-0001.zip", packed)
    assert check("--key", key, packed)[0] == 0
    with ZipFile(packed, "a") as made, pytest.warns(UserWarning, match="Duplicate name"):
        made.writestr("responses.csv", "another")
    code, words = check("--key", key, packed)
    assert (code, "it has two files of one name: responses.csv" in words) == (1, True)


@pytest.mark.parametrize(
    "name",
    [
        *["Responses.csv", "./responses.csv", "x/../responses.csv", "/responses.csv"],
        *["responses.csv ", "responses.csv.", "responses\u200b.csv", "Manifest.json"],
        *["./manifest.json", "MANIFEST.SIG", "./verify_batch.py", "responses.csv/"],
    ],
)
def test_a_zip_with_a_second_file_of_nearly_the_same_name_is_refused(
    chain: Path, key: str, tmp_path: Path, name: str
) -> None:
    packed = tmp_path / "batch.zip"
    shutil.copy(chain / "packs" / "batch-0001.zip", packed)
    with ZipFile(packed, "a") as made:
        made.writestr(name, "another")
    assert check("--key", key, packed)[0] == 1


def test_a_receiver_checks_a_whole_chain_with_python_alone(chain: Path, key: str) -> None:
    code, words = check("--key", key, chain)
    assert (code, words.count("signed with the key that you named")) == (0, 3)
    assert "3 batches: 3 versions of 2 responses, none of them twice" in words
    assert words.endswith("Everything holds.\n")


def test_the_program_imports_only_the_standard_library() -> None:
    tree = ast.parse(PROGRAM)
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) == set()


def test_the_program_can_be_read_by_python_3_8() -> None:
    tree = ast.parse(PROGRAM, feature_version=(3, 8))
    # What such a Python cannot evaluate (`list[str]`, `str | None`) may only be in annotations.
    assert "from __future__ import annotations" in PROGRAM
    annotations = {
        id(inner)
        for node in ast.walk(tree)
        for said in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if said
        for inner in ast.walk(said)
    }
    generic = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id in {"list", "dict", "tuple", "set", "Iterator", "Counter"}
        and id(node) not in annotations
    ]
    assert generic == []


def test_one_batch_as_a_zip_verifies_by_itself(chain: Path, key: str, tmp_path: Path) -> None:
    with ZipFile(tmp_path / "second.zip", "w") as made:
        for path in (chain / "batch-0002").rglob("*"):
            made.write(path, path.relative_to(chain / "batch-0002"))
    code, words = check(tmp_path / "second.zip")
    assert code == 0
    assert "You have no batch before 2" in words
    assert f"signed with the key {key}" in words


def alter(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (
            lambda chain: alter(chain / "batch-0001/responses.jsonl", b"More youth", b"Less youth"),
            "responses.jsonl was altered",
        ),
        (lambda chain: cut(chain / "batch-0001/responses.csv"), "responses.csv has"),
        (lambda chain: (chain / "batch-0002/codebook.csv").unlink(), "codebook.csv is missing"),
        (
            lambda chain: (chain / "batch-0002/more.csv").write_text("x"),
            "more.csv is there, but the manifest does not list it",
        ),
        (
            lambda chain: alter(
                chain / "batch-0001/manifest.json", b'"responses": 2', b'"responses": 3'
            ),
            "the signature does not match",
        ),
        (lambda chain: (chain / "batch-0001/manifest.sig").unlink(), "the manifest is not signed"),
        (
            lambda chain: (chain / "batch-0001/manifest.sig").write_text("[]"),
            "manifest.sig cannot be read",
        ),
        (
            lambda chain: (chain / "batch-0001/manifest.json").write_text("{}"),
            "manifest.json cannot be read",
        ),
        (lambda chain: shutil.rmtree(chain / "batch-0002"), "batch 2 is missing"),
        (
            lambda chain: shutil.copytree(chain / "batch-0001", chain / "batch-0001-again"),
            "batch 1 is there twice",
        ),
    ],
)
def test_every_altered_file_is_named(
    chain: Path, key: str, harm: Callable[[Path], object], words: str
) -> None:
    harm(chain)
    code, said = check("--key", key, chain)
    assert (code, words in said) == (1, True)
    assert "DOES NOT HOLD" in said


def test_a_forger_who_signs_with_another_key_is_found_out(
    chain: Path, key: str, settings: Settings
) -> None:
    forged = chain / "batch-0003"
    alter(forged / "manifest.json", b'"batch": 3', b'"batch": 4')
    settings.SIGNING_KEY_FILE = f"{settings.SIGNING_KEY_FILE}.forged"
    call_command("make_signing_key")
    signature = sign((forged / "manifest.json").read_bytes())
    assert signature
    (forged / "manifest.sig").write_bytes(signature)
    code, said = check("--key", key, forged)
    assert (code, "signed with another key" in said) == (1, True)
    # Who trusts any key only learns which one it was.
    assert check(forged)[0] == 0


def rewrite(folder: Path, change: Callable[[dict[str, object]], None]) -> None:
    """Alter the responses of a batch as someone with the key could."""
    path = folder / "responses.jsonl"
    lines = [json.loads(line) for line in path.read_text().split("\n") if line]
    change(lines[0])
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda line: line.update(version=1), "is in batch 1 and in batch 2"),
        (
            lambda line: line.update(replaces_row=2),
            "replaces row 2 of batch 1, which is something else",
        ),
    ],
)
def test_rows_that_do_not_fit_together_are_named(
    chain: Path, change: Callable[[dict[str, object]], None], words: str
) -> None:
    rewrite(chain / "batch-0002", change)
    code, said = check(chain)
    assert (code, words in said) == (1, True)


def test_a_manifest_that_names_another_before_it_breaks_the_chain(chain: Path, key: str) -> None:
    path = chain / "batch-0003/manifest.json"
    content = json.loads(path.read_text())
    content["previous_manifest_sha256"] = "0" * 64
    path.write_text(json.dumps(content))
    signature = sign(path.read_bytes())
    assert signature
    (chain / "batch-0003/manifest.sig").write_bytes(signature)
    code, said = check("--key", key, chain)
    assert (code, "batch 3 does not follow this batch 2" in said) == (1, True)


# The key


def test_signing_again_gives_the_same_bytes(chain: Path) -> None:
    folder = chain / "batch-0001"
    assert sign((folder / "manifest.json").read_bytes()) == (folder / "manifest.sig").read_bytes()


@pytest.mark.django_db(transaction=True)
def test_signed_batches_reconcile_after_a_change_of_key(chain: Path, settings: Settings) -> None:
    assert Batch.objects.get(number=1).files[-2]["name"] == "manifest.sig"
    settings.SIGNING_KEY_FILE = f"{settings.SIGNING_KEY_FILE}.next"
    call_command("make_signing_key")
    assert reconcile().differences == []


def test_the_key_is_made_once_and_only_its_owner_reads_it(key: str, settings: Settings) -> None:
    path = Path(settings.SIGNING_KEY_FILE)
    before = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="There is already a key"):
        call_command("make_signing_key")
    assert path.read_bytes() == before
    assert AuditEntry.objects.get(action=Action.SIGNING_KEY_PUBLISHED).subject == key


def test_without_a_key_the_program_says_that_batches_are_not_signed(
    consultation: Consultation, exports: Path, settings: Settings
) -> None:
    settings.SIGNING_KEY_FILE = str(exports / "none.pem")
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    code, said = check(exports / folder_of(batch))
    assert (code, "the manifest is not signed" in said) == (1, True)


def test_a_key_that_cannot_be_read_stops_the_writing_and_says_so(
    consultation: Consultation, exports: Path, settings: Settings, tmp_path: Path
) -> None:
    settings.SIGNING_KEY_FILE = str(tmp_path / "broken.pem")
    Path(settings.SIGNING_KEY_FILE).write_text("nothing like a key")
    batch = seal_batch(consultation=consultation, actor=None)
    with pytest.raises(BatchNotWritten, match="does not contain a key"):
        write_batch(batch=batch)


def test_nothing_goes_out_unsigned_once_a_key_was_published(
    consultation: Consultation, exports: Path, settings: Settings, key: str
) -> None:
    path = Path(settings.SIGNING_KEY_FILE)
    kept = path.read_bytes()
    path.unlink()
    batch = seal_batch(consultation=consultation, actor=None)
    with pytest.raises(BatchNotWritten, match="its file is not there"):
        write_batch(batch=batch)
    batch.refresh_from_db()
    assert (batch.written_at, "its file is not there" in batch.failure) == (None, True)
    assert any("its file is not here" in what for what, _ in batch_troubles())
    # The operator's copy, put back, is all it takes.
    path.write_bytes(kept)
    write_batch(batch=batch)
    assert (exports / folder_of(batch) / "manifest.sig").exists()


def test_anyone_can_read_the_public_key_and_earlier_ones(
    outsider: Client, key: str, settings: Settings
) -> None:
    settings.SIGNING_KEY_FILE = f"{settings.SIGNING_KEY_FILE}.next"
    call_command("make_signing_key")
    page = outsider.get("/signing-key/").content.decode()
    newer = SigningKey.objects.exclude(public_key=key).get().public_key
    assert page.index(newer) < page.index(key)


def test_without_a_key_the_page_says_so(outsider: Client, db: None) -> None:
    assert "There is no key yet." in outsider.get("/signing-key/").content.decode()


# Every file, one after the other


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[str]]:
    """The program in this process, which is quicker: its exit code, and what it says
    does not hold.
    """
    code = verify_batch.main([str(argument) for argument in arguments])
    said = capsys.readouterr().out.splitlines()
    return code, [line.partition("HOLD: ")[2] for line in said if "DOES NOT HOLD" in line]


def flip(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def names_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_one_bit_of_any_file_is_noticed_and_the_file_is_named(
    chain: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = chain / "batch-0001"
    names = set(names_of(folder)) - {
        "verify_batch.py"
    }  # It cannot vouch for itself: the document says so.
    assert len(names) > 15
    for name in sorted(names - {"manifest.json", "manifest.sig"}):
        path = folder / name
        whole = path.read_bytes()
        # The first and the last byte, and some between.
        for place in sorted({0, len(whole) // 3, len(whole) // 2, len(whole) - 1}) if whole else []:
            path.write_bytes(flip(whole, place))
            code, wrong = run(capsys, "--key", key, folder)
            assert (code, wrong[0]) == (
                1,
                f"{name} was altered: its SHA-256 is not the one in the manifest",
            ), (name, place)
            assert all("batch" in words or name in words for words in wrong)
        path.write_bytes(whole)
    assert run(capsys, "--key", key, chain) == (0, [])


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig", "responses.jsonl"])
def test_a_changed_bit_anywhere_is_reported_in_words_and_never_a_crash(
    chain: Path, key: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The files that it reads as more than bytes: whichever name or number in them is damaged."""
    path = chain / "batch-0002" / name
    whole = path.read_bytes()
    for place in range(0, len(whole), len(whole) // 60):
        path.write_bytes(flip(whole, place))
        code, wrong = run(capsys, "--key", key, chain)
        assert (code, len(wrong) > 0) == (1, True), place
    path.write_bytes(whole)
    assert run(capsys, "--key", key, chain) == (0, [])


def test_a_file_that_is_gone_or_new_or_in_anothers_place_is_named(
    chain: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = chain / "batch-0001"
    named = [
        name
        for name in names_of(folder)
        if name not in {"verify_batch.py", "manifest.json", "manifest.sig"}
    ]
    for name, other in zip(named, [*named[1:], named[0]], strict=True):
        path, second = folder / name, folder / other
        mine, theirs = path.read_bytes(), second.read_bytes()
        path.unlink()
        assert run(capsys, folder)[1][0] == f"{name} is missing"
        path.write_bytes(theirs)
        second.write_bytes(mine)
        wrong = run(capsys, folder)[1]
        for swapped in {name, other} if mine != theirs else ():
            assert any(words.startswith(f"{swapped} ") for words in wrong), (name, other)
        path.write_bytes(mine)
        second.write_bytes(theirs)
        path.with_name(f"{path.name}.more").write_bytes(mine)
        assert run(capsys, folder)[1] == [
            f"{name}.more is there, but the manifest does not list it"
        ]
        path.with_name(f"{path.name}.more").unlink()
    assert run(capsys, "--key", key, chain) == (0, [])


def test_a_damaged_zip_is_reported_in_words_and_the_others_are_checked(
    chain: Path, key: str, exports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = (exports / pack_of(Batch.objects.get(number=1))).read_bytes()
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(whole)
    with ZipFile(damaged) as pack:
        inside = pack.getinfo("responses.csv").header_offset + 200
    for place in [
        *range(0, 100, 5),
        *range(200, len(whole) - 400, 4999),
        *range(len(whole) - 400, len(whole), 17),
    ]:
        damaged.write_bytes(flip(whole, place))
        run(capsys, damaged)  # What a zip says beside its files' content may be anything.
    for content, words in [
        (flip(whole, inside), "responses.csv cannot be read"),
        # Its list of contents is gone; the one of the workbook within it is found instead.
        (whole[: len(whole) * 9 // 10], "this is not a whole batch"),
        (b"", "it cannot be read"),
    ]:
        damaged.write_bytes(content)
        code, wrong = run(capsys, "--key", key, damaged, chain / "batch-0002")
        assert (code, any(words in one for one in wrong)) == (1, True), wrong
        assert len(wrong) == 1


def again(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Alter a manifest and sign it again, as someone with the key could."""
    content = json.loads((folder / "manifest.json").read_text())
    change(content)
    (folder / "manifest.json").write_text(json.dumps(content))
    (folder / "manifest.sig").write_bytes(sign((folder / "manifest.json").read_bytes()) or b"")


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (lambda chain: shutil.rmtree(chain / "batch-0002"), ["batch 2 is missing"]),
        (
            lambda chain: again(
                chain / "batch-0001", lambda said: said.update(previous_manifest_sha256="0" * 64)
            ),
            [
                "batch 1 names a batch before it, but there cannot be one",
                "batch 2 does not follow this batch 1: it names a different manifest before it",
            ],
        ),
        (
            lambda chain: again(
                chain / "batch-0003", lambda said: said.update(previous_manifest_sha256=None)
            ),
            ["batch 3 does not follow this batch 2: it names a different manifest before it"],
        ),
        (
            lambda chain: again(chain / "batch-0003", lambda said: said.update(batch=5)),
            ["batch 3 is missing", "batch 4 is missing"],
        ),
        (
            lambda chain: again(
                chain / "batch-0003", lambda said: said.update(consultation="another")
            ),
            ["the batches are of different consultations: another, police-and-crime-plan-2021-25"],
        ),
        (
            lambda chain: again(
                chain / "batch-0003", lambda said: said["counts"].update(responses=7)
            ),
            [
                "the manifest counts 7 responses, but 0 rows in responses.csv",
                "the manifest counts 7 responses, but 0 rows in responses.jsonl",
            ],
        ),
    ],
)
def test_only_what_is_wrong_with_a_chain_is_reported(
    chain: Path,
    key: str,
    harm: Callable[[Path], object],
    expected: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    harm(chain)
    assert run(capsys, "--key", key, chain) == (1, expected)


def test_an_invalid_key_is_refused(
    chain: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other = f"{key[:-1]}{'0' if key[-1] != '0' else '1'}"
    code, wrong = run(capsys, "--key", other, chain)
    assert (code, wrong) == (1, [f"the manifest was signed with another key: {key}"] * 3)
    assert run(capsys, "--key", key.upper(), chain) == (0, [])
