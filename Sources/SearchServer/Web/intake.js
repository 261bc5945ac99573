// The ways in which a picture comes to the page: chosen, taken with the camera, pasted, dropped, or named by its address. What comes is handed
// on as { files } or { url }.

import { byId } from "./dom.js";

export function listenForPictures(onPictures) {
  const hand = (files) => files.length && onPictures({ files });
  for (const input of [byId("file"), byId("camera")].filter(Boolean)) {
    input.addEventListener("change", () => {
      const files = [...input.files];
      input.value = ""; // choosing the same file again is a new search
      hand(files);
    });
  }
  document.addEventListener("paste", (event) => {
    const isTyping = event.target.closest?.("input, textarea, select");
    const files = [...event.clipboardData.files].filter((file) => file.type.startsWith("image/"));
    if (files.length) return hand(files);
    const url = webAddress(event.clipboardData.getData("text/plain"));
    if (url && !isTyping) onPictures({ url });
  });
  listenForDrops(hand, onPictures);
  byId("url-form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const url = webAddress(byId("url").value);
    byId("url").setCustomValidity(url ? "" : "The address of a picture begins with http: or https:");
    if (url) onPictures({ url });
    else byId("url").reportValidity();
  });
  byId("url")?.addEventListener("input", () => byId("url").setCustomValidity(""));
}

/** Offers the field for an address where the server fetches pictures from there. */
export function offerAddresses({ acceptsURLs }) {
  byId("url-form").hidden = !acceptsURLs;
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
    else if (url) onPictures({ url });
  });
}

function webAddress(text) {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  return url && /^https?:$/.test(url.protocol) && url.href.length < 2000 ? url.href : null;
}
