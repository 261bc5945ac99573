// The tray: pictures chosen as more-like-this or less-like-this, each with a weight from −1 to 1. At 0 one stays in the
// tray and is left out of the search.

import { element, icon } from "./dom.js";

export const mostExamples = 15; // and the query's own picture: the API takes 16

/** Shows the examples. `onChange` gets the new list; the list itself is not changed. */
export function showTray(list, examples, { nameOf, thumbnailOf, onChange }) {
  list.replaceChildren(...examples.map((example, index) => {
    const name = nameOf(example);
    const without = examples.filter((each) => each !== example);
    const output = element("output", { class: "tray-weight", text: weightText(example.weight) });
    const slider = element("input", {
      type: "range", min: -1, max: 1, step: 0.25, value: example.weight, "aria-label": `Weight of ${name}`,
      "aria-valuetext": weightWords(example.weight),
      oninput: () => {
        output.textContent = weightText(slider.valueAsNumber);
        slider.setAttribute("aria-valuetext", weightWords(slider.valueAsNumber));
      },
      onchange: () => onChange(examples.with(index, { ...example, weight: slider.valueAsNumber }), index),
    });
    return element("li", { class: `tray-item ${kind(example.weight)}` },
      thumbnailOf(example) ? element("img", { src: thumbnailOf(example), alt: name, title: name })
        : element("span", { class: "tray-name", title: example.url ?? name, text: name }),
      element("div", { class: "tray-text" },
        element("span", { class: "tray-kind", text: weightWords(example.weight) }), output, slider),
      element("button", {
        type: "button", class: "icon-button", "aria-label": `Remove ${name}`, onclick: () => onChange(without, null),
      }, icon("close")));
  }));
}

/** The examples with `added` among them; what is there already with this weight is taken out again. */
export function toggled(examples, added) {
  const there = examples.find((each) => each.image === added.image);
  const others = examples.filter((each) => each !== there);
  return there?.weight === added.weight ? others : [...others, added];
}

const kind = (weight) => (weight > 0 ? "is-more" : weight < 0 ? "is-less" : "is-off");
const weightText = (weight) => `${weight > 0 ? "+" : weight < 0 ? "−" : ""}${Math.abs(weight)}`;
const weightWords = (weight) => (weight > 0 ? "more like this" : weight < 0 ? "less like this" : "left out");
