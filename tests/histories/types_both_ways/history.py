"""Histories of tables: which rows there are at first, and what Tarn and the deltalake package then do by turns."""

import itertools
import random
from dataclasses import dataclass, field

import conditions
import kinds
import steps
from kinds import NESTED, SCALARS

# By turns: who made the table, the other one, and so on.
STAGES = [
    ["create", "append low", "append middle", "append high", "append nulls", "checkpoint"],
    ["append literals", "delete", "update", "merge", "checkpoint", "append"],
    ["optimize", "update", "merge", "delete", "zorder"],
    ["zorder", "replace", "restore", "delete", "append", "optimize"],
    ["replace", "restore", "append literals", "update", "checkpoint"],
    ["overwrite", "append", "merge", "clean up"],
    ["append", "update", "clean up", "append"],
    ["append", "delete"],
]

# After these stages conditions are tried.
FILTERED = [0, 1, 2, 4]

# What the deltalake package cannot write as a partition value. A folder's name has 255 bytes at most: it writes all digits of
# a double, and percent signs for what is not ASCII. Of a negative decimal it writes a second sign after the point, and bytes as
# the text "\\u0061", which it then reads as these six bytes.
PEER_WRITES_NO_PARTITION = {
    "f64": lambda value: value is not None and abs(value) not in (kinds.INF, 0.0) and not 1e-200 < abs(value) < 1e200,
    "text": lambda value: value is not None and len(value.encode()) > 80,
    "bytes": lambda value: value is not None,
}


def peer_writes_partition(kind, value):
    if kind.name.startswith("d") and kind.name != "day" and not kind.name.endswith("_0"):
        return value is None or value >= 0
    return not PEER_WRITES_NO_PARTITION.get(kind.name, lambda _: False)(value)


def is_text(value):
    try:
        return value.decode() is not None
    except UnicodeDecodeError:
        return False


def peer_finds(kind):
    """Whether the deltalake package finds the rows of a condition in the files that it wrote.

    Of decimals with more than 18 digits its statistics are doubles, or 64 bits, and so too narrow; and it does not agree with
    itself on NaN and on the sign of zero.
    """
    return not kind.name.startswith(("d38", "d19", "f"))


@dataclass
class Maker:
    """Makes steps out of chance."""

    folder: str
    rnd: random.Random
    numbers: itertools.count = field(default_factory=itertools.count)

    def step(self, name, table, is_tarn):
        rnd = self.rnd
        match name:
            case "create":
                return steps.Create(table, self.batch(table, 5, (0.0, 0.25)))
            case "append low":
                return steps.Append(self.batch(table, 5, (0.25, 0.5)))
            case "append middle":
                return steps.Append(self.batch(table, 5, (0.5, 0.75)))
            case "append high":
                return steps.Append(self.batch(table, 5, (0.75, 1.0)))
            case "append nulls":
                return steps.Append(self.batch(table, 2, None))
            case "append":
                return steps.Append(self.batch(table, 4))
            case "append literals":
                # Nested values are written as literals in a test of their own.
                return steps.Append(self.batch(table, 3), as_literals=not any(kind.is_nested for kind in table.kinds))
            case "checkpoint":
                return steps.Checkpoint(table)
            case "clean up":
                return steps.CleanUp(table)
            case "optimize":
                return steps.Optimize(table)
            case "zorder":
                plain = [k.name for k in table.kinds if k.name not in table.partitions and not k.is_nested]
                plain = [name for name in plain if name not in ("bytes", "flag")]
                return steps.Optimize(table, ("id", *rnd.sample(plain, min(2, len(plain)))))
            case "delete":
                return steps.Delete(table, self.condition(table, is_tarn))
            case "update":
                kind = rnd.choice([kind for kind in table.kinds if not kind.is_nested])
                return steps.Update(table, self.condition(table, is_tarn), kind, self.value(table, kind))
            case "merge":
                old = rnd.sample(sorted(table.rows), min(5, len(table.rows)))
                return steps.Merge(self.batch(table, 3, old=old))
            case "replace":
                return self.replace(table, is_tarn)
            case "restore":
                return steps.Restore(table, rnd.choice(sorted(table.versions)[:-1]))
            case "overwrite":
                return steps.Overwrite(self.batch(table, 6, (0.0, 1.0)))
        raise ValueError(name)

    def values(self, table, kind):
        if kind.name in table.partitions and table.is_shared:
            values = [value for value in kind.values if peer_writes_partition(kind, value)]
            # What the deltalake package wrote as an empty text its queries read as one, its pyarrow datasets as null.
            return [value for value in values if value != ""] if table.needs_query else values
        if kind.name in table.partitions and kind.name == "bytes":
            # The log holds text: Tarn refuses bytes that are none, and Spark would change them.
            return [value for value in kind.values if is_text(value)]
        return kind.values

    def value(self, table, kind):
        values = self.values(table, kind)
        return None if not values or self.rnd.random() < 0.15 else self.rnd.choice(values)

    def batch(self, table, count, spread=(), old=()):
        """Rows whose values go up through a part of each type's values, or any; `spread` None makes nulls."""
        rows = []
        for place in range(count + len(old)):
            row = []
            for kind in table.kinds:
                values = self.values(table, kind)
                if spread is None or not values:
                    row.append(None)
                elif spread:
                    at = spread[0] + (spread[1] - spread[0]) * place / (count + len(old))
                    row.append(values[int(at * len(values))])
                else:
                    row.append(self.value(table, kind))
            rows.append(row)
        ids = [*old, *(next(self.numbers) for _ in range(count))]
        return steps.Batch(table, ids, rows, f"{self.folder}/batches/{next(self.numbers)}.parquet")

    def condition(self, table, is_tarn, operators=(*conditions.COMPARISONS, "in", "between", "not <")):
        """A condition that few rows pass."""
        order = steps.order_of(is_tarn)
        found = None
        for _ in range(20):
            kind = self.rnd.choice([k for k in table.kinds if not k.is_nested and (is_tarn or peer_finds(k))])
            found = self.rnd.choice(conditions.conditions(kind, kind.name, operators))
            if 0 < len(table.matching(found, order)) <= len(table.rows) // 2:
                break
        return found

    def replace(self, table, is_tarn):
        """Only a condition for one value: the new rows have it."""
        while True:
            condition = self.condition(table, is_tarn, ["="])
            value = condition.values[0] if condition.values else None
            in_log = condition.column not in table.partitions or value in self.values(table, condition.kind)
            if condition.operator == "=" and value == value and value not in ("", b"") and in_log:
                break
        batch = self.batch(table, 3)
        place = table.place(condition.column)
        for row in batch.rows:
            row[place] = value
        return steps.ReplaceWhere(condition, batch)


