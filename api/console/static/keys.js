// A key presses, or goes to, the element that names it in data-key. j and k walk the rows, Enter opens one, and
// Ctrl-K goes to the palette from anywhere.
const TYPED_IN = "input:not([type=range], [type=checkbox]), textarea, select, [contenteditable]";
const isTyping = (target) => target.matches(TYPED_IN);

export function bindKeys(page) {
  chooseAgain(page);
  page.addEventListener("click", (event) => remember(event.target.closest("[data-row]")));
  page.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "k") {
      event.preventDefault();
      return page.querySelector("#palette")?.focus();
    }
    if (event.key === "Escape" && isTyping(event.target)) return event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return undefined;
    if (event.key === "j" || event.key === "k") return walk(page, event.key === "j" ? 1 : -1);
    return press(page, event);
  });
}

function press(page, event) {
  const wanted = page.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!wanted) return;
  event.preventDefault();
  if (isTyping(wanted)) {
    wanted.focus();
    wanted.select?.();
  } else {
    wanted.click();
  }
}

function walk(page, step) {
  const rows = [...page.querySelectorAll("[data-row]")];
  const next = rows[rows.findIndex((row) => row.classList.contains("chosen")) + step];
  if (!next) return;
  choose(rows, next);
  remember(next);
}

function choose(rows, row) {
  rows.forEach((each) => each.classList.remove("chosen"));
  row.classList.add("chosen");
  row.scrollIntoView({ block: "nearest" });
  row.querySelector("a")?.focus();
}

// Whoever comes back to a page of rows finds the row that he left it by.
const place = () => `row ${location.pathname}${location.search}`;

function remember(row) {
  if (row?.id) sessionStorage.setItem(place(), row.id);
}

function chooseAgain(page) {
  const [how] = performance.getEntriesByType("navigation");
  const row = how?.type === "back_forward" && page.getElementById(sessionStorage.getItem(place()));
  if (row) choose([...page.querySelectorAll("[data-row]")], row);
}
