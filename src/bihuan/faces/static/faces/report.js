// Two comforts for the report form; without this file it works all the same. All words come from the page.
"use strict";

const text = document.getElementById("text");
const danger = document.getElementById("danger");
if (text && danger) {
  const words = danger.dataset.words.split(",").map((word) => word.toLowerCase());
  const isLatin = (word) => /^[a-z ]+$/.test(word);
  const said = (typed, word) => isLatin(word)
    ? new RegExp(`\\b${word}\\b`).test(typed)
    : typed.replace(/\s/g, "").includes(word);
  text.addEventListener("input", () => {
    const typed = text.value.toLowerCase();
    danger.hidden = !words.some((word) => said(typed, word));
  });
}

// What it is probably about: the choices of the page whose words share the most pairs of signs with what was typed.
const likely = document.getElementById("likely");
if (text && likely) {
  const pairs = (said) => {
    const found = new Set(said.toLowerCase().match(/[a-z]{3,}/g) || []);
    for (const run of said.match(/[\u3400-\u9fff]{2,}/g) || []) {
      for (let at = 0; at + 1 < run.length; at += 1) found.add(run.slice(at, at + 2));
    }
    return found;
  };
  const every = [...document.querySelectorAll("#category label:has(> input[name=category])")]
    .filter((label) => !likely.contains(label) && label.firstElementChild.value !== "-")
    .map((label) => ({ label, words: pairs(label.textContent), mark: new Comment() }));
  for (const { label, mark } of every) label.after(mark);
  // The buttons themselves are moved, so that each stands on the page once.
  const suggest = () => {
    const said = pairs(text.value);
    for (const one of every) {
      const shared = [...one.words].filter((word) => said.has(word)).length;
      one.score = shared ? shared + shared / one.words.size : 0;
    }
    const best = every.filter(({ score }) => score).sort((one, two) => two.score - one.score).slice(0, 3);
    const row = likely.querySelector(".choices");
    for (const { label, mark } of every) if (row.contains(label)) mark.before(label);
    row.replaceChildren(...best.map(({ label }) => label));
    likely.hidden = !best.length;
  };
  text.addEventListener("input", suggest);
  if (!document.querySelector("#category input:checked")) suggest();
}

const gps = document.getElementById("gps");
if (gps && navigator.geolocation && window.isSecureContext) {
  const button = gps.querySelector("button");
  const status = gps.querySelector("[role=status]");
  gps.hidden = false;
  button.addEventListener("click", () => {
    status.textContent = button.dataset.busy;
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      document.getElementById("lon").value = coords.longitude.toFixed(6);
      document.getElementById("lat").value = coords.latitude.toFixed(6);
      status.textContent = button.dataset.done.replace("{n}", Math.round(coords.accuracy));
    }, () => { status.textContent = button.dataset.failed; }, { enableHighAccuracy: true, timeout: 15000 });
  });
}

const errors = document.querySelector(".note.bad[tabindex]");
if (errors) errors.focus();
