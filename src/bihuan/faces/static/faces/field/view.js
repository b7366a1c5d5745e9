// From what is stored to what is seen. All words come from the page; nothing is built from strings of markup.

import { canRecord } from "./voice.js";

const app = document.getElementById("app");
const words = new Map([...document.querySelectorAll("#words data")].map((one) => [one.value, one.textContent]));

export function say(name, values = {}) {
  return (words.get(name) ?? name).replace(/{(\w+)}/g, (_, key) => values[key] ?? "");
}

const clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: app.dataset.zone, month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
export const local = (at) => clock.format(at);

function span(milliseconds) {
  const minutes = Math.max(0, Math.floor(milliseconds / 60000));
  const parts = [["days", Math.floor(minutes / 1440)], ["hours", Math.floor((minutes % 1440) / 60)], ["minutes", minutes % 60]];
  return parts.filter(([, n]) => n).slice(0, 2).map(([name, n]) => say(name, { n })).join(" ") || say("moment");
}

const parts = (root) => new Proxy({}, { get: (_, name) => root.querySelector(`[data-of="${name}"]`) });

function made(template) {
  const root = document.getElementById(template).content.firstElementChild.cloneNode(true);
  return [root, parts(root)];
}

function show(element, text) {
  element.textContent = text;
  element.hidden = !text;
}

function due(chip, stamp, now) {
  const left = Date.parse(stamp) - now;
  chip.textContent = stamp ? say(left < 0 ? "late-span" : "left-span", { span: span(Math.abs(left)) }) : say("no-due");
  chip.className = `chip${left < 0 ? " bad" : left < 4 * 3600000 ? " warn" : ""}`;
}

/** Metres along the globe. */
export function metres([lon, lat], [lon2, lat2]) {
  const rad = Math.PI / 180;
  const h = Math.sin((lat2 - lat) * rad / 2) ** 2 + Math.cos(lat * rad) * Math.cos(lat2 * rad) * Math.sin((lon2 - lon) * rad / 2) ** 2;
  return 12742000 * Math.asin(Math.sqrt(h));
}

const away = (task, here) => (here && task.lon !== null && !task.sealed ? metres(here, [task.lon, task.lat]) : Infinity);

function far(task, here) {
  const n = away(task, here);
  if (!Number.isFinite(n)) return "";
  if (task.about) return say("about", { n: (n / 1000).toFixed(1) });
  return n < 1000 ? say("metres", { n: Math.round(n / 10) * 10 }) : say("kilometres", { n: (n / 1000).toFixed(1) });
}

/** An address for the map app of the telephone. Nothing is asked of a map on the network. */
function mapLink(task) {
  const name = encodeURIComponent([task.place, task.seen.where].filter(Boolean).join(" "));
  const isApple = /iPhone|iPad|Macintosh/.test(navigator.userAgent);
  if (task.lon === null || task.about) return isApple ? `maps:?q=${name}` : `geo:0,0?q=${name}`;
  const at = `${task.lat.toFixed(6)},${task.lon.toFixed(6)}`;
  return isApple ? `maps:?daddr=${at}&q=${name}` : `geo:${at}?q=${at}(${name})`;
}

/** The task as it is once what waits has been sent. */
export function ahead(task, queue) {
  const steps = { take: "mine", arrive: "there", finish: "done" };
  const waiting = queue.filter((one) => one.case === task.case && one.task === task.task && one.state === "waiting");
  const last = waiting.map((one) => steps[one.do]).filter(Boolean).pop();
  return last ? { ...task.seen, status: last } : task.seen;
}

export const NEXT = { open: "take", mine: "arrive", there: "finish" };

export function drawTasks({ tasks, queue, here, sort, now, onact }) {
  const rows = tasks.map((task) => ({ task, seen: task.sealed ? null : ahead(task, queue) })).filter(({ seen }) => seen?.status !== "done");
  const time = ({ task }) => Date.parse(task.due) || Infinity;
  rows.sort((a, b) => (sort === "far" && here ? away(a.task, here) - away(b.task, here) || 0 : 0) || time(a) - time(b));
  document.getElementById("tasks").replaceChildren(...rows.map(({ task, seen }) => (task.sealed ? sealed(task, now) : card(task, seen, { queue, here, now, onact }))));
  document.getElementById("none").hidden = rows.length > 0;
}

function sealed(task, now) {
  const [root, of] = made("t-sealed");
  of.number.textContent = say("number", { n: task.number });
  of.open.href = `/console/?tab=tasks&number=${task.number}`;
  due(of.due, task.due, now);
  return root;
}

