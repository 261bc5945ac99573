// The view of one search: what was asked on one side, what was found on the other.

import { ask, Fault, tell } from "./api.js";
import { pictureAddress } from "./address.js";
import { card, skeletons } from "./cards.js";
import { Cropper } from "./cropper.js";
import { announce, byId, parts } from "./dom.js";
import { filterPanel, showChips } from "./filters.js";
import { count, milliseconds } from "./format.js";
import { onReadiness } from "./bar.js";
import { listenForAddress, listenForFiles } from "./intake.js";
import { canBeShown, describe, findSuggestions, remember, sourceOf, subtitleOf, suggestionsOf, titleOf } from "./query.js";
import { requestAnswer } from "./request.js";
import { showSuggestions } from "./suggestions.js";
import { joined, press, showTrayBar } from "./traybar.js";

const page = parts({
  view: "search", asked: "asked", cropper: "cropper", cropBegin: "crop-begin", cropClear: "crop-clear",
  suggestions: "suggestions", keep: "keep", keepButton: "keep-button", keepWords: "keep-words", title: "search-title", path: "query-path",
  facts: "facts", timings: "timings", details: "query-details", filtersToggle: "filters-toggle", chips: "chips",
  filters: "filters", results: "results", more: "more", moreButton: "more-button", notice: "notice",
  noticeTitle: "notice-title", noticeText: "notice-text", retry: "notice-retry", clearFilters: "notice-clear",
});

let shown = null;    // the entry on screen: { search, results?, nextCursor?, facts?, draft?, isTuned? }
let underWay = null; // the AbortController of its requests
let openSearch;      // how the page goes on to another search
let uploadLimit = null;
onReadiness((ready) => { uploadLimit = ready.maximumBodyByteCount; });

const cropper = new Cropper(page.cropper, (crop) => tune({ crop }, "crop"));
const panel = filterPanel(page.filters, (options) => tune({ options }, "filters"));

/** Goes on to a search that differs from this one in what `change` holds. */
function tune(change, kind) {
  if (shown) openSearch({ ...shown.search, ...change }, kind);
}

export function hideSearch() {
  underWay?.abort();
  shown = null;
  page.view.hidden = true;
}

export async function showSearch(entry, actions) {
  underWay?.abort();
  ({ openSearch } = actions);
  const isTuned = shown !== null && entry.isTuned === true;
  shown = entry;
  entry.draft ??= entry.search.examples;
  page.view.hidden = false;
  page.view.classList.remove("has-unreadable");
  showQuery();
  if (entry.results) return showAnswer();
  // What only tunes the search before leaves that one's results in place until its own are there.
  if (isTuned && page.results.querySelector(".card:not(.is-coming)")) page.results.setAttribute("aria-busy", "true");
  else showLoading();
  hideNotice();
  await find(entry, isTuned);
}

async function find(entry, isTuned) {
  underWay = new AbortController();
  const { signal } = underWay;
  const { base } = entry.search;
  findSuggestions(base, signal).then(() => shown === entry && showQuery()).catch(() => {});
  try {
    if (uploadLimit && base?.file?.size > uploadLimit) {
      throw new Fault("This picture is too large", `A picture may be up to ${Math.floor(uploadLimit / 1048576)} MiB large.`);
    }
    const [answer] = await Promise.all([requestAnswer(entry.search, {}, signal), describe(base, signal)]);
    take(entry, answer, []);
    if (shown !== entry) return;
    showQuery();
    showAnswer();
    if (!isTuned) page.title.focus({ preventScroll: true });
  } catch (error) {
    if (error.name === "AbortError" || shown !== entry) return;
    if (!(error instanceof Fault)) throw error;
    page.view.classList.toggle("has-unreadable", error.status === 422 && Boolean(base?.file));
    showNotice(error.title, error.message, { canRetry: error.canRetry, canClear: error.status === 400 });
  }
}

function take(entry, answer, before) {
  remember(answer.results);
  // A library that changed meanwhile may answer with what is there already.
  const known = new Set(before.map((result) => result.id));
  entry.results = [...before, ...answer.results.filter((result) => !known.has(result.id))];
  entry.nextCursor = answer.nextCursor;
  entry.facts ??= { searched: answer.searchedImageCount, method: answer.method, timings: answer.timings };
}

