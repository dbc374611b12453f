"""The types that both know, each with the values at which readers and writers go wrong.

A value is plain Python: int for dates (days since 1970) and times (microseconds), Decimal, bytes, dict for a struct, list for
an array, list of pairs for a map.
"""

from dataclasses import dataclass, field
from decimal import Decimal

import pyarrow as pa

INF = float("inf")
NAN = float("nan")
ASTRAL = "\U0001f600"

DAY_MICROS = 86_400_000_000
FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31
GREGORIAN = -141_427  # 1582-10-15

TIMES = [
    FIRST_DAY * DAY_MICROS,
    GREGORIAN * DAY_MICROS - 11 * DAY_MICROS - 1,  # 1582-10-03T23:59:59.999999
    GREGORIAN * DAY_MICROS,
    -9_223_372_036_854_776,  # before the first nanosecond that 64 bits hold
    -2_208_988_800_000_001,
    -1_000_001,
    -1,
    0,
    1,
    999,
    1_700_000_000_123_000,
    1_700_000_000_123_001,
    1_700_000_000_123_456,
    1_700_000_000_123_999,
    9_223_372_036_854_776,
    (LAST_DAY + 1) * DAY_MICROS - 1,
]

TEXTS = sorted(
    [
        "",
        " ",
        "\x01",
        '"q" it\'s',
        "0",
        "NaN",
        "a",
        "a/b\\c",
        "a" * 32,
        "a" * 32 + "b",
        "a" * 32 + ASTRAL + "b",
        "k=v%20:x y",
        "line\nbreak\ttab\r",
        "null",
        "z\u00e4" * 20,
        "z\u00e9",
        "\u4e2d\u6587",
        "\uffee",
        ASTRAL,
        ASTRAL * 34,
    ],
    key=str.encode,
)


@dataclass(repr=False)
class Kind:
    """A type: its column's name, its Arrow type, its name in SQL, and values in ascending order."""

    name: str
    arrow: pa.DataType
    sql: str
    values: list
    # Values beside those, to compare with in conditions.
    near: list = field(default_factory=list)

    def __repr__(self):
        return self.name

    @property
    def is_nested(self):
        return pa.types.is_nested(self.arrow)


