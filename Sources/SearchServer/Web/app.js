// The page has two views, the start and a search, and every search is an entry of the browser's history.
// A search starts from a file (which has no address, so it is kept here under a key) or from a picture of the
// library (which has one: /?image=17). Back and Forward show what was found before, without asking again.

const firstLimit = 24;
const nextLimit = { 24: 60, 60: 120, 120: 200 };

const byId = (id) => document.getElementById(id);
const page = {
  start: byId("start"), search: byId("search"), file: byId("file"), library: byId("library"),
  examples: byId("examples"), examplesList: byId("examples-list"),
  picture: byId("query-picture"), title: byId("search-title"), path: byId("query-path"),
  facts: byId("facts"), timings: byId("timings"), results: byId("results"),
  more: byId("more"), moreButton: byId("more-button"),
  notice: byId("notice"), noticeTitle: byId("notice-title"), noticeText: byId("notice-text"),
  retry: byId("notice-retry"), status: byId("status"), card: byId("result"),
};

/** Searches of this visit by their key: { file?, imageID?, limit, answer?, image?, opened?, isReported? }. */
const searches = new Map();
let shown = null;       // the search on screen
let underWay = null;    // the AbortController of the request for it
let uploadLimit = null; // bytes, as the server says

// Asking the server

/** A fault with words a person can act on. */
class Fault extends Error {
  constructor(title, detail, canRetry) {
    super(detail);
    Object.assign(this, { title, canRetry });
  }
}

async function ask(address, options = {}) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Fault("The server cannot be reached", "Is lookalike serve still running?", true);
  }
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  const detail = body?.detail ?? `The server answered with status ${response.status}.`;
  throw new Fault(faultTitle(body?.code), detail, response.status >= 500);
}

function faultTitle(code) {
  switch (code) {
    case "undecodable_image": case "empty_body": return "This file cannot be read as a picture";
    case "body_too_large": return "This picture is too large";
    case "unknown_image": return "This picture is not in the library";
    case "image_file_gone": return "This picture's file is gone";
    case "too_busy": return "The server is busy";
    default: return "The search did not work";
  }
}

function requestAnswer(search, signal) {
  if (search.imageID) return ask(`/v1/images/${search.imageID}/similar?limit=${search.limit}`, { signal });
  if (uploadLimit && search.file.size > uploadLimit) {
    const allowed = Math.floor(uploadLimit / 1048576);
    throw new Fault(faultTitle("body_too_large"), `A picture may be up to ${allowed} MiB large.`, false);
  }
  return ask(`/v1/search?limit=${search.limit}`, {
    method: "POST", body: search.file, headers: { "Content-Type": "application/octet-stream" }, signal,
  });
}

// Going from search to search

function open(search) {
  const key = search.imageID ? `image-${search.imageID}` : `file-${crypto.randomUUID?.() ?? Date.now()}`;
  searches.set(key, { limit: firstLimit, ...search });
  history.pushState({ key }, "", search.imageID ? `/?image=${search.imageID}` : "/?picture");
  scrollTo(0, 0);
  show(searches.get(key));
}

function openFile(file) {
  if (file) open({ file });
}

/** Shows the search, or the start, that the current history entry stands for. */
function showCurrentEntry() {
  const imageID = Number(new URLSearchParams(location.search).get("image"));
  const key = history.state?.key ?? (imageID > 0 ? `image-${imageID}` : null);
  if (key && !searches.has(key) && imageID > 0) searches.set(key, { imageID, limit: firstLimit });
  const search = searches.get(key);
  if (search) return show(search);
  // A file chosen before the page was reloaded is gone: nothing is kept but in memory.
  if (location.search) history.replaceState(null, "", "/");
  showStart();
}

function showStart() {
  underWay?.abort();
  shown = null;
  document.title = "Lookalike";
  document.body.dataset.view = "start";
  page.search.hidden = true;
  page.start.hidden = false;
  page.status.textContent = "";
}

async function show(search) {
  underWay?.abort();
  shown = search;
  document.body.dataset.view = "search";
  page.start.hidden = true;
  page.search.hidden = false;
  showQuery(search);
  if (search.answer) return showAnswer(search);

  showLoading();
  underWay = new AbortController();
  const { signal } = underWay;
  try {
    const described = search.imageID && !search.image ? ask(`/v1/images/${search.imageID}`, { signal }) : search.image;
    [search.answer, search.image] = await Promise.all([requestAnswer(search, signal), described]);
    if (shown !== search) return;
    showQuery(search);
    showAnswer(search);
    page.title.focus({ preventScroll: true });
  } catch (error) {
    if (error.name === "AbortError" || shown !== search) return;
    if (!(error instanceof Fault)) throw error;
    showNotice(error.title, error.message, error.canRetry);
  }
}

