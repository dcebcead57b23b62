// A pill that counts what is new since the page was made. It moves nothing: who presses it asks for the page again.
// Nobody looks at a page in the background: it has no stream, so that many open pages do not keep each other waiting.
export function bindLive(page) {
  const pill = page.querySelector("[data-live]");
  if (!pill) return;
  let count = 0;
  let last = pill.dataset.from;
  let stream = null;

  function open() {
    if (stream) return;
    const wanted = new URL(pill.dataset.live, location.href);
    wanted.searchParams.set("last_event_id", last);
    stream = new EventSource(wanted);
    stream.addEventListener("change", (event) => {
      count += 1;
      last = event.lastEventId;
      say(count === 1 ? "1 new change" : `${count} new changes`);
    });
    // A stream that was interrupted comes again by itself; one that was refused does not.
    stream.addEventListener("error", () => {
      if (stream?.readyState === EventSource.CLOSED) say(count ? pill.textContent : "New changes are not counted: look again");
    });
  }

  function close() {
    stream?.close();
    stream = null;
  }

  function say(text) {
    pill.hidden = false;
    pill.textContent = text;
  }

  page.addEventListener("visibilitychange", () => (page.hidden ? close() : open()));
  addEventListener("pagehide", close);
  if (!page.hidden) open();
}
