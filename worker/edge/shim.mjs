// What Cloudflare and workerd call: the module's entry, around the Rust in tarn_worker_edge.js.

import wasm from "./tarn_worker_edge_bg.wasm";
import { fetch as answer, initSync, renew } from "./tarn_worker_edge.js";

/** How long a request waits for those before it. */
const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 50;
const BEAT_EVERY_MS = 500;
/** A request that is given up leaves no word; when its heart has not beaten for so long, it is gone. */
const DEAD_AFTER_MS = 5_000;
/** An instance's memory never shrinks, and Cloudflare gives 128 MB for all: above this, the next request gets a new one. */
const SPENT_ABOVE_BYTES = 32 << 20;

/** The request at work: there is memory for one query, and what one request waits for another must not touch. */
let working = null;
let isStarted = false;
/** Whether the instance has failed, or holds too much memory. */
let isSpent = false;

export default {
  async fetch(request, env, context) {
    const turn = await takeTurn();
    if (!turn) {
      return refuse(429, "TEMPORARILY_UNAVAILABLE", "Other queries have kept this worker busy; try again later", {
        "Retry-After": "10",
      });
    }
    const done = work(turn, request, env);
    // When the client goes away, the query still ends, and makes room.
    context.waitUntil(done);
    return done;
  },
};

async function work(turn, request, env) {
  const heart = setInterval(() => turn.beats++, BEAT_EVERY_MS);
  const failed = new Promise((resolve) => {
    turn.fail = resolve;
  });
  try {
    start();
    return await Promise.race([answer(request, env).then(whole), failed.then(failure)]);
  } catch (error) {
    return failure(error?.message ?? String(error));
  } finally {
    clearInterval(heart);
    isSpent ||= isStarted && initSync().memory.buffer.byteLength > SPENT_ABOVE_BYTES;
    if (working === turn) {
      working = null;
    }
  }
}

/** Makes the instance at the first request, since the time to start a worker is short, and again when it is spent. */
function start() {
  if (!isStarted) {
    initSync({ module: wasm });
    isStarted = true;
  } else if (isSpent) {
    renew();
  }
  isSpent = false;
}

/** The response with its body out of the instance's memory, so that the next request may have a new instance. */
async function whole(response) {
  return new Response(await response.arrayBuffer(), response);
}

function failure(reason) {
  isSpent = true;
  return refuse(500, "INTERNAL_ERROR", `The engine failed: ${reason}. The next query finds a new one`);
}

/** Waits until no other request is at work. Timers only: a promise of another request must not be awaited. */
async function takeTurn() {
  const turn = { beats: 0, fail: null };
  let seen = null;
  let still = 0;
  for (let waited = 0; working; waited += LOOK_EVERY_MS) {
    const isSame = seen && seen.turn === working && seen.beats === working.beats;
    still = isSame ? still + LOOK_EVERY_MS : 0;
    seen = { turn: working, beats: working.beats };
    if (still >= DEAD_AFTER_MS) {
      // It never ended, so what it held is still held.
      isSpent = true;
      break;
    }
    if (waited >= PATIENCE_MS) {
      return null;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  working = turn;
  return turn;
}

/** Rust says so when it panics: its own promise is then never settled. */
globalThis.tarnFailed = (message) => working?.fail?.(message);

/**
 * Rust's tasks run here. What ends an instance without a panic, an exhausted stack or memory, surfaces here too; and a
 * query that computes is alive although its timers stand still, as the clock does while nothing is read or written.
 */
const queue = globalThis.queueMicrotask;
globalThis.queueMicrotask = (task) =>
  queue(() => {
    if (working) {
      working.beats++;
    }
    try {
      task();
    } catch (error) {
      if (isTrap(error)) {
        working?.fail?.(error.message);
      }
      throw error;
    }
  });

function isTrap(error) {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

function refuse(status, errorCode, message, headers = {}) {
  return Response.json({ error_code: errorCode, message }, { status, headers });
}
