// The library's duplicates in groups, and the answer to "is it already here?" for pictures from outside.

import { ask, Fault, tell } from "./api.js";
import { onReadiness } from "./bar.js";
import { announce, byId, element, icon, parts } from "./dom.js";
import { bytes, classNames, count, number, percent } from "./format.js";
import { listenForAddress, listenForPictures } from "./intake.js";
import { nameOf } from "./query.js";

const page = parts({
  summary: "summary", checked: "checked", groups: "groups", more: "more", moreButton: "more-button", notice: "notice",
  noticeTitle: "notice-title", noticeText: "notice-text", retry: "notice-retry", privates: "private",
});
const segments = [...document.querySelectorAll("[data-kind]")];
const kinds = { exact: "same content", near: "nearly the same" };

let nextCursor = null;
let underWay = null;

/** What is private counts, here and in what is looked for, when an administrator says so. */
const parametersWith = (others) => new URLSearchParams({ ...others, ...(page.privates.firstChild.checked && { includePrivate: true }) });
const kindOf = () => new URLSearchParams(location.search).get("kind") ?? "any";

async function show() {
  underWay?.abort();
  underWay = new AbortController();
  const kind = kindOf();
  for (const segment of segments) segment.setAttribute("aria-pressed", String(segment.dataset.kind === kind));
  page.notice.hidden = true;
  page.more.hidden = true;
  page.groups.setAttribute("aria-busy", "true");
  if (!page.groups.children.length) page.groups.replaceChildren(...[3, 2, 4].map(skeleton));
  await load(kind, null, underWay.signal);
}

async function load(kind, cursor, signal) {
  const parameters = parametersWith({ kind, limit: 20, ...(cursor && { cursor }) });
  try {
    const answer = await ask(`/v1/duplicates?${parameters}`, { signal });
    page.groups.removeAttribute("aria-busy");
    if (!cursor) page.groups.replaceChildren();
    const firstNew = page.groups.children.length;
    page.groups.append(...answer.groups.map(group));
    nextCursor = answer.nextCursor ?? null;
    page.more.hidden = !nextCursor;
    page.summary.textContent = answer.groupCount ? count(answer.groupCount, "group") : "";
    announce(`${count(answer.groupCount, "group")} of duplicates`);
    if (cursor) page.groups.children[firstNew]?.querySelector("a")?.focus({ preventScroll: true });
    if (!answer.groupCount) say("No duplicates", kind === "any" ? "Every picture of the library is there once." : "None of this kind. Look at the others.", false);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Fault)) throw error;
    if (error.code === "still_looking") {
      page.summary.textContent = "Looking for copies …";
      await new Promise((resolve) => setTimeout(resolve, 1500));
      if (!signal.aborted) await load(kind, cursor, signal);
      return;
    }
    page.groups.removeAttribute("aria-busy");
    if (!cursor) page.groups.replaceChildren();
    page.summary.textContent = "";
    say(error.title, error.message, error.canRetry);
  }
}

function say(title, text, canRetry) {
  page.noticeTitle.textContent = title;
  page.noticeText.textContent = text;
  page.retry.hidden = !canRetry;
  page.notice.hidden = false;
  announce(`${title}. ${text}`);
}

function group({ kind, images }) {
  const files = images.flatMap((image) => image.locations.map((location) => ({ image, ...location })));
  const largest = images.reduce((best, each) => (each.width * each.height > best.width * best.height ? each : best));
  const total = files.reduce((sum, file) => sum + file.image.byteCount, 0);
  const isSized = images.some((image) => image.width * image.height < largest.width * largest.height);
  return element("li", { class: "group" },
    element("h2", { class: "group-title" }, element("span", { text: kinds[kind] ?? kind }),
      element("span", { class: "soft", text: `${count(files.length, "file")}, ${bytes(total)}` })),
    element("ul", { class: "group-images" }, images.map((image) => member(image, isSized && image === largest))));
}

function member(image, isLargest) {
  return element("li", { class: "group-image" },
    element("a", { href: `/image?id=${image.id}`, "aria-label": `${image.fileName}, details` },
      element("img", { src: `${image.links.thumbnail}?size=400`, alt: "", loading: "lazy", width: image.width, height: image.height })),
    element("p", { class: "group-name" }, image.fileName, isLargest && element("span", { class: "badge", text: "largest" })),
    element("p", { class: "soft", text: `${number(image.width)} × ${number(image.height)}, ${image.format.toUpperCase()}, ${bytes(image.byteCount)}` }),
    element("ul", { class: "soft path-list" }, image.locations.map(({ path, missing }) => element("li", { class: "path" }, path,
      missing && element("span", { class: "badge", text: "missing" })))));
}

const skeleton = (size) => element("li", { class: "group is-coming", "aria-hidden": "true" },
  element("ul", { class: "group-images" }, Array.from({ length: size }, () => element("li", { class: "group-image" }, element("span", { class: "card-picture" })))));

// Is it already here?

async function check(asked) {
  const name = asked.url ?? nameOf(asked);
  const picture = element("img", { src: asked.file && URL.createObjectURL(asked.file), alt: "", hidden: !asked.file });
  picture.addEventListener("error", () => { picture.hidden = true; });
  const answer = element("div", { class: "checked-answer" }, element("p", { class: "soft", text: "Looking …" }));
  const item = element("li", { class: "checked-item" }, picture,
    element("div", {}, element("p", { class: "group-name", text: name }), answer),
    element("button", { type: "button", class: "icon-button", "aria-label": `Remove ${name}`, onclick: () => item.remove() }, icon("close")));
  page.checked.prepend(item);
  try {
    const { answer: verdict, matches } = await requestCheck(asked);
    const words = { same: "It is here.", "near-duplicate": "Nearly the same is here.", new: "It is new." }[verdict] ?? verdict;
    item.classList.add(`is-${verdict}`);
    answer.replaceChildren(element("p", {}, element("strong", { text: words })), element("ul", {}, matches.slice(0, 3).map(match)));
    announce(`${name}: ${words}`);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    answer.replaceChildren(element("p", { class: "field-fault", text: `${error.title}. ${error.message}` }));
  }
}

function requestCheck({ file, url }) {
  const parameters = parametersWith({}).toString();
  const address = `/v1/check${parameters && `?${parameters}`}`;
  if (url) return tell("POST", address, { url });
  if (!file) throw new Fault("This is no picture", "Only pictures can be looked for here.");
  return ask(address, { method: "POST", body: file, headers: { "Content-Type": "application/octet-stream" } });
}

const match = (found) => element("li", {}, element("a", { href: `/image?id=${found.id}`, text: found.path }),
  element("span", { class: "soft", text: ` ${classNames[found.class] ?? ""}${found.probability === undefined ? "" : `, ${percent(found.probability)}`}` }));

async function checkAll(pictures) {
  for (const each of pictures) await check(each); // one after the other: the server has others to serve
}

listenForPictures(checkAll);
listenForAddress(byId("url-form"), checkAll, { takesPaths: false });

for (const segment of segments) {
  segment.addEventListener("click", () => {
    const kind = segment.dataset.kind;
    history.pushState(null, "", kind === "any" ? "/duplicates" : `/duplicates?kind=${kind}`);
    show();
  });
}
page.moreButton.addEventListener("click", () => load(kindOf(), nextCursor, underWay.signal));
page.retry.addEventListener("click", show);
page.privates.addEventListener("change", show);
onReadiness(({ scope }) => { page.privates.hidden = scope !== "admin"; });
addEventListener("popstate", show);
addEventListener("server-back", () => { if (!page.notice.hidden) show(); });
show();
