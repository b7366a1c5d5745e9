// The field app: draws what is stored, puts what is done into the queue, and lets the queue go out when it can.

import * as store from "./store.js";
import { shrink, thumbnail } from "./photo.js";
import { csrf, leave, sync } from "./sync.js";
import { playable, record } from "./voice.js";
import { drawQueue, drawSent, drawTasks, local, say } from "./view.js";

const $ = (id) => document.getElementById(id);
const app = $("app");
const others = new BroadcastChannel("bihuan-field");
const PIECE = Number(app.dataset.piece);
const AGAIN = [4000, 10000, 30000, 60000];
const SOMETHING = 250; // a recording of less has a head and no sound
const FETCH_EVERY = 5 * 60000;

let mine;
let here = null;
let sort = "due";
let state = "busy";
let syncing = false;
let wanted = "";
let misses = 0;
let timer = 0;
let progress = null;

// -- drawing -----------------------------------------------------------------------------------------------------

async function draw() {
  mine = await store.person();
  const isIn = Boolean(mine);
  for (const id of ["mine", "below", "leave"]) $(id).hidden = !isIn;
  $("out").hidden = isIn || state === "busy";
  if (!isIn) {
    for (const id of ["queue", "sent"]) $(id).hidden = true;
    const n = await store.count();
    $("out-waits").hidden = !n;
    $("out-waits").textContent = say("waits-here", { n });
    status();
    return;
  }
  const [tasks, queue, sent] = await Promise.all([store.tasks(mine), store.queue(mine), store.sent(mine)]);
  const shown = queue.map((one) => (progress && one.key === progress.key ? { ...one, ...progress } : one));
  drawTasks({ tasks, queue, here, sort, now: Date.now() + mine.skew, onact: begin });
  drawQueue({ queue: shown, onagain: again, ondrop: drop });
  drawSent(sent);
  $("whose").textContent = `${mine.name} · ${mine.unitName}`;
  $("drill").hidden = !mine.drill;
  $("drill").textContent = mine.drill || "";
  $("more").hidden = !mine.more;
  $("more").textContent = say("more", { n: mine.more });
  status();
}

function status() {
  const is = navigator.onLine ? state : state === "left" ? "left" : "offline";
  $("net").dataset.is = is;
  $("net").textContent = is === "online" && mine ? say("online", { time: local(mine.at) }) : say(is);
}

function changed(entry) {
  progress = entry || null;
  others.postMessage("changed");
  return draw();
}

// -- sending -----------------------------------------------------------------------------------------------------

async function run(fetchTasks) {
  if (localStorage.getItem("bihuan-field-left")) return finishLeaving();
  if (syncing) {
    wanted ||= fetchTasks ? "all" : "send";
    if (fetchTasks) wanted = "all";
    return;
  }
  if (!navigator.onLine) return draw();
  syncing = true;
  clearTimeout(timer);
  try {
    state = await sync({ piece: PIECE, fetchTasks, changed });
    misses = state === "away" ? misses + 1 : 0;
  } finally {
    syncing = false;
    progress = null;
  }
  others.postMessage("changed");
  await draw();
  const more = wanted;
  wanted = "";
  if (more) return run(more === "all");
  plan();
}

/** Try again by itself, later each time, while something waits or the server was away. */
async function plan() {
  clearTimeout(timer);
  if (state === "signed-out" || state === "no-post") return;
  const waits = mine ? (await store.queue(mine)).some((one) => one.state === "waiting") : false;
  const isAway = state === "away" || waits;
  timer = setTimeout(() => run(true), isAway ? AGAIN[Math.min(misses, AGAIN.length - 1)] : FETCH_EVERY);
}

async function put(entry, photos = []) {
  const whole = { key: crypto.randomUUID().replaceAll("-", ""), unit: mine.unit, world: mine.world || 1, at: Date.now(), state: "waiting", text: "", kinds: [], ...entry };
  await store.add(mine, whole, photos);
  if (navigator.storage?.persist) navigator.storage.persist();
  wake();
  await changed();
  run(false);
}

/** Where the browser can: it lets the worker send once there is a network, also with the app closed. */
async function wake() {
  const worker = await navigator.serviceWorker?.getRegistration("/field/");
  await worker?.sync?.register("bihuan-field").catch(() => {});
}

async function again(entry) {
  const { words, ...rest } = entry;
  const seen = entry.state === "changed" ? { ...entry.seen, ...words.now } : entry.seen;
  await store.save(mine, { ...rest, seen, state: "waiting", sure: true });
  await changed();
  run(false);
}

async function drop(entry) {
  if (!(await askSmall({ title: say("drop-title"), text: say("drop-text"), go: say("drop") }))) return;
  await store.remove(entry);
  await changed();
  run(true);
}

// -- acting ------------------------------------------------------------------------------------------------------

