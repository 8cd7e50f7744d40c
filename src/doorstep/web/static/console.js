// What the console does beyond links and forms: keys, copying, countdowns. Everything works without it.
const field = (target) => target.closest("input, select, textarea, [contenteditable]");

function step(by) {
  const links = [...document.querySelectorAll(".board a.open")];
  const at = links.indexOf(document.activeElement);
  links[Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
}

const keys = {
  "/": () => document.querySelector("input[type=search]")?.focus(),
  j: () => step(1),
  k: () => step(-1),
  o: () => location.assign("/"),
  l: () => location.assign("/look"),
  i: () => location.assign("/import"),
  c: () => location.assign("/connections"),
  "?": () => document.querySelector("#keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || field(event.target) || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = button.dataset.done;
});

const two = (value) => String(value).padStart(2, "0");
const spell = (s) => (s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)} h ${two(Math.floor(s / 60) % 60)}`);

// A button that has to wait counts its seconds down and wakes up by itself.
function count() {
  for (const button of document.querySelectorAll("button[data-wait]")) {
    const left = Number(button.dataset.wait) - 1;
    button.dataset.wait = left;
    button.disabled = left > 0;
    const clock = button.querySelector("[data-left]");
    clock.textContent = left > 0 ? spell(left) : "";
    if (left <= 0) button.removeAttribute("data-wait");
  }
}
setInterval(count, 1000);
document.addEventListener("htmx:afterSwap", count);
count();
