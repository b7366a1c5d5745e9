// The board of a drill that runs: its live part is fetched again every two seconds while somebody looks.
"use strict";
const live = document.getElementById("live");
async function again() {
  if (document.visibilityState === "visible") {
    try {
      const answer = await fetch(live.dataset.part, { credentials: "same-origin" });
      const text = await answer.text();
      if (answer.ok && !answer.redirected) live.innerHTML = text;
      if (answer.ok && text.includes("data-over")) location.reload();
    } catch { /* the server is away for a moment */ }
  }
  setTimeout(again, 2000);
}
if (live) setTimeout(again, 2000);