def decimal(precision, scale):
    """The bounds of a decimal, what lies beside them, and digits that a double does not hold."""
    top = 10**precision - 1
    plain = sorted({-top, -top + 1, -(top // 7), -1, 0, 1, 10**min(scale, precision - 1), top // 3, top - 1, top})
    return Kind(
        f"d{precision}_{scale}",
        pa.decimal128(precision, scale),
        f"DECIMAL({precision},{scale})",
        # Not by arithmetic, which rounds to 28 digits.
        [Decimal((int(n < 0), tuple(map(int, str(abs(n)))), -scale)) for n in plain],
    )


def integer(sql, bits):
    top = 2 ** (bits - 1)
    return Kind(f"i{bits}", getattr(pa, f"int{bits}")(), sql, [-top, -top + 1, -2, -1, 0, 1, 2, top - 2, top - 1])


SCALARS = [
    Kind("flag", pa.bool_(), "BOOLEAN", [False, True]),
    integer("TINYINT", 8),
    integer("SMALLINT", 16),
    integer("INT", 32),
    integer("BIGINT", 64),
    Kind(
        "f32",
        pa.float32(),
        "FLOAT",
        [-INF, -3.4028234663852886e38, -1.5, -1.1754943508222875e-38, -1.401298464324817e-45, -0.0, 0.0]
        + [1.401298464324817e-45, 0.10000000149011612, 1.0, 9999999.0, 16777216.0, 3.4028234663852886e38, INF, NAN],
        [0.10000000894069672, -1.4999998807907104],
    ),
    Kind(
        "f64",
        pa.float64(),
        "DOUBLE",
        [-INF, -1.7976931348623157e308, -1.5, -2.2250738585072014e-308, -5e-324, -0.0, 0.0, 5e-324, 1e-5, 0.1]
        + [0.30000000000000004, 9007199254740993.0, 1.7976931348623157e308, INF, NAN],
        [0.1000000000000000055, 0.3, -1.4999999999999998],
    ),
    *(decimal(*of) for of in [(38, 0), (38, 18), (38, 37), (19, 3), (18, 9), (18, 0), (9, 2), (5, 5)]),
    Kind("text", pa.string(), "STRING", TEXTS, ["a" * 33, "a" * 32 + "\x7f", "a" * 31, ASTRAL * 32, ASTRAL * 33]),
    Kind(
        "bytes",
        pa.binary(),
        "BINARY",
        [b"", b"\x00", b"\x00\x00", b"\x01", b"a", b"a/b=c%", b"a" * 40, b"\x7f", b"\xc3\x28", b"\xff", b"\xff\xfe"],
    ),
    Kind(
        "day",
        pa.date32(),
        "DATE",
        [FIRST_DAY, GREGORIAN - 11, GREGORIAN - 1, GREGORIAN, -25_567, -1, 0, 1, 19_782, LAST_DAY - 1, LAST_DAY],
    ),
    Kind("instant", pa.timestamp("us", "UTC"), "TIMESTAMP", TIMES, [2, 998, 1_000, 1_700_000_000_124_000]),
    Kind("local", pa.timestamp("us"), "TIMESTAMP_NTZ", TIMES, [2, 998, 1_000, 1_700_000_000_124_000]),
]

BY_NAME = {kind.name: kind for kind in SCALARS}


def struct_of_all():
    """A struct that has a field of each scalar type, so statistics go below the top."""
    fields = [(kind.name, kind.arrow) for kind in SCALARS]
    most = max(len(kind.values) for kind in SCALARS)
    values = [{k.name: k.values[i * len(k.values) // most] for k in SCALARS} for i in range(most)]
    values[3] = dict.fromkeys(values[3])
    values[7] = None
    sql = ", ".join(f"{kind.name}: {kind.sql}" for kind in SCALARS)
    return Kind("struct_of_all", pa.struct(fields), f"STRUCT<{sql}>", values)


PAIR = pa.struct([("a", pa.int32()), ("b", pa.string())])
PAIR_SQL = "STRUCT<a: INT, b: STRING>"
NONE = {"a": None, "b": None}

NESTED = [
    struct_of_all(),
    Kind("array_int", pa.list_(pa.int32()), "ARRAY<INT>", [None, [], [None], [1], [1, None, -3], [2**31 - 1] * 40]),
    Kind(
        "array_time",
        pa.list_(pa.timestamp("us", "UTC")),
        "ARRAY<TIMESTAMP>",
        [None, [], TIMES, [None, TIMES[0]], [TIMES[-1]]],
    ),
    Kind(
        "array_array",
        pa.list_(pa.list_(pa.string())),
        "ARRAY<ARRAY<STRING>>",
        [None, [], [None], [[]], [[None], [""]], [TEXTS, None, ["x"]]],
    ),
    Kind(
        "map_int",
        pa.map_(pa.string(), pa.int32()),
        "MAP<STRING, INT>",
        [None, [], [("k", None)], [("", 0), (ASTRAL, -1)], [(text, n) for n, text in enumerate(TEXTS)]],
    ),
    Kind(
        "map_date",
        pa.map_(pa.int32(), pa.date32()),
        "MAP<INT, DATE>",
        [None, [], [(0, None)], [(-1, FIRST_DAY), (2**31 - 1, LAST_DAY)]],
    ),
    Kind(
        "array_struct",
        pa.list_(PAIR),
        f"ARRAY<{PAIR_SQL}>",
        [None, [], [None], [NONE], [{"a": 1, "b": "x"}, None, {"a": None, "b": ""}]],
    ),
    Kind(
        "map_struct",
        pa.map_(pa.string(), PAIR),
        f"MAP<STRING, {PAIR_SQL}>",
        [None, [], [("k", None)], [("", NONE)], [("a", {"a": -1, "b": "x"}), ("b", {"a": 2, "b": None})]],
    ),
    Kind(
        "struct_arrays",
        pa.struct([("x", pa.list_(pa.int64())), ("y", pa.list_(pa.decimal128(38, 18)))]),
        "STRUCT<x: ARRAY<BIGINT>, y: ARRAY<DECIMAL(38,18)>>",
        [None, {"x": None, "y": None}, {"x": [], "y": []}, {"x": [1, None], "y": [Decimal("-0.000000000000000001")]}],
    ),
    Kind(
        "struct_deep",
        pa.struct([("s", pa.struct([("m", pa.map_(pa.string(), pa.list_(pa.binary()))), ("f", pa.float64())]))]),
        "STRUCT<s: STRUCT<m: MAP<STRING, ARRAY<BINARY>>, f: DOUBLE>>",
        [None, {"s": None}, {"s": {"m": None, "f": NAN}}, {"s": {"m": [("", None), ("b", [b"\xff", None])], "f": -0.0}}],
    ),
]
