// A web server on 127.0.0.1 with files to query by URL, which writes down what was asked of it.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import path from "node:path";

/**
 * Serves the files of a folder: by ranges, unless they lie under `/whole/`, and never at all under `/never/`.
 * @returns {Promise<{url: string, requests: {method: string, path: string, range?: string, bytes: number}[], close: () => Promise<void>}>}
 */
export async function serveFiles(folder) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://server");
    const seen = { method: request.method, path: url.pathname + url.search, range: request.headers.range, bytes: 0 };
    requests.push(seen);
    if (url.pathname.startsWith("/never/")) {
      return;
    }
    const file = await readFile(path.join(folder, path.basename(url.pathname))).catch(() => null);
    if (!file) {
      response.writeHead(404).end("not found");
      return;
    }
    const range = url.pathname.startsWith("/whole/") ? null : /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    const [start, end] = range ? [Number(range[1]), Math.min(Number(range[2]), file.length - 1)] : [0, file.length - 1];
    const body = file.subarray(start, end + 1);
    seen.bytes = body.length;
    response.writeHead(range ? 206 : 200, {
      "Content-Length": body.length,
      "Accept-Ranges": "bytes",
      ETag: `"${file.length}"`,
      ...(range && { "Content-Range": `bytes ${start}-${end}/${file.length}` }),
    });
    response.end(request.method === "HEAD" ? undefined : body);
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
