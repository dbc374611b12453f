// The page without a network: everything that the page is made of is kept at the first visit, and comes from there.
//
// The build writes VERSION and FILES in front of this: a hash of all files, and their paths. A new version is fetched whole
// beside the old one, and takes over when the page asks for it, or when the last tab with the old one is closed.

const CACHE = `tarn-${VERSION}`;
const ours = (name) => name.startsWith("tarn-");

self.addEventListener("install", (event) => {
  const fetchAll = async () => {
    const cache = await caches.open(CACHE);
    // Past the browser's own cache, which may still have files of the version before.
    await cache.addAll(FILES.map((file) => new Request(file, { cache: "no-cache" })));
  };
  event.waitUntil(fetchAll());
});

self.addEventListener("activate", (event) => {
  const takeOver = async () => {
    const old = (await caches.keys()).filter((name) => ours(name) && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(takeOver());
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  // Data is read by ranges and never kept here.
  const isPart = request.method === "GET" && url.href.startsWith(self.registration.scope) && !request.headers.has("range");
  if (!isPart) return;
  const answer = async () => {
    const cache = await caches.open(CACHE);
    const found = await cache.match(request, { ignoreSearch: true, ignoreVary: true });
    return found ?? fetch(request);
  };
  event.respondWith(answer());
});
