// A passkey that was not given (cancelled, timed out, none on this device) is told on the page, not in the console.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  document.querySelector("#passkey-wrong").hidden = false;
});

// Where the browser has passkeys, their buttons are shown; elsewhere the page says that it has none.
const can = "PublicKeyCredential" in window;
for (const one of document.querySelectorAll("[data-key]")) one.hidden = !can;
for (const one of document.querySelectorAll("[data-without-key]")) one.hidden = can;