def tables(folder, seed):
    """The tables: those of all types by both, and some by either whose features go by chance."""
    payload = [kinds.Kind("note", kinds.pa.string(), "STRING", kinds.TEXTS), NESTED[1]]
    all_stats = {"delta.dataSkippingNumIndexedCols": "-1"}
    odd = [kind for kind in SCALARS if kind.name in ("f64", "text", "bytes") or kind.name.startswith("d")]
    names = [kind.name for kind in SCALARS]
    found = [
        steps.Table("plain_tarn", [*SCALARS, *NESTED], True, properties=all_stats),
        steps.Table("plain_peer", [*SCALARS, *NESTED], False, properties=all_stats),
        steps.Table("partitioned_tarn", [*SCALARS, *payload], True, names),
        steps.Table("partitioned_peer", [*SCALARS, *payload], False, names),
        # Only Tarn changes it, with all values.
        steps.Table(
            "partitioned_odd", [*odd, *payload], True, [kind.name for kind in odd], is_shared=False, needs_query=True
        ),
    ]
    for name, properties, more in FEATURES:
        rnd = random.Random(f"{seed} {name}")
        partitions = rnd.choice([[], ["i32"], ["day", "text"], ["d9_2"]])
        properties = {key: rnd.choice(values) for key, values in properties.items()}
        is_tarn = rnd.random() < 0.5 or name in MADE_BY_TARN
        found.append(steps.Table(name, SCALARS, is_tarn, partitions, properties, **more))
    for table in found:
        table.path = f"{folder}/{table.name}"
    return found


# Where there are columns of TIMESTAMP_NTZ, the deltalake package makes tables that have the property of column mapping, and names
# for it, but not the feature; then files have the columns' own names, and the property says nothing.
MADE_BY_TARN = ["column_mapping"]

# Names, properties, and what they mean for the deltalake package: its queries read deletion vectors (it writes none) and
# column mapping, its pyarrow datasets do not.
FEATURES = [
    (
        "typed_statistics",
        {"delta.checkpoint.writeStatsAsStruct": ["true"], "delta.checkpoint.writeStatsAsJson": ["false", "true"]},
        {},
    ),
    ("deletion_vectors", {"delta.enableDeletionVectors": ["true"]}, {"needs_query": True}),
    (
        "column_mapping",
        {"delta.columnMapping.mode": ["name", "id"]},
        {"needs_query": True, "peer_skips": ("optimize", "zorder", "clean up")},
    ),
]
