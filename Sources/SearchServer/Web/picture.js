// A picture's own page: large, with what is known of it, what can be changed, why it was found, and what is like it.

import { addressOf, pictureAddress } from "./address.js";
import { ask, Fault, tell } from "./api.js";
import { card, skeletons } from "./cards.js";
import { announce, byId, element } from "./dom.js";
import { bytes, day, moment, number } from "./format.js";
import { remember, titleOf } from "./query.js";
import { pathOf } from "./request.js";
import { tagEditor } from "./tags.js";
import { showWhy } from "./why.js";

const view = byId("picture");
let shown = null;
let underWay = null;

export function hidePicture() {
  underWay?.abort();
  shown = null;
  view.hidden = true;
}

export async function showPicture(entry, actions) {
  underWay?.abort();
  underWay = new AbortController();
  const { signal } = underWay;
  shown = entry;
  view.hidden = false;
  if (!entry.image) view.replaceChildren(waiting());
  entry.hasFailed = false;
  try {
    entry.image ??= await ask(`/v1/images/${entry.id}`, { signal });
    if (shown !== entry) return;
    remember([entry.image]);
    draw(entry, actions);
    document.title = `${entry.image.fileName} · Lookalike`;
    if (!entry.like) byId("picture-title").focus({ preventScroll: true });
    if (entry.from) {
      showWhy(byId("why"), entry, signal, () => { view.querySelector(".came-from a").textContent = `← ${titleOf(entry.from)}`; });
    }
    await showLike(entry, signal);
  } catch (error) {
    if (error.name === "AbortError" || shown !== entry) return;
    if (!(error instanceof Fault)) throw error;
    entry.hasFailed = true;
    document.title = `${error.title} · Lookalike`;
    view.replaceChildren(element("div", { class: "notice" },
      element("h1", { id: "picture-title", text: error.title }), element("p", { text: error.message }),
      element("p", { class: "notice-actions" },
        error.canRetry && element("button", { type: "button", class: "button", text: "Try again", onclick: () => showPicture(entry, actions) }),
        element("a", { class: "button primary", href: "/", text: "To the start" }))));
    announce(`${error.title}. ${error.message}`);
  }
}

const waiting = () => element("div", { class: "picture-head is-coming", "aria-hidden": "true" },
  element("div", { class: "picture-frame" }), element("div", { class: "picture-text" }));