async function begin(what, task, seen, step) {
  if (what === "step") return put({ do: what, step: step.step, case: task.case, task: task.task, number: task.number, seen, title: `${step.name} · ${task.category} ${task.number}` });
  const base = { do: what, case: task.case, task: task.task, number: task.number, seen, title: `${task.category} ${task.number}` };
  if (what === "take" || what === "arrive") return put(base);
  if (what === "finish") return askFinish(base, task);
  if (what === "voice") return askVoice(base);
  const isPhoto = what === "proof";
  const given = await askSmall({ title: `${say(what)} · ${base.title}`, go: say(what), photo: isPhoto, note: !isPhoto });
  if (given) await put({ ...base, text: given.note, kinds: isPhoto ? ["photo_before"] : [] }, given.photos);
}

/** A dialog whose form comes back filled, or null. `check` gives the problem in words, or nothing. */
function asked(dialog, check) {
  const form = dialog.querySelector("form");
  const problem = dialog.querySelector('[data-of="problem"]');
  problem.hidden = true;
  dialog.showModal();
  return new Promise((resolve) => {
    let value = null;
    const submit = async (event) => {
      event.preventDefault();
      const go = dialog.querySelector("[data-go]");
      go.disabled = true;
      try {
        problem.hidden = true;
        value = await check();
        dialog.close();
      } catch (error) {
        problem.textContent = error.message;
        problem.hidden = false;
      }
      go.disabled = false;
    };
    form.addEventListener("submit", submit);
    dialog.addEventListener("close", () => {
      form.removeEventListener("submit", submit);
      form.reset();
      for (const thumbs of dialog.querySelectorAll(".thumbs")) thumbs.replaceChildren();
      resolve(value);
    }, { once: true });
  });
}

async function pictures(input) {
  try {
    return await Promise.all([...input.files].slice(0, 6).map(shrink));
  } catch {
    throw new Error(say("bad-photo"));
  }
}

function preview(input, thumbs) {
  input.addEventListener("change", async () => {
    thumbs.replaceChildren();
    for (const bytes of await pictures(input).catch(() => [])) {
      const picture = new Image();
      picture.alt = "";
      picture.src = await thumbnail(bytes);
      thumbs.append(picture);
    }
  });
}

async function askFinish(base, task) {
  const dialog = $("finish");
  $("finish-h").textContent = say("finish-title", { title: base.title });
  $("answer-label").textContent = say(task.is_lead ? "answer-lead" : "answer-assist");
  $("answer").required = task.is_lead;
  const wanted = task.needs.length ? task.needs.map((one) => ({ ...one, required: true })) : [{ kind: "photo", name: say("optional-photo") }];
  const inputs = wanted.map(({ kind, name, required }) => {
    const box = document.createElement("div");
    const label = document.createElement("label");
    const input = document.createElement("input");
    const thumbs = document.createElement("div");
    Object.assign(input, { type: "file", accept: "image/*", id: `proof-${kind}`, required: Boolean(required) });
    label.htmlFor = input.id;
    label.textContent = name;
    thumbs.className = "thumbs";
    box.append(label, input, thumbs);
    preview(input, thumbs);
    return { kind, box, input };
  });
  $("finish-photos").replaceChildren(...inputs.map(({ box }) => box));
  const given = await asked(dialog, async () => {
    const each = await Promise.all(inputs.map(({ input }) => pictures(input)));
    return { text: $("answer").value.trim(), photos: each.flat(), kinds: inputs.flatMap(({ kind }, i) => each[i].map(() => kind)) };
  });
  if (given) await put({ ...base, text: given.text, kinds: given.kinds }, given.photos);
}

function askSmall({ title, text = "", go, photo = false, note = false }) {
  const dialog = $("small");
  const of = (name) => dialog.querySelector(`[data-of="${name}"]`);
  $("small-h").textContent = title;
  of("text").textContent = text;
  of("text").hidden = !text;
  of("photo").hidden = !photo;
  of("note").hidden = !note;
  $("small-photo").required = photo;
  $("small-note").required = note;
  dialog.querySelector("[data-go]").textContent = go;
  return asked(dialog, async () => ({ photos: await pictures($("small-photo")), note: $("small-note").value.trim() }));
}

async function askVoice(base) {
  const [button, heard, state] = [$("record"), $("heard"), $("recording")];
  let running = null;
  let bytes = null;
  $("voice-h").textContent = `${say("voice")} · ${base.title}`;
  const press = async () => {
    if (running) return running.stop();
    bytes = null;
    heard.hidden = true;
    $("voice").querySelector('[data-of="problem"]').hidden = true;
    try {
      running = await record();
    } catch {
      state.textContent = say("no-microphone");
      return;
    }
    button.textContent = say("record-stop");
    const began = Date.now();
    const tell = () => { state.textContent = say("recording", { n: Math.floor((Date.now() - began) / 1000) }); };
    const ticking = setInterval(tell, 500);
    tell();
    const whole = await running.whole;
    clearInterval(ticking);
    running = null;
    bytes = whole.byteLength > SOMETHING ? whole : null;
    button.textContent = say("record-again");
    state.textContent = "";
    if (!bytes) return;
    heard.src = await playable(bytes);
    heard.hidden = false;
  };
  button.textContent = say("record");
  button.addEventListener("click", press);
  const given = await asked($("voice"), async () => {
    if (running || !bytes) throw new Error(say(running ? "still-recording" : "nothing-recorded"));
    return [bytes];
  });
  button.removeEventListener("click", press);
  running?.stop();
  heard.hidden = true;
  heard.removeAttribute("src");
  state.textContent = "";
  if (given) await put({ ...base, kinds: ["voice"] }, given);
}

