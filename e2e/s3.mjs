// The tests' own S3 server as a process: it keeps a folder, wants signatures, and lets every page in.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program =
  process.env.TARN_TEST_SERVERS ??
  path.join(fileURLToPath(new URL("..", import.meta.url)), "target/debug/tarn-test-servers");

/**
 * Starts the server.
 * @returns {Promise<{s3: string, bucket: string, access_key: string, secret_key: string, folder: string, close: () => Promise<void>}>}
 *   `folder` is the bucket's, on disk
 */
export async function startS3() {
  if (!existsSync(program)) {
    throw new Error(`${program} is not there: build it, or name it in TARN_TEST_SERVERS`);
  }
  const root = await mkdtemp(path.join(tmpdir(), "tarn-s3-"));
  const server = spawn(program, [root], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  const line = await Promise.race([
    new Promise((resolve) => createInterface(server.stdout).once("line", resolve)),
    ended.then((code) => Promise.reject(new Error(`the S3 server ended with ${code}`))),
  ]);
  const told = JSON.parse(line);
  return {
    ...told,
    folder: path.join(root, told.bucket),
    async close() {
      // It runs until its input ends.
      server.stdin.end();
      await ended;
      await rm(root, { recursive: true, force: true });
    },
  };
}
