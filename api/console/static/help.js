// The overlay with the keys, and the link to copy.
export function bindHelp(page) {
  const keys = page.querySelector("#keys");
  page.addEventListener("click", (event) => {
    if (event.target.closest("[data-help]")) {
      event.preventDefault();
      keys?.showModal();
    }
    const copy = event.target.closest("[data-copy]");
    if (copy) navigator.clipboard?.writeText(copy.dataset.copy || location.href).then(() => tell(copy));
  });
}

function tell(button) {
  const said = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => {
    button.textContent = said;
  }, 1500);
}
