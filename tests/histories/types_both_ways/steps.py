"""What is done to a table: each step as statements for Tarn, as calls of the deltalake package, and as the rows that come out."""

import os
from dataclasses import dataclass, field

import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake

import compare
from conditions import Condition, ieee_order, peer_literal, spark_order, tarn_literal
from kinds import Kind


@dataclass(repr=False)
class Table:
    """A table, its rows by their id after each version, and what may be done to it."""

    name: str
    kinds: list
    is_made_by_tarn: bool
    partitions: list = field(default_factory=list)
    properties: dict = field(default_factory=dict)
    rows: dict = field(default_factory=dict)
    versions: dict = field(default_factory=dict)
    # Only the queries of the deltalake package can read the table, pyarrow's datasets cannot.
    needs_query: bool = False
    # Steps that the deltalake package refuses for a feature of the table.
    peer_skips: tuple = ()
    path: str = ""
    fault: str | None = None
    has_files_of_peer: bool = False
    # Whether the deltalake package changes the table too.
    is_shared: bool = True
    # What made each version.
    told: dict = field(default_factory=dict)
    # The versions that came since the last reading.
    fresh: dict = field(default_factory=dict)

    def __repr__(self):
        return self.name

    @property
    def at(self):
        return f"delta.`{self.path}`"

    @property
    def columns(self):
        return ["id", *(kind.name for kind in self.kinds)]

    def place(self, column):
        return next(place for place, kind in enumerate(self.kinds) if kind.name == column)

    def stored(self, row):
        """A row as it is read: an empty partition value is null."""
        return [None if k.name in self.partitions and v in ("", b"") else v for k, v in zip(self.kinds, row, strict=True)]

    def matching(self, condition, order):
        path = condition.column.split(".")
        place = self.place(path[0])

        def value(row):
            whole = row[place]
            return whole if len(path) == 1 or whole is None else whole[path[1]]

        return {number for number, row in self.rows.items() if condition.holds(value(row), order)}


@dataclass(repr=False)
class Batch:
    """New rows. They lie in a Parquet file of pyarrow's for Tarn to read."""

    table: Table
    ids: list
    rows: list
    file: str

    def __repr__(self):
        return f"rows {self.ids}"

    def to_arrow(self):
        return compare.table_of(self.table.kinds, self.ids, self.rows)

    def source(self):
        os.makedirs(os.path.dirname(self.file), exist_ok=True)
        pq.write_table(self.to_arrow(), self.file)
        return f"parquet.`{self.file}`"

    def by_id(self):
        return {number: self.table.stored(row) for number, row in zip(self.ids, self.rows, strict=True)}


def order_of(is_tarn):
    return spark_order if is_tarn else ieee_order


@dataclass
class Create:
    table: Table
    batch: Batch

    def tarn(self):
        columns = ", ".join(["id BIGINT", *(f"{kind.name} {kind.sql}" for kind in self.table.kinds)])
        partitioned = f" PARTITIONED BY ({', '.join(self.table.partitions)})" if self.table.partitions else ""
        properties = ", ".join(f"'{name}' = '{value}'" for name, value in self.table.properties.items())
        properties = f" TBLPROPERTIES ({properties})" if properties else ""
        return [f"CREATE TABLE {self.table.at} ({columns}){partitioned}{properties}", *Append(self.batch).tarn()]

    def peer(self):
        write_deltalake(
            self.table.path,
            self.batch.to_arrow(),
            partition_by=self.table.partitions or None,
            configuration=self.table.properties or None,
        )

    def apply(self, rows, is_tarn):
        return self.batch.by_id()


@dataclass
class Append:
    batch: Batch
    as_literals: bool = False

    def tarn(self):
        table = self.batch.table
        if not self.as_literals:
            return [f"INSERT INTO {table.at} SELECT * FROM {self.batch.source()}"]
        rows = [
            f"({number}, {', '.join(tarn_literal(k, v) for k, v in zip(table.kinds, row, strict=True))})"
            for number, row in zip(self.batch.ids, self.batch.rows, strict=True)
        ]
        return [f"INSERT INTO {table.at} VALUES {', '.join(rows)}"]

    def peer(self):
        write_deltalake(self.batch.table.path, self.batch.to_arrow(), mode="append")

    def apply(self, rows, is_tarn):
        return rows | self.batch.by_id()


@dataclass
class Delete:
    table: Table
    condition: Condition

    def tarn(self):
        return [f"DELETE FROM {self.table.at} WHERE {self.condition.to_sql(tarn_literal)}"]

    def peer(self):
        DeltaTable(self.table.path).delete(self.condition.to_sql(peer_literal))

    def apply(self, rows, is_tarn):
        gone = self.table.matching(self.condition, order_of(is_tarn))
        return {number: row for number, row in rows.items() if number not in gone}


