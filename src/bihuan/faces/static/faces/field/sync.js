// Sends what waits, one entry after the other, and fetches the tasks. Of all open pages one works at a time.
// An entry goes out under its own key until an answer has come; the server does it once, however often it is sent.

import * as store from "./store.js";

const TOO_OLD = 20 * 86400 * 1000; // the server remembers a key for thirty days
const PATIENCE = 90000; // a piece of a photograph takes that long where the network is at its worst

export class Away extends Error {}
export class SignedOut extends Error {}
class Another extends Error {}

/** Read anew each time: another page may have signed in since. A worker has no document. */
export async function csrf() {
  if (typeof document === "undefined") return (await cookieStore.get("csrftoken"))?.value ?? "";
  return document.cookie.split("; ").find((one) => one.startsWith("csrftoken="))?.slice(10) ?? "";
}

/** One request. What is not an answer of ours (a portal of the network, a page of a proxy) is no answer. */
async function ask(mine, path, { method = "GET", body, type } = {}) {
  const headers = { Accept: "application/json" };
  if (mine) headers["X-Field-Who"] = mine.who;
  if (method === "POST") headers["X-CSRFToken"] = await csrf();
  if (type) headers["Content-Type"] = type;
  let answer;
  let told;
  try {
    const signal = AbortSignal.timeout ? AbortSignal.timeout(PATIENCE) : undefined;
    answer = await fetch(path, { method, body, headers, signal, credentials: "same-origin", redirect: "error", cache: "no-store" });
    told = await answer.json();
  } catch {
    throw new Away();
  }
  if (told.state === "signed-out" && answer.status === 401) throw new SignedOut();
  if (told.state === "no-post") throw new Away("no-post");
  if (told.state === "another") throw new Another();
  if (!answer.ok) throw new Away();
  return told;
}

/** Fetch whose telephone it is and what he has to do. */
async function pull(mine) {
  return store.welcome(await ask(mine, "/field/tasks"));
}

/** All photographs of an entry, each from the byte to which it has come. Returns a refusal, or nothing. */
async function upload(mine, entry, piece, changed) {
  for (const [i, photo] of entry.photos.entries()) {
    if (photo.ref) continue;
    const bytes = await store.photo(mine, entry, i);
    const path = `/field/photos/${photo.sha}?size=${photo.size}`;
    let told = await ask(mine, path);
    for (let stuck = 0; told.state === "ok" && !told.ref; ) {
      const from = told.offset;
      const body = bytes.slice(from, from + piece);
      told = await ask(mine, `${path}&offset=${from}`, { method: "POST", body, type: "application/octet-stream" });
      stuck = told.offset > from ? 0 : stuck + 1;
      if (stuck > 5) throw new Away();
      photo.sent = told.offset ?? 0;
      changed(entry);
    }
    if (told.code === "photo-damaged") throw new Away();
    if (told.state !== "ok") return told;
    photo.ref = told.ref;
    await store.save(mine, entry);
  }
  return null;
}

function body(entry, mine) {
  const { key, unit, do: what, seen, text, category, place, address, lon, lat, world = 1 } = entry;
  const proofs = entry.photos.map((photo) => ({ kind: photo.kind, ref: photo.ref }));
  const about = what === "report" ? { category, place, address, lon, lat } : { case: entry.case, task: entry.task, step: entry.step || "", seen };
  return JSON.stringify({ key, unit, world, do: what, age: Math.max(0, Date.now() - entry.at), text, proofs, ...about });
}

/** Send one entry; whether what follows on the same task may go on. */
async function send(mine, entry, piece, changed) {
  if (entry.tried && Date.now() - entry.tried > TOO_OLD && !entry.sure) {
    await store.save(mine, { ...entry, state: "refused", words: { code: "old" } });
    return false;
  }
  let told = await upload(mine, entry, piece, changed);
  if (!told) {
    entry.tried ||= Date.now();
    await store.save(mine, entry);
    told = await ask(mine, "/field/act", { method: "POST", body: body(entry, mine), type: "application/json" });
  }
  if (told.state === "done") {
    await rebase(mine, entry, told);
    await store.done(mine, entry, told);
    return true;
  }
  if (told.code === "photo-gone" && !entry.again) {
    entry.photos.forEach((photo) => { photo.ref = ""; });
    entry.again = true;
    await store.save(mine, entry);
    return send(mine, entry, piece, changed);
  }
  const left = told.forget ? store.bare(entry) : entry;
  await store.save(mine, { ...left, state: told.state === "changed" ? "changed" : "refused", words: told });
  return false;
}

/** What waits behind an entry was done in the knowledge of that entry, and of no other change: those stay to be told. */
async function rebase(mine, entry, { tasks, moved }) {
  if (!entry.case) return;
  const list = (await store.tasks(mine)).filter((one) => one.case !== entry.case);
  await store.saveTasks(mine, [...list, ...tasks]);
  for (const later of await store.queue(mine)) {
    if (later.case !== entry.case || later.task !== entry.task || later.seq <= entry.seq) continue;
    const own = Object.entries(moved ?? {}).filter(([name, [before]]) => later.seen[name] === before);
    if (own.length) await store.save(mine, { ...later, seen: { ...later.seen, ...Object.fromEntries(own.map(([name, [, after]]) => [name, after])) } });
  }
}

async function flush(mine, piece, changed) {
  const tried = new Set();
  for (;;) {
    const waiting = await store.queue(mine);
    const blocked = new Set(waiting.filter((one) => one.state === "refused" || one.state === "changed").map((one) => one.case || one.key));
    const next = waiting.find((one) => one.state === "waiting" && !tried.has(one.key) && !blocked.has(one.case || one.key));
    if (!next) return;
    tried.add(next.key);
    changed({ ...next, sending: true });
    await send(mine, next, piece, changed);
    changed();
  }
}

/** Send and fetch. Returns the state for the page: `online`, `away`, `signed-out` or `no-post`.
 *  `onlyIfHeld`: not on a telephone from which somebody has signed out. */
export async function sync({ piece, fetchTasks, changed, onlyIfHeld = false }) {
  const work = async () => {
    let mine = await store.person();
    if (!mine && onlyIfHeld) return "signed-out";
    try {
      if (!mine) mine = await pull(null);
      await flush(mine, piece, changed);
      if (fetchTasks) await pull(mine);
      return "online";
    } catch (error) {
      if (error instanceof SignedOut) {
        await store.forget();
        return "signed-out";
      }
      if (error instanceof Another) {
        await pull(null);
        return "online";
      }
      if (error instanceof Away) return error.message || "away";
      throw error;
    }
  };
  return navigator.locks ? navigator.locks.request("bihuan-field-sync", work) : work();
}

/** Sign out on the server, where the page was told to without a network. */
export async function leave() {
  try {
    await fetch("/logout", { method: "POST", headers: { "X-CSRFToken": await csrf() }, credentials: "same-origin", redirect: "manual" });
    return true;
  } catch {
    return false;
  }
}
