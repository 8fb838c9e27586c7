import gzip
import hashlib
import io
import os
import random
import stat
import zipfile
from pathlib import Path

import pytest

from pipelines.exports import files
from pipelines.exports.files import Delivery, FileRefused, SourceFile, delivered_files

CASES = b"Id,Status\n1,New\n"
SALESFORCE = Path(__file__).parent / "salesforce"


def deliver(folder: Path, contents: dict[str, bytes]) -> Delivery:
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return delivered_files(folder)


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def zipped_as(info: zipfile.ZipInfo, content: bytes = CASES) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(info, content)
    return packed.getvalue()


def codes(delivery: Delivery) -> dict[str, str]:
    return {refused.file: refused.code for refused in delivery.refused}


def read_all(file: SourceFile) -> bytes:
    with file.open() as stream:
        return stream.read()


def code_of_reading(file: SourceFile) -> str:
    with pytest.raises(FileRefused) as refused:
        read_all(file)
    return refused.value.code


def test_files_come_in_natural_order_with_names_relative_to_the_delivery(tmp_path: Path) -> None:
    names = ["orders_10.csv", "orders_2.csv", "b/orders_1.csv", "orders_02.csv", "Orders.csv"]

    delivery = deliver(tmp_path, dict.fromkeys(names, CASES))

    assert [file.name for file in delivery.files] == [
        "Orders.csv",
        "b/orders_1.csv",
        "orders_02.csv",
        "orders_2.csv",
        "orders_10.csv",
    ]


def test_a_number_of_thousands_of_digits_still_has_its_place() -> None:
    long = "9" * 5_000

    assert files._natural_order(f"x_{long}") > files._natural_order("x_10")


def test_an_archive_is_listed_as_its_members(tmp_path: Path) -> None:
    content = zipped({"Case.csv": CASES, "deep/Account.csv": b"Id\n"})

    delivery = deliver(tmp_path, {"sub/WE_x_1.ZIP": content})

    assert [(file.name, file.member, file.label, file.size) for file in delivery.files] == [
        ("sub/WE_x_1.ZIP/Case.csv", "Case.csv", "Case.csv", 16),
        ("sub/WE_x_1.ZIP/deep/Account.csv", "deep/Account.csv", "Account.csv", 3),
    ]
    assert [read_all(file) for file in delivery.files] == [CASES, b"Id\n"]
    assert delivery.refused == []


def test_a_gzipped_file_goes_by_its_name_without_gz(tmp_path: Path) -> None:
    delivery = deliver(tmp_path, {"Case.csv.gz": gzip.compress(CASES)})

    assert [(file.name, file.label) for file in delivery.files] == [("Case.csv.gz", "Case.csv")]
    assert read_all(delivery.files[0]) == CASES


def test_a_name_written_with_combining_accents_has_the_usual_label(tmp_path: Path) -> None:
    delivery = deliver(tmp_path, {"Résumé.csv": CASES})

    assert delivery.files[0].label == "Résumé.csv"
    assert read_all(delivery.files[0]) == CASES


def test_the_hash_is_that_of_the_unpacked_bytes_however_they_came(tmp_path: Path) -> None:
    contents = {
        "a.csv": CASES,
        "b.csv.gz": gzip.compress(CASES),
        "c.zip": zipped({"Case.csv": CASES}),
    }

    delivery = deliver(tmp_path, contents)

    assert {file.sha256() for file in delivery.files} == {hashlib.sha256(CASES).hexdigest()}


