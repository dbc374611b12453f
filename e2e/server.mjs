// A static file server for the tests: the built page, and files to query by URL with byte ranges.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";

const TYPES = {
  ".css": "text/css",
  ".csv": "text/csv",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".parquet": "application/vnd.apache.parquet",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/**
 * Serves `folder` under `prefix` on a free port of 127.0.0.1.
 * @returns {Promise<{port: number, close: () => Promise<void>}>}
 */
export async function serve(folder, { prefix = "/", allowOrigin = null } = {}) {
  const server = createServer(async (request, response) => {
    const name = decodeURIComponent(new URL(request.url, "http://server").pathname);
    const headers = { "Accept-Ranges": "bytes", "Cache-Control": "no-cache" };
    if (allowOrigin) {
      headers["Access-Control-Allow-Origin"] = allowOrigin;
      headers["Access-Control-Allow-Headers"] = "Range";
      headers["Access-Control-Expose-Headers"] = "Content-Range, Content-Length, ETag, Accept-Ranges";
    }
    if (request.method === "OPTIONS") {
      response.writeHead(204, headers).end();
      return;
    }
    const inFolder = name.startsWith(prefix) ? path.join(folder, name.slice(prefix.length)) : null;
    const file = inFolder?.endsWith(path.sep) || inFolder === folder ? path.join(inFolder, "index.html") : inFolder;
    const found = file && path.resolve(file).startsWith(path.resolve(folder)) ? await stat(file).catch(() => null) : null;
    if (!found?.isFile()) {
      response.writeHead(404, headers).end("not found");
      return;
    }
    headers["Content-Type"] = TYPES[path.extname(file)] ?? "application/octet-stream";
    headers.ETag = `"${found.size}-${found.mtimeMs}"`;
    const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
    let [start, end, status] = [0, found.size - 1, 200];
    if (range && (range[1] || range[2])) {
      start = range[1] ? Number(range[1]) : Math.max(0, found.size - Number(range[2]));
      end = range[1] && range[2] ? Math.min(Number(range[2]), end) : end;
      if (start > end) {
        response.writeHead(416, { ...headers, "Content-Range": `bytes */${found.size}` }).end();
        return;
      }
      headers["Content-Range"] = `bytes ${start}-${end}/${found.size}`;
      status = 206;
    }
    headers["Content-Length"] = end - start + 1;
    response.writeHead(status, headers);
    if (request.method === "HEAD" || found.size === 0) {
      response.end();
    } else {
      createReadStream(file, { start, end }).on("error", () => response.destroy()).pipe(response);
    }
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
