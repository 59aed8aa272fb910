"""A certificate for the hosts of the document, which nobody but the tests believes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.key_samples import private_pem


def certificate(folder: Path) -> tuple[Path, Path]:  # pragma: no cover - with nginx or Chromium
    """Write a certificate for all of example.com and its key; return where they are."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("*.example.com")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "example.com.pem", folder / "example.com.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_text(private_pem(key))
    return files
