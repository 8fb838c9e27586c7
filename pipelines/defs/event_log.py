"""Dagster's event log in SQLite, with its connections kept open.

Belongs here: how the event log reaches its files. Does not belong here: what is logged.

`dagster.yaml`, which `pipelines/cli.py` writes, names the class. `python -m benchmarks events`
compares it with Dagster's own.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

KEPT_OPEN = 8
"""How many files stay open: the index of all runs, and those of the runs used last."""


class EventLog(SqliteEventLogStorage):
    """Dagster's own storage makes an engine for each event and each of its two files.

    A new engine compiles every statement anew, and closing the last connection to a file makes
    SQLite fold its write-ahead log back. For each check it looks again whether there is a table for
    checks, and for each asset which columns theirs has. A run writes some thousand events.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Take the folder of the log's files; `inst_data` is Dagster's own."""
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._tables: set[str] = set()
        self._asset_columns: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """What `dagster.yaml` says: Dagster's home, which may be moved."""
        return {"dagster_home": dg.StringSource}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "EventLog":
        """Make the storage where Dagster's own would lie, so that either can read the other's."""
        return cls(str(Path(config_value["dagster_home"]) / "history" / "runs"), inst_data)

    def has_table(self, table_name: str) -> bool:
        """Whether the index of all runs has a table; one that was there once stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        """Whether the assets' table has a column; one that was there once stays, too."""
        if column_name not in self._asset_columns and super()._has_asset_key_col_on_connection(
            conn, column_name
        ):
            self._asset_columns.add(column_name)
        return column_name in self._asset_columns

    def wipe(self) -> None:
        """Delete all events; no file stays open that is gone."""
        self._tables.clear()
        self._asset_columns.clear()
        self._close()
        super().wipe()

    def dispose(self) -> None:
        """Close all files."""
        self._close()
        super().dispose()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:  # one connection at a time, whichever the file
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _engine(self, shard: str) -> Engine:
        engine = self._engines.get(shard)
        if engine is None:
            engine = self._engines[shard] = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=QueuePool,
                pool_size=1,
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            event.listen(engine, "connect", _sync_at_checkpoints)
        self._engines.move_to_end(shard)
        if len(self._engines) > KEPT_OPEN:
            self._engines.popitem(last=False)[1].dispose()
        return engine

    def _close(self) -> None:
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()


def _sync_at_checkpoints(connection: Any, _: object) -> None:
    """With a write-ahead log, a power cut may take the last events, and spoils nothing."""
    connection.execute("PRAGMA synchronous=NORMAL")
