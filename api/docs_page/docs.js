// What the page is better with: a filter, buttons to copy, and examples for the address in the browser's bar.
"use strict";

const narrow = window.matchMedia("(max-width: 60rem)");

function showOwnAddress() {
  const told = document.body.dataset.origin;
  if (told === location.origin || location.origin === "null") return;
  for (const request of document.querySelectorAll("code.request")) {
    request.textContent = request.textContent.replaceAll(told, location.origin);
  }
}

function addCopyButtons() {
  if (!navigator.clipboard) return;
  for (const block of document.querySelectorAll("pre")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(block.querySelector("code").textContent);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Select and copy";
      }
    });
    block.after(button);
  }
}

function foldContents() {
  document.querySelector("nav details").open = !narrow.matches;
}

function addFilter() {
  const input = document.createElement("input");
  const label = document.createElement("label");
  const count = document.createElement("output");
  input.type = "search";
  input.autocomplete = "off";
  label.className = "filter";
  label.append("Filter ", input, count);
  document.querySelector("nav summary").after(label);

  const sections = [...document.querySelectorAll("section.operation")];
  const texts = sections.map((section) => section.textContent.toLowerCase());
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    sections.forEach((section, place) => {
      const fits = texts[place].includes(wanted);
      const link = document.querySelector(`nav .operations a[href="#${section.querySelector("h3").id}"]`);
      section.hidden = !fits;
      link.parentElement.hidden = !fits;
      shown += fits;
    });
    count.textContent = wanted ? `${shown} of ${sections.length}` : "";
  });
}

function leaveContents() {
  document.querySelector("nav").addEventListener("click", (event) => {
    if (narrow.matches && event.target.closest("a")) foldContents();
  });
}

showOwnAddress();
addCopyButtons();
addFilter();
foldContents();
leaveContents();
narrow.addEventListener("change", foldContents);