async function showMore() {
  const entry = shown;
  const firstNew = entry.results.length;
  page.moreButton.disabled = true;
  underWay = new AbortController();
  try {
    take(entry, await requestAnswer(entry.search, { cursor: entry.nextCursor }, underWay.signal), entry.results);
    if (shown !== entry) return;
    page.results.append(...entry.results.slice(firstNew).map(cardOf));
    page.more.hidden = !entry.nextCursor;
    announce(`${count(entry.results.length - firstNew, "more picture")}`);
    const added = entry.results[firstNew];
    if (added) page.results.querySelector(`[data-image="${added.id}"] a`)?.focus({ preventScroll: true });
  } catch (error) {
    if (error.name === "AbortError" || shown !== entry) return;
    if (!(error instanceof Fault)) throw error;
    // What is on screen stays; the button is there to try again.
    page.facts.textContent = `${error.title}. ${error.message}`;
    announce(page.facts.textContent);
  } finally {
    page.moreButton.disabled = false;
  }
}

/** Asks again what could not be answered. */
export function retrySearch() {
  if (!shown || shown.results || page.notice.hidden) return;
  showLoading();
  hideNotice();
  find(shown, false);
}

// What was asked

function showQuery() {
  const { search } = shown;
  const { base, crop, options } = search;
  const title = titleOf(search);
  if (page.title.textContent !== title) page.title.textContent = title;
  document.title = `${title} · Lookalike`;
  page.path.textContent = subtitleOf(base);
  page.asked.hidden = !canBeShown(base);
  page.view.classList.toggle("has-no-query", page.asked.hidden);
  if (!page.asked.hidden) showPart(base, crop);
  page.details.hidden = !base?.image;
  if (base?.image) page.details.href = pictureAddress(base.image);
  showKeeping();
  const filterCount = Object.keys(options).length;
  page.filtersToggle.textContent = filterCount ? `Filters (${filterCount})` : "Filters";
  panel.show(options, base?.library === true);
  showChips(page.chips, options, (changed) => {
    tune({ options: changed }, "filters");
    page.filtersToggle.focus();
  });
  showDraft();
}

function showPart(base, crop) {
  const source = sourceOf(base);
  cropper.show(source, "The picture searched with", crop);
  page.cropBegin.hidden = crop !== null;
  page.cropClear.hidden = crop === null;
  const picture = page.cropper.querySelector("img");
  const suggest = () => showSuggestions(page.suggestions, {
    crops: source ? suggestionsOf(base) : [], source, crop, ratio: picture.naturalWidth / picture.naturalHeight || 1,
    onChoose: (part) => tune({ crop: part }, "crop"), onHint: (part) => cropper.hint(part),
  });
  // Focus inside the list would be lost by making it anew; what is chosen can be marked in place.
  const focused = [...page.suggestions.querySelectorAll("button")].indexOf(document.activeElement);
  suggest();
  if (focused >= 0) page.suggestions.querySelectorAll("button")[focused]?.focus({ preventScroll: true });
  if (!picture.naturalWidth) picture.addEventListener("load", suggest, { once: true });
}

function showDraft() {
  const entry = shown;
  showTrayBar({
    draft: entry.draft, applied: entry.search.examples, canDoWithoutQuery: Boolean(entry.search.base),
    onChange: (draft) => {
      entry.draft = draft;
      showDraft();
      markChosen();
    },
    onSearch: (draft, isAlone) => {
      const examples = draft.filter((example) => example.weight);
      const base = isAlone || entry.search.base?.library ? null : entry.search.base;
      if (!base && !examples.length) return openSearch({ base: { library: true }, crop: null, examples, options: {} });
      openSearch({ ...entry.search, base, examples, crop: base ? entry.search.crop : null }, base ? "examples" : null);
    },
  });
}

const choose = (pressed) => redraft(press(shown.draft, pressed));

function redraft(draft) {
  shown.draft = draft;
  showDraft();
  markChosen();
}

// Examples from elsewhere come by a dialog.

const adding = byId("adding");
const add = (pictures) => {
  adding.close();
  if (shown) redraft(joined(shown.draft, pictures));
};

byId("example-add").addEventListener("click", () => adding.showModal());
byId("adding-close").addEventListener("click", () => adding.close());
listenForFiles(byId("adding-file"), add);
listenForAddress(byId("adding-form"), add, { takesPaths: true });

/** Marks on the cards what is in the draft, in place, so that the focus stays where it is. */
function markChosen() {
  for (const item of page.results.children) {
    const chosen = shown.draft.find((each) => each.image === Number(item.dataset.image) && each.weight);
    item.classList.toggle("is-more", chosen?.weight > 0);
    item.classList.toggle("is-less", chosen?.weight < 0);
    item.querySelector(".card-tool.is-more")?.setAttribute("aria-pressed", String(chosen?.weight > 0));
    item.querySelector(".card-tool.is-less")?.setAttribute("aria-pressed", String(chosen?.weight < 0));
  }
}

// What was found

