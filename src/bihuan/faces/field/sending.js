
// -- with the app closed: the browser wakes the worker once there is a network -----------------------------------------

import { sync } from "/static/faces/field/sync.js";

const PIECE = 65536;

self.addEventListener("sync", (event) => {
  if (event.tag === "bihuan-field") event.waitUntil(send());
});

/** Thrown on, a failure makes the browser try again later. */
async function send() {
  const state = await sync({ piece: PIECE, fetchTasks: false, onlyIfHeld: true, changed: () => {} });
  const pages = new BroadcastChannel("bihuan-field");
  pages.postMessage("changed");
  pages.close();
  if (state === "away") throw new Error(state);
}
