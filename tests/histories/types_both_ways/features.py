"""Features of tables that are no rows: each a short story of the two, told by assertions."""

import json
import subprocess
from datetime import UTC, datetime

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import DeltaError

import compare
import peer
from conditions import tarn_literal
from kinds import NESTED, SCALARS
from steps import Table

KINDS = [*SCALARS, *NESTED]


class Story:
    """A table of all types in a folder of its own, and how the two speak about it."""

    def __init__(self, tarn, folder, name, kinds=KINDS):
        self.binary = tarn
        self.table = Table(name, kinds, True, path=f"{folder}/{name}")
        self.at = self.table.at
        self.batches = 0

    def tarn(self, *statements):
        """The rows of the last statement."""
        ran = subprocess.run(
            [self.binary, "sql", "--format", "json"], input=";\n".join(statements), capture_output=True, text=True
        )
        assert ran.returncode == 0, f"{ran.stderr}\n{statements}"
        return ([*compare.json_values(ran.stdout), None])[-2] if ran.stdout else None

    def refused_by_tarn(self, statement, word):
        ran = subprocess.run([self.binary, "sql", statement], capture_output=True, text=True)
        assert ran.returncode == 1 and word in ran.stderr, f"{statement}: {ran.stderr or 'was done'}"

    def rows(self, *ids, shift=0):
        """Rows whose values depend on their ids."""
        return {n: [k.values[(n * 5 + shift) % len(k.values)] for k in self.table.kinds] for n in ids}

    def arrow(self, rows):
        return compare.table_of(self.table.kinds, list(rows), list(rows.values()))

    def parquet(self, rows):
        self.batches += 1
        path = f"{self.table.path}_{self.batches}.parquet"
        pa.parquet.write_table(self.arrow(rows), path)
        return f"parquet.`{path}`"

    def columns(self, kinds=None):
        return ", ".join(f"{kind.name} {kind.sql}" for kind in kinds or self.table.kinds)

    def deltalake(self):
        return DeltaTable(self.table.path)

    def check(self, expected):
        """Both read these rows."""
        names = [kind.name for kind in self.table.kinds]
        found = self.tarn(f"SELECT * FROM {self.at}")
        found = {int(row["id"]): [compare.from_json(row[k.name], k.arrow) for k in self.table.kinds] for row in found}
        wrong = compare.difference(found, expected, names)
        assert not wrong, f"Tarn {wrong}"
        wrong = compare.difference(peer.rows(self.table, peer.version(self.table)), expected, names)
        assert not wrong, f"deltalake {wrong}"


def change_feed(story):
    """Each change of either is told by both, with all values."""
    first, second, third = story.rows(1, 2, 3, 4), story.rows(2, 5, shift=1), story.rows(3, 6, shift=2)
    story.tarn(
        f"CREATE TABLE {story.at} (id BIGINT, {story.columns()}) TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')",
        f"INSERT INTO {story.at} SELECT * FROM {story.parquet(first)}",
        f"MERGE INTO {story.at} AS t USING (SELECT * FROM {story.parquet(second)}) AS s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
        f"DELETE FROM {story.at} WHERE id = 1",
    )
    merger = story.deltalake().merge(story.arrow(third), "t.id = s.id", "s", "t")
    merger.when_matched_update_all().when_not_matched_insert_all().execute()
    story.deltalake().delete("id = 4")
    write_deltalake(story.table.path, story.arrow(story.rows(7)), mode="append")
    story.deltalake().update(updates={"i32": "8"}, predicate="id = 7")
    updated = story.rows(7)[7]
    updated[story.table.place("i32")] = 8
    expected = [
        *((1, number, "insert", row) for number, row in first.items()),
        *[(2, 2, "update_preimage", first[2]), (2, 2, "update_postimage", second[2]), (2, 5, "insert", second[5])],
        (3, 1, "delete", first[1]),
        *[(4, 3, "update_preimage", first[3]), (4, 3, "update_postimage", third[3]), (4, 6, "insert", third[6])],
        *[(5, 4, "delete", first[4]), (6, 7, "insert", story.rows(7)[7])],
        *[(7, 7, "update_preimage", story.rows(7)[7]), (7, 7, "update_postimage", updated)],
    ]
    expected = sorted(compare.key(list(change)) for change in expected)
    by_tarn = [
        [int(row["_commit_version"]), int(row["id"]), row["_change_type"]]
        + [[compare.from_json(row[k.name], k.arrow) for k in story.table.kinds]]
        for row in story.tarn(f"SELECT * FROM table_changes('{story.at}', 0)")
    ]
    assert sorted(map(compare.key, by_tarn)) == expected, "Tarn tells other changes"
    told = pa.table(story.deltalake().load_cdf(starting_version=0).read_all())
    columns = [told[name].to_pylist() for name in ("_commit_version", "id", "_change_type")]
    values = zip(*(compare.from_arrow(told[kind.name]) for kind in story.table.kinds), strict=True)
    by_peer = [[*row, list(value)] for *row, value in zip(*columns, values, strict=True)]
    assert sorted(map(compare.key, by_peer)) == expected, "deltalake tells other changes"


