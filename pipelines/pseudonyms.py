"""Direct identifiers become keyed pseudonyms before anything reaches the lake.

HMAC-SHA-256 over the normalised address, cut to 128 bits: the same person has the same pseudonym
in every source, nobody without the key can compute one. Distinct values are hashed, not rows. So
are names, where a vendor links its records by name alone.
"""

import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

MINIMUM_KEY_BYTES = 16
_LENGTH = 32  # of a pseudonym: 128 bits, as hexadecimal characters
_REMEMBERED = 1_500_000  # up to 110 MB; then it starts afresh
_TURNS = 4  # slots that a text may stand in; with a quarter of them taken, 1 in 250 finds none

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


def normalise_name(name: str) -> str:
    """The form in which names are compared: NFKC, without regard to case and kinds of spaces."""
    text = unicodedata.normalize("NFKC", name.translate(_INVISIBLE)).casefold()
    return " ".join(text.split())


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
        return outer.hexdigest()[:_LENGTH]

    def seal_emails(self, addresses: pl.Series) -> pl.Series:
        """Pseudonyms of e-mail addresses; NULL for empty cells and for what is nobody's address.

        Args:
            addresses: String, any length.

        Returns:
            String, same length: 32 hexadecimal characters or NULL.
        """
        return self._remembered(addresses)

    def seal_lists_of_emails(self, cells: pl.Series) -> pl.Series:
        """Pseudonyms of the addresses in each cell, parted by `;`; NULL where it holds none.

        Args:
            cells: String, any length: addresses with `,` or `;` between them.

        Returns:
            String, same length: each pseudonym once, in the order of the addresses.
        """
        has_several = cells.str.contains("[,;]").fill_null(False)
        sealed = self.seal_emails(cells.set(has_several, None))
        if not has_several.any():
            return sealed
        rows = has_several.arg_true()
        parts = (
            pl.DataFrame({"row": rows, "part": cells.gather(rows)})
            .with_columns(pl.col("part").str.replace_all(";", ",", literal=True).str.split(","))
            .explode("part")
        )
        joined = (
            parts.with_columns(self.seal_emails(parts["part"]).alias("part"))
            .drop_nulls()
            .group_by("row")
            .agg(pl.col("part").unique(maintain_order=True).str.join(";"))
        )
        return sealed.scatter(joined["row"], joined["part"])

    def seal_addresses(self, cells: pl.Series) -> pl.Series:
        """Pseudonyms where a cell holds an e-mail address, the cell itself where it doesn't."""
        letters = cells.to_arrow(compat_level=pl.CompatLevel.oldest()).buffers()[2]
        if letters is None or not re.search(b"@", letters):
            return cells  # looked for in all of them at once, as ids seldom hold one
        has_address = cells.str.contains("@", literal=True).fill_null(False)
        sealed = self.seal_emails(cells.set(~has_address, None))
        return pl.select(pl.when(has_address).then(sealed).otherwise(cells)).to_series()

    def seal_names(self, names: pl.Series) -> pl.Series:
        """Pseudonyms of names, by which a vendor links its records; NULL for empty cells.

        Args:
            names: String, any length.

        Returns:
            String, same length: 32 hexadecimal characters or NULL.
        """
        distinct = names.drop_nulls().unique()
        folded = [normalise_name(name) for name in distinct]
        sealed = [self.of(name) if name else None for name in folded]
        return names.replace_strict(distinct, sealed, default=None, return_dtype=pl.String)

    def _seal(self, cells: pl.Series) -> list[str | None]:
        """The pseudonym of each cell, made anew; None for what is nobody's address."""
        text = cells.str.strip_chars().str.to_lowercase()
        plain = text.str.contains(_PLAIN) & (text.str.len_bytes() <= _LONGEST)
        plain &= ~text.str.contains(_ROLE)
        addresses: list[str | None] = text.to_list()
        for row in (~plain).arg_true():  # few, as nearly all addresses are plain
            addresses[row] = normalise_email(cells[row])
        return [None if address is None else self.of(address) for address in addresses]