function card(task, seen, { queue, here, now, onact }) {
  const [root, of] = made("t-task");
  root.dataset.case = task.case;
  of.number.textContent = `${say("number", { n: task.number })} · ${task.role}`;
  of.title.textContent = task.category;
  of.where.textContent = [task.place, seen.where].filter(Boolean).join(" · ");
  of.far.textContent = far(task, here);
  of.what.textContent = seen.what;
  due(of.due, task.due, now);
  show(of.waits, task.waits);
  of.state.textContent = say(`s-${seen.status}`);
  of.open.href = `/console/case/${task.case}`;
  of.map.href = mapLink(task);
  const isMine = seen.status === "mine" || seen.status === "there";
  const next = task.may || isMine ? NEXT[seen.status] : undefined;
  const isStopped = queue.some((one) => one.case === task.case && one.task === task.task && one.do === next && one.state !== "waiting");
  if (next && !isStopped && !(next === "finish" && task.waits)) {
    of.go.hidden = false;
    of.go.textContent = say(next);
    of.go.addEventListener("click", () => onact(next, task, seen));
  }
  const waiting = new Set(queue.filter((one) => one.case === task.case && one.do === "step").map((one) => one.step));
  for (const step of isMine ? task.steps.filter((one) => !waiting.has(one.step)) : []) {
    const button = of.note.cloneNode(true);
    button.removeAttribute("data-of");
    button.textContent = `✓ ${step.name}`;
    button.addEventListener("click", () => onact("step", task, seen, step));
    of.steps.append(button);
  }
  of.before.hidden = !isMine;
  of.note.hidden = !isMine;
  of.voice.hidden = !isMine || !canRecord;
  of.before.addEventListener("click", () => onact("proof", task, seen));
  of.note.addEventListener("click", () => onact("note", task, seen));
  of.voice.addEventListener("click", () => onact("voice", task, seen));
  return root;
}

export function drawQueue({ queue, onagain, ondrop }) {
  const list = queue.map((entry) => item(entry, queue, { onagain, ondrop }));
  document.getElementById("queued").replaceChildren(...list);
  document.getElementById("queue").hidden = !list.length;
}

function item(entry, queue, { onagain, ondrop }) {
  const [root, of] = made("t-entry");
  const isStopped = entry.state === "refused" || entry.state === "changed";
  const isBehind = queue.some((one) => one.seq < entry.seq && one.case && one.case === entry.case && one.state !== "waiting");
  root.classList.add(`is-${entry.state}`);
  of.title.textContent = [say(entry.do), entry.title].filter(Boolean).join(" · ");
  of.state.textContent = say(entry.sending ? "sending" : entry.state === "waiting" && isBehind ? "behind" : entry.state);
  of.state.className = `chip ${isStopped ? "bad" : "warn"}`;
  of.made.textContent = entry.at ? local(entry.at) : "";
  show(of.text, entry.text || "");
  const whole = entry.photos.reduce((sum, photo) => sum + photo.size, 0);
  const come = entry.photos.reduce((sum, photo) => sum + (photo.ref ? photo.size : photo.sent), 0);
  const photos = entry.photos.length ? ` · ${say(entry.do === "voice" ? "spoken" : "photos", { n: entry.photos.length })}` : "";
  of.photos.textContent = come && whole ? `${photos} · ${say("uploaded", { n: Math.floor(100 * come / whole) })}` : photos;
  if (entry.state === "locked") show(of.why, say("locked"));
  if (entry.state === "refused") show(of.why, [entry.words.code === "old" ? say("old") : entry.words.text, entry.words.law].filter(Boolean).join(" "));
  if (entry.state === "changed") versions(of.changed, entry.words.fields);
  of.choices.hidden = !isStopped;
  of.again.textContent = say(entry.state === "changed" ? "send-anyway" : "try-again");
  of.again.addEventListener("click", () => onagain(entry));
  of.drop.addEventListener("click", () => ondrop(entry));
  return root;
}

/** Field by field: what he saw when he acted, and what stands there now. */
function versions(box, fields) {
  const [, then, now] = [...box.querySelectorAll("th")].map((cell) => cell.textContent);
  box.hidden = false;
  box.querySelector("tbody").replaceChildren(...fields.map((field) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = field.field;
    const cells = [[then, field.then], [now, field.now]].map(([label, text]) => {
      const cell = document.createElement("td");
      cell.dataset.of = label;
      cell.textContent = text;
      return cell;
    });
    row.replaceChildren(head, ...cells);
    return row;
  }));
}

export function drawSent(list) {
  document.getElementById("sent").hidden = !list.length;
  document.getElementById("sent-list").replaceChildren(...list.map((one) => {
    const row = document.createElement("li");
    const text = one.do === "report" ? say("sent-report", { n: one.number, code: "" }) : say("sent-act", { title: [say(one.do), one.title && say("number", { n: one.title })].filter(Boolean).join(" · ") });
    row.textContent = `${local(one.at)} ${text}`;
    if (one.code) {
      const link = document.createElement("a");
      link.href = `/t/${one.code}`;
      link.textContent = one.code.replace(/(.{4})(?=.)/g, "$1-");
      row.append(link);
    }
    if (one.note) row.append(` ${one.note}`);
    if (one.word) row.append(` ${say("call-first", { word: one.word })}`);
    return row;
  }));
}
