"""Direct identifiers become keyed pseudonyms before anything reaches the lake.

HMAC-SHA-256 over the normalised address, cut to 128 bits: the same person has the same pseudonym
in every source, nobody without the key can compute one. Distinct values are hashed, not rows.
"""

import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

MINIMUM_KEY_BYTES = 16
_REMEMBERED = 1_500_000  # up to 400 MB of addresses and pseudonyms; then it starts afresh

_WRAPPING = re.compile(r"^(mailto:|<)+|>+$", re.IGNORECASE)
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_is_plain = re.compile(r"[a-z0-9._%+'-]{1,64}@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?").fullmatch
_is_role = re.compile(
    r"^(no-?reply|do-?not-?reply|donotreply|anonymous|info|support|mailer-daemon|postmaster)@"
    r"|\.invalid$"
).search


class KeyMissing(Exception):
    """No usable key for pseudonyms; the message says where one may come from."""


def load_key(key_file: Path, environment: Mapping[str, str] = os.environ) -> bytes:
    """The key from `CX_PSEUDONYM_KEY`, else from the key file.

    Raises:
        KeyMissing: neither is there, the key is short, or others may read the file.
    """
    given = environment.get("CX_PSEUDONYM_KEY")
    if given is not None:
        where, key = "CX_PSEUDONYM_KEY", given.strip().encode()
    elif key_file.exists():
        mode = key_file.stat().st_mode & 0o077
        if mode:
            raise KeyMissing(
                f"{key_file}: others may read the pseudonym key. Run: chmod 600 {key_file}"
            )
        where, key = str(key_file), key_file.read_bytes().strip()
    else:
        raise KeyMissing(
            "No key for pseudonyms. Set CX_PSEUDONYM_KEY to at least "
            f"{MINIMUM_KEY_BYTES} random characters, or put them into {key_file} (mode 600)."
        )
    if len(key) < MINIMUM_KEY_BYTES:
        raise KeyMissing(
            f"{where}: the pseudonym key has {len(key)} bytes. "
            f"Use at least {MINIMUM_KEY_BYTES} random ones."
        )
    return key


def create_key_file(key_file: Path) -> bool:
    """Write a random key (mode 600) unless there is one; True when it was made."""
    key_file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
    return True


def normalise_email(address: str) -> str | None:
    """The form in which addresses are compared; None for what is no person's address.

    Surrounding space, `<>` and `mailto:` fall away; NFKC; lower case; the domain in ASCII without
    a trailing dot. A `+tag` and dots stay. Role addresses such as `noreply@` name nobody.
    """
    text = unicodedata.normalize("NFKC", address.translate(_INVISIBLE)).strip()
    text = _WRAPPING.sub("", text).strip().lower()
    local, at, domain = text.rpartition("@")
    if not at or not local or "@" in local or len(text) > 254 or re.search(r"\s", text):
        return None
    domain = domain.rstrip(".")
    try:
        domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    text = f"{local}@{domain}"
    return None if not domain or _is_role(text) else text


class Pseudonyms:
    """Turns identifiers into pseudonyms with one key."""

    def __init__(self, key: bytes) -> None:
        """Prepare the two halves of HMAC once (RFC 2104), so that each value costs two updates."""
        if len(key) < MINIMUM_KEY_BYTES:
            raise KeyMissing(f"The pseudonym key needs at least {MINIMUM_KEY_BYTES} bytes.")
        block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))
        self._remembered = _Remembered(self.of)

    @property
    def fingerprint(self) -> str:
        """Tells one key from another without giving it away."""
        return self.of("the key's own fingerprint")[:12]

    def of(self, value: str) -> str:
        """The pseudonym of a value as it is: 32 hexadecimal characters."""
        inner = self._inner.copy()
        inner.update(value.encode())
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()[:32]

    def seal_emails(self, addresses: pl.Series) -> pl.Series:
        """Pseudonyms of e-mail addresses; NULL for empty cells and for what is nobody's address.

        Args:
            addresses: String, any length.

        Returns:
            String, same length: 32 hexadecimal characters or NULL.
        """
        sealed = map(self._remembered.__getitem__, addresses.to_list())
        return pl.Series(list(sealed), dtype=pl.String)

    def seal_addresses(self, cells: pl.Series) -> pl.Series:
        """Pseudonyms where a cell holds an e-mail address, the cell itself where it doesn't."""
        has_address = cells.str.contains("@", literal=True).fill_null(False)
        if not has_address.any():
            return cells
        sealed = self.seal_emails(cells.set(~has_address, None))
        return pl.select(pl.when(has_address).then(sealed).otherwise(cells)).to_series()


class _Remembered(dict[str | None, str | None]):
    """Addresses as they are written, with their pseudonyms; made when first asked for."""

    def __init__(self, seal: Callable[[str], str]) -> None:
        super().__init__()
        self._seal = seal

    def __missing__(self, cell: str | None) -> str | None:
        if cell is None:
            return None
        if len(self) >= _REMEMBERED:
            self.clear()
        text = cell.strip().lower()
        address = text if _is_plain(text) and not _is_role(text) else normalise_email(cell)
        self[cell] = sealed = None if address is None else self._seal(address)
        return sealed
