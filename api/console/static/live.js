// A pill that counts what is new. It moves nothing: who presses it asks for the page again.
export function bindLive(page) {
  const pill = page.querySelector("[data-live]");
  if (!pill) return;
  let count = 0;
  const stream = new EventSource(pill.dataset.live);
  stream.addEventListener("change", () => {
    count += 1;
    pill.hidden = false;
    pill.textContent = count === 1 ? "1 new change" : `${count} new changes`;
  });
  addEventListener("pagehide", () => stream.close());
}
