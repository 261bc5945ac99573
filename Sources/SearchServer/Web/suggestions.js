// Parts of the query picture that stand out, offered as small pictures to press.

import { ask } from "./api.js";
import { cropText } from "./address.js";
import { element } from "./dom.js";

const shownCount = 4;

/** Asks which parts of a query stand out; a server that cannot say so offers none. */
export async function requestSuggestions(base, signal) {
  const asked = base.image ? ask(`/v1/images/${base.image}/crops`, { signal })
    : base.file ? ask("/v1/crops", {
      method: "POST", body: base.file, headers: { "Content-Type": "application/octet-stream" }, signal,
    }) : null;
  const { crops } = await asked ?? { crops: [] };
  return crops.slice(0, shownCount).map(({ x, y, width, height }) => ({ x, y, width, height }));
}

/** Shows the query's parts as buttons. `crop` is the one searched now. */
export function showSuggestions(list, { crops, source, ratio, crop, onChoose, onHint }) {
  list.replaceChildren(...crops.map((part, index) => {
    const isChosen = crop !== null && cropText(crop) === cropText(part);
    const button = element("button", {
      type: "button", class: "suggestion", "aria-pressed": String(isChosen), "aria-label": `Search part ${index + 1}`,
      onclick: () => onChoose(isChosen ? null : part),
      onpointerenter: () => onHint(part), onpointerleave: () => onHint(null),
      onfocus: () => onHint(part), onblur: () => onHint(null),
    }, cutOut(source, part, ratio));
    return element("li", {}, button);
  }));
  list.hidden = !crops.length;
}

/** A small picture of a part: the whole picture, enlarged and moved behind a window of the part's shape. */
function cutOut(source, { x, y, width, height }, ratio) {
  const picture = element("img", { src: source, alt: "" });
  const shape = { width: `${100 / width}%`, left: `${-100 * x / width}%`, top: `${-100 * y / height}%` };
  for (const [name, value] of Object.entries(shape)) picture.style.setProperty(name, value);
  const window = element("span", { class: "cut-out" }, picture);
  window.style.setProperty("--shape", (ratio * width / height).toFixed(4));
  return window;
}
