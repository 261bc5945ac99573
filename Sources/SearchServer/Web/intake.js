// The ways in which a picture comes to the page: chosen, taken with the camera, pasted, dropped, or named by its address.
// What comes is handed on as a list of { file }, { url }, { image }, or { vector, name } where a file holds numbers.

import { Fault } from "./api.js";
import { onReadiness } from "./bar.js";
import { byId } from "./dom.js";
import { pictureAt } from "./request.js";

export function listenForPictures(onPictures) {
  const hand = async (files) => files.length && onPictures(await Promise.all(files.map(pictureIn)));
  for (const input of [byId("file"), byId("camera")].filter(Boolean)) listenForFiles(input, onPictures);
  document.addEventListener("paste", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const isTyping = event.target.closest?.("input, textarea, select");
    const files = [...event.clipboardData.files].filter((file) => file.type.startsWith("image/") || isList(file));
    if (files.length) return hand(files);
    const url = webAddress(event.clipboardData.getData("text/plain"));
    if (url && !isTyping) onPictures([{ url }]);
  });
  listenForDrops(hand, onPictures);
}

/** Listens for what is chosen with one input. */
export function listenForFiles(input, onPictures) {
  input.addEventListener("change", async () => {
    const files = [...input.files];
    input.value = ""; // choosing the same file again is a new search
    if (files.length) onPictures(await Promise.all(files.map(pictureIn)));
  });
}

const isList = (file) => file.type === "application/json" || /\.json$/i.test(file.name);

/** A file as a picture, or as the list of numbers that somebody else's model made of one. What is no such list is handed
 *  on as an empty one: the server then says how many numbers there have to be. */
async function pictureIn(file) {
  if (!isList(file)) return { file };
  const value = await file.text().then(JSON.parse).catch(() => null);
  const isVector = Array.isArray(value) && value.every((each) => typeof each === "number");
  return { vector: isVector ? value : [], name: file.name };
}

let acceptsURLs = false;
onReadiness((ready) => { acceptsURLs = ready.acceptsURLs === true; });

/** Listens to a form with one field for an address: on the web, where the server fetches from there, or, where paths are
 *  taken, in the library. */
export function listenForAddress(form, onPictures, { takesPaths }) {
  const field = form.querySelector("input");
  const offer = () => {
    const ways = [acceptsURLs && "Address of a picture on the web", takesPaths && "Path of a picture in the library"].filter(Boolean);
    field.placeholder = ways.join(", or ").replace(", or P", ", or p");
    field.setAttribute("aria-label", field.placeholder);
    form.hidden = !ways.length;
  };
  offer();
  onReadiness(offer);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      onPictures([await pictureNamed(field.value.trim(), takesPaths)]);
      field.value = "";
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      field.setCustomValidity(error.message);
      field.reportValidity();
    }
  });
  field.addEventListener("input", () => field.setCustomValidity(""));
}

async function pictureNamed(text, takesPaths) {
  const url = webAddress(text);
  if (url && acceptsURLs) return { url };
  if (url) throw new Fault("", "This server fetches no pictures from the web.");
  if (takesPaths && text.startsWith("/")) return { image: (await pictureAt(text)).id };
  throw new Fault("", !takesPaths ? "An address begins with http: or https:."
    : acceptsURLs ? "A path begins with /, an address with http: or https:." : "A path begins with /.");
}

function listenForDrops(hand, onPictures) {
  let depth = 0; // enter and leave come for every element the pointer crosses
  const carries = (event) => ["Files", "text/uri-list"].some((type) => event.dataTransfer?.types.includes(type))
    && !document.querySelector("dialog[open]");
  const show = () => document.body.classList.toggle("dragging", depth > 0);
  let isOwn = false; // a picture of this page, dragged about, is no new one
  addEventListener("dragstart", () => { isOwn = true; });
  addEventListener("dragend", () => { isOwn = false; });
  addEventListener("dragenter", (event) => {
    if (isOwn || !carries(event)) return;
    event.preventDefault();
    depth += 1;
    show();
  });
  addEventListener("dragover", (event) => {
    if (!isOwn && carries(event)) event.preventDefault();
  });
  addEventListener("dragleave", (event) => {
    if (isOwn || !carries(event)) return;
    depth = Math.max(0, depth - 1);
    show();
  });
  addEventListener("drop", (event) => {
    depth = 0;
    show();
    if (isOwn || !carries(event)) return;
    event.preventDefault();
    const files = [...event.dataTransfer.files];
    const url = webAddress(event.dataTransfer.getData("text/uri-list").split("\n")[0]);
    if (files.length) hand(files);
    else if (url) onPictures([{ url }]);
  });
}

function webAddress(text) {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  return url && /^https?:$/.test(url.protocol) && url.href.length < 2000 ? url.href : null;
}
