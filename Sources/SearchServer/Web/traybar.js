// The bar at the lower edge that holds the chosen examples. They are a draft until "Search with these" is pressed: who
// chooses several does not want the grid to change under the hand at each.

import { announce, parts } from "./dom.js";
import { nameOf, sourceOf } from "./query.js";
import { mostExamples, showTray, toggled } from "./tray.js";

const page = parts({
  bar: "tray", list: "tray-list", search: "tray-search", only: "tray-only", clear: "tray-clear",
});
let current = null; // { draft, applied, canDoWithoutQuery, onChange, onSearch }

/** Shows the draft. `onChange` gets the new draft, `onSearch` the draft and whether it shall stand alone. */
export function showTrayBar(tray) {
  current = tray;
  const { draft, applied, canDoWithoutQuery } = tray;
  page.bar.hidden = draft.length === 0 && applied.length === 0;
  document.body.classList.toggle("has-tray", !page.bar.hidden);
  page.search.disabled = same(draft, applied);
  page.only.hidden = !canDoWithoutQuery || !draft.some((each) => each.weight > 0);
  showTray(page.list, draft, {
    nameOf, thumbnailOf: (example) => sourceOf(example, 160),
    onChange: (changed, kept) => {
      tray.onChange(changed);
      if (kept === null) (page.list.querySelector("button") ?? page.clear).focus();
      else page.list.children[kept].querySelector("input").focus();
    },
  });
}

export function hideTray() {
  page.bar.hidden = true;
  document.body.classList.remove("has-tray");
}

/** Returns the draft after a press on a card's more or less. */
export function press(draft, { image, weight, name }) {
  const changed = toggled(draft, { image, weight });
  if (changed.length > mostExamples) {
    announce(`No more than ${mostExamples} examples can be chosen.`);
    return draft;
  }
  const isIn = changed.some((each) => each.image === image);
  announce(isIn ? `${weight > 0 ? "More" : "Less"} like ${name}: chosen` : `${name}: no longer chosen`);
  return changed;
}

/** Returns the draft with pictures from elsewhere, as many as there is room for. */
export function joined(draft, pictures) {
  const added = pictures.filter(({ image }) => !image || !draft.some((each) => each.image === image))
    .slice(0, mostExamples - draft.length);
  announce(added.length < pictures.length && draft.length + added.length === mostExamples
    ? `No more than ${mostExamples} examples can be chosen.` : `More like ${added.map(nameOf).join(", ")}: chosen`);
  return [...draft, ...added.map((each) => ({ ...each, weight: 1 }))];
}

const kinds = ["image", "file", "url", "vector", "weight"];
const same = (one, other) => one.length === other.length
  && one.every((each, index) => kinds.every((kind) => each[kind] === other[index][kind]));

page.search.addEventListener("click", () => current.onSearch(current.draft, false));
page.only.addEventListener("click", () => current.onSearch(current.draft, true));
page.clear.addEventListener("click", () => {
  const hadSome = current.applied.length > 0;
  current.onChange([]);
  if (hadSome) current.onSearch([], false);
});
