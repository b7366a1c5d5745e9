// Keeps the screen up to date: the server says when the boards have moved, and what moves is fetched anew.
"use strict";
(() => {
  const live = document.getElementById("live");
  const source = new EventSource("/screen/live?since=" + encodeURIComponent(live.dataset.mark));
  let busy = false;
  let again = false;

  async function renew() {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const address = new URL(location.href);
      address.searchParams.set("part", "1");
      const answer = await fetch(address, { credentials: "same-origin" });
      if (answer.redirected) { location.reload(); return; }
      if (answer.ok) {
        const held = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
        const open = [...live.querySelectorAll("details")].map((one) => one.open);
        live.innerHTML = await answer.text();
        live.querySelectorAll("details").forEach((one, at) => { one.open = Boolean(open[at]); });
        if (held) [...live.querySelectorAll("a")].find((one) => one.getAttribute("href") === held)?.focus();
      }
    } catch { again = true; } finally { busy = false; }
    if (again) { again = false; setTimeout(renew, 2000); }
  }
  source.addEventListener("moved", renew);
  // Shut for good: signed out, or the site was away for long. Begin again.
  source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 15000); });
  addEventListener("pagehide", () => source.close());
})();
