// Keeps the site for use without a network, and adds the two headers with which memory can be shared with Python's worker, so
// that Stop can interrupt a loop that never waits. Both work from the second visit on; neither is needed.
// The build puts the name of this version and the list of its files in place of the constants below.

const VERSION = '__VERSION__';
const FILES = ['__FILES__'];

const ISOLATING = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(VERSION)
      .then((cache) => cache.addAll(FILES))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(forgetOldVersions().then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method === 'GET' && new URL(request.url).origin === self.location.origin) {
    event.respondWith(answer(request));
  }
});

async function forgetOldVersions() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== VERSION).map((name) => caches.delete(name)));
}

/** From the network, since a newer site may be there; without one, what was kept. */
async function answer(request) {
  try {
    return isolating(await fetch(request));
  } catch (error) {
    const kept = await caches.match(request, { ignoreSearch: true });
    if (kept) return isolating(kept);
    throw error;
  }
}

function isolating(response) {
  if (response.status === 0) return response; // an opaque answer cannot be changed
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATING)) headers.set(name, value);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
