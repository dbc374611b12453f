// Formatting. A chunk of its own, fetched when it is first asked for, as it brings a parser.
//
// Each statement is formatted by itself, and only taken when it still means the same.

import { formatDialect, spark } from "sql-formatter";
import { statementEnds, tokens } from "./lexer.js";
import { firstDifference } from "./same_meaning.js";
import { CAPITALS, CAPITAL_PHRASES, KEYWORDS, VALUE_WORDS } from "./words.js";

const options = spark.tokenizerOptions;

/** Clauses whose first line goes on behind them. */
const MERGE_CLAUSES = [
  "WHEN MATCHED",
  "WHEN NOT MATCHED",
  "WHEN NOT MATCHED BY TARGET",
  "WHEN NOT MATCHED BY SOURCE",
];
const ONE_LINE = [
  "CREATE OR REPLACE TABLE",
  "CREATE OR REPLACE TEMP VIEW",
  "CREATE TEMP VIEW",
  "REPLACE TABLE",
  "MERGE INTO",
  "MERGE WITH SCHEMA EVOLUTION INTO",
  "UPDATE",
  "DELETE FROM",
  "LIMIT",
  "OFFSET",
  ...MERGE_CLAUSES,
  ...MERGE_CLAUSES.map((clause) => `${clause} AND`),
];
const PIPED = [
  "SELECT",
  "WHERE",
  "EXTEND",
  "SET",
  "DROP",
  "AS",
  "AGGREGATE",
  "ORDER BY",
  "JOIN",
  "LEFT JOIN",
  "UNION ALL",
];
/** What are clauses in Spark's words, but more often something else. */
const NO_CLAUSES = new Set(["PARTITION BY", "CLUSTER BY", "TRANSFORM", "PIVOT", "TABLESAMPLE"]);
const NO_PHRASES = new Set(["ROWS BETWEEN", "RANGE BETWEEN"]);

/** sql-formatter's Spark with what Databricks' dialect has beyond it. */
const dialect = {
  name: "tarn",
  tokenizerOptions: {
    ...options,
    reservedClauses: [
      ...options.reservedClauses,
      ...ONE_LINE,
      ...PIPED.map((clause) => `|> ${clause}`),
      "|> LIMIT",
      "QUALIFY",
      "SET",
      "UPDATE SET",
    ].filter((clause) => !NO_CLAUSES.has(clause)),
    reservedJoins: [...options.reservedJoins, "LEFT ANTI JOIN", "LEFT SEMI JOIN"],
    reservedKeywordPhrases: [
      ...options.reservedKeywordPhrases.filter((phrase) => !NO_PHRASES.has(phrase)),
      "VERSION AS OF",
      "TIMESTAMP AS OF",
      "SET TBLPROPERTIES",
      "UPDATE SET *",
      "INSERT *",
    ],
    nestedBlockComments: true,
    stringTypes: [
      { quote: "''-raw", prefixes: ["R", "X"], requirePrefix: true },
      { quote: '""-raw', prefixes: ["R", "X"], requirePrefix: true },
      { regex: String.raw`'(?:[^'\\]|\\[^]|'')*'` },
      { regex: String.raw`"(?:[^"\\]|\\[^]|"")*"` },
    ],
    variableTypes: [{ quote: "{}", prefixes: ["$"], requirePrefix: true }],
    paramTypes: {
      positional: true,
      custom: [
        { regex: String.raw`(?<![\w\x60'")\]:]):[A-Za-z_]\w*` },
        { regex: String.raw`\{\{[^}\n]*\}\}` },
      ],
    },
    operators: ["%", "~", "^", "|", "&", "<=>", "==", "!", "||", "->", "=>", "::", "<<", ">>", ">>>", "@"],
    propertyAccessOperators: [":"],
    postProcess: (tokens) => options.postProcess(tokens).map(starWithout),
  },
  formatOptions: {
    ...spark.formatOptions,
    alwaysDenseOperators: ["::", "@"],
    onelineClauses: [...spark.formatOptions.onelineClauses, ...ONE_LINE, "|> LIMIT", "|> AS"],
  },
};

/** `* EXCEPT (a, b)` takes columns away: it is no set operation. */
function starWithout(token, index, tokens) {
  const isStar = token.text === "EXCEPT" && tokens[index - 1]?.type === "ASTERISK";
  return isStar ? { ...token, type: "RESERVED_KEYWORD" } : token;
}

const STYLE = { dialect, tabWidth: 2, keywordCase: "preserve", expressionWidth: 70 };

/**
 * Formats a script. A statement that cannot be formatted stays as it is.
 * @param {string} text
 * @returns {{ text: string, failures: { from: number, message: string }[] }} failures say where in the text
 *   they are
 */
export function format(text) {
  const failures = [];
  const formatted = statements(text).map((statement) => {
    try {
      return { ...statement, text: formatStatement(statement) };
    } catch (error) {
      const from = statement.from + (error instanceof Changed ? error.from : 0);
      failures.push({ from, message: error instanceof Changed ? error.message : unreadable(error) });
      return { ...statement, text: statement.whole };
    }
  });
  const result = formatted
    .map((statement, index) => separator(formatted[index - 1], statement) + statement.text)
    .join("");
  const whole = /\n\s*$/.test(text) && result ? `${result}\n` : result;
  // Each statement was compared; the whole is once more, for what was put between them.
  const difference = firstDifference(text, whole);
  if (difference)
    return { text, failures: [{ from: difference.from, message: changedMessage(difference.text) }] };
  return { text: whole, failures };
}

class Changed extends Error {
  constructor({ from, text }) {
    super(changedMessage(text));
    this.from = from;
  }
}