async function showMore() {
  const search = shown;
  const firstNew = page.results.children.length;
  page.moreButton.disabled = true;
  underWay = new AbortController();
  try {
    const limit = nextLimit[search.limit];
    search.answer = await requestAnswer({ ...search, limit }, underWay.signal);
    search.limit = limit;
    if (shown !== search) return;
    showAnswer(search);
    page.results.children[firstNew]?.querySelector("a").focus({ preventScroll: true });
  } catch (error) {
    if (error.name === "AbortError" || shown !== search) return;
    if (!(error instanceof Fault)) throw error;
    // What is on screen stays; the button is there to try again.
    page.facts.textContent = page.status.textContent = `${error.title}. ${error.message}`;
  } finally {
    page.moreButton.disabled = false;
  }
}

// Drawing

function showQuery(search) {
  const name = search.file?.name ?? search.image?.fileName;
  const title = name ? `Pictures like ${name}` : "Similar pictures";
  page.title.textContent = title;
  document.title = `${title} · Lookalike`;
  const location = search.image?.locations.find((each) => !each.missing) ?? search.image?.locations[0];
  page.path.textContent = location?.path ?? "";
  const address = search.imageID ? `/v1/images/${search.imageID}/thumbnail?size=480` : fileAddress(search);
  if (page.picture.firstElementChild?.getAttribute("src") === address) return;
  const picture = new Image();
  picture.alt = "The picture searched with";
  picture.onerror = () => {
    // HEIC and TIFF can be searched with although few browsers can show them.
    const note = document.createElement("p");
    note.className = "no-preview";
    note.textContent = "No preview";
    picture.replaceWith(note);
  };
  picture.src = address;
  page.picture.replaceChildren(picture);
}

function fileAddress(search) {
  search.address ??= URL.createObjectURL(search.file);
  return search.address;
}

function showLoading() {
  clear();
  page.results.setAttribute("aria-busy", "true");
  const ratios = [1.4, 0.8, 1.5, 1, 1.3, 0.75, 1.5, 1.2, 1, 1.4, 0.8, 1.3];
  page.results.replaceChildren(...ratios.map((ratio) => {
    const card = page.card.content.firstElementChild.cloneNode(true);
    card.setAttribute("aria-hidden", "true");
    card.style.setProperty("--ratio", ratio);
    card.querySelector("img").remove();
    card.querySelector("meter").remove();
    return card;
  }));
  page.status.textContent = "Searching";
}

function showAnswer({ answer, limit }) {
  clear();
  const { results, timings, searchedImageCount, method } = answer;
  if (searchedImageCount === 0) {
    return showNotice("The library is empty", "Add pictures with lookalike index, then search again.", true);
  }
  const total = timings.reduce((sum, timing) => sum + timing.milliseconds, 0);
  const way = method === "exact" ? "one by one" : "through the index";
  page.facts.textContent = `Searched ${count(searchedImageCount, "picture")} in ${milliseconds(total)}, ${way}.`;
  page.timings.replaceChildren(...timings.map((timing) => {
    const item = document.createElement("li");
    item.textContent = `${timing.stage} ${milliseconds(timing.milliseconds)}`;
    return item;
  }));
  page.results.replaceChildren(...results.map(card));
  page.more.hidden = results.length < limit || !(limit in nextLimit) || results.length >= searchedImageCount;
  page.status.textContent = results.length ? `${count(results.length, "similar picture")} found` : "";
  if (!results.length) showNotice("Nothing looks like it", "The library has no other picture to compare with.", false);
}

function card(result) {
  const card = page.card.content.firstElementChild.cloneNode(true);
  // Very long and very narrow pictures are cropped a little: their captions need room.
  const ratio = Math.min(1.9, Math.max(0.75, result.width / result.height || 1));
  card.style.setProperty("--ratio", ratio.toFixed(3));
  const link = card.querySelector("a");
  link.href = `/?image=${result.id}`;
  link.title = result.path;
  link.dataset.image = result.id;
  const picture = card.querySelector("img");
  picture.srcset = `${result.links.thumbnail}?size=400, ${result.links.thumbnail}?size=800 2x`;
  picture.src = `${result.links.thumbnail}?size=400`;
  card.querySelector(".card-name").textContent = result.fileName;
  card.querySelector(".card-number").textContent = result.similarity.toFixed(3);
  card.querySelector("meter").value = result.similarity;
  return card;
}

