// Asks, answers and writes without leaving the page, and counts down to the next time. The page is complete without it.
const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

async function show(answer, place) {
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.querySelector("main").replaceWith(fresh.querySelector("main"));
  const wrong = document.querySelector("[role=alert]")?.parentElement.querySelector("input:not([type=hidden]),textarea");
  (wrong ?? document.getElementById(place))?.focus();
  tick();
  await follow();
}

// While an answer is still to come, looks again every few seconds; the server stops saying so after a minute.
async function follow() {
  if (!document.querySelector("[data-asking]")) return;
  await wait(2.5);
  await show(await fetch(location.href));
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-live]");
  if (!form) return;
  event.preventDefault();
  const body = new FormData(form, event.submitter);
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  try {
    await show(await fetch(form.action, { method: "POST", body }), form.dataset.live);
  } catch {
    for (const button of form.querySelectorAll("button")) button.disabled = false;
    form.removeAttribute("data-live");
    form.requestSubmit(event.submitter);
  }
});

const two = (value) => String(value).padStart(2, "0");
const spell = (s) => (s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)} h ${two(Math.floor(s / 60) % 60)}`);

function tick() {
  for (const button of document.querySelectorAll("button[data-wait]")) {
    const left = Number(button.dataset.wait) - 1;
    const clock = button.querySelector("span");
    button.dataset.wait = left;
    button.disabled = left > 0;
    clock.textContent = left > 0 ? ` ${spell(left)}` : "";
    if (left <= 0) delete button.dataset.wait;
  }
}
setInterval(tick, 1000);

// In a frame on a merchant's own site: says how tall it is, and nothing else.
if (parent !== window) new ResizeObserver(() => parent.postMessage({ doorstep: document.documentElement.scrollHeight }, "*")).observe(document.body);

follow();
