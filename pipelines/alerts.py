"""What somebody who isn't looking is told, and how it reaches them.

Belongs here: the words of an alert, and posting them to a webhook. Does not belong here: when
that happens (`defs/alerts.py` for runs of Dagster's, `cli.py` for `cx run`).

An alert holds counts, names of files and ids of runs, never a cell of a file.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence

from pipelines import lake, releases
from pipelines.lake import Refusal
from pipelines.releases import Release
from pipelines.settings import Home

TIMEOUT_SECONDS = 10
_REFUSALS_NAMED = 10


class AlertNotSent(Exception):
    """The webhook didn't take it; the message says why, without the address, which is a secret."""


def send(webhook: str, text: str) -> None:
    """Post a text as `{"text": …}`, which incoming webhooks of chat tools take.

    Raises:
        AlertNotSent: nobody answered in time, or not with success.
    """
    request = urllib.request.Request(
        webhook,
        json.dumps({"text": text}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
            return
    except urllib.error.HTTPError as error:
        raise AlertNotSent(f"CX_ALERT_WEBHOOK answered {error.code}") from None
    except (OSError, ValueError) as error:
        raise AlertNotSent(f"CX_ALERT_WEBHOOK: {type(error).__name__}") from None


def run_failed(home: Home, run_id: str | None, reasons: Sequence[str] = ()) -> str:
    """Say that a run failed, what stands published and why, as far as it is known."""
    first = f"cx: {f'run {run_id}' if run_id else 'the run'} failed; {_standing(home)}"
    return "\n".join([first, *(f"- {reason}" for reason in reasons), *_refused(home)])


def published_from_older_deliveries(home: Home, release: Release) -> str:
    """Say that a release had to make do with older deliveries of some exports, and why."""
    first = (
        f"cx: release {release.seq}, as of {release.as_of}, is published, but from older "
        f"deliveries of {', '.join(release.stale_exports)}"
    )
    return "\n".join([first, *_refused(home)])


def overdue(home: Home, hours: float, limit: float) -> str:
    """Say that no run has succeeded for too long."""
    return f"cx: no run has succeeded for {hours:.0f} hours (limit {limit:g}); {_standing(home)}"


def _standing(home: Home) -> str:
    current = releases.current_release(home.path)
    if current is None:
        return "there is no release yet"
    return f"release {current.seq}, as of {current.as_of}, stays"


def _refused(home: Home) -> list[str]:
    refusals = lake.refusals(home)
    named = [_line(refusal) for refusal in refusals[:_REFUSALS_NAMED]]
    further = len(refusals) - len(named)
    return [*named, f"- and {further} more: cx status"] if further else named


def _line(refusal: Refusal) -> str:
    return f"- {refusal.source}/{refusal.export} {refusal.delivered_on}: {refusal.message}"
