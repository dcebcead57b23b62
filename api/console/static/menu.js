// The menu of the visitor closes when Escape is pressed or something else is.
export function bindMenu(page) {
  const menu = page.querySelector("details.menu");
  if (!menu) return;
  page.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  page.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