const changedMessage = (text) =>
  `Formatting would change what is written at ${text.split("\n")[0].slice(0, 40) || "its end"}.`;

const unreadable = (error) => {
  const near = /Parse error at token: ([^]*?) at line/.exec(error.message)?.[1];
  return near
    ? `The formatter cannot read ${near.split("\n")[0].slice(0, 40)}.`
    : "The formatter cannot read this statement.";
};

/**
 * A script in its statements. A comment on the line where a statement ends belongs to it.
 * @returns {{ from: number, body: string, hasSemicolon: boolean, behind: string, whole: string, hasGap:
 *   boolean }[]}
 */
function statements(text) {
  const found = [];
  const ends = statementEnds(text);
  let from = 0;
  for (const [index, end] of [...ends, text.length].entries()) {
    const hasSemicolon = index < ends.length;
    const raw = text.slice(from, end);
    const lead = /^\s*/.exec(raw)[0];
    const body = (hasSemicolon ? raw.slice(0, -1) : raw).trim();
    const behind = hasSemicolon ? commentBehind(text, end) : "";
    const to = end + behind.length;
    if (body || hasSemicolon) {
      const start = from + lead.length;
      const whole = text.slice(start, to).trim();
      found.push({
        from: start,
        body,
        hasSemicolon,
        behind: behind.trim(),
        whole,
        hasGap: /\n\s*\n/.test(lead),
      });
    }
    from = to;
  }
  return found;
}

/** A line comment right behind a statement, with the blanks before it. */
function commentBehind(text, end) {
  return /^[ \t]*--[^\n]*/.exec(text.slice(end))?.[0] ?? "";
}

/** Statements have an empty line between them, unless both are one line and had none. */
function separator(before, { text, hasGap }) {
  if (!before) return "";
  return hasGap || before.text.includes("\n") || text.includes("\n") ? "\n\n" : "\n";
}

function formatStatement({ body, hasSemicolon, behind }) {
  // SET of a setting is one line, while SET of UPDATE is a list.
  const formatted = /^set\b/i.test(body) ? body : body && formatDialect(body, STYLE).trim();
  const difference = firstDifference(body, formatted);
  if (difference) throw new Changed(difference);
  let text = capitalised(tightened(body, formatted));
  if (hasSemicolon) text += endsInLineComment(text) ? "\n;" : ";";
  return behind ? `${text} ${behind}` : text;
}

/**
 * Takes out blanks that the formatter puts where nobody writes any: before the brackets of functions it does
 * not know, and in types such as `ARRAY<INT>`.
 * @param {string} before
 * @param {string} after the same tokens with other blanks
 */
function tightened(before, after) {
  const [old, now] = [tokens(before), tokens(after)];
  let result = "";
  let typeDepth = 0;
  now.forEach((token, index) => {
    const written = after.slice(token.from, token.to);
    const last = now[index - 1];
    const gap = last ? after.slice(last.to, token.from) : "";
    const oldGap = last ? before.slice(old[index - 1].to, old[index].from) : "";
    const isAngle = last && /^(array|map|struct)$/i.test(after.slice(last.from, last.to)) && written === "<";
    const isCall = written === "(" && oldGap === "" && (last?.kind === "word" || last?.kind === "name");
    const isIndex = written === "[" && oldGap === "";
    const isSigned =
      oldGap === "" &&
      /^[-+~!]$/.test(after.slice(last?.from, last?.to)) &&
      !isOperand(after, now[index - 2]);
    const isInType = (typeDepth > 0 || isAngle) && !oldGap.includes("\n");
    result += (isCall || isIndex || isSigned || isInType) && !gap.includes("\n") ? oldGap : gap;
    result += written;
    if (isAngle || (typeDepth > 0 && written === "<")) typeDepth++;
    else if (typeDepth > 0 && /^>+$/.test(written)) typeDepth = Math.max(0, typeDepth - written.length);
  });
  return result;
}

/** Whether a token ends a value, so that a minus behind it is a subtraction. */
function isOperand(text, token) {
  if (!token || token.kind === "operator" || token.kind === "comment") return false;
  const written = text.slice(token.from, token.to);
  if (token.kind === "mark") return written === ")" || written === "]";
  return (
    token.kind !== "word" || !KEYWORDS.has(written.toLowerCase()) || VALUE_WORDS.has(written.toLowerCase())
  );
}

function endsInLineComment(text) {
  const found = tokens(text);
  const last = found[found.length - 1];
  return last?.kind === "comment" && text.startsWith("--", last.from);
}

/** Functions with the name of a keyword. */
const FUNCTIONS = new Set(["left", "right", "replace", "insert", "if"]);

/** Writes keywords in capitals, where they are no names. */
function capitalised(text) {
  const found = tokens(text).filter((token) => token.kind !== "comment");
  const words = found.map((token) =>
    token.kind === "word" ? text.slice(token.from, token.to).toLowerCase() : "",
  );
  const isCapital = words.map((word) => CAPITALS.has(word));
  words.forEach((_, at) => {
    for (const phrase of CAPITAL_PHRASES) {
      if (phrase.every((word, offset) => words[at + offset] === word))
        phrase.forEach((_, offset) => (isCapital[at + offset] = true));
    }
  });
  let result = "";
  let done = 0;
  found.forEach((token, index) => {
    const before = found[index - 1];
    const isPart = before && [".", ":", "@"].includes(text.slice(before.from, before.to));
    const isCall = FUNCTIONS.has(words[index]) && text[token.to] === "(";
    if (isPart || isCall || !isCapital[index]) return;
    result += text.slice(done, token.from) + text.slice(token.from, token.to).toUpperCase();
    done = token.to;
  });
  return result + text.slice(done);
}
