// What the telephone keeps: the tasks of whoever is signed in, and the work that is not sent yet.
// All of it is locked with a key that the server gives to that person alone. Signed out, the key and the tasks are gone;
// the unsent work stays, and nobody else can read it.

const NAME = "bihuan-field";
const LONGEST = 12 * 3600 * 1000; // without a word from the server the tasks go: as long as a session lives
let opened = null;

function open() {
  opened ||= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("kept");
      const queue = asked.result.createObjectStore("queue", { keyPath: "seq", autoIncrement: true });
      queue.createIndex("once", "once", { unique: true });
      asked.result.createObjectStore("photos");
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

/** Run `work` in one transaction; its value once everything is on the disk. No await on anything else inside. */
async function within(stores, mode, work) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(stores, mode, { durability: mode === "readwrite" ? "strict" : "default" });
    let value;
    transaction.oncomplete = () => resolve(value instanceof IDBRequest ? value.result : value);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
    value = work(...stores.map((name) => transaction.objectStore(name)));
  });
}

const read = (name) => within(["kept"], "readonly", (kept) => kept.get(name));
const keep = (name, value) => within(["kept"], "readwrite", (kept) => { kept.put(value, name); });

// -- locked boxes ------------------------------------------------------------------------------------------------

async function lock(key, bytes) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, bytes) };
}

const unlock = (key, box) => crypto.subtle.decrypt({ name: "AES-GCM", iv: box.iv }, key, box.data);
const lockText = (key, value) => lock(key, new TextEncoder().encode(JSON.stringify(value)));
const unlockText = async (key, box) => JSON.parse(new TextDecoder().decode(await unlock(key, box)));

export async function digest(bytes) {
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// -- whose telephone it is ---------------------------------------------------------------------------------------

/** `{who, name, unit, key, skew, at}` of whoever is signed in, or undefined. */
export async function person() {
  const mine = await read("person");
  if (mine && Math.abs(Date.now() - mine.at) > LONGEST) await within(["kept"], "readwrite", (kept) => { kept.delete("tasks"); });
  return mine;
}

/** Take in what the server says: whoever was here before is forgotten, but for what he has not sent. */
export async function welcome(told) {
  const before = await read("person");
  if (before && before.who !== told.who) await forget();
  const raw = Uint8Array.from(atob(told.lock), (letter) => letter.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
  const { who, name, unit, unit_name: unitName, more, world, drill } = told;
  const mine = { who, name, unit, unitName, more, world, drill, key, at: Date.now(), skew: Date.parse(told.at) - Date.now() };
  await keep("person", mine);
  await saveTasks(mine, told.tasks);
  const sealed = new Set(told.tasks.filter((one) => one.sealed).map((one) => one.number));
  for (const entry of await queue(mine)) if (sealed.has(entry.number)) await save(mine, bare(entry));
  return mine;
}

/** Everything but the unsent work goes, and the key to that. */
export const forget = () => within(["kept"], "readwrite", (kept) => { kept.clear(); });

export async function tasks(mine) {
  const box = await read("tasks");
  return box ? unlockText(mine.key, box) : [];
}

export async function saveTasks(mine, list) {
  await keep("tasks", await lockText(mine.key, list));
}

/** What was sent, for a day. */
export async function sent(mine) {
  const box = await read("sent");
  const found = box ? await unlockText(mine.key, box) : [];
  return found.filter((one) => Date.now() - one.at < 86400000);
}

async function addSent(mine, one) {
  await keep("sent", await lockText(mine.key, [{ ...one, at: Date.now() }, ...(await sent(mine))].slice(0, 30)));
}

// -- the queue ---------------------------------------------------------------------------------------------------

/** Put an entry with its photographs (ArrayBuffers) at the end; false where the same thing waits there already. */
export async function add(mine, entry, photos) {
  const what = ["take", "arrive", "finish", "step"].includes(entry.do) ? `${entry.do} ${entry.step ?? ""} ${entry.case} ${entry.task}` : entry.key;
  const once = await digest(new TextEncoder().encode(`${mine.who} ${what}`));
  const boxes = await Promise.all(photos.map((bytes) => lock(mine.key, bytes)));
  const shas = await Promise.all(photos.map(digest));
  const whole = { ...entry, photos: shas.map((sha, i) => ({ sha, size: photos[i].byteLength, kind: entry.kinds[i], ref: "", sent: 0 })) };
  const box = await lockText(mine.key, whole);
  try {
    await within(["queue", "photos"], "readwrite", (queue, kept) => {
      queue.add({ who: mine.who, once, key: entry.key, box });
      boxes.forEach((one, i) => kept.put(one, `${entry.key}:${i}`));
    });
  } catch (error) {
    if (error && error.name === "ConstraintError") return false;
    throw error;
  }
  return true;
}

/** The entries of one person, in the order in which he made them. What does not open is told as such, never dropped. */
export async function queue(mine) {
  const rows = await within(["queue"], "readonly", (kept) => kept.getAll());
  const own = rows.filter((row) => row.who === mine.who);
  return Promise.all(own.map(async (row) => {
    try {
      return { ...(await unlockText(mine.key, row.box)), seq: row.seq };
    } catch {
      return { seq: row.seq, key: row.key, do: "locked", state: "locked", photos: [] };
    }
  }));
}

/** How many entries wait on this telephone, whosoever they are. */
export const count = () => within(["queue"], "readonly", (kept) => kept.count());

/** What he did, without anything of the case: it was sealed meanwhile, or is not his any more. */
export const bare = (entry) => ({ ...entry, seen: {}, title: String(entry.number ?? "") });

/** Write an entry back, unless it has gone meanwhile. */
export async function save(mine, entry) {
  const box = await lockText(mine.key, entry);
  await within(["queue"], "readwrite", (kept) => {
    const asked = kept.get(entry.seq);
    asked.onsuccess = () => { if (asked.result) kept.put({ ...asked.result, box }); };
  });
}

export async function remove(entry) {
  await within(["queue", "photos"], "readwrite", (kept, photos) => {
    kept.delete(entry.seq);
    entry.photos.forEach((_, i) => photos.delete(`${entry.key}:${i}`));
  });
}

/** It is recorded: told so first, then taken out. Cut off in between, it is sent once more and answered the same. */
export async function done(mine, entry, told) {
  const title = String(entry.number ?? "");
  await addSent(mine, { do: entry.do, title, number: told.number, code: told.code, note: told.note, word: told.word });
  await remove(entry);
}

export async function photo(mine, entry, i) {
  const box = await within(["photos"], "readonly", (kept) => kept.get(`${entry.key}:${i}`));
  return unlock(mine.key, box);
}
