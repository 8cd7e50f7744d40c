// A passkey that was not given (cancelled, timed out, none on this device) is told on the page, not in the console.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  document.querySelector("#passkey-wrong").hidden = false;
});
