"""Makes the tables that `cargo xtask bench delta` works on: data.py FOLDER SCALE. What is there already stays."""

import json
import os
import shutil
import sys

import duckdb
from deltalake import DeltaTable, write_deltalake

FOLDER, SCALE = sys.argv[1], float(sys.argv[2])
ROWS = int(10_000_000 * SCALE)
CHANGED = int(100_000 * SCALE)
APPENDED = int(1_000_000 * SCALE)
COMMITS = max(20, int(10_000 * SCALE))
FILES = max(100, int(300_000 * SCALE))
# Commits after the checkpoint, which are replayed.
TAIL = 9
FILES_IN_COMMIT = 1_000
DATA_FILES = 20

SCHEMA = {
    "type": "struct",
    "fields": [
        {"name": name, "type": kind, "nullable": True, "metadata": {}}
        for name, kind in [("id", "long"), ("part", "integer"), ("name", "string"), ("value", "double")]
    ],
}


def rows(ids, value="(id * 7919 % 1000003) / 16.0"):
    """Rows of the table: a number, one of ten parts, a text of few values, a text of its own for each row, a number."""
    return f"""
        SELECT id, (id % 10)::INTEGER AS part, 'kind-' || (id * 31 % 8) AS kind,
            'customer ' || hash(id)::VARCHAR AS name, ({value})::DOUBLE AS value
        FROM (SELECT {ids} AS id)"""


def numbers(first, end):
    return f"unnest(range({first}, {end}))"


def make(name, work):
    """Makes a table or file in whole or not at all."""
    path = os.path.join(FOLDER, name)
    if os.path.exists(path):
        return
    print(f"      Making {name}", flush=True)
    half = path + ".half"
    if os.path.isdir(half):
        shutil.rmtree(half)
    work(half)
    os.rename(half, path)


def table(path, partition_by=None):
    for number in range(DATA_FILES):
        first, end = ROWS * number // DATA_FILES, ROWS * (number + 1) // DATA_FILES
        write_deltalake(path, duckdb.sql(rows(numbers(first, end))).to_arrow_table(), mode="append", partition_by=partition_by)


def parquet(path, query):
    duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def source(path):
    """As many rows that change old ones, spread over all files and parts, as new ones."""
    step = ROWS // CHANGED
    old = f"SELECT id * {step} + id * 7 % {step} AS id FROM (SELECT {numbers(0, CHANGED)} AS id)"
    changed = rows("id", "(id * 7919 % 1000003) / 16.0 + 1").replace("(SELECT id AS id)", f"({old})")
    parquet(path, f"{changed} UNION ALL {rows(numbers(ROWS, ROWS + CHANGED))}")


def add(number):
    part = number % 10
    stats = {
        "numRecords": 1000,
        "minValues": {"id": number * 1000, "name": f"customer {number}", "value": 0.5},
        "maxValues": {"id": number * 1000 + 999, "name": f"customer {number}9", "value": number + 0.5},
        "nullCount": {"id": 0, "name": 0, "value": 0},
    }
    return {
        "add": {
            "path": f"part={part}/part-{number:05}-0f9d7f3c-2f6b-4d3e-9d7e-{number:012x}-c000.snappy.parquet",
            "partitionValues": {"part": str(part)},
            "size": 20_000 + number % 1000,
            "modificationTime": 1_700_000_000_000 + number,
            "dataChange": True,
            "stats": json.dumps(stats, separators=(",", ":")),
        }
    }


def log(path, commits, files_in_commit):
    """A table that is only a log, with a checkpoint some commits before its end."""
    folder = os.path.join(path, "_delta_log")
    os.makedirs(folder)
    for version in range(commits):
        actions = [{"commitInfo": {"timestamp": 1_700_000_000_000 + version, "operation": "WRITE"}}]
        if version == 0:
            actions.append({"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}})
            metadata = {
                "id": "0f9d7f3c-2f6b-4d3e-9d7e-000000000000",
                "format": {"provider": "parquet", "options": {}},
                "schemaString": json.dumps(SCHEMA),
                "partitionColumns": ["part"],
                "configuration": {},
                "createdTime": 1_700_000_000_000,
            }
            actions.append({"metaData": metadata})
        first = version * files_in_commit
        actions.extend(add(number) for number in range(first, first + files_in_commit))
        with open(os.path.join(folder, f"{version:020}.json"), "w") as out:
            out.writelines(json.dumps(action, separators=(",", ":")) + "\n" for action in actions)
        if version == commits - 1 - TAIL:
            DeltaTable(path).create_checkpoint()


os.makedirs(FOLDER, exist_ok=True)
make("commits", lambda path: log(path, COMMITS, 1))
make("files", lambda path: log(path, max(TAIL + 2, FILES // FILES_IN_COMMIT), FILES_IN_COMMIT))
make("table", table)
make("partitioned", lambda path: table(path, ["part"]))
make("appended.parquet", lambda path: parquet(path, rows(numbers(ROWS, ROWS + APPENDED))))
make("source.parquet", source)
print(json.dumps({"rows": ROWS, "changed": CHANGED, "appended": APPENDED, "commits": COMMITS, "files": FILES}))
