// Ends the engine's worker while it changes tables, and looks at what is left.
//
// A page asks its engine for one statement after the other and ends the worker at a random moment. A new engine over the
// same files then must show the rows after the statements that were acknowledged, or after one more, which was on its way.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { blankPage } from "../engine.mjs";
import { COLUMNS, KINDS, after, below, change, insert, randomFrom, told, toldRows } from "./model.mjs";

/** Statements that are acknowledged before the one that is to be hit, at most. */
const MOST_BEFORE = 4;
/** Statements of one life of an engine; it is killed long before the last. */
const STATEMENTS = 12;
/** How long a statement takes before one has been measured. */
const FIRST_GUESS_MS = 200;
/** How long after what was waited for the kill comes, at most. */
const MOST_AFTER_MS = 12;
/** How long that is waited for, at most. */
const LONGEST_WAIT_MS = 1_000;

/**
 * What a kill waits for: nothing but some time, so that it comes at any moment; a file on its way; the lock under which a
 * file of the log gets its name; a file in the log that was not there before.
 */
const AIMS = ["time", "time", "time", "file", "lock", "log"];

/**
 * Kills workers over the storage of a context.
 * @param {{context: object, at: string, kills: number, killsATable: number, seed: number, say?: Function,
 *   beforeCheck?: Function, millis?: number}} plan `beforeCheck` is given a page and a table after the first kill; `millis` is the time after which no more is begun
 */
export async function torture(plan) {
  const { context, at, seed } = plan;
  const random = randomFrom(seed);
  const report = new Report();
  const page = await blankPage(context, at);
  try {
    await page.evaluate(installKiller);
    const end = Date.now() + (plan.millis ?? Infinity);
    while (report.kills < plan.kills && Date.now() < end) {
      const table = new Table(page, `t${report.tables}`, KINDS[report.tables % KINDS.length]);
      try {
        await table.create();
        report.tables += 1;
        for (let n = 0; n < plan.killsATable && report.kills < plan.kills && Date.now() < end; n += 1) {
          await table.torture(random, report, plan);
          plan.say?.(report);
        }
        await table.checkElsewhere(report);
        await table.drop();
      } catch (error) {
        throw new Error(`After ${report.kills} kills, seed ${seed}, ${table.name} ${table.kind}: ${error.message}`, {
          cause: error,
        });
      }
    }
    report.leftBehind = await page.evaluate(() => leftBehind());
    assert.equal(report.leftBehind, 0, "files on their way of dead engines are still there");
  } finally {
    await page.close();
  }
  return report;
}

/** What has been done. */
class Report {
  kills = 0;
  /** Lives of an engine in which all was done before the kill came. */
  ended = 0;
  tables = 0;
  acknowledged = 0;
  versions = 0;
  /** Statements that were on their way, by whether they were done. */
  landed = 0;
  lost = 0;
  /** The same by what the kill waited for: `time: 3 done, 4 not`. */
  byAim = new Map();

  add(aim, isDone) {
    const counts = this.byAim.get(aim) ?? { done: 0, not: 0 };
    counts[isDone ? "done" : "not"] += 1;
    this.byAim.set(aim, counts);
    if (isDone) this.landed += 1;
    else this.lost += 1;
  }

  toString() {
    const aims = [...this.byAim].map(([aim, { done, not }]) => `${aim}: ${done} done, ${not} not`);
    return [
      `${this.kills} kills of ${this.tables} tables: nothing wrong`,
      `  ${this.acknowledged} statements acknowledged, ${this.versions} versions`,
      `  ${this.landed} statements on their way were done, ${this.lost} were not (${aims.sort().join("; ")})`,
      `  ${this.ended} engines had done everything before the kill`,
    ].join("\n");
  }
}

/** A table that is being tortured. */
class Table {
  rows = new Map();
  #nextBatch = 100;
  #millis = FIRST_GUESS_MS;

  constructor(page, name, kind) {
    Object.assign(this, { page, name, kind });
  }

  async create() {
    await this.page.evaluate(() => freshEngine());
    await this.run(`CREATE TABLE ${this.name} ${COLUMNS} USING delta ${this.kind}`);
  }

  async drop() {
    await this.run(`DROP TABLE ${this.name}`);
  }

