"""Certificates and keys as PEM text: what an agent's TLS settings hold."""

from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from schedules.errors import InvalidRequest

LONGEST: Final = 256 * 1024


def check_certificates(text: str, param: str) -> None:
    """InvalidRequest unless the text is one certificate or more."""
    _certificates(text, param)


def check_private_key(text: str, param: str) -> None:
    """InvalidRequest unless the text is one private key without a passphrase."""
    _public_part_of_key(text, param)


def check_pair(certificate: str, key: str, param: str) -> None:
    """InvalidRequest unless the key belongs to the first certificate."""
    public = _certificates(certificate, param)[0].public_key()
    if public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != _public_part_of_key(
        key, param
    ):
        raise InvalidRequest("The client key does not belong to the client certificate", param=param)


def _certificates(text: str, param: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_bounded(text, param).encode())
    except ValueError:
        raise InvalidRequest(
            f"{param} must be certificates in PEM form (-----BEGIN CERTIFICATE----- …)", param=param
        ) from None


def _public_part_of_key(text: str, param: str) -> bytes:
    try:
        key = load_pem_private_key(_bounded(text, param).encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InvalidRequest(
            f"{param} must be a private key in PEM form without a passphrase", param=param
        ) from None
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _bounded(text: str, param: str) -> str:
    if len(text) > LONGEST:
        raise InvalidRequest(f"{param} is longer than {LONGEST} characters", param=param)
    return text
