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
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

MINIMUM_KEY_BYTES = 16
_REMEMBERED = 1_500_000  # up to 200 MB of addresses and pseudonyms; then it starts afresh

_WRAPPING = re.compile(r"^(mailto:|<)+|>+$", re.IGNORECASE)
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_PLAIN = r"^[a-z0-9._%+'-]{1,64}@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$"
_LONGEST = 254  # characters of an address that can be written to (RFC 5321)
_ROLE = (
    r"^(?:no-?reply|do-?not-?reply|donotreply|anonymous|info|support|mailer-daemon|postmaster)@"
    r"|\.invalid$"
)


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
    if not at or not local or "@" in local or len(text) > _LONGEST or re.search(r"\s", text):
        return None
    domain = domain.rstrip(".")
    try:
        domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    text = f"{local}@{domain}"
    return None if not domain or re.search(_ROLE, text) else text


class Pseudonyms:
    """Turns identifiers into pseudonyms with one key."""

    def __init__(self, key: bytes) -> None:
        """Prepare the two halves of HMAC once (RFC 2104), so that each value costs two updates."""
        if len(key) < MINIMUM_KEY_BYTES:
            raise KeyMissing(f"The pseudonym key needs at least {MINIMUM_KEY_BYTES} bytes.")
        block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))
        self._remembered = Remembered(self._seal)

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
        return self._remembered(addresses)

    def seal_addresses(self, cells: pl.Series) -> pl.Series:
        """Pseudonyms where a cell holds an e-mail address, the cell itself where it doesn't."""
        has_address = cells.str.contains("@", literal=True).fill_null(False)
        if not has_address.any():
            return cells
        sealed = self.seal_emails(cells.set(~has_address, None))
        return pl.select(pl.when(has_address).then(sealed).otherwise(cells)).to_series()

    def _seal(self, cells: pl.Series) -> pl.Series:
        """The pseudonym of each cell, made anew; NULL for what is nobody's address."""
        text = cells.str.strip_chars().str.to_lowercase()
        plain = text.str.contains(_PLAIN) & (text.str.len_bytes() <= _LONGEST)
        plain &= ~text.str.contains(_ROLE)
        addresses: list[str | None] = text.to_list()
        for row in (~plain).arg_true():  # few, as nearly all addresses are plain
            addresses[row] = normalise_email(cells[row])
        sealed = [None if address is None else self.of(address) for address in addresses]
        return pl.Series(sealed, dtype=pl.String)


class Remembered:
    """A slow function of texts that is asked for each different text once.

    A dictionary would be asked row by row. This looks up a column at a time, by sorted hashes, and
    then compares the texts themselves, so that two texts with one hash are never taken for one
    another.
    """

    def __init__(
        self,
        function: Callable[[pl.Series], pl.Series],
        *,
        hashed: Callable[[pl.Series], pl.Series] = pl.Series.hash,
        limit: int = _REMEMBERED,
    ) -> None:
        """Begin with nothing remembered.

        Args:
            function: gives texts that are all different their values, as a String column.
            hashed: a UInt64 for each text, the same for equal ones.
            limit: how many texts are remembered before all are forgotten.
        """
        self._function, self._hashed, self._limit = function, hashed, limit
        self._levels: tuple[_Level, ...] = ()

    def __call__(self, cells: pl.Series) -> pl.Series:
        """The function's value of each cell; NULL for NULL."""
        levels = self._levels
        if sum(len(level.texts) for level in levels) >= self._limit:
            levels = ()
        values = pl.Series([], dtype=pl.String).extend_constant(None, len(cells))
        missed = cells.is_not_null().arg_true()
        for level in levels:
            values, missed = self._filled(values, missed, cells, level)
        if len(missed):
            texts = cells.gather(missed).unique()
            learned = _Level.of(texts, self._hashed(texts), self._function(texts))
            # Another thread may do the same: what either has learned is right, one is forgotten.
            self._levels = _with_level(levels, learned)
            values, missed = self._filled(values, missed, cells, learned)
        if len(missed):  # texts whose hash another one has
            values = values.scatter(missed, self._function(cells.gather(missed)))
        return values

    def _filled(
        self, values: pl.Series, missed: pl.Series, cells: pl.Series, level: "_Level"
    ) -> tuple[pl.Series, pl.Series]:
        """The values with those that a level knows, and the rows that are still missed."""
        sought = cells.gather(missed)
        at = level.find(sought, self._hashed(sought))
        is_found = at.is_not_null()
        values = values.scatter(missed.filter(is_found), level.values.gather(at.filter(is_found)))
        return values, missed.filter(~is_found)


class _Level(NamedTuple):
    """Texts with their values, in rising order of their hashes, of which no two are equal."""

    hashes: npt.NDArray[np.uint64]
    texts: pl.Series
    values: pl.Series

    @classmethod
    def of(cls, texts: pl.Series, hashes: pl.Series, values: pl.Series) -> "_Level":
        """A level of different texts; of those with one hash only the first."""
        distinct, first = np.unique(hashes.to_numpy(), return_index=True)
        return cls(distinct, _compact(texts.gather(first)), _compact(values.gather(first)))

    def find(self, cells: pl.Series, hashes: pl.Series) -> pl.Series:
        """The row of each cell's text, Int64; NULL where it isn't here."""
        sought = hashes.to_numpy()
        order = np.argsort(sought)  # five times as fast as searching here and there in memory
        rows = np.empty(len(sought), np.int64)
        rows[order] = np.searchsorted(self.hashes, sought[order])
        rows[rows == len(self.hashes)] = 0
        found = pl.Series(rows)
        return found.set(self.texts.gather(found).ne_missing(cells), None)


def _compact(texts: pl.Series) -> pl.Series:
    """The same in one piece of memory, instead of as views of all the batches they came in."""
    return pl.Series(texts.to_arrow(compat_level=pl.CompatLevel.oldest()))


def _with_level(levels: tuple[_Level, ...], new: _Level) -> tuple[_Level, ...]:
    """One level more, merged with those before that aren't much larger.

    So that neither many levels are searched nor a large one is copied for every few new texts.
    """
    while levels and len(levels[-1].texts) < 4 * len(new.texts):
        last = levels[-1]
        hashes = pl.Series(np.concatenate([last.hashes, new.hashes]))
        texts, values = pl.concat([last.texts, new.texts]), pl.concat([last.values, new.values])
        levels, new = levels[:-1], _Level.of(texts, hashes, values)
    return (*levels, new)
