// What the console does beyond links and forms: keys, copying, countdowns. Everything works without it.
const field = (target) => target.closest("input, select, textarea, [contenteditable]");

const rows = () => [...document.querySelectorAll(".board a.open")];

function step(by) {
  const links = rows();
  const at = links.indexOf(document.activeElement);
  links[Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
}

function pick() {
  const box = document.activeElement?.closest("tr")?.querySelector(".pick input");
  box?.click();
}

const keys = {
  "/": () => document.querySelector("input[type=search]")?.focus(),
  j: () => step(1),
  k: () => step(-1),
  x: pick,
  t: () => location.assign("/today"),
  o: () => location.assign("/"),
  l: () => location.assign("/look"),
  m: () => location.assign("/messages"),
  i: () => location.assign("/import"),
  c: () => location.assign("/connections"),
  "?": () => document.querySelector("#keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || field(event.target) || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

// Picking: how many are picked, all at once from the head, and no new rows under somebody's hands.
const picked = () => document.querySelectorAll(".board .pick :checked:not([data-all])").length;

function tally() {
  const said = document.querySelector("[data-picked]");
  if (said) said.dataset.picked = picked();
  const all = document.querySelector("[data-all]");
  if (all) all.checked = picked() > 0 && picked() === rows().length;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) {
    for (const box of document.querySelectorAll(".board td.pick input")) box.checked = event.target.checked;
  }
  tally();
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id === "rows" && picked()) event.preventDefault();
});

// A menu closes when somebody clicks elsewhere or presses Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// A saved reply goes where one writes, beside what is there already; without script its link fills the field anew.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-insert]");
  const text = link && document.querySelector(link.dataset.into);
  if (!text) return;
  event.preventDefault();
  text.setRangeText(link.dataset.insert, text.selectionStart, text.selectionEnd, "end");
  link.closest("details").open = false;
  text.focus();
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
