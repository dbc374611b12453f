"""Reads tables with the deltalake package: its pyarrow datasets, and its own queries where those do not know a feature."""

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder

import compare
from conditions import peer_literal


def version(table):
    return DeltaTable(table.path).version()


def query(table, at, text):
    """Rows of a query about `t`."""
    builder = QueryBuilder().register("t", DeltaTable(table.path, version=at))
    return pa.table(builder.execute(text).read_all())


def rows(table, at):
    """Each row of a version by its id."""
    if table.needs_query:
        found = query(table, at, "SELECT * FROM t")
    else:
        found = DeltaTable(table.path, version=at).to_pyarrow_table()
    columns = [compare.from_arrow(found[kind.name]) for kind in table.kinds]
    return {number: list(row) for number, *row in zip(found["id"].to_pylist(), *columns, strict=True)}


def filtered(table, chosen):
    """Conditions, who read, and the ids of the rows that were found."""
    at = version(table)
    dataset = None if table.needs_query else DeltaTable(table.path).to_pyarrow_dataset()
    unbounded = columns_without_a_bound(table, dataset)
    for condition in chosen:
        if condition.operator == "<=>" or has_nan(condition):
            continue
        top = condition.column.split(".")[0]
        if dataset is not None and top not in unbounded:
            try:
                found = set(dataset.to_table(columns=["id"], filter=condition.to_expression())["id"].to_pylist())
            except Exception as error:
                found = f"{type(error).__name__}: {error}"
            yield condition, "pyarrow", found
        if "." in condition.column:
            continue
        try:
            found = query(table, at, f"SELECT id FROM t WHERE {condition.to_sql(peer_literal)}")
            found = set(found["id"].to_pylist())
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        yield condition, "deltalake", found


def columns_without_a_bound(table, dataset):
    """The columns of which a file with values has no bound.

    The deltalake package tells pyarrow that their values are at least, or at most, null, and pyarrow then finds none of them:
    of booleans and of bytes, of floats with NaN or an infinity, of times in the last millisecond of the year 9999.
    """
    found = set()
    for fragment in dataset.get_fragments() if dataset is not None else []:
        known = str(fragment.partition_expression)
        for name in table.columns:
            has_no_bound = any(f"({name} {side} null[" in known for side in (">=", "<="))
            if has_no_bound and f"is_null({name}," not in known:
                found.add(name)
    return found


def has_nan(condition):
    """Whether NaN is equal to itself, and more than all numbers, differs between operators and with files left out."""
    return any(value != value for value in condition.values)


def is_unsure(table, condition, row):
    """Whether the row's value passes a condition about floats as it likes: NaN; and zeros, whose sign counts in partitions."""
    top, *deeper = condition.column.split(".")
    value = row[table.place(top)]
    for name in deeper:
        value = value and value[name]
    return value != value or (value == 0 and top in table.partitions)
