// One result as a card: the picture, what it is called, how sure one can be that it is similar, and what can be done.

import { pictureAddress } from "./address.js";
import { element, icon } from "./dom.js";
import { classNames, count, percent } from "./format.js";

// Very long and very narrow pictures are cropped a little: their captions need room.
const shape = ({ width, height }) => Math.min(1.9, Math.max(0.75, width / height || 1)).toFixed(3);

/** Makes the card of a result. `context` is { search, examples, rank?, onExample? }. */
export function card(result, context) {
  const item = element("li", { class: "card", "data-image": result.id });
  item.style.setProperty("--ratio", shape(result));
  const thumbnail = result.links.thumbnail;
  const link = element("a", { class: "card-link", href: `/?image=${result.id}`, title: result.path, "data-image": result.id },
    element("span", { class: "card-picture" }, element("img", {
      alt: "", loading: "lazy", decoding: "async", srcset: `${thumbnail}?size=400, ${thumbnail}?size=800 2x`,
      src: `${thumbnail}?size=400`,
    }), frame(result)),
    caption(result));
  item.append(link, tools(result, context));
  if (result.visibility && result.visibility !== "listed") item.append(wayBack(result, context));
  if (result.duplicates?.length) item.append(fold(item, result, context));
  return item;
}

function caption(result) {
  const name = element("span", { class: "card-name", text: result.fileName });
  if (result.similarity === undefined) return element("span", { class: "card-caption" }, name);
  const share = result.probability ?? Math.max(0, result.similarity);
  const figure = result.probability === undefined ? result.similarity.toFixed(3) : percent(result.probability);
  const title = result.probability === undefined ? `similarity ${result.similarity.toFixed(4)}`
    : `${percent(result.probability)} of people would call it similar; similarity ${result.similarity.toFixed(4)}`;
  const meter = element("meter", { min: 0, max: 1, value: share, "aria-hidden": "true" });
  return element("span", { class: "card-caption", "data-similarity": result.similarity },
    name,
    element("span", { class: "card-number", title }, element("span", { class: "visually-hidden", text: ", " }), figure),
    meter,
    result.class && element("span", { class: `card-class is-${result.class}` },
      element("span", { class: "visually-hidden", text: ", " }),
      `${classNames[result.class] ?? result.class}${result.part && result.class !== "unrelated" ? ", in a part" : ""}`));
}

/** Frames the part of the picture that was found, unless the card shows the picture cropped. */
function frame({ part, width, height }) {
  if (!part || Math.abs(shape({ width, height }) - width / height) > 0.01) return null;
  const box = element("span", { class: "card-part", "aria-hidden": "true" });
  for (const [side, value] of [["left", part.x], ["top", part.y], ["width", part.width], ["height", part.height]]) {
    box.style.setProperty(side, percentage(value));
  }
  return box;
}

const percentage = (share) => `${(100 * share).toFixed(2)}%`;

/** More like this, less like this, details: buttons over the picture's corner. */
function tools(result, { search, examples, onExample }) {
  const chosen = examples?.find((each) => each.image === result.id);
  const button = (weight, name, words) => element("button", {
    type: "button", class: `card-tool is-${name}`, "aria-pressed": String(chosen !== undefined && Math.sign(chosen.weight) === weight),
    "aria-label": `${words} ${result.fileName}`, title: words.replace(/ like$/, " like this"),
    onclick: () => onExample({ image: result.id, weight, name: result.fileName }),
  }, icon(name));
  return element("span", { class: "card-tools" },
    onExample && button(1, "more", "More like"), onExample && button(-1, "less", "Less like"),
    element("a", {
      class: "card-tool", href: pictureAddress(result.id, search), "data-details": result.id,
      "aria-label": `Details of ${result.fileName}`, title: "Details",
    }, icon("details")));
}

/** Says that a picture of the listing is kept from others, and lets it be listed again. */
function wayBack(result, { onList }) {
  const line = element("p", { class: "card-hidden" }, element("span", { class: "badge", text: result.visibility }),
    onList && element("button", {
      type: "button", class: "link-button", "aria-label": `List ${result.fileName} again`, text: "List it again",
      onclick: async () => line.replaceChildren(await onList(result)),
    }));
  return line;
}

/** What was folded into the result: a button that unfolds its duplicates beside it. */
function fold(item, result, context) {
  const words = count(result.duplicates.length, "duplicate");
  let unfolded = [];
  const button = element("button", {
    type: "button", class: "card-fold", "aria-expanded": "false",
    onclick: () => {
      const isOpen = unfolded.length > 0;
      for (const each of unfolded) each.remove();
      unfolded = isOpen ? [] : result.duplicates.map((each) => card({ ...each, class: "near-duplicate" }, context));
      for (const each of unfolded) each.classList.add("is-folded");
      item.after(...unfolded);
      button.setAttribute("aria-expanded", String(!isOpen));
      button.firstChild.textContent = isOpen ? `+ ${words}` : "Hide them";
    },
  }, `+ ${words}`, element("span", { class: "visually-hidden", text: ` of ${result.fileName}` }));
  item.classList.add("has-duplicates");
  return button;
}

/** Cards in the shape of what is coming. */
export function skeletons() {
  const ratios = [1.4, 0.8, 1.5, 1, 1.3, 0.75, 1.5, 1.2, 1, 1.4, 0.8, 1.3];
  return ratios.map((ratio) => {
    const item = element("li", { class: "card is-coming", "aria-hidden": "true" },
      element("span", { class: "card-picture" }),
      element("span", { class: "card-caption" }, element("span", { class: "card-name" }), element("span", { class: "card-number" })));
    item.style.setProperty("--ratio", ratio);
    return item;
  });
}
