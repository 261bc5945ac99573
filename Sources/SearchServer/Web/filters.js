// The panel of filters, and the chips that say which of them hold. Both speak in the API's parameters, as texts.

import { ask } from "./api.js";
import { onReadiness } from "./bar.js";
import { element, icon, whenQuiet } from "./dom.js";
import { day, moment, percent } from "./format.js";

const field = (label, control, note) => element("label", { class: "field" },
  element("span", { text: label }), control, note && element("small", { class: "soft", text: note }));
const input = (name, attributes) => element("input", { name, id: `filter-${name}`, autocomplete: "off", ...attributes });
const pair = (legend, ...fields) => element("fieldset", { class: "field-pair" }, element("legend", { text: legend }), fields);
const dates = (legend, ...fields) => element("fieldset", { class: "field-pair has-dates" }, element("legend", { text: legend }), fields);
const pixels = (name, label) => input(name, { type: "number", min: 1, max: 100000, "aria-label": label, placeholder: label });
const date = (name, label) => element("label", { class: "inline-field" }, element("span", { text: label }), input(name, { type: "date" }));
const choice = (name, options) => element("select", { name, id: `filter-${name}` },
  options.map(([value, text]) => element("option", { value, text })));

const formats = element("div", { class: "checks" });

function form() {
  return element("form", { class: "filter-form", id: "filter-form", "aria-label": "Filters" },
    field("Folder", input("folder", { list: "known-folders", placeholder: "/pictures/birds", spellcheck: "false" })),
    field("Name", input("name", { placeholder: "*.jpg", spellcheck: "false" }), "* stands for anything"),
    field("Camera", input("camera", { list: "known-cameras", placeholder: "any" })),
    field("Tags", input("tags", { list: "known-tags", placeholder: "all of these, with commas" })),
    field("Any of the tags", input("anyTags", { list: "known-tags", placeholder: "at least one" })),
    field("Without tags", input("notTags", { list: "known-tags", placeholder: "none of these" })),
    element("fieldset", { class: "field-pair" }, element("legend", { text: "Format" }), formats),
    pair("Width in pixels", pixels("minimumWidth", "at least"), pixels("maximumWidth", "at most")),
    pair("Height in pixels", pixels("minimumHeight", "at least"), pixels("maximumHeight", "at most")),
    dates("Taken", date("takenAfter", "from"), date("takenBefore", "until")),
    dates("Added", date("addedAfter", "from"), date("addedBefore", "until")),
    field("Files", choice("status", [["", "present"], ["missing", "missing"], ["any", "present or missing"]])),
    element("fieldset", { class: "ranking" }, element("legend", { class: "visually-hidden", text: "Order" }),
      field("Duplicates", choice("duplicates", [["", "folded into the best"], ["show", "shown one by one"]])),
      field("Variety", choice("diversity", [["", "closest first"], ["0.3", "some"], ["0.6", "much"], ["0.9", "as much as possible"]])),
      element("div", { class: "field-regions", hidden: true },
        field("Compare", choice("regions", [["", "pictures and parts of them"], ["false", "whole pictures"]]))),
      field("Called similar by", choice("minimumProbability",
        [["", "anyone or no one"], ["0.1", "1 of 10 people or more"], ["0.5", "half of all people or more"], ["0.9", "9 of 10 people or more"]])),
      field("Similarity from", input("minimumSimilarity", { type: "number", min: -1, max: 1, step: "any", placeholder: "any" }), "the cosine, at most 1"),
      element("div", { class: "for-administrators", hidden: true },
        field("Private pictures", choice("includePrivate", [["", "left out"], ["true", "found as well"]])))),
    element("fieldset", { class: "listing" }, element("legend", { class: "visually-hidden", text: "For administrators" }),
      element("div", { class: "for-administrators", hidden: true }, field("Visibility", choice("visibility",
        [["", "listed"], ["private", "private"], ["blocked", "blocked"], ["private,blocked", "private or blocked"], ["listed,private,blocked", "all"]])))));
}