function showNotice(title, text, canRetry) {
  clear();
  page.noticeTitle.textContent = title;
  page.noticeText.textContent = text;
  page.retry.hidden = !canRetry;
  page.notice.hidden = false;
  page.status.textContent = `${title}. ${text}`;
}

function clear() {
  page.facts.textContent = "";
  page.timings.replaceChildren();
  page.results.replaceChildren();
  page.results.removeAttribute("aria-busy");
  page.more.hidden = true;
  page.notice.hidden = true;
}

const numbers = new Intl.NumberFormat();
const count = (number, noun) => `${numbers.format(number)} ${noun}${number === 1 ? "" : "s"}`;
const milliseconds = (value) => {
  if (value < 0.1) return "<0.1 ms";
  return `${value < 10 ? value.toFixed(1) : numbers.format(Math.round(value))} ms`;
};

// The start's own requests. The page works without either, so a failure only leaves something out.

async function describeLibrary() {
  const { imageCount, maximumBodyByteCount } = await ask("/readyz");
  uploadLimit = maximumBodyByteCount;
  page.library.textContent = count(imageCount, "picture");
}

async function offerExamples() {
  const { images } = await ask("/v1/examples?limit=12");
  page.examplesList.replaceChildren(...images.map((image) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = `/?image=${image.id}`;
    link.dataset.image = image.id;
    const picture = new Image();
    picture.alt = `Search from ${image.fileName}`;
    picture.decoding = "async";
    picture.src = `${image.links.thumbnail}?size=320`;
    link.append(picture);
    item.append(link);
    return item;
  }));
  page.examples.hidden = images.length === 0;
}

// What a person can do

document.addEventListener("click", (event) => {
  // A click with a modifier key is for the browser: a new tab, a new window, a download.
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = event.target.closest("a");
  if (!link || link.pathname !== "/") return;
  event.preventDefault();
  if (link.dataset.image) {
    const imageID = Number(link.dataset.image);
    if (shown && page.results.contains(link)) (shown.opened ??= new Set()).add(imageID);
    return open({ imageID });
  }
  if (shown) history.pushState(null, "", "/");
  showStart();
});

page.file.addEventListener("change", () => {
  openFile(page.file.files[0]);
  page.file.value = ""; // choosing the same file again is a new search
});
page.moreButton.addEventListener("click", showMore);
page.retry.addEventListener("click", () => {
  delete shown.answer;
  show(shown);
});

document.addEventListener("paste", (event) => {
  openFile([...event.clipboardData.files].find((file) => file.type.startsWith("image/")));
});

let dragDepth = 0; // enter and leave come for every element the pointer crosses
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragenter", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  dragDepth += 1;
  document.body.classList.add("dragging");
});
addEventListener("dragover", (event) => {
  if (carriesFiles(event)) event.preventDefault();
});
addEventListener("dragleave", (event) => {
  if (!carriesFiles(event)) return;
  dragDepth = Math.max(0, dragDepth - 1);
  if (dragDepth === 0) document.body.classList.remove("dragging");
});
addEventListener("drop", (event) => {
  dragDepth = 0;
  document.body.classList.remove("dragging");
  if (!carriesFiles(event)) return;
  event.preventDefault();
  openFile(event.dataTransfer.files[0]);
});

// What was shown for a picture of the library, and what was opened of it, once the page goes away. Of a picture that is
// not in the library nothing is said.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "hidden") return;
  for (const search of searches.values()) {
    const shown = search.answer?.results.map((result) => result.id) ?? [];
    if (!search.imageID || search.isReported || !shown.length) continue;
    search.isReported = true;
    const interaction = { query: search.imageID, shown, clicked: [...search.opened ?? []] };
    navigator.sendBeacon("/v1/interactions", new Blob([JSON.stringify(interaction)], { type: "application/json" }));
  }
});

addEventListener("popstate", showCurrentEntry);
showCurrentEntry();
describeLibrary().catch(() => {});
offerExamples().catch(() => {});
