// The service worker of the field app: the app opens without a network. It holds files and one page without a name in
// it; tasks and unsent work are not here but in the page's own store, locked (static/faces/field/store.js).

const CACHE = `bihuan-field-${VERSION}`;
const PAGE = "/field/";
const PATIENCE = 4000; // a stairwell has a network that answers nothing

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(FILES.map((path) => new Request(path, { cache: "reload" })));
    await keep(cache, await fetch(PAGE, { redirect: "manual", cache: "reload" }));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith("bihuan-field-") && name !== CACHE).map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate" && pathname === PAGE) event.respondWith(page(request));
  else if (FILES.includes(pathname)) event.respondWith(file(request));
});

/** The page itself and nothing else is kept: no login page, no error, nothing that came by a detour. */
async function keep(cache, answer) {
  if (answer.ok && answer.type === "basic" && !answer.redirected) await cache.put(PAGE, answer);
}

async function page(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(PAGE);
  try {
    const answer = await fetch(request, kept ? { signal: AbortSignal.timeout(PATIENCE) } : undefined);
    if (answer.status >= 500 && kept) return kept;
    await keep(cache, answer.clone());
    return answer;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

async function file(request) {
  const kept = await caches.match(request, { cacheName: CACHE, ignoreSearch: true });
  return kept || fetch(request);
}

// What the site pushes: a number and whose turn it is, nothing else. A later one takes the place of an earlier one.
self.addEventListener("push", (event) => {
  const told = event.data ? event.data.json() : { title: "闭环", body: "" };
  event.waitUntil(self.registration.showNotification(told.title, {
    body: told.body, tag: "bihuan-notices", renotify: true, icon: "/static/faces/field/icon-192.png", data: "/console/notices",
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data));
});
