"""A front door has a certificate from its first minute, and never loses the operator's own."""

from pathlib import Path

from cryptography import x509

from consult.web.certificate import make_certificate

HOSTS = ["consult.example.org", "answers.example.org"]


def test_a_folder_without_a_certificate_gets_one_for_each_host(tmp_path: Path) -> None:
    assert make_certificate(tmp_path, HOSTS)
    made = x509.load_pem_x509_certificate((tmp_path / "fullchain.pem").read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == HOSTS
    assert (tmp_path / "privkey.pem").stat().st_mode & 0o777 == 0o600


def test_a_certificate_that_is_there_is_left_alone(tmp_path: Path) -> None:
    for name in ("fullchain.pem", "privkey.pem"):
        (tmp_path / name).write_text("the operator's own")
    assert not make_certificate(tmp_path, HOSTS)
    assert (tmp_path / "privkey.pem").read_text() == "the operator's own"
