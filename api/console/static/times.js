// Times are written in UTC by the server; here as the reader chose, the other forms in the title.
const UNITS = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

export function writeTimes(page) {
  const how = document.documentElement.dataset.times;
  if (how === "utc") return;
  for (const each of page.querySelectorAll("time[datetime]")) {
    const moment = new Date(each.dateTime);
    each.title = each.textContent;
    each.textContent = how === "local" ? local(moment) : relative(moment);
  }
}

function local(moment) {
  return moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

function relative(moment) {
  const seconds = (moment - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}
