// The overlay with the keys, and what can be copied.
export function bindHelp(page) {
  page.addEventListener("click", (event) => {
    if (event.target.closest("[data-help]")) {
      event.preventDefault();
      page.querySelector("dialog#keys")?.showModal();
    }
    const button = event.target.closest("[data-copy]");
    if (button) copy(button.dataset.copy || location.href).then(() => tell(button));
  });
  showCopyButtons(page);
}

export function showCopyButtons(page) {
  for (const button of page.querySelectorAll("[data-copy]")) button.hidden = false;
}

// The clipboard is there over HTTPS and on one's own machine only; elsewhere a selection is copied, as it used to be.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  return field.remove();
}

function tell(button) {
  const said = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => {
    button.textContent = said;
  }, 1500);
}