def test_a_hash_is_worked_out_once_for_a_file_and_again_for_its_successor(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    file = deliver(tmp_path, {"a.csv": CASES}).files[0]
    first = file.sha256()
    path.write_bytes(CASES + b"2,New\n")

    assert file.sha256() == first
    assert delivered_files(tmp_path).files[0].sha256() != first


def test_what_nobody_delivered_on_purpose_is_ignored_by_a_named_rule(tmp_path: Path) -> None:
    archive = zipped({"Case.csv": CASES, "__MACOSX/._Case.csv": b"x", "sub/.DS_Store": b"x"})
    contents = {
        ".DS_Store": b"x",
        ".hidden/Case.csv": CASES,
        "~$Case.xlsx": b"x",
        "Case.csv~": b"x",
        "Thumbs.db": b"x",
        "Case.csv.crdownload": b"x",
        "export.zip": archive,
    }

    delivery = deliver(tmp_path, contents)

    assert [file.name for file in delivery.files] == ["export.zip/Case.csv"]
    assert {ignored.name: ignored.rule for ignored in delivery.ignored} == {
        ".DS_Store": "hidden_file",
        ".hidden": "hidden_file",
        "~$Case.xlsx": "editor_file",
        "Case.csv~": "editor_file",
        "Thumbs.db": "folder_settings",
        "Case.csv.crdownload": "unfinished_download",
        "export.zip/__MACOSX/._Case.csv": "archive_metadata",
        "export.zip/sub/.DS_Store": "hidden_file",
    }


def test_one_bad_file_does_not_hide_the_good_ones(tmp_path: Path) -> None:
    whole = zipped({"Case.csv": CASES * 100, "Account.csv": CASES})
    contents = {
        "good.csv": CASES,
        "cut.zip": whole[:-40],
        "noise.zip": random.Random(1).randbytes(1_000),
        "empty.zip": b"",
    }

    delivery = deliver(tmp_path, contents)

    assert [file.name for file in delivery.files] == ["good.csv"]
    assert codes(delivery) == {
        "cut.zip": "truncated_archive",
        "empty.zip": "empty_file",
        "noise.zip": "damaged_archive",
    }


def test_links_and_pipes_are_refused_and_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_bytes(CASES)
    folder = tmp_path / "delivery"
    folder.mkdir()
    (folder / "file.csv").symlink_to(outside / "secret.csv")
    (folder / "folder").symlink_to(outside)
    os.mkfifo(folder / "pipe.csv")

    delivery = delivered_files(folder)

    assert delivery.files == []
    assert codes(delivery) == {"file.csv": "link", "folder/": "link", "pipe.csv": "not_a_file"}


def test_a_delivery_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    assert codes(delivered_files(tmp_path / "link")) == {"link/": "link"}


def test_a_delivery_folder_that_is_not_there_is_no_delivery(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        delivered_files(tmp_path / "none")


def test_a_folder_swapped_for_a_link_after_listing_is_not_followed(tmp_path: Path) -> None:
    file = deliver(tmp_path / "delivery", {"sub/Case.csv": CASES}).files[0]
    (tmp_path / "delivery" / "sub").rename(tmp_path / "elsewhere")
    (tmp_path / "delivery" / "sub").symlink_to(tmp_path / "elsewhere")

    assert code_of_reading(file) == "link"


def test_a_pipe_put_in_a_listed_files_place_does_not_block(tmp_path: Path) -> None:
    file = deliver(tmp_path, {"Case.csv": CASES}).files[0]
    (tmp_path / "Case.csv").unlink()
    os.mkfifo(tmp_path / "Case.csv")

    assert code_of_reading(file) == "not_a_file"


def test_a_file_deleted_after_listing_is_refused(tmp_path: Path) -> None:
    file = deliver(tmp_path, {"Case.csv": CASES}).files[0]
    (tmp_path / "Case.csv").unlink()

    assert code_of_reading(file) == "vanished"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_permission_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Case.csv").write_bytes(CASES)
    (tmp_path / "Case.csv").chmod(0)

    assert codes(delivered_files(tmp_path)) == {"Case.csv": "unreadable"}


def test_a_file_that_cannot_be_opened_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "_open_inside", denied)

    assert codes(deliver(tmp_path, {"Case.csv": CASES})) == {"Case.csv": "unreadable"}


def test_a_file_replaced_between_listing_and_opening_is_refused(tmp_path: Path) -> None:
    file = deliver(tmp_path, {"Case.csv": CASES}).files[0]
    (tmp_path / "Case.csv").write_bytes(CASES + CASES)

    assert code_of_reading(file) == "changed_while_read"


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path) -> None:
    file = deliver(tmp_path, {"Case.csv": CASES * 1_000_000}).files[0]

    with file.open() as stream:
        stream.read(10)
        with (tmp_path / "Case.csv").open("ab") as more:
            more.write(CASES)
        with pytest.raises(FileRefused) as refused:
            stream.read()

    assert refused.value.code == "changed_while_read"


