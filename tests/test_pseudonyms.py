"""Pseudonyms: who can make them, and for whom they are the same."""

import hashlib
import hmac
import os
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.pseudonyms import (
    KeyMissing,
    Pseudonyms,
    Remembered,
    create_key_file,
    load_key,
    normalise_email,
    normalise_name,
)

KEY = b"0123456789abcdef0123456789abcdef"


@given(st.text(), st.binary(min_size=16, max_size=100))
def test_a_pseudonym_is_the_first_half_of_the_standard_hmac(value: str, key: bytes) -> None:
    # RFC 2104 hashes a key that is longer than a block
    expected = hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:32]
    assert Pseudonyms(key).of(value) == expected


@pytest.mark.parametrize(
    "written",
    [
        "maya.okafor@example.com",
        " Maya.Okafor@Example.COM ",
        "<maya.okafor@example.com>",
        "mailto:maya.okafor@example.com",
        "maya.okafor@example.com.",
        "\u200bmaya.okafor@example.com",
        "ｍａｙａ.okafor@example.com",
    ],
)
def test_one_person_has_one_pseudonym_however_the_address_is_written(written: str) -> None:
    keyed = Pseudonyms(KEY)
    sealed = keyed.seal_emails(pl.Series([written], dtype=pl.String))
    assert sealed[0] == keyed.of("maya.okafor@example.com")


@pytest.mark.parametrize(
    "written",
    ["", "maya", "a@b@c.com", "maya okafor@example.com", "noreply@example.com", "x@y.invalid"],
)
def test_what_is_nobodys_address_has_no_pseudonym(written: str) -> None:
    assert Pseudonyms(KEY).seal_emails(pl.Series([written], dtype=pl.String)).to_list() == [None]


def test_tags_and_dots_stay_as_they_tell_mailboxes_apart() -> None:
    assert normalise_email("Maya.O+shop@example.com") == "maya.o+shop@example.com"


def test_an_international_domain_is_compared_in_ascii() -> None:
    assert normalise_email("post@münchen.example") == "post@xn--mnchen-3ya.example"


@given(st.lists(st.one_of(st.none(), st.emails(), st.text(max_size=20))))
def test_rows_are_sealed_as_their_values_are(cells: list[str | None]) -> None:
    keyed = Pseudonyms(KEY)
    sealed = keyed.seal_emails(pl.Series(cells, dtype=pl.String)).to_list()
    for cell, pseudonym in zip(cells, sealed, strict=True):
        address = normalise_email(cell) if cell is not None else None
        assert pseudonym == (keyed.of(address) if address is not None else None)


def test_each_of_several_addresses_in_a_cell_is_sealed() -> None:
    keyed = Pseudonyms(KEY)
    one, other = keyed.of("a@example.com"), keyed.of("b@example.com")
    cells = {
        "a@example.com": one,
        "a@example.com, B@example.com": f"{one};{other}",
        "b@example.com;a@example.com; ,": f"{other};{one}",
        "a@example.com, A@example.com ": one,
        "a@example.com, call first, noreply@example.com": one,
        "call first, then write": None,
        "": None,
        None: None,
    }
    sealed = keyed.seal_lists_of_emails(pl.Series(list(cells), dtype=pl.String))
    assert sealed.to_list() == list(cells.values())


def test_one_company_has_one_pseudonym_however_its_name_is_written() -> None:
    keyed = Pseudonyms(KEY)
    written = [
        "Northwind  Clínicas",
        " NORTHWIND CLÍNICAS ",
        "Northwind\u00a0Cli\u0301nicas",
        None,
        " ",
    ]
    one = keyed.of("northwind clínicas")
    assert keyed.seal_names(pl.Series(written)).to_list() == [one, one, one, None, None]


@given(st.lists(st.one_of(st.none(), st.text(max_size=20))))
def test_names_are_sealed_as_their_values_are(cells: list[str | None]) -> None:
    keyed = Pseudonyms(KEY)
    expected = [keyed.of(normalise_name(c)) if c and normalise_name(c) else None for c in cells]
    assert keyed.seal_names(pl.Series(cells, dtype=pl.String)).to_list() == expected


def padded(texts: pl.Series) -> list[str | None]:
    """A made-up pseudonym of each text, none for those with an x."""
    return [None if "x" in text else text.rjust(32, "-") for text in texts]


@given(
    st.lists(st.lists(st.one_of(st.none(), st.text("abx", max_size=3)), max_size=12), max_size=6),
    st.integers(1, 8),
)
def test_what_is_remembered_is_what_would_be_worked_out(
    batches: list[list[str | None]], limit: int
) -> None:
    def crowded(texts: pl.Series, seed: int) -> pl.Series:
        """Different texts have different hashes, which all lead to the same slots."""
        numbers = [int.from_bytes((text or "").encode()) << 24 for text in texts]
        return pl.Series(numbers, dtype=pl.UInt64)

    for hashed in (pl.Series.hash, crowded):
        remembered = Remembered(padded, hashed=hashed, limit=limit)
        for batch in batches:
            cells = pl.Series(batch, dtype=pl.String)
            expected = [None if cell is None else padded(pl.Series([cell]))[0] for cell in batch]
            assert remembered(cells).to_list() == expected


def test_a_text_is_worked_out_once() -> None:
    asked: list[str] = []

    def counted(texts: pl.Series) -> list[str | None]:
        asked.extend(texts)
        return padded(texts)

    remembered = Remembered(counted)
    for batch in (["a", "b", "a"], ["b", "c", None], ["a"]):
        remembered(pl.Series(batch, dtype=pl.String))
    assert sorted(asked) == ["a", "b", "c"]


def test_a_cell_with_an_id_stays_and_one_with_an_address_is_sealed() -> None:
    cells = pl.Series(["0038a00003pQrSaAAK", "maya@example.com", None])
    keyed = Pseudonyms(KEY)
    assert keyed.seal_addresses(cells).to_list() == [
        "0038a00003pQrSaAAK",
        keyed.of("maya@example.com"),
        None,
    ]


class TestKey:
    def test_without_a_key_nothing_starts(self, tmp_path: Path) -> None:
        with pytest.raises(KeyMissing, match="CX_PSEUDONYM_KEY"):
            load_key(tmp_path / "pseudonym.key", {})

    def test_a_short_key_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(KeyMissing, match="at least 16"):
            load_key(tmp_path / "pseudonym.key", {"CX_PSEUDONYM_KEY": "secret"})

    def test_a_key_that_others_may_read_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "pseudonym.key"
        create_key_file(file)
        os.chmod(file, 0o640)
        with pytest.raises(KeyMissing, match="chmod 600"):
            load_key(file, {})

    def test_a_made_key_is_long_private_and_made_once(self, tmp_path: Path) -> None:
        file = tmp_path / "pseudonym.key"
        assert create_key_file(file)
        first = load_key(file, {})
        assert not create_key_file(file)
        assert load_key(file, {}) == first
        assert len(first) == 64
        assert file.stat().st_mode & 0o777 == 0o600
