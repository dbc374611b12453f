// Formatting: what it makes, and that it never changes what a text means.

import assert from "node:assert/strict";
import { test } from "node:test";
import { format } from "../src/formatter.js";
import { tokens } from "../src/lexer.js";
import { firstDifference } from "../src/same_meaning.js";
import { CORPUS } from "./corpus.mjs";

/** All that is not blank, and the words in one case: told without the check that is tested. */
const bare = (text) => text.replace(/\s+/g, "").toLowerCase();

test("every statement of the corpus keeps its meaning", () => {
  const refused = [];
  for (const sql of CORPUS) {
    const { text, failures } = format(sql);
    assert.equal(bare(text), bare(sql), sql);
    const kinds = (text) => tokens(text).map((token) => token.kind);
    assert.deepEqual(kinds(text), kinds(sql), sql);
    if (failures.length > 0) refused.push([sql, ...failures.map((failure) => failure.message)]);
    // Formatting what is formatted changes nothing.
    if (failures.length === 0) assert.equal(format(text).text, text, sql);
  }
  assert.deepEqual(refused, []);
});

test("what it makes", () => {
  for (const [before, after] of [
    [
      "select a,b from t where x=1 and y in (1,2)",
      "SELECT\n  a,\n  b\nFROM\n  t\nWHERE\n  x = 1\n  AND y IN (1, 2)",
    ],
    ["select 1;select 2 ; -- two\n\n\n\nselect 3\n", "SELECT\n  1;\n\nSELECT\n  2; -- two\n\nSELECT\n  3\n"],
    ["set a=1;\nset b=2;", "SET a=1;\nSET b=2;"],
    ["select 1 -- one;", "SELECT\n  1 -- one;"],
    ["select 1; -- one; two\n", "SELECT\n  1; -- one; two\n"],
    ["-- only;", "-- only;"],
    ["  \n", ""],
    ["select 1 -- one\n;", "SELECT\n  1 -- one\n;"],
    ["select my_function(a), f (b) from t", "SELECT\n  my_function(a),\n  f (b)\nFROM\n  t"],
    ["select cast(a as map<string,array<int>>)", "SELECT\n  cast(a AS map<string,array<int>>)"],
    ["select t.select, type, Date from t", "SELECT\n  t.select,\n  type,\n  Date\nFROM\n  t"],
  ]) {
    assert.deepEqual(format(before), { text: after, failures: [] }, before);
  }
});

test("a statement that cannot be formatted stays, and the others do not", () => {
  const { text, failures } = format("select 1;\nselect (2;\nselect 3");
  assert.equal(text, "SELECT\n  1;\n\nselect (2;\n\nSELECT\n  3");
  assert.equal(failures.length, 1);
  assert.equal(failures[0].from, 10);
  assert.match(failures[0].message, /cannot read/);
});

test("text without an end stays", () => {
  for (const text of ["select 'open", "select /* open", "select `open", "select 'it\\'s' , 'C:\\' , 'x'"]) {
    const after = format(text).text;
    assert.equal(firstDifference(text, after), null, text);
  }
});

test("every difference in meaning is seen", () => {
  for (const [before, after] of [
    ["a", "A"],
    ["'a'", "'A'"],
    ["a -- c", "a"],
    ["a -- c\nb", "a -- c b"],
    ["a /* c */ b", "a b"],
    ["a:b", "a :b"],
    ["a >> b", "a > > b"],
    ["'a''b'", "'a' 'b'"],
    ["r'x'", "r 'x'"],
    ["a b", "ab"],
    ["1 2", "12"],
    ["a - -b", "a --b"],
    ["'a\\' b'", "'a\\'  b'"],
    ["a", ""],
    ["", "a"],
  ]) {
    assert.notEqual(firstDifference(before, after), null, `${before} → ${after}`);
  }
  for (const [before, after] of [
    ["select  a\nfrom t", "SELECT a FROM t"],
    ["a.b", "a . b"],
    ["/* a\n   b */", "/* a\n b */"],
  ]) {
    assert.equal(firstDifference(before, after), null, `${before} → ${after}`);
  }
});
