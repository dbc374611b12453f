"""Random histories of a Delta table: Tarn runs them, a list of rows in Python says what must come out, and the deltalake
package reads the same table where it knows its features. Where rows are tracked, each must stay the same one.

    python tests/histories/random_histories.py --tarn target/debug/tarn --seed 1 --count 300

needs `pip install deltalake pyarrow`. The first history that goes wrong is printed as a script, with its seed, after
statements that do not matter were left out.
"""

import argparse
import json
import random
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field

from deltalake import DeltaTable

TEXTS = ["a", "b", None, "q'x"]
PARTITIONS = [0, 1, 2, None]
IDS = (
    "SELECT array_agg(named_struct('key', id, 'id', _metadata.row_id, 'version', _metadata.row_commit_version)) AS ids "
    "FROM t"
)


def literal(value):
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


@dataclass
class Table:
    """The features of a table, and the statements that make and change it."""

    properties: list
    is_partitioned: bool
    # Pairs of a statement and a function from the rows before to the rows after.
    steps: list = field(default_factory=list)

    def create(self):
        partitioned = "PARTITIONED BY (p) " if self.is_partitioned else ""
        properties = ", ".join(f"'{key}' = '{value}'" for key, value in self.properties)
        return f"CREATE TABLE t (id BIGINT, v STRING, p INT) {partitioned}TBLPROPERTIES ({properties})"

    @property
    def is_readable_by_deltalake(self):
        keys = {key for key, _ in self.properties}
        return not keys & {"delta.enableDeletionVectors", "delta.columnMapping.mode"}

    @property
    def is_tracked(self):
        return any(key == "delta.enableRowTracking" for key, _ in self.properties)

    def script(self):
        """What makes and changes the table; where it tracks its rows, with a look at them after each statement."""
        looks = [IDS] if self.is_tracked else []
        return ";\n".join([self.create(), *(line for statement, _ in self.steps for line in [statement, *looks])])


def insert(rnd, step, first_id):
    new = [(first_id + n, rnd.choice(TEXTS), rnd.choice(PARTITIONS)) for n in range(rnd.randint(1, 6))]
    values = ", ".join(f"({', '.join(map(literal, row))})" for row in new)
    return f"INSERT INTO t VALUES {values}", lambda rows: rows + new


def update(rnd, step, first_id):
    divisor = rnd.randint(2, 4)

    def apply(rows):
        return [(i, f"u{step}{v or '-'}", p) if i % divisor == 0 else (i, v, p) for i, v, p in rows]

    return f"UPDATE t SET v = concat('u{step}', coalesce(v, '-')) WHERE id % {divisor} = 0", apply


def delete(rnd, step, first_id):
    if rnd.random() < 0.5:
        divisor = rnd.randint(2, 5)
        return f"DELETE FROM t WHERE id % {divisor} = 1", lambda rows: [r for r in rows if r[0] % divisor != 1]
    partition = rnd.choice([0, 1, 2])
    return f"DELETE FROM t WHERE p = {partition}", lambda rows: [r for r in rows if r[2] != partition]


def merge(rnd, step, first_id):
    start = rnd.randint(0, max(first_id, 1))
    ids = list(range(start, start + rnd.randint(1, 5)))
    by_source = rnd.random() < 0.5
    statement = (
        f"MERGE INTO t USING (SELECT column1 AS sid FROM (VALUES {', '.join(f'({i})' for i in ids)}) AS x) AS s "
        "ON t.id = s.sid WHEN MATCHED AND t.p = 1 THEN DELETE "
        f"WHEN MATCHED THEN UPDATE SET v = 'm{step}' "
        f"WHEN NOT MATCHED THEN INSERT (id, v, p) VALUES (s.sid, 'n{step}', 2)"
    )
    if by_source:
        statement += " WHEN NOT MATCHED BY SOURCE AND t.id % 7 = 3 THEN DELETE"

    def apply(rows):
        kept = []
        for i, v, p in rows:
            if i in ids:
                if p != 1:
                    kept.append((i, f"m{step}", p))
            elif not (by_source and i % 7 == 3):
                kept.append((i, v, p))
        known = {row[0] for row in rows}
        return kept + [(i, f"n{step}", 2) for i in ids if i not in known]

    return statement, apply


def overwrite(rnd, step, first_id):
    if rnd.random() < 0.3:
        statement = "INSERT OVERWRITE t SELECT id, v, p FROM t WHERE id % 2 = 0"
        return statement, lambda rows: [row for row in rows if row[0] % 2 == 0]
    new = (100_000 + step, "r", 2)
    statement = f"INSERT INTO t REPLACE WHERE p = 2 SELECT {new[0]}, 'r', 2"
    return statement, lambda rows: [row for row in rows if row[2] != 2] + [new]


