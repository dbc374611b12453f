"""Writes the answers to the queries of this folder, as DuckDB gives them.

The queries are Databricks SQL; what DuckDB spells otherwise is replaced word by word. With --check nothing is written,
and a file that differs is an error.
"""

import datetime
import decimal
import json
import math
import pathlib
import re
import sys

import duckdb

REPLACEMENTS = [
    # A file by its path.
    (r"\b(?:parquet|csv|json)\.`([^`]+)`", r"'\1'"),
    (r"read_files\('([^']+)'[^)]*\)", r"'\1'"),
    # Movies whose titles are numbers are text to Spark; DuckDB makes them JSON unless told.
    (r"'movies\.json'", "(SELECT * REPLACE (json_extract_string(Title, '$') AS Title) FROM read_json('movies.json', sample_size = -1))"),
    (r"LEFT ANTI JOIN", "ANTI JOIN"),
    # Names in backticks.
    (r"`([^`]+)`", r'"\1"'),
]


def value(raw):
    if isinstance(raw, float):
        if math.isnan(raw):
            return "NaN"
        return raw if math.isfinite(raw) else ("Infinity" if raw > 0 else "-Infinity")
    if isinstance(raw, decimal.Decimal):
        return int(raw) if raw == raw.to_integral_value() else float(raw)
    if isinstance(raw, (datetime.datetime, datetime.date)):
        return raw.isoformat()
    return raw


def answer(folder, sql):
    for pattern, replacement in REPLACEMENTS:
        sql = re.sub(pattern, replacement, sql)
    connection = duckdb.connect()
    connection.execute(f"SET file_search_path = '{folder}'")
    # The order of NULL is Spark's: first when ascending, last when descending.
    connection.execute("SET default_null_order = 'nulls_first_on_asc_last_on_desc'")
    result = connection.execute(sql)
    names = [column[0] for column in result.description]
    return [dict(zip(names, map(value, row))) for row in result.fetchall()]


def main():
    check = "--check" in sys.argv
    [folder] = [word for word in sys.argv[1:] if not word.startswith("--")]
    here = pathlib.Path(__file__).parent
    stale = []
    for query in sorted(here.glob("*.sql")):
        rows = answer(pathlib.Path(folder).resolve(), query.read_text())
        text = "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"
        target = query.with_suffix(".json")
        if not check:
            target.write_text(text)
        elif not target.exists() or target.read_text() != text:
            stale.append(target.name)
    if stale:
        sys.exit(f"These answers are not DuckDB's: {', '.join(stale)}")


if __name__ == "__main__":
    main()
