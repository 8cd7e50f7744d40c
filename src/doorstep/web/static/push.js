// Turns messages to this browser on and off. Without it the page says that it cannot.
const box = document.querySelector("[data-push]");
const said = box.querySelector("[role=status]");
const turns = Object.fromEntries([...box.querySelectorAll("[data-turn]")].map((one) => [one.dataset.turn, one]));

const key = () => Uint8Array.from(atob(box.dataset.push.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const mine = `push ${box.dataset.to.split("?")[0]}`; // which orders are on, in this browser only

function show(on, words = on ? box.dataset.on : "") {
  said.textContent = words;
  turns.on.hidden = on;
  turns.off.hidden = !on;
}

async function registered() {
  const found = await navigator.serviceWorker.register("/static/push-worker.js");
  const worker = found.installing ?? found.waiting;
  if (!found.active && worker) {
    await new Promise((done) => worker.addEventListener("statechange", () => found.active && done()));
  }
  return found;
}

async function tell(what, subscription) {
  const { endpoint, keys } = subscription.toJSON();
  const body = new URLSearchParams({ do: what, address: endpoint, p256dh: keys.p256dh, auth: keys.auth });
  if (box.dataset.token) body.set("csrfmiddlewaretoken", box.dataset.token);
  const answer = await fetch(box.dataset.to, { method: "POST", body });
  return answer.ok && (await answer.json()).on;
}

turns.on.addEventListener("click", async () => {
  try {
    if ((await Notification.requestPermission()) !== "granted") return show(false, box.dataset.denied);
    const { pushManager } = await registered();
    const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key() });
    const on = await tell("begin", subscription);
    if (on) localStorage.setItem(mine, "on");
    show(on, on ? undefined : box.dataset.failed);
  } catch {
    show(false, box.dataset.failed);
  }
});

turns.off.addEventListener("click", async () => {
  try {
    const subscription = await (await registered()).pushManager.getSubscription();
    if (subscription) await tell("end", subscription);
    localStorage.removeItem(mine);
    show(false);
  } catch {
    show(true, box.dataset.failed);
  }
});

if ("serviceWorker" in navigator && "PushManager" in window && "Notification" in window) {
  box.hidden = false;
  document.querySelector("[data-without]").hidden = true;
  show(false);
  const found = await navigator.serviceWorker.getRegistration("/static/push-worker.js");
  const subscription = Notification.permission === "granted" && (await found?.pushManager.getSubscription());
  if (subscription) show(await tell("look", subscription));
}
