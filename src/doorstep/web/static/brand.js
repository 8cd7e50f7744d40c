// Shows what is typed in the preview at once, and offers colours to choose. The form is complete without it.
const form = document.getElementById("brand");
let timer;

function later() {
  clearTimeout(timer);
  timer = setTimeout(() => form.requestSubmit(document.getElementById("try")), 400);
}

for (const choice of form.querySelectorAll("input[type=color]")) {
  const field = document.getElementById(choice.dataset.for);
  choice.hidden = false;
  choice.addEventListener("input", () => {
    field.value = choice.value;
    later();
  });
  field.addEventListener("input", () => {
    if (/^#[0-9a-f]{6}$/i.test(field.value)) choice.value = field.value;
  });
}
form.addEventListener("input", (event) => event.target.type !== "file" && later());