class Remembered:
    """Pseudonyms of the texts that have come before, so that each is worked out once.

    A dictionary would be asked row by row; this looks up a column at a time. Texts are told apart
    by 128 bits of two hashes: two of them are taken for one another as seldom as two pseudonyms,
    which have as many, are the same.
    """

    def __init__(
        self,
        function: Callable[[pl.Series], Sequence[str | None]],
        *,
        hashed: Callable[[pl.Series, int], pl.Series] = pl.Series.hash,
        limit: int = _REMEMBERED,
    ) -> None:
        """Begin with nothing remembered.

        Args:
            function: gives texts that are all different their pseudonyms.
            hashed: a UInt64 for each text, by a seed.
            limit: how many texts are remembered before all are forgotten.
        """
        self._function, self._hashed, self._limit = function, hashed, limit
        self._seeds = secrets.randbits(63), secrets.randbits(63)
        self._lock = Lock()
        self._forget()

    def _forget(self) -> None:
        self._count = 0
        # Only the memory that is written to is taken.
        self._marks = np.empty((self._limit, 2), np.uint64)
        self._has_value = np.empty(self._limit, np.bool_)
        self._values = np.empty((self._limit, _LENGTH // 8), np.uint64)
        # Where a text stands, counted from 1, in one of the few slots that its hash leads to.
        self._slots = np.zeros(1 << (4 * self._limit).bit_length(), np.int32)

    def __call__(self, cells: pl.Series) -> pl.Series:
        """The pseudonym of each cell; NULL for NULL."""
        with self._lock:
            if self._count == self._limit:
                self._forget()
            marks = self._marks_of(cells)
            rows, is_text = self._find(marks), cells.is_not_null().to_numpy()
            rows[~is_text] = -1
            missed = np.flatnonzero((rows < 0) & is_text)
            if missed.size:
                self._learn(cells.gather(missed).unique())
                rows[missed] = self._find(marks.take(missed, axis=0))
                missed = missed[rows[missed] < 0]
            values = self._picked(rows)
        if missed.size:  # more than can be remembered, or without a slot of their own
            found = pl.Series(self._function(cells.gather(missed)), dtype=pl.String)
            values = values.scatter(missed, found)
        return values

    def _marks_of(self, texts: pl.Series) -> npt.NDArray[np.uint64]:
        return np.column_stack([self._hashed(texts, seed) for seed in self._seeds])

    def _slots_of(self, marks: npt.NDArray[np.uint64], turn: int) -> npt.NDArray[np.uint64]:
        bits: npt.NDArray[np.uint64] = marks[:, turn % 2] >> np.uint64(16 * (turn // 2))
        return bits & np.uint64(len(self._slots) - 1)

    def _find(self, marks: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """The row of each text, -1 where it isn't known."""
        rows = np.full(len(marks), -1, np.int64)
        sought = np.arange(len(marks))
        for turn in range(_TURNS):
            row = self._slots.take(self._slots_of(marks, turn).astype(np.int64)) - 1
            first, second = (self._marks.take(row, axis=0) == marks).T
            is_it = (row >= 0) & first & second
            rows[sought[is_it]] = row[is_it]
            is_left = (row >= 0) & ~is_it  # an empty slot would have been taken
            if not is_left.any():
                break
            sought, marks = sought[is_left], marks[is_left]
        return rows

    def _learn(self, texts: pl.Series) -> None:
        texts = texts.head(self._limit - self._count)
        values = self._function(texts)
        rows = np.arange(self._count, self._count + len(texts))
        self._count += len(texts)
        self._marks[rows] = marks = self._marks_of(texts)
        self._has_value[rows] = [value is not None for value in values]
        letters = "".join(value or " " * _LENGTH for value in values).encode()
        self._values[rows] = np.frombuffer(letters, np.uint64).reshape(len(rows), -1)
        for turn in range(_TURNS):
            slots = self._slots_of(marks, turn)
            is_free = self._slots[slots] == 0
            self._slots[slots[is_free]] = rows[is_free] + 1
            is_left = self._slots[slots] != rows + 1  # another one was there, or came later
            rows, marks = rows[is_left], marks[is_left]

    def _picked(self, rows: npt.NDArray[np.int64]) -> pl.Series:
        is_known = (rows >= 0) & self._has_value.take(rows)
        ends = np.arange(0, _LENGTH * (len(rows) + 1), _LENGTH, dtype=np.int32)
        texts = pa.StringArray.from_buffers(
            len(rows),
            pa.py_buffer(ends),
            pa.py_buffer(self._values.take(rows, axis=0)),
            pa.py_buffer(np.packbits(is_known, bitorder="little")),
        )
        return pl.Series(texts)