/** Builds the panel inside `host`. `onChange` gets all options that are set, once the hand rests. */
export function filterPanel(host, onChange) {
  const panel = form();
  const lists = ["folders", "tags", "cameras"].map((name) => element("datalist", { id: `known-${name}` }));
  host.append(panel, ...lists);
  const changed = whenQuiet(350, () => {
    if (panel.checkValidity()) onChange(read(panel));
    else panel.reportValidity();
  });
  panel.addEventListener("input", changed);
  panel.addEventListener("submit", (event) => event.preventDefault());
  onReadiness(({ regionsPerImage, scope }) => {
    panel.querySelector(".field-regions").hidden = !regionsPerImage;
    for (const part of panel.querySelectorAll(".for-administrators")) part.hidden = scope !== "admin";
  });
  let asked = null;
  return {
    /** Fills the panel in with what holds now. What is only listed has no order to choose, and what is found no other
     *  visibility than listed. */
    show(options, isListing) {
      for (const [name, isOff] of [[".ranking", isListing], [".listing", !isListing]]) {
        Object.assign(panel.querySelector(name), { disabled: isOff, hidden: isOff });
      }
      if (panel.contains(document.activeElement)) return;
      for (const control of panel.elements) {
        if (!control.name) continue;
        if (control.type === "checkbox") control.checked = (options.format ?? "").split(",").includes(control.value);
        else if (control.type === "date") control.value = dayIn(control.name, options[control.name] ?? "");
        else control.value = options[control.name] ?? "";
      }
    },
    /** Asks what the library has, once, so that names need not be known by heart. */
    offer: (options) => {
      asked ??= ask("/v1/collections").then((known) => {
        const offered = { folders: known.folders.map((each) => each.path), tags: known.tags.map((each) => each.tag), cameras: known.cameras.map((each) => each.camera) };
        for (const list of lists) {
          list.replaceChildren(...offered[list.id.slice(6)].slice(0, 500).map((value) => element("option", { value })));
        }
        formats.replaceChildren(...known.formats.map(({ format, imageCount }) => element("label", { class: "check" },
          element("input", { type: "checkbox", name: "format", value: format }),
          element("span", { text: format }), element("small", { class: "soft", text: imageCount }))));
        for (const box of formats.querySelectorAll("input")) box.checked = (options.format ?? "").split(",").includes(box.value);
      }).catch(() => { asked = null; });
    },
  };
}

function read(panel) {
  const options = {};
  for (const [name, value] of new FormData(panel)) {
    if (!value.trim()) continue;
    options[name] = options[name] ? `${options[name]},${value.trim()}` : value.trim();
  }
  for (const name of ["tags", "anyTags", "notTags"]) {
    const tags = (options[name] ?? "").split(",").map((tag) => tag.trim()).filter(Boolean);
    if (tags.length) options[name] = tags.join(",");
    else delete options[name];
  }
  if (isDay(options.addedBefore ?? "")) options.addedBefore = daysFrom(options.addedBefore, 1);
  return options;
}

// "Added until" includes its day, as "taken until" does; the API's addedBefore does not.

const isDay = (text) => /^\d{4}-\d\d-\d\d$/.test(text);
const daysFrom = (text, days) => new Date(Date.parse(text) + days * 86_400_000).toISOString().slice(0, 10);
const dayIn = (name, text) => (name === "addedBefore" && isDay(text) ? daysFrom(text, -1) : text.slice(0, 10));

const words = {
  folder: (value) => `in ${value}`,
  name: (value) => `named ${value}`,
  format: (value) => value.split(",").join(" or "),
  minimumWidth: (value) => `at least ${value} px wide`,
  maximumWidth: (value) => `at most ${value} px wide`,
  minimumHeight: (value) => `at least ${value} px high`,
  maximumHeight: (value) => `at most ${value} px high`,
  takenAfter: (value) => `taken from ${day(value)}`,
  takenBefore: (value) => `taken until ${day(value)}`,
  addedAfter: (value) => `added from ${day(value)}`,
  addedBefore: (value) => (isDay(value) ? `added until ${day(daysFrom(value, -1))}` : `added before ${moment(value)}`),
  camera: (value) => value,
  tags: (value) => `tagged ${value.split(",").join(" and ")}`,
  anyTags: (value) => `tagged ${value.split(",").join(" or ")}`,
  notTags: (value) => `not tagged ${value.split(",").join(" or ")}`,
  status: (value) => (value === "missing" ? "files missing" : "missing files too"),
  duplicates: () => "duplicates shown",
  diversity: () => "varied",
  regions: (value) => (value === "false" ? "whole pictures" : "parts of pictures too"),
  minimumProbability: (value) => `similar to ${percent(Number(value))} of people or more`,
  minimumSimilarity: (value) => `similarity from ${value}`,
  includePrivate: () => "private ones too",
  visibility: (value) => value.split(",").join(" or "),
};

/** Shows what holds as chips, each with a button that takes it away. */
export function showChips(list, options, onChange) {
  const chips = Object.entries(options).map(([name, value]) => {
    const text = words[name](value);
    const { [name]: _, ...others } = options;
    return element("li", { class: "chip" }, element("span", { text }),
      element("button", { type: "button", class: "chip-remove", "aria-label": `Remove filter: ${text}`, onclick: () => onChange(others) }, icon("close")));
  });
  if (chips.length > 1) {
    chips.push(element("li", {}, element("button", { type: "button", class: "link-button", text: "Clear all", onclick: () => onChange({}) })));
  }
  list.replaceChildren(...chips);
  list.hidden = !chips.length;
}
