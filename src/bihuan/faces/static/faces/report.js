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
