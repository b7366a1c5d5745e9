// Photographs of a report: made small here, faces and number plates blurred here, before anything leaves the telephone.

import { shrink } from "./field/photo.js";

const BLOCKS = 6;
const STEP = 24;
let working = 0;

/** Nothing is sent while a picture is being drawn: the form waits, and goes out by itself. */
async function busy(work) {
  working += 1;
  try { await work(); } finally { working -= 1; }
}

document.addEventListener("submit", (event) => {
  if (!working) return;
  event.preventDefault();
  const wait = setInterval(() => {
    if (working) return;
    clearInterval(wait);
    event.target.requestSubmit(event.submitter);
  }, 50);
});

/** Draw a part of the picture anew in a few coarse blocks: what was there cannot be told from them. */
function blur(context, x, y, width, height) {
  const side = Math.max(12, Math.round(Math.max(width, height) / BLOCKS));
  for (let top = y; top < y + height; top += side) {
    for (let left = x; left < x + width; left += side) {
      const part = context.getImageData(left, top, Math.min(side, x + width - left), Math.min(side, y + height - top)).data;
      const sum = [0, 0, 0];
      for (let at = 0; at < part.length; at += 4) for (const band of [0, 1, 2]) sum[band] += part[at + band];
      context.fillStyle = `rgb(${sum.map((one) => Math.round((one * 4) / part.length)).join()})`;
      context.fillRect(left, top, Math.min(side, x + width - left), Math.min(side, y + height - top));
    }
  }
}

class Photo {
  constructor(file, bytes, input, changed) {
    Object.assign(this, { file, bytes, input, changed });
    this.box = document.createElement("figure");
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.cursor = { x: 0, y: 0 };
    const undo = document.createElement("button");
    Object.assign(undo, { type: "button", className: "button", textContent: input.dataset.undo });
    this.turn = Promise.resolve();
    undo.addEventListener("click", () => this.next(() => this.restore()));
    this.box.append(this.canvas, undo);
    this.canvas.addEventListener("pointerdown", (event) => this.begin(event));
    this.canvas.addEventListener("pointerup", (event) => this.end(event));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
  }

  /** One after the other: what is covered while the picture is drawn anew must not be lost under it. */
  next(work) {
    this.turn = this.turn.then(work, work);
    return busy(() => this.turn);
  }

  async restore() {
    this.unmark = null;
    const picture = await createImageBitmap(new Blob([this.bytes], { type: "image/jpeg" }));
    Object.assign(this.canvas, { width: picture.width, height: picture.height });
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.context.drawImage(picture, 0, 0);
    picture.close();
    await this.save();
  }

  async save() {
    const blob = await new Promise((resolve) => { this.canvas.toBlob(resolve, "image/jpeg", 0.85); });
    this.file = new File([blob], "photo.jpg", { type: "image/jpeg" });
    this.changed();
  }

  at(event) {
    const frame = this.canvas.getBoundingClientRect();
    const scale = this.canvas.width / frame.width;
    return { x: (event.clientX - frame.left) * scale, y: (event.clientY - frame.top) * scale };
  }

  begin(event) {
    this.from = this.at(event);
    this.canvas.setPointerCapture(event.pointerId);
  }

  async end(event) {
    if (!this.from) return;
    const to = this.at(event);
    const least = this.canvas.width / 12;
    let width = Math.abs(to.x - this.from.x);
    let height = Math.abs(to.y - this.from.y);
    let x = Math.min(to.x, this.from.x);
    let y = Math.min(to.y, this.from.y);
    if (width < least) { x -= (least - width) / 2; width = least; }
    if (height < least) { y -= (least - height) / 2; height = least; }
    this.from = null;
    await this.next(() => this.cover(x, y, width, height));
  }

  async cover(x, y, width, height) {
    const [left, top] = [Math.max(0, Math.round(x)), Math.max(0, Math.round(y))];
    const right = Math.min(this.canvas.width, Math.round(x + width));
    const below = Math.min(this.canvas.height, Math.round(y + height));
    if (right > left && below > top) blur(this.context, left, top, right - left, below - top);
    await this.save();
  }

  async key(event) {
    const side = this.canvas.width / 6;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    await this.next(() => this.press(way, side));
  }

  async press(way, side) {
    if (this.unmark) this.unmark();
    if (!way) return void await this.cover(this.cursor.x, this.cursor.y, side, side);
    this.cursor.x = Math.min(this.canvas.width - side, Math.max(0, this.cursor.x + (way[0] * this.canvas.width) / STEP));
    this.cursor.y = Math.min(this.canvas.height - side, Math.max(0, this.cursor.y + (way[1] * this.canvas.width) / STEP));
    this.mark(side);
  }

  /** Show for a moment where the square of the keyboard stands, without leaving it in the picture. */
  mark(side) {
    const under = this.context.getImageData(this.cursor.x, this.cursor.y, side, side);
    this.context.strokeStyle = "#d00";
    this.context.lineWidth = Math.max(3, side / 24);
    this.context.strokeRect(this.cursor.x + 4, this.cursor.y + 4, side - 8, side - 8);
    clearTimeout(this.shown);
    const { x, y } = this.cursor;
    this.unmark = () => { this.context.putImageData(under, x, y); this.unmark = null; };
    this.shown = setTimeout(() => this.unmark && this.unmark(), 900);
  }
}

for (const input of document.querySelectorAll("input[type=file][data-blur]")) {
  const list = document.createElement("div");
  list.className = "blurs";
  input.after(list);
  input.addEventListener("change", () => busy(async () => {
    const files = [...input.files].slice(0, Number(input.dataset.most));
    const photos = [];
    const changed = () => {
      const all = new DataTransfer();
      for (const photo of photos) all.items.add(photo.file);
      input.files = all.files;
    };
    list.replaceChildren();
    for (const [at, file] of files.entries()) {
      const photo = new Photo(file, null, input, changed);
      photos.push(photo);
      try {
        photo.bytes = await shrink(file);
        await photo.restore();
        photo.canvas.setAttribute("role", "img");
        photo.canvas.setAttribute("aria-label", `${input.dataset.name.replace("{n}", at + 1)}. ${input.dataset.how}`);
        list.append(photo.box);
      } catch {
        const told = document.createElement("p");
        told.textContent = `${input.dataset.name.replace("{n}", at + 1)}: ${input.dataset.broken}`;
        list.append(told);
      }
    }
    if (list.querySelector("canvas")) {
      const how = document.createElement("p");
      Object.assign(how, { className: "hint", textContent: input.dataset.how });
      list.prepend(how);
    }
    input.dataset.ready = String(photos.length);
  }));
}
