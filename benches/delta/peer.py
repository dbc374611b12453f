"""The side of the package `deltalake` in `cargo xtask bench delta`: peer.py CASE TABLE [SQL or Parquet file].

Each case is one process, as a person would write it with the package. The answer is a list of values, as JSON: row by row,
those of a row in the order of their names.
"""

import json
import sys

from deltalake import DeltaTable


def opened(table):
    """How many files: the log is read, and no data."""
    return [len(DeltaTable(table).file_uris())]


def query(table, sql):
    import pyarrow as pa
    from deltalake import QueryBuilder

    rows = QueryBuilder().register("t", DeltaTable(table)).execute(sql)
    return [row[name] for row in pa.table(rows).to_pylist() for name in sorted(row)]


def append(table, file):
    import pyarrow.parquet as pq
    from deltalake import write_deltalake

    rows = pq.read_table(file)
    write_deltalake(table, rows, mode="append")
    return [rows.num_rows]


def merge(table, file, on):
    import pyarrow.parquet as pq

    merger = DeltaTable(table).merge(pq.read_table(file), on, source_alias="s", target_alias="t")
    metrics = merger.when_matched_update_all().when_not_matched_insert_all().execute()
    return [metrics["num_target_rows_inserted"], metrics["num_target_rows_updated"]]


def delete(table, condition):
    return [DeltaTable(table).delete(condition)["num_deleted_rows"]]


CASES = {"start": lambda: [1], "open": opened, "query": query, "append": append, "merge": merge, "delete": delete}
print(json.dumps(CASES[sys.argv[1]](*sys.argv[2:])))
