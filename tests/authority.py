"""Certificates of the tests' own making: a CA, servers, and whoever calls them."""

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Identity:
    """A certificate and its key; by default an authority that has signed itself."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def public_pem(self) -> str:
        return self.certificate.public_bytes(PEM).decode()

    @property
    def pem(self) -> str:
        secret = self.key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return self.public_pem + secret.decode()

    def sign(self, name: str, *, starts: dt.timedelta = -DAY, ends: dt.timedelta = DAY) -> "Identity":
        """A certificate for a host name or an address, valid from and until so long from now."""
        return _certified(name, self, starts, ends)


def make_authority(name: str = "authority under test") -> Identity:
    """A new CA."""
    return _certified(name, None, -DAY, DAY)


def server_context(server: Identity, folder: object, *, clients_of: Identity | None = None) -> ssl.SSLContext:
    """A server's TLS; with `clients_of` only clients that this authority has signed are served."""
    path = f"{folder}/server-{id(server)}.pem"
    with open(path, "w") as file:  # noqa: PTH123 - OpenSSL reads files only
        file.write(server.pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    if clients_of:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=clients_of.public_pem)
    return context


def _certified(name: str, issuer: Identity | None, starts: dt.timedelta, ends: dt.timedelta) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder(issuer.certificate.subject if issuer else subject, subject, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + starts)
        .not_valid_after(now + ends)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(name)]), critical=False)
    return Identity(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