function draw(entry, actions) {
  const { image } = entry;
  const large = element("img", {
    src: `${image.links.thumbnail}?size=1024`, alt: image.fileName, width: image.width, height: image.height,
  });
  const frame = element("div", { class: "picture-frame" }, large);
  large.addEventListener("error", () => frame.replaceChildren(element("p", { class: "no-preview", text: "Its file cannot be read at the moment" })));
  view.replaceChildren(
    element("div", { class: "picture-head" }, frame,
      element("div", { class: "picture-text" },
        entry.from && element("p", { class: "came-from" }, element("a", { href: addressOf(entry.from), onclick: backIfThere, text: `← ${titleOf(entry.from)}` })),
        element("h1", { id: "picture-title", tabindex: -1, text: image.fileName }),
        element("p", { class: "picture-ways" },
          element("a", { class: "button primary", href: `/?image=${image.id}`, text: "Search with it" }),
          image.links.original && element("a", { class: "button", href: image.links.original, target: "_blank", rel: "noopener", text: "Original" }),
          element("button", { class: "button", type: "button", text: "Forget …", onclick: () => forget(entry) })),
        facts(image),
        tagEditor(image, (tags) => change(entry, { tags })),
        image.visibility && visibility(entry))),
    element("section", { class: "why", id: "why", hidden: true, "aria-labelledby": "why-title" }),
    element("section", { class: "like", "aria-labelledby": "like-title" },
      element("h2", { id: "like-title", text: "Looks like" }),
      element("ol", { class: "results is-small", id: "like-results", "aria-busy": entry.like ? null : "true" })));

  /** Back in the history keeps the place in the results; without one the link is followed as it is. */
  function backIfThere(event) {
    if (!entry.cameFromHere || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    history.back();
  }
}

function facts(image) {
  const megapixels = image.width * image.height / 1e6;
  const rows = [
    ["Size", `${number(image.width)} × ${number(image.height)} (${megapixels < 0.1 ? "<0.1" : megapixels.toFixed(1)} MP)`],
    ["File", `${image.format.toUpperCase()}, ${bytes(image.byteCount)}`],
    image.takenAt && ["Taken", moment(image.takenAt)],
    image.camera && ["Camera", image.camera],
    ["Added", day(image.addedAt)],
    [image.locations.length > 1 ? "Places" : "Place", element("ul", {}, image.locations.map(({ path, missing }) => element("li", { class: "path" }, path,
      missing && element("span", { class: "badge", text: "missing" }))))],
    ["Content", element("code", { class: "hash", title: image.contentHash, text: image.contentHash.slice(0, 16) })],
  ];
  return element("dl", { class: "facts-list" }, rows.filter(Boolean).map(([name, value]) => element("div", {},
    element("dt", { text: name }), element("dd", {}, value))));
}

function visibility(entry) {
  const fault = element("p", { class: "field-fault", role: "alert" });
  const select = element("select", { id: "visibility" }, [
    ["listed", "listed: everyone finds it"], ["private", "private: found by administrators who ask for it"], ["blocked", "blocked: found by nobody"],
  ].map(([value, text]) => element("option", { value, text, selected: value === entry.image.visibility })));
  const back = element("button", { type: "button", class: "button small", text: "List it again" });
  const show = () => { back.hidden = entry.image.visibility === "listed"; };
  const turn = async (visibility) => {
    fault.textContent = await change(entry, { visibility }) ?? "";
    select.value = entry.image.visibility;
    show();
    if (!fault.textContent) announce(`This picture is now ${visibility}.`);
  };
  select.addEventListener("change", () => turn(select.value));
  back.addEventListener("click", async () => {
    await turn("listed");
    select.focus();
  });
  show();
  return element("div", { class: "field visibility" }, element("label", { for: "visibility", text: "Visibility" }), select, back, fault);
}

/** Changes the picture on the server. Returns what went wrong in words, or null. */
async function change(entry, values) {
  try {
    const image = await tell("PATCH", `/v1/images/${entry.id}`, values);
    Object.assign(entry.image, values, image ?? {});
    return null;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return `${error.title}. ${error.message}`;
  }
}

function forget(entry) {
  const { image } = entry;
  const fault = element("p", { class: "field-fault", role: "alert" });
  const dialog = element("dialog", { class: "dialog", "aria-labelledby": "forget-title" },
    element("h2", { id: "forget-title", text: `Forget ${image.fileName}?` }),
    element("p", { class: "soft", text: "The library no longer knows it, nor its tags. Its file stays where it is; one that was added on this page is deleted." }),
    fault,
    element("p", { class: "dialog-actions" },
      element("button", { class: "button", type: "button", text: "Keep it", onclick: () => dialog.close() }),
      element("button", {
        class: "button danger", type: "button", text: "Forget it", onclick: async () => {
          try {
            await ask(`/v1/images/${image.id}`, { method: "DELETE" });
            location.assign("/");
          } catch (error) {
            fault.textContent = error.message;
          }
        },
      })));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

async function showLike(entry, signal) {
  const list = byId("like-results");
  if (!entry.like) list.replaceChildren(...skeletons().slice(0, 6));
  try {
    entry.like ??= (await ask(`/v1/images/${entry.id}/similar?limit=12`, { signal })).results;
  } catch (error) {
    if (error.name === "AbortError" || shown !== entry) return;
    if (!(error instanceof Fault)) throw error;
    list.replaceWith(element("p", { class: "soft", text: `${error.title}. ${error.message}` }));
    return;
  }
  if (shown !== entry) return;
  remember(entry.like);
  const search = { base: { image: entry.id }, crop: null, examples: [], options: {} };
  const cards = entry.like.map((result) => {
    const item = card(result, { search });
    // From picture to picture: here a card leads to the next one's own page, with what it has in common with this one.
    const link = item.querySelector(".card-link");
    link.href = pictureAddress(result.id, search);
    delete link.dataset.image;
    return item;
  });
  list.removeAttribute("aria-busy");
  list.replaceChildren(...cards);
  if (!cards.length) list.replaceWith(element("p", { class: "soft", text: "The library has no other picture to compare with." }));
}
