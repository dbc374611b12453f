"""Tarn and the deltalake package read each other's tables: each type, as column and as partition, after each other's changes.

    python tests/histories/types_both_ways --tarn target/debug/tarn --seed 1 --count 1 --conditions 200

needs `pip install deltalake pyarrow`. Every version of every table is read by both and compared with the rows that Python
says must be there; and conditions on each column, at the bounds that statistics have, must find the rows that they hold for.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time

import features
import history
import peer
import tarn
from conditions import COMPARISONS, conditions, ieee_order, peer_literal, spark_order, tarn_literal
from compare import difference, from_json
from steps import CleanUp


class Run:
    """A history of all tables."""

    def __init__(self, args, seed, folder):
        self.args, self.faults = args, []
        self.tables = [table for table in history.tables(folder, seed) if not args.only or table.name in args.only]
        # Each table has its own chance, so that it goes the same way without the others.
        self.makers = {
            table.name: history.Maker(f"{folder}/{table.name}_", random.Random(f"{seed} {table.name}"))
            for table in self.tables
        }

    def fault(self, table, what, ends=False):
        self.faults.append(f"{table.name}: {what}")
        if ends:
            table.fault = what

    def living(self):
        return [table for table in self.tables if table.fault is None]

    def all(self):
        # Versions of a table, with their rows, that Tarn has not read yet.
        unread, filtered = {}, False
        for stage, names in enumerate([*history.STAGES, []]):
            acts = {}
            for table in self.living():
                if names and (table.is_made_by_tarn == (stage % 2 == 0) or not table.is_shared):
                    acts[table.name] = self.tarn_acts(table, names)
            self.run_tarn(unread, acts, filtered)
            for table in self.living():
                if names and table.name not in acts:
                    self.peer_acts(table, names)
            for table in self.living():
                for version, rows in table.fresh.items():
                    self.check(table, version, rows, "deltalake", lambda: peer.rows(table, version))
            unread = {table.name: table.fresh for table in self.living()}
            for table in self.tables:
                table.fresh = {}
            filtered = stage in history.FILTERED
            for table in self.living():
                # Where the deltalake package wrote files, it is led by its own statistics.
                if filtered and not table.has_files_of_peer:
                    self.peer_filters(table)
        return self.faults

    def check(self, table, version, rows, reader, read):
        try:
            wrong = difference(read(), rows, [kind.name for kind in table.kinds])
        except Exception as error:
            wrong = f"fails: {type(error).__name__}: {error}"
        if wrong:
            self.fault(table, f"version {version}, of {table.told.get(version)}, read by {reader} {wrong}")

    def tarn_acts(self, table, names):
        """The statements, and the rows after each of them; the table's rows are ahead until they are run."""
        statements, after = [], []
        for name in names:
            step = self.makers[table.name].step(name, table, True)
            table.rows = step.apply(table.rows, True)
            statements += [*step.tarn(), f"DESCRIBE HISTORY {table.at} LIMIT 1"]
            after.append((step, table.rows))
        return statements, after

    def run_tarn(self, unread, acts, filtered):
        blocks, wanted = [], {}
        for table in self.living():
            for version, rows in unread.get(table.name, {}).items():
                label = f"{table.name} {version}"
                blocks.append((label, [f"SELECT * FROM {table.at} VERSION AS OF {version}"]))
                wanted[label] = (table, version, rows)
        filters = {}
        if filtered:
            for table in self.living():
                version = max(table.versions)
                chosen = self.choose(table)
                texts = [f"SELECT id FROM {table.at} VERSION AS OF {version} WHERE {c.to_sql(tarn_literal)}" for c in chosen]
                blocks.append((f"{table.name} filters", texts))
                filters[f"{table.name} filters"] = (table, table.versions[version], chosen)
        blocks += [(name, statements) for name, (statements, _) in acts.items()]
        answers, faults = tarn.run(self.args.tarn, blocks)
        by_name = {table.name: table for table in self.tables}
        for label, what in faults.items():
            self.fault(by_name[label.split()[0]], f"Tarn, at {label}: {what}", ends=label in acts)
        for label, (table, version, rows) in wanted.items():
            if label in answers:
                found = answers[label][0]
                self.check(table, version, rows, "Tarn", lambda: tarn_rows(table, found))
        for label, (table, rows, chosen) in filters.items():
            if label in answers:
                self.tarn_filters(table, rows, chosen, answers[label])
        for name, (_, after) in acts.items():
            if name in answers:
                histories = [rows for rows in answers[name] if rows and "operationParameters" in rows[0]]
                for (step, rows), [entry] in zip(after, histories, strict=True):
                    self.record(by_name[name], step, True, int(entry["version"]), rows)

    def record(self, table, step, is_tarn, version, rows):
        if isinstance(step, CleanUp):
            table.versions.clear()
            table.fresh.clear()
            if os.path.exists(f"{table.path}/_delta_log/{0:020}.json"):
                self.fault(table, "the log was not cleaned up")
        table.versions[version] = table.fresh[version] = rows
        told = f"{'Tarn' if is_tarn else 'deltalake'}: {step}"
        table.told[version] = f"{table.told[version]}, {told}" if version in table.told else told

    def choose(self, table):
        """Conditions on each column: a few of all."""
        operators = [*COMPARISONS, "in", "between", "not <", "<=>"]
        found = [c for kind in table.kinds if not kind.is_nested for c in conditions(kind, kind.name, operators)]
        for whole in table.kinds:
            if whole.name == "struct_of_all":
                for kind in history.SCALARS:
                    found += conditions(kind, f"struct_of_all.{kind.name}", operators)
        return self.makers[table.name].rnd.sample(found, min(self.args.conditions, len(found)))

    def tarn_filters(self, table, rows, chosen, answers):
        for condition, answer in zip(chosen, answers, strict=True):
            found = {int(row["id"]) for row in answer}
            expected = matching(table, rows, condition, spark_order)
            if found != expected:
                where = condition.to_sql(tarn_literal)
                self.fault(table, f"Tarn finds {sorted(found)} instead of {sorted(expected)} where {where}")

    def peer_acts(self, table, names):
        for name in names:
            if name in table.peer_skips:
                continue
            step = None
            try:
                step = self.makers[table.name].step(name, table, False)
                after = step.apply(table.rows, False)
                step.peer()
                table.has_files_of_peer = True
                table.rows = after
                self.record(table, step, False, peer.version(table), after)
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                self.fault(table, f"deltalake, {name}: {type(error).__name__}: {error}\n{step}"[:3000], ends=True)
                return

    def peer_filters(self, table):
        rows = table.versions[max(table.versions)]
        for condition, reader, found in peer.filtered(table, self.choose(table)):
            expected = matching(table, rows, condition, ieee_order)
            if condition.kind.name in ("f32", "f64"):
                unsure = {number for number, row in rows.items() if peer.is_unsure(table, condition, row)}
                expected, found = expected - unsure, found - unsure if isinstance(found, set) else found
            if found != expected:
                where = condition.to_sql(peer_literal)
                self.fault(table, f"{reader} finds {found} instead of {sorted(expected)} where {where}")


def matching(table, rows, condition, order):
    now, table.rows = table.rows, rows
    found = table.matching(condition, order)
    table.rows = now
    return found


def tarn_rows(table, found):
    return {
        int(row["id"]): [from_json(row[kind.name], kind.arrow) for kind in table.kinds] for row in found
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tarn", required=True, help="the native binary")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1, help="how many histories")
    parser.add_argument("--conditions", type=int, default=60, help="how many conditions for each table, reader and time")
    parser.add_argument("--only", action="append", help="a table, or a story of features, by its name; can be repeated")
    parser.add_argument("--keep", action="store_true", help="leave the tables where they are")
    args = parser.parse_args()
    for seed in range(args.seed, args.seed + args.count):
        folder, start = tempfile.mkdtemp(), time.monotonic()
        try:
            faults = features.tell(args.tarn, folder, args.only) + Run(args, seed, folder).all()
        finally:
            if not args.keep:
                shutil.rmtree(folder)
        if faults:
            print(f"seed {seed}, in {folder}:\n" + "\n".join(faults))
            sys.exit(1)
        print(f"seed {seed}: all right in {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