def new_columns(story):
    """Columns of all types that one of the two adds are null in the rows of before, and written by the other."""
    half = len(SCALARS) // 2
    by_peer, by_tarn = KINDS[:half], KINDS[half:]
    write_deltalake(story.table.path, pa.table({"id": pa.array([1], pa.int64())}))
    rows = story.rows(2, 3)
    table = story.arrow(rows)
    write_deltalake(
        story.table.path, table.select(["id", *(k.name for k in by_peer)]), mode="append", schema_mode="merge"
    )
    story.tarn(f"ALTER TABLE {story.at} ADD COLUMNS ({story.columns(by_tarn)})")
    write_deltalake(story.table.path, story.arrow(story.rows(4)), mode="append")
    story.tarn(f"INSERT INTO {story.at} SELECT * FROM {story.parquet(story.rows(5))}")
    nothing = [None] * len(KINDS)
    story.check({1: nothing, **{n: row[:half] + nothing[half:] for n, row in rows.items()}, **story.rows(4, 5)})


def new_fields(story):
    """The same of fields in a struct."""
    small, big = (pa.struct([("a", pa.int32()), *more]) for more in ([], [("b", pa.timestamp("us"))]))
    ids = [pa.array([number], pa.int64()) for number in range(4)]
    write_deltalake(story.table.path, pa.table({"id": ids[1], "s": pa.array([{"a": 1}], small)}))
    row = pa.table({"id": ids[2], "s": pa.array([{"a": 2, "b": -1}], big)})
    write_deltalake(story.table.path, row, mode="append", schema_mode="merge")
    story.tarn(
        f"ALTER TABLE {story.at} ADD COLUMN s.c BINARY",
        f"INSERT INTO {story.at} SELECT 3, named_struct('a', 3, 'b', TIMESTAMP_NTZ'0001-01-01 00:00:00', 'c', X'FF00')",
    )
    expected = [
        {"id": 1, "s": {"a": 1, "b": None, "c": None}},
        {"id": 2, "s": {"a": 2, "b": "1969-12-31T23:59:59.999999", "c": None}},
        {"id": 3, "s": {"a": 3, "b": "0001-01-01T00:00:00", "c": "/wA="}},
    ]
    found = json.loads(json.dumps(story.tarn(f"SELECT * FROM {story.at} ORDER BY id")))
    for row in found:
        row["id"], row["s"]["a"] = int(row["id"]), int(row["s"]["a"])
    assert found == expected, found
    values = compare.from_arrow(story.deltalake().to_pyarrow_table().sort_by("id")["s"])
    first = -62_135_596_800_000_000
    assert values == [
        {"a": 1, "b": None, "c": None},
        {"a": 2, "b": -1, "c": None},
        {"a": 3, "b": first, "c": b"\xff\x00"},
    ], values