const cardOf = (result) => card(result, { search: shown.search, examples: shown.draft, onExample: choose, onList: listAgain });

/** Lets everyone find a picture again. Returns what became of it in words. */
async function listAgain(result) {
  try {
    await tell("PATCH", `/v1/images/${result.id}`, { visibility: "listed" });
    result.visibility = "listed";
    announce(`${result.fileName} is listed again.`);
    return "listed again";
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return `${error.title}. ${error.message}`;
  }
}

function showAnswer() {
  hideNotice();
  const { results, facts, search, nextCursor } = shown;
  page.results.removeAttribute("aria-busy");
  page.results.replaceChildren(...results.map(cardOf));
  markChosen();
  page.more.hidden = !nextCursor;
  showFacts(facts);
  announce(results.length ? `${count(results.length, search.base?.library ? "picture" : "similar picture")} found` : "");
  if (results.length) return;
  if (Object.keys(search.options).length) {
    showNotice("Nothing passes the filters", "Take one of them away, or clear them all.", { canClear: true });
  } else if (search.base?.library || facts.searched === 0) {
    showNotice("The library is empty", "Add pictures on the operator’s page or with lookalike index, then look again.", { canRetry: true });
  } else {
    showNotice("Nothing looks like it", "The library has no other picture to compare with.", {});
  }
}

function showFacts({ searched, method, timings }) {
  const total = timings.reduce((sum, timing) => sum + timing.milliseconds, 0);
  const way = method === "exact" ? "one by one" : "through the index";
  page.facts.textContent = searched ? `Searched ${count(searched, "picture")} in ${milliseconds(total)}, ${way}.` : "";
  page.timings.replaceChildren(...timings.map(({ stage, milliseconds: time }) => {
    const item = document.createElement("li");
    item.textContent = `${stage} ${milliseconds(time)}`;
    return item;
  }));
}

function showLoading() {
  page.facts.textContent = "";
  page.timings.replaceChildren();
  page.more.hidden = true;
  page.results.setAttribute("aria-busy", "true");
  page.results.replaceChildren(...skeletons());
  announce("Searching");
}

function showNotice(title, text, { canRetry = false, canClear = false }) {
  page.results.replaceChildren();
  page.results.removeAttribute("aria-busy");
  page.facts.textContent = "";
  page.timings.replaceChildren();
  page.more.hidden = true;
  page.noticeTitle.textContent = title;
  page.noticeText.textContent = text;
  page.retry.hidden = !canRetry;
  page.clearFilters.hidden = !canClear || !Object.keys(shown.search.options).length;
  page.notice.hidden = false;
  announce(`${title}. ${text}`);
}

const hideNotice = () => { page.notice.hidden = true; };

// Taking a picture from outside into the library. It goes on when the person has gone elsewhere meanwhile.

function requestKeeping({ file, url }) {
  if (url) return tell("POST", "/v1/images", { url });
  const form = new FormData();
  form.append("image", file, file.name || "picture");
  return ask("/v1/images", { method: "POST", body: form });
}

const keeping = new WeakMap(); // base → { isUnderWay, isDone, words }

function showKeeping() {
  const { base } = shown.search;
  const { isUnderWay, isDone, words } = keeping.get(base) ?? {};
  page.keep.hidden = !base?.file && !base?.url;
  page.keepButton.disabled = isUnderWay || isDone || false;
  page.keepWords.textContent = words ?? "";
}

async function keepPicture() {
  const { base } = shown.search;
  const isShown = () => shown?.search.base === base;
  const note = (state) => {
    keeping.set(base, state);
    if (isShown()) showKeeping();
  };
  note({ isUnderWay: true });
  try {
    const image = await requestKeeping(base);
    note({ isDone: true, words: image ? "It is in the library." : "It was taken, and is not shown to you." });
    if (image && isShown()) openSearch({ ...shown.search, base: { image: image.id } });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    note({ words: `${error.title}. ${error.message}` });
  }
}

page.cropBegin.addEventListener("click", () => cropper.begin());
page.cropClear.addEventListener("click", () => {
  tune({ crop: null }, "crop");
  page.cropBegin.focus();
});
page.keepButton.addEventListener("click", keepPicture);
page.moreButton.addEventListener("click", showMore);
page.retry.addEventListener("click", retrySearch);
page.clearFilters.addEventListener("click", () => tune({ options: {} }, "filters"));
page.filtersToggle.addEventListener("click", () => {
  const isOpen = page.filters.hidden;
  page.filters.hidden = !isOpen;
  page.filtersToggle.setAttribute("aria-expanded", String(isOpen));
  if (isOpen) panel.offer(shown.search.options);
});
