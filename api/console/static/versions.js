// The slider and the play button of an order: both show another version without losing the place on the page.
const PLAY_MS = 900;

export function bindVersions() {
  const versions = document.querySelector("[data-versions]");
  if (!versions) return;
  const slider = versions.querySelector("[data-slider]");
  const play = versions.querySelector("[data-play]");
  slider.hidden = play.hidden = slider.max === "1";
  slider.addEventListener("change", () => show(slider.value));
  play.addEventListener("click", () => run(Number(slider.value) < Number(slider.max) ? Number(slider.value) : 0));
}

async function show(version) {
  const wanted = new URL(location.href);
  wanted.searchParams.set("v", version);
  const answer = await fetch(wanted, { credentials: "same-origin" });
  if (!answer.ok) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.querySelector("main").replaceWith(document.adoptNode(page.querySelector("main")));
  document.title = page.title;
  history.replaceState(null, "", wanted);
  document.dispatchEvent(new Event("console:shown"));
  return true;
}

async function run(version) {
  const newest = Number(document.querySelector("[data-slider]").max);
  for (let next = version + 1; next <= newest; next += 1) {
    if (!(await show(next))) return;
    if (!playing(next < newest)) return;
    await new Promise((done) => setTimeout(done, PLAY_MS));
    if (!document.querySelector('[data-play][aria-pressed="true"]')) return;
  }
}

function playing(goesOn) {
  const play = document.querySelector("[data-play]");
  if (!play) return false;
  play.setAttribute("aria-pressed", String(goesOn));
  play.textContent = goesOn ? "Stop" : "Play";
  if (goesOn) {
    const stop = play.cloneNode(true);
    stop.addEventListener("click", () => {
      stop.setAttribute("aria-pressed", "false");
      bindVersions();
    });
    play.replaceWith(stop);
  }
  return true;
}