def constraints(story):
    """What one says must hold, the other keeps to: CHECK, NOT NULL, generated columns."""
    story.tarn(
        f"CREATE TABLE {story.at} (id BIGINT NOT NULL, day DATE, twice BIGINT GENERATED ALWAYS AS (id * 2))",
        f"ALTER TABLE {story.at} ADD CONSTRAINT early CHECK (day < DATE'9999-12-31')",
        f"INSERT INTO {story.at} (id, day) VALUES (1, DATE'0001-01-01')",
    )
    story.deltalake().alter.add_constraint({"positive": "id > 0"})
    for number, day, twice in [(2, 2_932_896, 4), (-2, 0, -4), (None, 0, None), (2, 0, 5)]:
        row = {"id": pa.array([number], pa.int64()), "day": pa.array([day], pa.date32())}
        row["twice"] = pa.array([twice], pa.int64())
        try:
            write_deltalake(story.table.path, pa.table(row), mode="append")
        except DeltaError:
            continue
        raise AssertionError(f"deltalake wrote {number}, {day}, {twice}")
    story.refused_by_tarn(f"INSERT INTO {story.at} (id, day) VALUES (-2, DATE'2024-01-01')", "positive")
    story.refused_by_tarn(f"INSERT INTO {story.at} (id, day) VALUES (3, DATE'9999-12-31')", "early")
    story.refused_by_tarn(f"INSERT INTO {story.at} VALUES (3, DATE'2024-01-01', 7)", "twice")
    row = pa.table({"id": pa.array([2], pa.int64()), "day": pa.array([0], pa.date32())})
    write_deltalake(story.table.path, row, mode="append")
    found = story.tarn(f"SELECT * FROM {story.at} ORDER BY id")
    expected = [("1", "0001-01-01", "2"), ("2", "1970-01-01", "4")]
    assert [tuple(row.values()) for row in found] == expected, found
    story.deltalake().alter.drop_constraint("positive")
    story.tarn(f"INSERT INTO {story.at} (id, day) VALUES (-1, DATE'2024-01-01')")


def transactions(story):
    """The last transaction of an application outlives checkpoints, and log that was cleaned up, of either."""
    properties = CommitProperties(app_transactions=[Transaction("app \U0001f600", 7, 5)])
    write_deltalake(story.table.path, story.arrow(story.rows(1)), commit_properties=properties)
    story.tarn(
        f"INSERT INTO {story.at} SELECT * FROM {story.parquet(story.rows(2))}",
        f"ALTER TABLE {story.at} SET TBLPROPERTIES ('delta.checkpointInterval' = '1', 'it''s' = '\U0001f600 \"q\"')",
    )
    assert story.deltalake().transaction_version("app \U0001f600") == 7
    story.deltalake().create_checkpoint()
    properties = CommitProperties(app_transactions=[Transaction("app \U0001f600", 8)], custom_metadata={"why": "\u00e4"})
    write_deltalake(story.table.path, story.arrow(story.rows(3)), mode="append", commit_properties=properties)
    story.tarn(f"INSERT INTO {story.at} SELECT * FROM {story.parquet(story.rows(4))}")
    assert story.deltalake().transaction_version("app \U0001f600") == 8
    assert story.deltalake().metadata().configuration["it's"] == '\U0001f600 "q"'
    story.deltalake().alter.set_table_properties({"delta.appendOnly": "true"})
    story.refused_by_tarn(f"DELETE FROM {story.at}", "appendOnly")
    found = {row["key"]: row["value"] for row in story.tarn(f"SHOW TBLPROPERTIES {story.at}")}
    assert found["it's"] == '\U0001f600 "q"' and found["delta.appendOnly"] == "true", found
    story.check(story.rows(1, 2, 3, 4))


