// What all pages share: keys that press what the page shows, rows that can be walked, times as they were chosen.
import { bindHelp, showCopyButtons } from "./help.js";
import { bindKeys } from "./keys.js";
import { bindLive } from "./live.js";
import { bindMenu } from "./menu.js";
import { writeTimes } from "./times.js";
import { bindVersions } from "./versions.js";

bindKeys(document);
bindHelp(document);
bindLive(document);
bindMenu(document);
bindVersions();
writeTimes(document);

document.addEventListener("console:shown", () => {
  bindVersions();
  showCopyButtons(document);
  writeTimes(document);
});