@dataclass
class Update:
    table: Table
    condition: Condition
    kind: Kind
    value: object

    def tarn(self):
        new = f"{self.kind.name} = {tarn_literal(self.kind, self.value)}"
        return [f"UPDATE {self.table.at} SET {new} WHERE {self.condition.to_sql(tarn_literal)}"]

    def peer(self):
        DeltaTable(self.table.path).update(
            updates={self.kind.name: peer_literal(self.kind, self.value)},
            predicate=self.condition.to_sql(peer_literal),
        )

    def apply(self, rows, is_tarn):
        found, place = self.table.matching(self.condition, order_of(is_tarn)), self.table.place(self.kind.name)
        new = dict(rows)
        for number in found:
            row = list(rows[number])
            row[place] = self.value
            new[number] = self.table.stored(row)
        return new


@dataclass
class Merge:
    """Rows with an id that is there are deleted where it can be divided by 3, else changed; the others are new."""

    batch: Batch

    def tarn(self):
        return [
            f"MERGE INTO {self.batch.table.at} AS t USING (SELECT * FROM {self.batch.source()}) AS s ON t.id = s.id "
            "WHEN MATCHED AND s.id % 3 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
        ]

    def peer(self):
        merger = DeltaTable(self.batch.table.path).merge(self.batch.to_arrow(), "t.id = s.id", "s", "t")
        merger = merger.when_matched_delete("s.id % 3 = 0").when_matched_update_all().when_not_matched_insert_all()
        merger.execute()

    def apply(self, rows, is_tarn):
        gone = {number for number in self.batch.ids if number in rows and number % 3 == 0}
        merged = rows | self.batch.by_id()
        return {number: row for number, row in merged.items() if number not in gone}


@dataclass
class ReplaceWhere:
    """The rows of a condition make room for new ones that it holds for as well."""

    condition: Condition
    batch: Batch

    def tarn(self):
        where = self.condition.to_sql(tarn_literal)
        return [f"INSERT INTO {self.batch.table.at} REPLACE WHERE {where} SELECT * FROM {self.batch.source()}"]

    def peer(self):
        where = self.condition.to_sql(peer_literal)
        write_deltalake(self.batch.table.path, self.batch.to_arrow(), mode="overwrite", predicate=where)

    def apply(self, rows, is_tarn):
        return Delete(self.batch.table, self.condition).apply(rows, is_tarn) | self.batch.by_id()


@dataclass
class Overwrite:
    batch: Batch

    def tarn(self):
        return [f"INSERT OVERWRITE {self.batch.table.at} SELECT * FROM {self.batch.source()}"]

    def peer(self):
        write_deltalake(self.batch.table.path, self.batch.to_arrow(), mode="overwrite")

    def apply(self, rows, is_tarn):
        return self.batch.by_id()


@dataclass
class Optimize:
    table: Table
    curve: tuple = ()

    def tarn(self):
        curve = f" ZORDER BY ({', '.join(self.curve)})" if self.curve else ""
        return [f"OPTIMIZE {self.table.at}{curve}"]

    def peer(self):
        optimize = DeltaTable(self.table.path).optimize
        optimize.z_order(list(self.curve)) if self.curve else optimize.compact()

    def apply(self, rows, is_tarn):
        return rows


@dataclass
class Checkpoint:
    table: Table

    def tarn(self):
        every = "ALTER TABLE {} SET TBLPROPERTIES ('delta.checkpointInterval' = '{}')"
        return [every.format(self.table.at, 1), every.format(self.table.at, 1000)]

    def peer(self):
        DeltaTable(self.table.path).create_checkpoint()

    def apply(self, rows, is_tarn):
        return rows


KEEP_LOG = "'delta.logRetentionDuration' = 'interval 30 days'"


@dataclass
class CleanUp:
    """Takes the log away that a checkpoint stands for, and the files that no version needs but the newest."""

    table: Table

    def age(self):
        """Whoever looks at the times of the log's files sees that they are old."""
        for name in os.listdir(f"{self.table.path}/_delta_log"):
            if name.endswith(".json"):
                os.utime(f"{self.table.path}/_delta_log/{name}", (0, 0))

    def tarn(self):
        self.age()
        keep = "'delta.logRetentionDuration' = 'interval 0 seconds', 'delta.checkpointInterval' = '1'"
        keep += ", 'delta.deletedFileRetentionDuration' = 'interval 0 seconds'"
        return [
            f"ALTER TABLE {self.table.at} SET TBLPROPERTIES ({keep})",
            f"OPTIMIZE {self.table.at} ZORDER BY (id)",
            f"VACUUM {self.table.at} RETAIN 0 HOURS",
            f"ALTER TABLE {self.table.at} SET TBLPROPERTIES ({KEEP_LOG}, 'delta.checkpointInterval' = '1000')",
        ]

    def peer(self):
        table = DeltaTable(self.table.path)
        table.alter.set_table_properties({"delta.logRetentionDuration": "interval 0 seconds"})
        table.optimize.z_order(["id"])
        table.create_checkpoint()
        self.age()
        table.cleanup_metadata()
        table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
        table.alter.set_table_properties({"delta.logRetentionDuration": "interval 30 days"})

    def apply(self, rows, is_tarn):
        return rows


@dataclass
class Restore:
    table: Table
    version: int

    def tarn(self):
        return [f"RESTORE TABLE {self.table.at} TO VERSION AS OF {self.version}"]

    def peer(self):
        DeltaTable(self.table.path).restore(self.version)

    def apply(self, rows, is_tarn):
        return self.table.versions[self.version]