def metadata(story):
    """Names, comments and their odd characters; and when a version was, for time travel."""
    names = ["A b", "a.b", "\u00e4\U0001f600", "q`'\"", "select"]
    write_deltalake(
        story.table.path,
        pa.table({name: pa.array([place], pa.int32()) for place, name in enumerate(names)}),
        partition_by=[names[2]],
        name="n\u00e4me",
        description="it's \U0001f600",
    )
    found = story.tarn(f"SELECT * FROM {story.at}")
    assert [*found[0]] == [names[0], names[1], names[3], names[4], names[2]] or [*found[0]] == names, found
    quoted = ["`" + name.replace("`", "``") + "`" for name in names]
    story.tarn(
        f"INSERT INTO {story.at} ({', '.join(quoted)}) VALUES (10, 11, 12, 13, 14)",
        f"UPDATE {story.at} SET {quoted[1]} = 21 WHERE {quoted[2]} = 12",
    )
    rows = story.deltalake().to_pyarrow_table().sort_by(names[0]).select(names).to_pylist()
    assert rows == [dict(zip(names, range(5), strict=True)), dict(zip(names, [10, 21, 12, 13, 14], strict=True))], rows
    detail = story.tarn(f"DESCRIBE DETAIL {story.at}")[0]
    assert (detail["name"], detail["description"]) == ("n\u00e4me", "it's \U0001f600"), detail
    moments = [int(entry["timestamp"]) for entry in story.deltalake().history()]
    told = story.tarn(f"DESCRIBE HISTORY {story.at}")
    moment = datetime.fromtimestamp(moments[-1] / 1000, UTC)
    assert moment.isoformat(timespec="milliseconds")[:19] == told[-1]["timestamp"][:19], (moments, told)
    story.deltalake().load_as_version(moment.isoformat())


def literals(story):
    """Values of all types as people write them, within structs, arrays and maps too."""
    parts = [f"'{kind.name}', {tarn_literal(kind, kind.values[-2])}" for kind in SCALARS]
    arrays = ", ".join(f"make_array({tarn_literal(k, k.values[0])}, {tarn_literal(k, None)}) AS a_{k.name}" for k in SCALARS)
    maps = ", ".join(
        f"map(make_array({tarn_literal(k, k.values[-1])}), make_array({tarn_literal(k, k.values[0])})) AS m_{k.name}"
        for k in SCALARS
        if k.name not in ("f32", "f64")
    )
    story.tarn(f"CREATE TABLE {story.at} AS SELECT named_struct({', '.join(parts)}) AS s, {arrays}, {maps}")
    row = story.deltalake().to_pyarrow_table()
    found = compare.from_arrow(row["s"])[0]
    expected = {kind.name: kind.values[-2] for kind in SCALARS}
    assert compare.key(found) == compare.key(expected), found
    for kind in SCALARS:
        array = row[f"a_{kind.name}"]
        # Whole numbers are of 64 bits until they are put in a column.
        assert array.type.value_type == kind.arrow or kind.name in ("i8", "i16", "i32"), (kind, array.type)
        found = compare.from_arrow(array)[0]
        assert compare.key(found) == compare.key([kind.values[0], None]), (kind, found)
        if f"m_{kind.name}" in row.column_names:
            found = compare.from_arrow(row[f"m_{kind.name}"])[0]
            assert compare.key(found) == compare.key([(kind.values[-1], kind.values[0])]), (kind, found)


STORIES = [change_feed, new_columns, new_fields, constraints, transactions, metadata, literals]


def tell(tarn, folder, only=None):
    """Runs the stories; what went wrong, by the story's name."""
    faults = []
    for story in STORIES:
        if only and story.__name__ not in only:
            continue
        try:
            story(Story(tarn, folder, story.__name__))
        except Exception as error:
            faults.append(f"{story.__name__}: {type(error).__name__}: {error}"[:3000])
    return faults
