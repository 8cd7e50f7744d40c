// A shop's own site: <script src="https://…/static/widget.js" data-lookup="…" async></script> puts the look-up there.
// data-lang chooses a language. Only sites that the merchant named can show it (frame-ancestors).
(() => {
  const script = document.currentScript;
  const home = new URL(script.src).origin;
  const address = new URL(`/find/${encodeURIComponent(script.dataset.lookup)}`, home);
  const language = script.dataset.lang || document.documentElement.lang;
  address.searchParams.set("frame", "1");
  if (language) address.searchParams.set("lang", language);
  const frame = document.createElement("iframe");
  frame.src = address;
  frame.title = script.dataset.title || "Order tracking";
  frame.loading = "lazy";
  frame.referrerPolicy = "no-referrer";
  frame.style.cssText = "width:100%;height:460px;border:0;color-scheme:normal";
  addEventListener("message", (event) => {
    const height = Number(event.data?.doorstep);
    if (event.source === frame.contentWindow && event.origin === home && height > 0) frame.style.height = `${Math.min(height, 2000)}px`;
  });
  script.after(frame);
})();
