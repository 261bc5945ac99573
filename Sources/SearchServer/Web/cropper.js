// A picture on which a part can be chosen: drawn with a mouse or pen, moved and pulled with any pointer, or with the keys.
// Fingers do not draw on the bare picture, for they scroll the page; a button puts a frame there for them.

import { element, whenQuiet } from "./dom.js";

const smallest = 0.06;
const step = 0.02;
const whole = { x: 0, y: 0, width: 1, height: 1 };
const handles = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

export class Cropper {
  #picture = element("img", { alt: "", draggable: "false" });
  #frame = element("div", {
    class: "crop-frame", tabindex: 0, role: "group", "aria-roledescription": "crop frame",
    "aria-describedby": "crop-keys",
  }, handles.map((side) => element("span", { class: `crop-handle ${side}`, "data-side": side })));
  #hint = element("div", { class: "crop-hint", hidden: true });
  #stage = element("div", { class: "crop-stage" }, this.#picture, this.#hint, this.#frame);
  #noPreview = element("p", { class: "no-preview", text: "No preview", hidden: true });
  #crop = null;
  #isChanging = false; // between a hand's or key's change and telling of it
  #settled;

  /** `onChange` is told the new part, or null for the whole picture, once hand or key rests. */
  constructor(host, onChange) {
    this.#settled = whenQuiet(220, () => {
      if (!this.#isChanging) return;
      this.#isChanging = false;
      onChange(this.#crop);
    });
    host.replaceChildren(this.#stage, this.#noPreview);
    this.#stage.addEventListener("pointerdown", (event) => this.#grab(event));
    this.#frame.addEventListener("keydown", (event) => this.#key(event));
    this.#picture.addEventListener("load", () => this.#showPreview(true));
    // HEIC and TIFF can be searched with although few browsers can show them.
    this.#picture.addEventListener("error", () => this.#showPreview(false));
  }

  /** Shows a picture and its part. The part of a picture that is shown already gives way to the one that is being made:
   *  an answer that arrives meanwhile must not take it out of the hand. */
  show(source, alt, crop) {
    this.#picture.alt = alt;
    if (this.#picture.getAttribute("src") !== source) this.#isChanging = false;
    if (!source) {
      this.#picture.removeAttribute("src");
      this.#showPreview(false);
    } else if (this.#picture.getAttribute("src") !== source) {
      this.#picture.src = source;
    }
    if (!this.#isChanging) this.#place(crop);
  }

  /** Puts a frame around the middle, for those who would rather pull than draw. */
  begin() {
    this.#change({ x: 0.2, y: 0.2, width: 0.6, height: 0.6 });
    this.#frame.focus();
  }

  /** Outlines a part that could be chosen; null takes the outline away. */
  hint(rectangle) {
    this.#hint.hidden = !rectangle;
    if (rectangle) put(this.#hint, rectangle);
  }

  #showPreview(canBeShown) {
    this.#stage.hidden = !canBeShown;
    this.#noPreview.hidden = canBeShown;
  }

  #place(crop) {
    this.#crop = crop;
    this.#stage.classList.toggle("is-cropped", crop !== null);
    put(this.#frame, crop ?? whole);
    const part = crop ?? whole;
    const share = (value) => `${Math.round(value * 100)} %`;
    this.#frame.setAttribute("aria-label", crop
      ? `Part searched: ${share(part.width)} by ${share(part.height)} of the picture, ${share(part.x)} from the left, ${share(part.y)} from the top`
      : "The whole picture is searched");
  }

  #change(crop) {
    const isWhole = crop && crop.width > 0.985 && crop.height > 0.985;
    this.#isChanging = true;
    this.#place(isWhole ? null : crop);
    this.#settled();
  }

  #grab(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    const side = event.target.dataset?.side;
    const isFrame = event.target === this.#frame && this.#crop;
    if (!side && !isFrame && event.pointerType === "touch") return;
    event.preventDefault();
    const box = this.#stage.getBoundingClientRect();
    const at = (each) => ({
      x: clamp((each.clientX - box.left) / box.width, 0, 1), y: clamp((each.clientY - box.top) / box.height, 0, 1),
    });
    const from = at(event);
    const before = this.#crop ?? whole;
    const drag = (each) => {
      const to = at(each);
      const by = { x: to.x - from.x, y: to.y - from.y };
      if (side) this.#change(resized(before, side, by));
      else if (isFrame) this.#change(moved(before, by));
      // A hand that only clicked has not drawn anything.
      else if (Math.hypot(by.x * box.width, by.y * box.height) > 6) this.#change(between(from, to));
    };
    const end = () => {
      removeEventListener("pointermove", drag);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
      this.#frame.focus({ preventScroll: true, focusVisible: false });
    };
    addEventListener("pointermove", drag);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
  }

  #key(event) {
    const by = {
      ArrowLeft: { x: -step, y: 0 }, ArrowRight: { x: step, y: 0 }, ArrowUp: { x: 0, y: -step }, ArrowDown: { x: 0, y: step },
    }[event.key];
    const part = this.#crop ?? whole;
    if (by && event.shiftKey) this.#change(resized(part, "se", by));
    else if (by && !event.metaKey && !event.ctrlKey && !event.altKey) this.#change(moved(part, by));
    else if (["Escape", "Delete", "Backspace"].includes(event.key) && this.#crop) this.#change(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function put(node, { x, y, width, height }) {
  for (const [name, value] of Object.entries({ left: x, top: y, width, height })) {
    node.style.setProperty(name, `${value * 100}%`);
  }
}

function moved({ x, y, width, height }, by) {
  return { x: clamp(x + by.x, 0, 1 - width), y: clamp(y + by.y, 0, 1 - height), width, height };
}

function resized({ x, y, width, height }, side, by) {
  let [left, top, right, bottom] = [x, y, x + width, y + height];
  if (side.includes("w")) left = clamp(left + by.x, 0, right - smallest);
  if (side.includes("e")) right = clamp(right + by.x, left + smallest, 1);
  if (side.includes("n")) top = clamp(top + by.y, 0, bottom - smallest);
  if (side.includes("s")) bottom = clamp(bottom + by.y, top + smallest, 1);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function between(a, b) {
  const width = Math.max(smallest, Math.abs(a.x - b.x));
  const height = Math.max(smallest, Math.abs(a.y - b.y));
  return moved({ x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width, height }, { x: 0, y: 0 });
}
