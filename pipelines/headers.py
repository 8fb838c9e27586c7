"""How an export's columns changed from one delivery to the next.

Belongs here: comparing the headers that accounts keep. Does not belong here: which columns a file
must have (`landing.py` refuses it), how a change is shown (`defs/`, `cli.py`).
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines import lake
from pipelines.contracts.contract import Export, fold
from pipelines.exports.reading import labels_by_column
from pipelines.lake import Account, FileAccount, Refusal
from pipelines.settings import Home, SourceSettings

_FINGERPRINT_LENGTH = 12
_SHOWN_LABELS = 10


@dataclass(frozen=True)
class Headers:
    """The headers of one delivery.

    Attributes:
        delivered_on: ISO date of the delivery.
        files: the files' names.
        spelling: each label as it stands in the first file that has it, by folded label.
        distinct: the different headers as sets of folded labels.
    """

    delivered_on: str
    files: tuple[str, ...]
    spelling: dict[str, str]
    distinct: frozenset[frozenset[str]]

    @classmethod
    def of(cls, delivery: Account | Refusal) -> "Headers":
        """The headers that were kept of a delivery."""
        files = [file for file in delivery.files if file.header]
        spelling: dict[str, str] = {}
        for label in (label for file in files for label in file.header):
            spelling.setdefault(fold(label), label)
        spelling.pop("", None)  # which names nothing
        return cls(
            delivery.delivered_on,
            tuple(file.name for file in files),
            spelling,
            frozenset(map(_folded, files)),
        )

    @property
    def everywhere(self) -> frozenset[str]:
        """The folded labels that each of the files has."""
        return frozenset.intersection(*self.distinct) if self.distinct else frozenset()

    @property
    def fingerprint(self) -> str:
        """Tells sets of labels apart, whatever their order; one for each different header."""
        digests = (hashlib.sha256("\n".join(sorted(each)).encode()) for each in self.distinct)
        return ", ".join(sorted(digest.hexdigest()[:_FINGERPRINT_LENGTH] for digest in digests))

    def spelled(self, folded: Iterable[str]) -> tuple[str, ...]:
        """Labels as they stand in the files, in order."""
        return tuple(sorted(self.spelling[label] for label in folded))


@dataclass(frozen=True)
class HeaderChange:
    """What the newest delivery's columns are beside those of the one before.

    Attributes:
        newest: the newest delivery's headers.
        earlier: those of the last good delivery before it.
        added: labels that no file had before.
        gone: labels that no file has any more, and labels that the contract knows and that some
            file lacks though every file had them.
        required: those of the labels gone that the contract can't do without.
        is_refused: whether the newest delivery stands refused for what is gone.
    """

    newest: Headers
    earlier: Headers
    added: tuple[str, ...]
    gone: tuple[str, ...]
    required: tuple[str, ...]
    is_refused: bool

    @property
    def is_change(self) -> bool:
        """Whether anything came or went."""
        return bool(self.added or self.gone)

    def __str__(self) -> str:
        """The change in one line."""
        parts = (("added", self.added), ("gone", self.gone))
        told = "; ".join(f"{word} {_few(labels)}" for word, labels in parts if labels)
        return f"since {self.earlier.delivered_on}: {told or 'nothing'}"


def header_change(
    export: Export,
    settings: SourceSettings,
    accounts: Sequence[Account],
    refusals: Sequence[Refusal],
) -> HeaderChange | None:
    """Compare the newest delivery's columns with the one before it, whatever their order.

    Args:
        export: which export.
        settings: what `sources.toml` says of the source.
        accounts: the export's landed deliveries, oldest first; the last two are enough.
        refusals: the export's deliveries that stand refused.

    Returns:
        The change, which may be none; None where there is nothing to compare with.
    """
    refused = [
        refusal
        for refusal in refusals
        if any(file.header for file in refusal.files)
        and accounts
        and refusal.delivered_on >= accounts[-1].delivered_on
    ]
    if not refused and len(accounts) < 2:
        return None
    newest = Headers.of(max(refused, key=lambda each: each.delivered_on, default=accounts[-1]))
    earlier = Headers.of(accounts[-1] if refused else accounts[-2])
    by_column = {
        name: frozenset(map(fold, labels))
        for name, labels in labels_by_column(export, settings).items()
    }
    known = frozenset(map(fold, export.known)).union(*by_column.values())
    gone = frozenset(earlier.spelling) - frozenset(newest.spelling)
    if refused:  # of which no other labels were kept
        gone &= known
    gone |= known & (earlier.everywhere - newest.everywhere)
    required = frozenset().union(
        *(
            gone & labels
            for name, labels in by_column.items()
            if export.rules[name].required
            and any(labels.isdisjoint(header) for header in newest.distinct)
        )
    )
    return HeaderChange(
        newest,
        earlier,
        newest.spelled(frozenset(newest.spelling) - frozenset(earlier.spelling)),
        earlier.spelled(gone),
        earlier.spelled(required),
        bool(refused),
    )


def newest_header_change(
    home: Home, export: Export, settings: SourceSettings
) -> HeaderChange | None:
    """The same of what the lake holds now."""
    days = lake.landed_days(home, export)[-2:]
    accounts = [account for day in days if (account := lake.read_account(home, export, day))]
    refusals = [
        refusal
        for refusal in lake.refusals(home)
        if (refusal.source, refusal.export) == (export.source, export.name)
    ]
    return header_change(export, settings, accounts, refusals)


def _few(labels: tuple[str, ...]) -> str:
    more = len(labels) - _SHOWN_LABELS
    return ", ".join(labels[:_SHOWN_LABELS]) + (f" and {more} more" if more > 0 else "")


def _folded(file: FileAccount) -> frozenset[str]:
    return frozenset(label for label in map(fold, file.header) if label)