  /** Rows of a script. */
  run(sql) {
    return this.page.evaluate((sql) => runOrSay(sql), sql);
  }

  /** Lets the engine change the table, kills it, and checks. */
  async torture(random, report, { beforeCheck }) {
    const changes = Array.from({ length: STATEMENTS }, () => change(random, this.#nextBatch++));
    const aim = AIMS[below(random, AIMS.length)];
    const order = {
      statements: changes.map((each) => each.sql(this.name)),
      before: below(random, MOST_BEFORE + 1),
      aim,
      delay: random() * (aim === "time" ? 1.2 * this.#millis : MOST_AFTER_MS),
      log: ["main", "default", this.name, "_delta_log"],
      longestWait: LONGEST_WAIT_MS,
    };
    const life = await this.page.evaluate((order) => liveAndDie(order), order);
    assert.equal(life.failure, null, `a statement failed: ${life.failure}`);
    if (life.done === STATEMENTS) report.ended += 1;
    else report.kills += 1;
    if (life.millis > 0) this.#millis = life.millis;
    report.acknowledged += life.done;
    this.rows = after(this.rows, ...changes.slice(0, life.done));
    const onItsWay = changes[life.done];
    await beforeCheck?.(this.page, this);
    await this.page.evaluate(() => freshEngine());
    try {
      await this.#checkLog();
      await this.#checkRows(onItsWay, aim, report);
    } catch (error) {
      const acknowledged = changes[life.done - 1]?.sql(this.name) ?? "nothing";
      const [done, next] = [`last acknowledged: ${acknowledged}`, `on its way: ${onItsWay?.sql(this.name)}`];
      throw new Error(`${error.message}\n${done}\n${next}`, { cause: error });
    }
  }

  /** Reads the rows, writes, and reads again. */
  async #checkRows(onItsWay, aim, report) {
    const read = `SELECT batch, n, x FROM ${this.name}`;
    const found = toldRows(await this.run(read));
    const oneMore = after(this.rows, ...(onItsWay ? [onItsWay] : []));
    const [isAsBefore, isAsAfter] = [found === told(this.rows), found === told(oneMore)];
    assert.ok(
      isAsBefore || isAsAfter,
      `the rows are\n${found}\nand not\n${told(this.rows)}\nor\n${told(oneMore)}`,
    );
    if (isAsBefore !== isAsAfter) report.add(aim, isAsAfter);
    if (isAsAfter) this.rows = oneMore;
    const next = insert(this.#nextBatch++);
    await this.run(next.sql(this.name));
    this.rows = after(this.rows, next);
    assert.equal(toldRows(await this.run(read)), told(this.rows), "the next write did not work");
  }

  /** Every version from 0 on has its commit: in the files, and in what the engine says. */
  async #checkLog() {
    const files = await this.page.evaluate((table) => filesBelow(["main", "default", table, "_delta_log"]), this.name);
    const commit = /^(\d{20})\.json$/;
    const versions = files.flatMap((file) => commit.exec(file)?.slice(1).map(Number) ?? []).sort((a, b) => a - b);
    assert.deepEqual(versions, [...versions.keys()], "the log has a gap");
    const history = (await this.run(`DESCRIBE HISTORY ${this.name}`)).map(([version]) => Number(version));
    assert.deepEqual(history.reverse(), versions, "the history is not that of the log");
    return versions.length;
  }

  /** The native binary reads the files that the browser has, and sees the same. */
  async checkElsewhere(report) {
    report.versions += await this.#checkLog();
    const lake = await mkdtemp(path.join(tmpdir(), "tarn-kills-"));
    try {
      const folder = ["main", "default", this.name];
      for (const file of await this.page.evaluate((folder) => filesBelow(folder), folder)) {
        const bytes = await this.page.evaluate((names) => bytesOf(names), [...folder, ...file.split("/")]);
        const copy = path.join(lake, ...folder, file);
        await mkdir(path.dirname(copy), { recursive: true });
        await writeFile(copy, Buffer.from(bytes, "base64"));
      }
      const sql = `SELECT batch, n, x FROM ${this.name}`;
      const read = execFileSync(process.env.TARN_BIN, ["sql", "--lake", lake, "--format", "json", sql], {
        encoding: "utf8",
      });
      const rows = JSON.parse(read).map(({ batch, n, x }) => [batch, n, x]);
      assert.equal(toldRows(rows), told(this.rows), "the native binary reads other rows");
    } finally {
      await rm(lake, { recursive: true, force: true });
    }
  }
}

/** Runs in the page: what the torture asks it for. */
function installKiller() {
  let engine = null;

  window.freshEngine = async () => {
    engine?.terminate();
    engine = await startEngine();
    await engine.run("SET spark.databricks.delta.retentionDurationCheck.enabled = false");
  };

  window.runOrSay = async (sql) => {
    try {
      return await engine.run(sql);
    } catch (error) {
      throw new Error(`${sql}: ${error.message} ${error.detail ?? ""}`);
    }
  };

  const folderAt = async (names) => {
    let folder = await navigator.storage.getDirectory();
    for (const name of names) folder = await folder.getDirectoryHandle(name);
    return folder;
  };

  const listed = async (folder) => {
    const names = [];
    for await (const [name, { kind }] of folder.entries()) names.push([name, kind]);
    return names;
  };

  /** Paths of files below a folder, from it. */
  window.filesBelow = async (names) => {
    const files = [];
    const walk = async (folder, prefix) => {
      for (const [name, kind] of await listed(folder)) {
        if (kind === "file") files.push(prefix + name);
        else await walk(await folder.getDirectoryHandle(name), `${prefix}${name}/`);
      }
    };
    await walk(await folderAt(names), "");
    return files.sort();
  };

  window.bytesOf = async (names) => {
    const folder = await folderAt(names.slice(0, -1));
    const file = await (await folder.getFileHandle(names.at(-1))).getFile();
    const bytes = new Uint8Array(await file.arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  };

  const TEMP = ".tarn%tmp";

  /** Files on their way of engines that are gone: the next one that starts removes them. */
  window.leftBehind = async () => {
    // Locks of a worker that was ended go a little later than it.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await freshEngine();
    return (await filesBelow([TEMP])).length;
  };

  const seen = {
    /** A file on its way. */
    file: async (_, before) => (await filesBelow([TEMP]).catch(() => before)).join() !== before.join(),
    /** A file of the log gets its name. */
    lock: async (log) => {
      const { held } = await navigator.locks.query();
      return held.some(({ name }) => name.startsWith(`tarn-opfs:${log.join("/")}/`));
    },
    /** There is another file in the log. */
    log: async (log, before) => (await filesBelow(log)).join() !== before.join(),
  };
  const before = {
    file: () => filesBelow([TEMP]),
    lock: () => [],
    log: (log) => filesBelow(log),
  };

  /** The moment of the kill has come. */
  const moment = async ({ aim, delay, log, longestWait }) => {
    if (aim !== "time") {
      const was = await before[aim](log);
      const began = performance.now();
      while (!(await seen[aim](log, was)) && performance.now() - began < longestWait);
    }
    if (delay > 15) await new Promise((resolve) => setTimeout(resolve, delay));
    else for (const began = performance.now(); performance.now() - began < delay; );
  };

  /** Runs statements one by one and ends the worker; how many were acknowledged, and how long one took. */
  window.liveAndDie = async (order) => {
    const life = { done: 0, millis: 0, failure: null };
    let isDead = false;
    let kill = null;
    const began = performance.now();
    const run = async () => {
      for (const sql of order.statements) {
        if (life.done === order.before) {
          kill = moment(order).then(() => {
            engine.terminate();
            isDead = true;
          });
        }
        const { event } = await engine.ask({ type: "run", sql, session: 0, parameters: [] });
        // What arrives after the kill is no acknowledgement.
        if (isDead) return;
        if (event.type === "failed") {
          life.failure = `${sql}: ${event.error.message} ${event.error.detail ?? ""}`;
          return;
        }
        life.done += 1;
        life.millis = (performance.now() - began) / life.done;
      }
    };
    await Promise.race([
      run(),
      // Nothing answers any more when the worker has died.
      new Promise((resolve) => {
        const look = () => (isDead ? resolve() : setTimeout(look, 1));
        look();
      }),
    ]);
    await kill;
    return life;
  };
}
