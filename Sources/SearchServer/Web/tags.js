// The tags of a picture, each with a button that takes it away, and a field for one more.

import { announce, element, icon } from "./dom.js";

/** Makes the editor. `onChange` gets the new tags and resolves to what went wrong in words, or to null. */
export function tagEditor(image, onChange) {
  const list = element("ul", { class: "chips", id: "tag-list", "aria-label": "Tags" });
  const fault = element("p", { class: "field-fault", role: "alert" });
  const field = element("input", { id: "new-tag", name: "tag", placeholder: "add a tag", maxlength: 64, autocomplete: "off", "aria-label": "Add a tag" });
  const form = element("form", { class: "tag-form" }, field, element("button", { class: "button small", type: "submit", text: "Add" }));

  function show() {
    list.replaceChildren(...(image.tags ?? []).map((tag) => element("li", { class: "chip" },
      element("a", { href: `/?library&tags=${encodeURIComponent(tag)}`, text: tag }),
      element("button", { type: "button", class: "chip-remove", "aria-label": `Remove tag ${tag}`, onclick: () => save(image.tags.filter((each) => each !== tag), `${tag} removed`) }, icon("close")))));
  }

  async function save(tags, words) {
    fault.textContent = "";
    const problem = await onChange(tags);
    fault.textContent = problem ?? "";
    if (problem) return;
    show();
    field.value = "";
    field.focus();
    announce(words);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const added = field.value.split(",").map((tag) => tag.trim()).filter(Boolean);
    if (added.length) save([...new Set([...image.tags ?? [], ...added])], `${added.join(", ")} added`);
  });
  show();
  return element("div", { class: "tags" }, element("h2", { class: "field-title", text: "Tags" }), list, form, fault);
}
