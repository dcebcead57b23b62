// The slider and the play button of an order: both show another version without losing the place on the page.
const PLAY_MS = 900;
const KEEPS_FOCUS = ["[data-slider]", "[data-play]"];

let asked = 0;
let turn = 0;
let isPlaying = false;

export function bindVersions() {
  const slider = document.querySelector("[data-slider]");
  const play = document.querySelector("[data-play]");
  if (!slider || !play) return;
  slider.hidden = play.hidden = slider.max === "1";
  slider.addEventListener("change", () => {
    stop();
    show(slider.value);
  });
  play.addEventListener("click", () => (isPlaying ? stop() : run(Number(slider.value), Number(slider.max))));
  tell();
}

// Shows a version; an answer that comes after a later question is dropped.
async function show(version) {
  const question = ++asked;
  const wanted = new URL(location.href);
  wanted.searchParams.set("v", version);
  const answer = await fetch(wanted, { credentials: "same-origin" });
  const text = await answer.text();
  if (!answer.ok || question !== asked) return false;
  const page = new DOMParser().parseFromString(text, "text/html");
  const focused = KEEPS_FOCUS.find((each) => document.activeElement?.matches(each));
  document.querySelector("main").replaceWith(document.adoptNode(page.querySelector("main")));
  document.title = page.title;
  history.replaceState(null, "", wanted);
  document.dispatchEvent(new Event("console:shown"));
  if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
  return true;
}

// From the version behind this one on; from the first one where this is the newest.
async function run(version, newest) {
  const mine = ++turn;
  isPlaying = true;
  for (let next = version < newest ? version + 1 : 1; next <= newest; next += 1) {
    if (!(await show(next)) || mine !== turn) break;
    if (next < newest) await new Promise((done) => setTimeout(done, PLAY_MS));
    if (mine !== turn) break;
  }
  if (mine === turn) stop();
}

function stop() {
  turn += 1;
  isPlaying = false;
  tell();
}

function tell() {
  const play = document.querySelector("[data-play]");
  play.setAttribute("aria-pressed", String(isPlaying));
  play.textContent = isPlaying ? "Stop" : "Play";
}
