"""A throwaway certificate, for clients that insist on TLS.

The authority that signs it lives as long as the process and its key is never written down: whoever trusts its
certificate trusts nothing that can be made after the server has stopped.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


class TlsError(Exception):
    """No certificate can be made. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Throwaway:
    """`context` serves TLS with the certificate; `authority` is what a client has to trust, in PEM."""

    context: ssl.SSLContext = field(repr=False)
    authority: bytes = field(repr=False)
    names: tuple[str, ...]


def throwaway(names: Iterable[str] = ()) -> Throwaway:
    """A certificate for this machine and for `names` (host names, `*.host` or addresses).

    Raises: `TlsError` when the library is missing or a name cannot stand in a certificate.
    """
    try:
        import trustme
    except ImportError:
        raise TlsError(
            "TLS needs the package trustme: pip install 'staycheck[tls]', or serve without --tls."
        ) from None
    wanted = tuple(dict.fromkeys((*LOCAL_NAMES, *(name for name in names if not _is_any(name)))))
    authority = trustme.CA(organization_name="staycheck", organization_unit_name="throwaway")
    try:
        certificate = authority.issue_cert(*wanted)
    except ValueError as error:
        raise TlsError(f"A certificate cannot be for one of {', '.join(wanted)}: {error}.") from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return Throwaway(context, authority.cert_pem.bytes(), wanted)


def _is_any(name: str) -> bool:
    """Whether it is an address that stands for all of the machine's, which no client asks for."""
    try:
        return ipaddress.ip_address(name).is_unspecified
    except ValueError:
        return False
