"""Makes the log of a table of many files, as a checkpoint: many_files.py FOLDER COUNT. The files are not there."""

import json
import os
import sys

import duckdb

FOLDER, COUNT = sys.argv[1], int(sys.argv[2])
VERSION = 300
ROWS = 1000
FIELDS = [("id", "long"), ("part", "integer"), ("name", "string")]


def field(name, kind):
    return {"name": name, "type": kind, "nullable": True, "metadata": {}}


schema = json.dumps({"type": "struct", "fields": [field(*each) for each in FIELDS]})
log = os.path.join(FOLDER, "_delta_log")
os.makedirs(log)
protocol = "{minReaderVersion: 1::INTEGER, minWriterVersion: 2::INTEGER}"
no_entries = "MAP {}::MAP(VARCHAR, VARCHAR)"
metadata = f"""{{
    id: 'many-files', format: {{provider: 'parquet', options: {no_entries}}}, schemaString: '{schema}',
    partitionColumns: ['part'], configuration: {no_entries}, createdTime: 1700000000000::BIGINT}}"""
bounds = f"""
    '{{"numRecords":{ROWS},"minValues":{{"id":' || n * {ROWS} || ',"name":"customer ' || n || '"}},"maxValues":{{"id":' ||
    n * {ROWS} + {ROWS - 1} || ',"name":"customer ' || n || '9"}},"nullCount":{{"id":0,"name":0}}}}'"""
add = f"""{{
    path: 'part=' || n % 10 || '/part-' || n || '-' || md5(n::VARCHAR) || '.c000.snappy.parquet',
    partitionValues: MAP {{'part': (n % 10)::VARCHAR}}, size: (20000 + n % 1000)::BIGINT,
    modificationTime: (1700000000000 + n)::BIGINT, dataChange: false, stats: {bounds}}}"""
duckdb.sql(f"""
    COPY (
        SELECT {protocol} AS protocol, NULL AS metaData, NULL AS add
        UNION ALL SELECT NULL, {metadata}, NULL
        UNION ALL SELECT NULL, NULL, {add} FROM range({COUNT}) AS files(n)
    ) TO '{log}/{VERSION:020}.checkpoint.parquet' (FORMAT parquet)""")
with open(f"{log}/_last_checkpoint", "w") as hint:
    json.dump({"version": VERSION, "size": COUNT + 2}, hint)
with open(f"{log}/{VERSION:020}.json", "w") as commit:
    commit.write(json.dumps({"commitInfo": {"timestamp": 1700000000000, "operation": "WRITE"}}) + "\n")