def optimize(rnd, step, first_id):
    return "OPTIMIZE t", lambda rows: rows


def history(seed):
    rnd = random.Random(seed)
    properties = [("delta.checkpointInterval", "3")]
    for chance, key, value in [
        (0.5, "delta.enableDeletionVectors", "true"),
        (0.3, "delta.enableChangeDataFeed", "true"),
        (0.3, "delta.columnMapping.mode", "name"),
        (0.5, "delta.enableRowTracking", "true"),
    ]:
        if rnd.random() < chance:
            properties.append((key, value))
    table = Table(properties, rnd.random() < 0.5)
    for step in range(rnd.randint(4, 9)):
        kind = rnd.choice([insert, insert, update, delete, merge, overwrite, optimize])
        # Ids of inserts never meet, whatever other statements are left out.
        table.steps.append(kind(rnd, step, step * 10))
    return table


def run(tarn, lake, script):
    ran = subprocess.run(
        [tarn, "sql", "--lake", lake, "--format", "json", script], capture_output=True, text=True, timeout=120
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr.strip())
    return ran.stdout


def looks(printed):
    """The ids of rows after each statement: for each key a pair of row id and row commit version."""
    decoder, place = json.JSONDecoder(), 0
    while place < len(printed):
        answer, place = decoder.raw_decode(printed, place)
        while place < len(printed) and printed[place].isspace():
            place += 1
        if answer and "ids" in answer[0]:
            rows = answer[0]["ids"] or []
            yield {row["key"]: (row["id"], row["version"]) for row in rows}


def fault_of_ids(table, printed):
    """Which row is not the same one, or not a new one, after a statement, or None."""
    rows, before, highest = [], {}, -1
    for (statement, apply), after in zip(table.steps, looks(printed), strict=True):
        old = {row[0]: row for row in rows}
        rows = apply(rows)
        if len({row_id for row_id, _ in after.values()}) != len(rows):
            return f"{statement}: row ids {after}"
        newest = max((version for _, version in after.values()), default=0)
        is_rewritten = statement.startswith("INSERT OVERWRITE")
        for row in rows:
            row_id, version = after.get(row[0], (None, None))
            known = None if is_rewritten else before.get(row[0])
            is_right = (
                (row_id is not None and row_id > highest and version == newest)
                if known is None
                else (row_id, version) == known
                if row == old[row[0]]
                else row_id == known[0] and version == newest and version > known[1]
            )
            if not is_right:
                return f"{statement}: row {row[0]} had {known} and has {(row_id, version)}, ids up to {highest} were given"
        before = after
        highest = max([highest, *(row_id for row_id, _ in after.values())])
    return None


def fault(tarn, table):
    """What is wrong after the table's statements, or None."""
    rows = []
    for _, apply in table.steps:
        rows = apply(rows)
    expected = sorted(rows, key=repr)
    lake = tempfile.mkdtemp()
    try:
        printed = run(tarn, lake, table.script())
        wrong = fault_of_ids(table, printed) if table.is_tracked else None
        if wrong:
            return wrong
        readers = {"Tarn": json.loads(run(tarn, lake, "SELECT id, v, p FROM t"))}
        if table.is_readable_by_deltalake:
            readers["deltalake"] = DeltaTable(f"{lake}/main/default/t").to_pyarrow_table().to_pylist()
        for reader, found in readers.items():
            found = sorted(((row["id"], row["v"], row["p"]) for row in found), key=repr)
            if found != expected:
                return f"{reader} reads {found}\nexpected {expected}"
    except RuntimeError as error:
        return str(error)
    finally:
        shutil.rmtree(lake)
    return None


def shrink(tarn, table):
    """Leaves out statements as long as something is still wrong."""
    place = 0
    while place < len(table.steps):
        fewer = Table(table.properties, table.is_partitioned, table.steps[:place] + table.steps[place + 1 :])
        if fault(tarn, fewer):
            table = fewer
        else:
            place += 1
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tarn", required=True, help="the native binary")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    args = parser.parse_args()
    for seed in range(args.seed, args.seed + args.count):
        table = history(seed)
        if fault(args.tarn, table):
            table = shrink(args.tarn, table)
            print(f"seed {seed}:\n{table.script()}\n{fault(args.tarn, table)}")
            raise SystemExit(1)
    print(f"{args.count} histories, all right")


if __name__ == "__main__":
    main()
