// The start, the searches and the pictures' own pages are one page with three views, and every view is an entry of the
// browser's history. What has an address is found by it; what has none, as a chosen file, is kept here under its entry's
// key. Back and Forward show what was there before, at the place where it was left, without asking again.

import { addressOf, pictureAddress, searchOf } from "./address.js";
import { markPlace, onReadiness } from "./bar.js";
import { byId, element } from "./dom.js";
import { reportInteractions } from "./interactions.js";
import { listenForAddress, listenForPictures } from "./intake.js";
import { hidePicture, showPicture } from "./picture.js";
import { hideSearch, retrySearch, showSearch } from "./search.js";
import { mostExamples } from "./tray.js";
import { hideTray } from "./traybar.js";
import { ask } from "./api.js";

/** Entries of this visit by their key: { kind: "search", search, … } or { kind: "picture", id, from?, rank? }. */
const entries = new Map();
let shown = null;
let keys = 0;

history.scrollRestoration = "manual";

// Going from view to view

function enter(entry, address, { replace = false } = {}) {
  const key = replace && history.state?.key ? history.state.key : `${Date.now()}-${keys += 1}`;
  entries.set(key, entry);
  history[replace ? "replaceState" : "pushState"]({ key }, "", address);
  if (!entry.isTuned) scrollTo(0, 0);
  show(entry);
}

/** Opens a search. One that only tunes the search on screen says what it changes: a change of the same kind as the one
 *  before takes its place in the history, so that Back does not lead through every step of a drag. */
export function openSearch(search, change = null) {
  const isTuned = change !== null && shown?.kind === "search";
  const draft = isTuned && change !== "examples" ? shown.draft : undefined;
  enter({ kind: "search", search, change, isTuned, draft }, addressOf(search), { replace: isTuned && shown.change === change });
}

export function openPicture(id, { from = null, rank, cameFromHere = false } = {}) {
  enter({ kind: "picture", id, from, rank, cameFromHere }, pictureAddress(id, from));
}

/** Shows what the current history entry stands for. */
function showCurrentEntry() {
  const known = entries.get(history.state?.key);
  if (known) return show(known);
  const entry = entryOf(location);
  if (entry) {
    const key = history.state?.key ?? `${Date.now()}-${keys += 1}`;
    entries.set(key, entry);
    history.replaceState({ key }, "");
    return show(entry);
  }
  // A file chosen before the page was reloaded is gone: nothing is kept but in memory.
  if (location.pathname !== "/" || location.search) history.replaceState(null, "", "/");
  show(null);
}

function entryOf({ pathname, search: query }) {
  const parameters = new URLSearchParams(query);
  const search = searchOf(parameters);
  if (pathname !== "/image") return search && { kind: "search", search, change: null };
  const id = Number(parameters.get("id"));
  return Number.isInteger(id) && id > 0 ? { kind: "picture", id, from: search } : null;
}

function show(entry) {
  shown = entry;
  document.body.dataset.view = entry?.kind ?? "start";
  byId("start").hidden = entry !== null;
  if (entry?.kind !== "search") hideSearch();
  if (entry?.kind !== "picture") hidePicture();
  if (entry?.kind === "search") showSearch(entry, { openSearch });
  else hideTray();
  if (entry?.kind === "picture") showPicture(entry, { openSearch });
  if (!entry) {
    document.title = "Lookalike";
    byId("status").textContent = "";
  }
  markPlace();
  if (entry?.scroll) requestAnimationFrame(() => scrollTo(0, entry.scroll));
}

addEventListener("popstate", showCurrentEntry);
addEventListener("scroll", () => { if (shown) shown.scroll = scrollY; }, { passive: true });
addEventListener("server-back", () => {
  if (shown?.kind === "search") retrySearch();
  else if (shown?.kind === "picture" && shown.hasFailed) show(shown);
  else if (!shown) offerExamples().catch(() => {});
});

// What a person can do

document.addEventListener("click", (event) => {
  // A click with a modifier key is for the browser: a new tab, a new window, a download.
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = event.target.closest("a");
  if (!link || link.origin !== location.origin || link.target || !["/", "/image"].includes(link.pathname)) return;
  event.preventDefault();
  const inResults = shown?.kind === "search" && link.closest("#results");
  const opened = Number(link.dataset.image ?? link.dataset.details);
  if (inResults && opened) (shown.opened ??= new Set()).add(opened);
  if (link.dataset.details) {
    const rank = inResults ? shown.results.findIndex((each) => each.id === opened) : -1;
    const from = inResults && !shown.search.base?.library ? shown.search : null;
    return openPicture(opened, { from, rank: rank < 0 ? undefined : rank, cameFromHere: from !== null });
  }
  const entry = entryOf(link);
  if (entry?.kind === "search") return openSearch(entry.search);
  if (entry) return openPicture(entry.id, { from: entry.from });
  if (shown) history.pushState(null, "", "/");
  show(null);
  scrollTo(0, 0);
});

function searchWith([base, ...others]) {
  const examples = others.slice(0, mostExamples).map((each) => ({ ...each, weight: 1 }));
  openSearch({ base, crop: null, examples, options: {} });
}

listenForPictures(searchWith);
listenForAddress(byId("url-form"), searchWith, { takesPaths: true });

async function offerExamples() {
  const { images } = await ask("/v1/examples?limit=12");
  byId("examples-list").replaceChildren(...images.map((image) => element("li", {},
    element("a", { href: `/?image=${image.id}`, "data-image": image.id },
      element("img", { alt: `Search from ${image.fileName}`, decoding: "async", src: `${image.links.thumbnail}?size=320` })))));
  byId("examples").hidden = images.length === 0;
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") reportInteractions(entries.values());
});

// The start's own requests. The page works without them, so a failure only leaves something out.
offerExamples().catch(() => {});
onReadiness(({ imageCount }) => { byId("start-notice").hidden = imageCount !== 0; });
showCurrentEntry();
