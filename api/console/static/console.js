// What all pages share: keys that press what the page shows, rows that can be walked, times as they were chosen.
import { bindKeys } from "./keys.js";
import { writeTimes } from "./times.js";

bindKeys(document);
writeTimes(document);
