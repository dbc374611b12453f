"""Values out of Arrow and out of Tarn's JSON, made comparable bit by bit."""

import base64
import json
import math
import re
import struct
from decimal import Decimal

import pyarrow as pa

DAY = re.compile(r"([+-]?\d+)-(\d\d)-(\d\d)")
TIME = re.compile(r"([+-]?\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z?)")


def key(value):
    """What is equal for the same value and for no other: zeros have a sign, NaN is itself, a decimal has its scale."""
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else value.hex()
    if isinstance(value, Decimal):
        return f"decimal {value:f}"
    if isinstance(value, dict):
        return tuple((name, key(part)) for name, part in value.items())
    if isinstance(value, (list, tuple)):
        return ("list", *map(key, value))
    return (type(value).__name__, value)


def table_of(kinds, ids, rows):
    """An Arrow table of `id` and a column for each kind."""
    columns = {"id": pa.array(ids, pa.int64())}
    for place, kind in enumerate(kinds):
        columns[kind.name] = pa.array([row[place] for row in rows], kind.arrow)
    return pa.table(columns)


def from_arrow(array):
    """The values of an Arrow array or scalar's parts."""
    return [from_scalar(scalar) for scalar in array]


def from_scalar(scalar):
    if not scalar.is_valid:
        return None
    of = scalar.type
    if pa.types.is_timestamp(of):
        assert of.unit == "us", of
        return scalar.value
    if pa.types.is_date32(of):
        return scalar.value
    if pa.types.is_struct(of):
        return {field.name: from_scalar(scalar[place]) for place, field in enumerate(of)}
    if pa.types.is_map(of):
        entries = scalar.values
        return list(zip(from_arrow(entries.field(0)), from_arrow(entries.field(1)), strict=True))
    if pa.types.is_nested(of):
        return from_arrow(scalar.values)
    return scalar.as_py()


class Number(str):
    """A number of JSON as it was written."""


def json_values(text):
    """The JSON values that stand one after the other."""
    decoder = json.JSONDecoder(parse_int=Number, parse_float=Number)
    place, values = 0, []
    while place < len(text):
        value, place = decoder.raw_decode(text, place)
        values.append(value)
        place += len(text[place:]) - len(text[place:].lstrip())
    return values


def from_json(value, of):
    """A value of an Arrow type as Tarn's JSON has it."""
    if value is None:
        return None
    if pa.types.is_struct(of):
        return {field.name: from_json(value[field.name], field.type) for field in of}
    if pa.types.is_map(of):
        return [(from_json(k, of.key_type), from_json(v, of.item_type)) for k, v in value.items()]
    if pa.types.is_nested(of):
        return [from_json(part, of.value_type) for part in value]
    if pa.types.is_float32(of):
        number = float(value)
        return struct.unpack("f", struct.pack("f", number))[0] if math.isfinite(number) else number
    if pa.types.is_floating(of):
        return float(value)
    if pa.types.is_integer(of):
        return int(value)
    if pa.types.is_decimal(of):
        return Decimal(value)
    if pa.types.is_binary(of):
        return base64.b64decode(value)
    if pa.types.is_date32(of):
        return days(*map(int, DAY.fullmatch(value).groups()))
    if pa.types.is_timestamp(of):
        year, month, day, hour, minute, second, fraction, zone = TIME.fullmatch(value).groups()
        assert bool(zone) == bool(of.tz), value
        seconds = days(int(year), int(month), int(day)) * 86_400 + int(hour) * 3600 + int(minute) * 60 + int(second)
        return seconds * 1_000_000 + int((fraction or "").ljust(6, "0"))
    return value


def days(year, month, day):
    """Days from 1970 in the proleptic Gregorian calendar."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def difference(found, expected, names):
    """Says in a line how rows (by their id) differ from those that should be there, or None."""
    missing, extra = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    if missing or extra:
        return f"lacks the rows {missing} and has {extra} beside the right ones"
    for number, row in sorted(expected.items()):
        for name, is_there, should_be in zip(names, found[number], row, strict=True):
            if key(is_there) != key(should_be):
                return f"has in row {number}, {name}: {is_there!r} instead of {should_be!r}"
    return None
