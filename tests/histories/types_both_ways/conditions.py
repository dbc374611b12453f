"""Conditions on one column: as text for Tarn and for deltalake, as an expression of pyarrow, and as what they mean."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from kinds import Kind

COMPARISONS = ["=", "<>", "<", "<=", ">", ">="]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Condition:
    """`column operator values`; a field of a struct is named `struct.field`."""

    kind: Kind
    column: str
    operator: str
    values: tuple = ()

    def to_sql(self, literal):
        """SQL, with `literal` to write values."""
        values = [literal(self.kind, value) for value in self.values]
        match self.operator:
            case "in":
                return f"{self.column} IN ({', '.join(values)})"
            case "between":
                return f"{self.column} BETWEEN {values[0]} AND {values[1]}"
            case "not <":
                return f"NOT ({self.column} < {values[0]})"
            case "is null" | "is not null":
                return f"{self.column} {self.operator.upper()}"
            case "starts with":
                return f"{self.column} LIKE {literal(self.kind, self.values[0] + '%')}"
            case _:
                return f"{self.column} {self.operator} {values[0]}"

    def to_expression(self):
        """The same for pyarrow."""
        column = pc.field(*self.column.split("."))
        values = [pa.scalar(value, self.kind.arrow) for value in self.values]
        match self.operator:
            case "in":
                return column.isin(pa.array(self.values, self.kind.arrow))
            case "between":
                return (column >= values[0]) & (column <= values[1])
            case "not <":
                return ~(column < values[0])
            case "starts with":
                return pc.starts_with(column, self.values[0])
            case "is null":
                return column.is_null()
            case "is not null":
                return column.is_valid()
            case "=":
                return column == values[0]
            case "<>":
                return column != values[0]
            case "<":
                return column < values[0]
            case "<=":
                return column <= values[0]
            case ">":
                return column > values[0]
            case ">=":
                return column >= values[0]

    def holds(self, value, order):
        """Whether a value passes; `order` compares two, and is None where NaN is neither less nor more."""
        match self.operator:
            case "is null":
                return value is None
            case "is not null":
                return value is not None
            case "<=>":
                other = self.values[0]
                return (value is None) == (other is None) and (value is None or order(value, other) == 0)
        if value is None:
            return False
        if self.operator == "starts with":
            return value.startswith(self.values[0])
        orders = [order(value, other) for other in self.values]
        match self.operator:
            case "in" | "=":
                return 0 in orders
            case "<>":
                return orders[0] != 0
            case "not <":
                return orders[0] != -1
            case "<":
                return orders[0] == -1
            case "<=":
                return orders[0] in (-1, 0)
            case ">":
                return orders[0] == 1
            case ">=":
                return orders[0] in (0, 1)
            case "between":
                return orders[0] in (0, 1) and orders[1] in (-1, 0)


def spark_order(one, other):
    """As Spark orders: NaN is equal to itself and above all numbers."""
    if isinstance(one, float):
        one, other = ((math.isnan(x), 0.0 if math.isnan(x) else x) for x in (one, other))
    return sort(one, other)


def ieee_order(one, other):
    """As pyarrow orders: NaN is neither less, equal nor more."""
    if isinstance(one, float) and (math.isnan(one) or math.isnan(other)):
        return None
    return sort(one, other)


def sort(one, other):
    if isinstance(one, str):
        one, other = one.encode(), other.encode()
    return (one > other) - (one < other)


def conditions(kind, column, operators):
    """Conditions with each operator at each value, and beside them."""
    values = kind.values + neighbours(kind)
    found = [Condition(kind, column, "is null"), Condition(kind, column, "is not null")]
    if kind.sql == "STRING":
        plain = {value[:length] for value in values for length in (1, 31, 32, 33) if not {*"%_\\"} & {*value}}
        found += [Condition(kind, column, "starts with", (prefix,)) for prefix in sorted(plain)]
    for place, value in enumerate(values):
        for operator in operators:
            match operator:
                case "in":
                    found.append(Condition(kind, column, "in", (value, values[place // 2])))
                case "between":
                    found.append(Condition(kind, column, "between", (value, values[min(place + 2, len(values) - 1)])))
                case _:
                    found.append(Condition(kind, column, operator, (value,)))
    return found


def date_text(days):
    return (date(1970, 1, 1) + timedelta(days=days)).isoformat()


def time_text(micros, zone):
    return (EPOCH + timedelta(microseconds=micros)).strftime(f"%Y-%m-%dT%H:%M:%S.%f{zone}").zfill(26 + len(zone))


def float_text(value):
    return "NaN" if math.isnan(value) else "Infinity" if value > 1e999 else repr(value).replace("inf", "Infinity")


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def tarn_literal(kind, value):
    """A value as people write it in Tarn's SQL."""
    if value is None:
        return f"CAST(NULL AS {kind.sql})"
    match kind.sql:
        case "BOOLEAN":
            return str(value).upper()
        case "TINYINT" | "SMALLINT" | "INT" | "BIGINT":
            return str(value)
        case "FLOAT":
            return f"CAST('{float_text(value)}' AS FLOAT)"
        case "DOUBLE" if math.isfinite(value):
            return f"{value!r}" if "e" in repr(value) else f"CAST({value!r} AS DOUBLE)"
        case "DOUBLE":
            return f"CAST('{float_text(value)}' AS DOUBLE)"
        case "STRING":
            return quoted(value)
        case "BINARY":
            return f"X'{value.hex()}'"
        case "DATE":
            return f"DATE'{date_text(value)}'"
        case "TIMESTAMP":
            return f"TIMESTAMP'{time_text(value, 'Z')}'"
        case "TIMESTAMP_NTZ":
            return f"CAST('{time_text(value, '')}' AS TIMESTAMP_NTZ)"
        case _:
            return f"CAST('{value:f}' AS {kind.sql})"


def peer_literal(kind, value):
    """A value for the SQL of the deltalake package."""
    if value is None:
        return "NULL"
    match kind.sql:
        case "BOOLEAN" | "TINYINT" | "SMALLINT" | "INT":
            return str(value)
        case "BIGINT":
            # Its parser takes the least of them for a double.
            return f"CAST('{value}' AS BIGINT)"
        case "FLOAT" | "DOUBLE":
            text = "NaN" if math.isnan(value) else repr(value)
            return f"CAST('{text}' AS {kind.sql})"
        case "STRING":
            return quoted(value)
        case "BINARY":
            return f"X'{value.hex()}'"
        case "DATE":
            return f"DATE '{date_text(value)}'"
        case "TIMESTAMP":
            return f"arrow_cast(CAST('{value}' AS BIGINT), 'Timestamp(Microsecond, Some(\"UTC\"))')"
        case "TIMESTAMP_NTZ":
            return f"arrow_cast(CAST('{value}' AS BIGINT), 'Timestamp(Microsecond, None)')"
        case _:
            return f"CAST('{value:f}' AS {kind.sql})"


def neighbours(kind):
    """What lies directly beside the values of a type whose steps are of one."""
    steps_of_one = kind.sql in ("DATE", "TIMESTAMP", "TIMESTAMP_NTZ")
    beside = {value + step for value in kind.values[1:-1] for step in (-1, 1)} if steps_of_one else set()
    return sorted(beside.union(kind.near).difference(kind.values), key=lambda value: (value != value, value))