def test_a_file_of_no_bytes_is_refused_in_whatever_it_came(tmp_path: Path) -> None:
    contents = {
        "a.csv": b"",
        "b.csv.gz": gzip.compress(b""),
        "c.csv.gz": b"",
        "d.zip": zipped({"Case.csv": b""}),
    }

    delivery = deliver(tmp_path, contents)

    assert len(delivery.files) == 4
    assert {code_of_reading(file) for file in delivery.files} == {"empty_file"}


def test_a_gzipped_file_cut_short_is_refused_when_it_is_read(tmp_path: Path) -> None:
    content = gzip.compress(random.Random(1).randbytes(100_000))

    delivery = deliver(tmp_path, {"a.csv.gz": content[:-5_000], "b.csv.gz": b"Id\n"})

    assert [code_of_reading(file) for file in delivery.files] == [
        "truncated_archive",
        "damaged_archive",
    ]


def test_a_member_whose_bytes_are_damaged_is_refused_when_it_is_read(tmp_path: Path) -> None:
    content = bytearray(zipped({"Case.csv": random.Random(1).randbytes(10_000)}))
    content[5_000] ^= 0xFF

    file = deliver(tmp_path, {"a.zip": bytes(content)}).files[0]

    assert code_of_reading(file) == "damaged_archive"


@pytest.mark.parametrize(
    "name", ["../Case.csv", "a/../../Case.csv", "/etc/Case.csv", "C:/Case.csv", "..\\Case.csv"]
)
def test_a_member_whose_name_points_out_of_the_archive_is_refused(
    tmp_path: Path, name: str
) -> None:
    info = zipfile.ZipInfo("x")
    info.filename = name

    delivery = deliver(tmp_path, {"a.zip": zipped_as(info)})

    assert delivery.files == []
    assert codes(delivery) == {f"a.zip/{name}": "outside_delivery"}


def test_a_member_that_is_a_link_is_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("Case.csv")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16

    delivery = deliver(tmp_path, {"a.zip": zipped_as(info, b"/etc/passwd")})

    assert codes(delivery) == {"a.zip/Case.csv": "link"}


def test_an_encrypted_member_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    content = bytearray(zipped({"Case.csv": CASES, "User.csv": CASES}))
    in_directory = content.index(b"PK\x01\x02")
    content[in_directory + 8] |= 0x1

    delivery = deliver(tmp_path, {"a.zip": bytes(content)})

    assert [file.name for file in delivery.files] == ["a.zip/User.csv"]
    assert codes(delivery) == {"a.zip/Case.csv": "encrypted"}


def test_an_archive_inside_an_archive_is_refused(tmp_path: Path) -> None:
    content = zipped({"inner.zip": zipped({"Case.csv": CASES}), "x.csv.gz": gzip.compress(CASES)})

    delivery = deliver(tmp_path, {"a.zip": content})

    assert delivery.files == []
    assert set(codes(delivery).values()) == {"nested_archive"}


