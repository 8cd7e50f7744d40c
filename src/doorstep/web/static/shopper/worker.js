// Keeps the last pages of the app that somebody saw, for reading without a connection; of one person only, and nothing
// once they sign out. What is sent is never kept and never repeated.
const WHO = "/my/worker.js?who", PAGES = "my-pages", FILES = "my-files", MOST = 60, NOWHERE = "/my/offline";

addEventListener("install", (event) => {
  event.waitUntil(keepFiles().then(() => skipWaiting()));
});
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

async function keepFiles() {
  const page = await fetch(NOWHERE);
  const files = await caches.open(FILES);
  await files.put(NOWHERE, page.clone());
  const found = (await page.text()).matchAll(/(?:href|src)="(\/static\/[^"]+)"/g);
  await files.addAll([...new Set([...found].map((one) => one[1]))]);
}

async function forget() {
  await caches.delete(PAGES);
}

// Whose page it is stands in the page itself; another person's pages are forgotten before it is kept.
async function keep(request, answer) {
  const text = await answer.text();
  const whose = /<body data-who="([^"]+)"/.exec(text)?.[1];
  if (!whose) return forget();
  let pages = await caches.open(PAGES);
  const before = await (await pages.match(WHO))?.text();
  if (before !== whose) {
    await forget();
    pages = await caches.open(PAGES);
    await pages.put(WHO, new Response(whose));
  }
  const marked = text.replace("<html ", `<html data-kept="${Date.now()}" `);
  await pages.delete(request);
  await pages.put(request, new Response(marked, { headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": answer.headers.get("Content-Security-Policy") } }));
  const known = (await pages.keys()).filter((one) => !one.url.endsWith(WHO));
  for (const old of known.slice(0, Math.max(0, known.length - MOST))) await pages.delete(old);
}

async function page(event) {
  try {
    const answer = await fetch(event.request);
    if (answer.ok && !answer.redirected) event.waitUntil(keep(event.request.url, answer.clone()));
    return answer;
  } catch {
    const pages = await caches.open(PAGES);
    return (await pages.match(event.request.url)) ?? (await caches.match(NOWHERE));
  }
}

async function file(request) {
  const known = await caches.match(request);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok) (await caches.open(FILES)).put(request, answer.clone());
  return answer;
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === "POST" && (url.pathname === "/my/leave" || url.pathname === "/my/you/erase")) event.waitUntil(forget());
  if (request.method !== "GET") return;
  if (request.mode === "navigate" && url.pathname.startsWith("/my/")) event.respondWith(page(event));
  else if (url.pathname.startsWith("/static/")) event.respondWith(file(request));
});