async function askReport() {
  const value = (id) => $(id).value.trim();
  const degrees = (id) => (value(id) ? Number(value(id)) : null);
  const given = await asked($("report"), async () => ({
    text: value("text"), category: value("category"), place: value("place"), address: value("address"), lon: degrees("lon"), lat: degrees("lat"),
    photos: await pictures($("report-photo")),
  }));
  for (const id of ["lon", "lat"]) $(id).value = "";
  $("danger").hidden = true;
  $("gps").querySelector("[role=status]").textContent = "";
  if (!given) return;
  const { photos, ...said } = given;
  await put({ do: "report", title: "", ...said, kinds: photos.map(() => "photo_site") }, photos);
}

// -- signing out -------------------------------------------------------------------------------------------------

async function leaving(event) {
  event.preventDefault();
  const unsent = mine ? (await store.queue(mine)).length : 0;
  if (unsent && !(await askSmall({ title: say("leave-title", { n: unsent }), text: say("leave-text"), go: say("leave") }))) return;
  await store.forget();
  localStorage.setItem("bihuan-field-left", await csrf());
  state = "left";
  others.postMessage("changed");
  await draw();
  await finishLeaving();
}

/** The server is told as soon as it can be reached; until then nothing is shown and nothing goes out.
 *  Who has signed in since has another token: his session is not the one that was left. */
async function finishLeaving() {
  if (localStorage.getItem("bihuan-field-left") !== (await csrf())) {
    localStorage.removeItem("bihuan-field-left");
    return run(true);
  }
  state = "left";
  if (navigator.onLine && (await leave())) {
    localStorage.removeItem("bihuan-field-left");
    state = "signed-out";
  }
  await store.forget();
  await draw();
}

// -- start -------------------------------------------------------------------------------------------------------

function locate() {
  $("where").textContent = say("locating");
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    here = [coords.longitude, coords.latitude];
    $("where").textContent = say("located");
    draw();
  }, () => { $("where").textContent = say("not-located"); }, { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 });
}

function wire() {
  for (const button of document.querySelectorAll("[data-sort]")) {
    button.addEventListener("click", () => {
      sort = button.dataset.sort;
      for (const one of document.querySelectorAll("[data-sort]")) one.setAttribute("aria-pressed", String(one === button));
      if (sort === "far" && !here) locate();
      draw();
    });
  }
  for (const close of document.querySelectorAll("[data-close]")) close.addEventListener("click", () => close.closest("dialog").close());
  for (const box of document.querySelectorAll("dialog")) {
    const input = box.querySelector("div > input[type=file]");
    if (input) preview(input, input.parentElement.querySelector(".thumbs"));
  }
  $("new").addEventListener("click", askReport);
  $("refresh").addEventListener("click", () => run(true));
  $("leave").addEventListener("submit", leaving);
  others.addEventListener("message", () => { draw(); });
  addEventListener("online", () => { misses = 0; run(true); });
  addEventListener("offline", () => { status(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) run(true); });
  setInterval(() => { if (!document.hidden && mine && !document.querySelector("dialog[open]")) draw(); }, 60000);
}

async function worker() {
  if (!navigator.serviceWorker) return;
  const had = Boolean(navigator.serviceWorker.controller);
  navigator.serviceWorker.addEventListener("controllerchange", () => { if (had) $("fresh").hidden = false; });
  $("fresh").querySelector("button").addEventListener("click", () => location.reload());
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    $("install").hidden = false;
    $("install").querySelector("button").onclick = () => { $("install").hidden = true; event.prompt(); };
  });
  const register = (path, type) => navigator.serviceWorker.register(path, { scope: "/field/", type });
  await register("/field/sw.js?module", "module").catch(() => register("/field/sw.js", "classic")).catch(() => {});
}

async function start() {
  app.hidden = false;
  if (!window.isSecureContext) {
    $("net").dataset.is = "no-post";
    $("net").textContent = say("insecure");
    return;
  }
  wire();
  status();
  worker();
  try {
    await draw();
  } catch {
    $("net").textContent = say("no-store");
    return;
  }
  await run(true);
  if (!navigator.onLine && !mine) {
    state = "signed-out";
    await draw();
  }
}

start();