def test_a_member_packed_by_another_method_is_refused(tmp_path: Path) -> None:
    delivery = deliver(tmp_path, {"a.zip": zipped({"Case.csv": CASES}, zipfile.ZIP_LZMA)})

    assert codes(delivery) == {"a.zip/Case.csv": "unknown_compression"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_one_file_and_one_refusal(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("Case.csv", CASES)
        archive.writestr("Case.csv", CASES)

    delivery = deliver(tmp_path, {"a.zip": packed.getvalue()})

    assert [file.name for file in delivery.files] == ["a.zip/Case.csv"]
    assert codes(delivery) == {"a.zip/Case.csv": "equal_members"}


def test_members_that_share_bytes_are_refused(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.csv": CASES * 10, "b.csv": CASES * 10}))
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    content[second + 42 : second + 46] = bytes(4)

    delivery = deliver(tmp_path, {"a.zip": bytes(content)})

    assert delivery.files == []
    assert codes(delivery) == {"a.zip": "overlapping_members"}


def test_an_archive_of_more_members_than_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MEMBER_LIMIT", 2)

    delivery = deliver(tmp_path, {"a.zip": zipped({f"{n}.csv": CASES for n in range(3)})})

    assert codes(delivery) == {"a.zip": "too_many_members"}


def test_a_list_of_members_is_not_read_if_it_is_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "DIRECTORY_BYTES_LIMIT", 100)

    delivery = deliver(tmp_path, {"a.zip": zipped({f"{n}.csv": CASES for n in range(3)})})

    assert codes(delivery) == {"a.zip": "too_many_members"}


def test_what_grows_out_of_all_proportion_is_refused(tmp_path: Path) -> None:
    zeros = bytes(files.EXPANSION_ALLOWED_BYTES + 1)

    delivery = deliver(tmp_path, {"a.zip": zipped({"x.csv": zeros}), "b.gz": gzip.compress(zeros)})

    assert codes(delivery) == {"a.zip": "archive_bomb"}
    assert [code_of_reading(file) for file in delivery.files] == ["archive_bomb"]


def test_a_member_that_declares_less_than_it_holds_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped({"x.csv": CASES * 1_000}))
    in_directory = content.index(b"PK\x01\x02")
    content[in_directory + 24 : in_directory + 28] = (100).to_bytes(4, "little")

    file = deliver(tmp_path, {"a.zip": bytes(content)}).files[0]

    assert code_of_reading(file) == "damaged_archive"


def test_a_refusal_is_one_line_whatever_the_file_is_called(tmp_path: Path) -> None:
    delivery = deliver(tmp_path, {"bad\nname.csv": CASES, os.fsdecode(b"\xff.csv"): CASES})

    assert delivery.files == []
    assert set(codes(delivery).values()) == {"unprintable_name"}
    assert all(str(refused).isprintable() for refused in delivery.refused)


def test_a_refusal_names_the_file_the_culprit_and_the_fix() -> None:
    refused = FileRefused("a.zip", "truncated_archive", "it ends too early", "Copy it again.")

    assert str(refused) == "a.zip: it ends too early. Copy it again."
    assert refused.code == "truncated_archive"


def test_no_file_stays_open_after_a_refusal(tmp_path: Path) -> None:
    contents = {"cut.zip": zipped({"x": CASES})[:-30], "n.zip": b"x", "b.csv.gz": b"nothing"}
    before = len(os.listdir("/dev/fd"))

    for file in deliver(tmp_path, contents).files:
        assert code_of_reading(file) == "damaged_archive"

    assert len(os.listdir("/dev/fd")) == before


def test_the_weekly_crm_archive_holds_the_same_files_as_beside_it() -> None:
    delivery = delivered_files(SALESFORCE)
    by_name = {file.name: file for file in delivery.files}

    assert delivery.refused == []
    for label in ["Account.csv", "Case.csv", "CaseComment.csv", "Contact.csv", "User.csv"]:
        packed = by_name[f"WE_00D8a000000XyZ1EAK_1.ZIP/{label}"]
        assert packed.label == label
        assert packed.sha256() == by_name[label].sha256()
