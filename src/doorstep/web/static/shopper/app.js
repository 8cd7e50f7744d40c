// Small comforts of the app. Every page is complete without them.

// The worker keeps the pages that were seen last, for reading without a connection.
const who = document.body.dataset.who;
if (who && "serviceWorker" in navigator) navigator.serviceWorker.register("/my/worker.js", { scope: "/my/" }).catch(() => {});

for (const field of document.querySelectorAll("[data-zone]")) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";

const kept = document.documentElement.dataset.kept;
for (const place of document.querySelectorAll("[data-kept-at]")) place.textContent = kept ? new Date(Number(kept)).toLocaleString(document.documentElement.lang) : "";

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    button.textContent = button.dataset.done;
  });
}
