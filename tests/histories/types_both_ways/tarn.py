"""Runs `tarn sql`: many statements in one process, each answer by the name of what asked for it."""

import subprocess

import compare

MARK = "asked"


class Fault(Exception):
    """Tarn ended with an error."""


def run(tarn, blocks):
    """Runs blocks of statements, each a name and a list of texts; gives the answers and the faults of each by its name.

    A block that fails ends there. The others run all the same, in a process of their own.
    """
    answers, faults = {}, {}
    rest = list(blocks)
    while rest:
        lines = []
        for number, (_, statements) in enumerate(rest):
            lines += [f"SELECT {number} AS {MARK}", *statements]
        ran = subprocess.run(
            [tarn, "sql", "--format", "json"], input=";\n".join(lines), capture_output=True, text=True, timeout=600
        )
        found = None
        for value in compare.json_values(ran.stdout):
            if len(value) == 1 and MARK in value[0]:
                found = answers.setdefault(rest[int(value[0][MARK])][0], [])
                done = int(value[0][MARK])
            else:
                found.append(value)
        if ran.returncode == 0:
            break
        if found is None:
            raise Fault(ran.stderr.strip())
        name, statements = rest[done]
        faults[name] = f"{ran.stderr.strip()}\n(one of {statements})"
        answers.pop(name)
        rest = rest[done + 1 :]
    return answers, faults
