// What is known of a query's picture beside the search itself: its description, its address as a picture, its parts that
// stand out. Searches that differ only in crop or filters share one base, and so share this.

import { ask } from "./api.js";
import { requestSuggestions } from "./suggestions.js";
import { pathOf } from "./request.js";

const known = new WeakMap();  // base → what is known
const names = new Map();      // image id → file name, of every picture met

export function remember(results) {
  for (const { id, fileName, duplicates } of results) {
    names.set(id, fileName);
    if (duplicates) remember(duplicates);
  }
}

export function nameOf({ image, file, url, name }) {
  if (image) return names.get(image) ?? `picture ${image}`;
  if (url) return fileNameIn(url) || url;
  return (file?.name ?? name) || "pasted picture";
}

function fileNameIn(url) {
  const name = new URL(url).pathname.split("/").pop();
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** What lies elsewhere cannot be shown, for the page loads pictures from its own server alone, and numbers are no picture. */
export const canBeShown = (base) => Boolean(base?.image || base?.file);

export function sourceOf(base, size = 640) {
  if (base?.image) return `/v1/images/${base.image}/thumbnail?size=${size}`;
  return base?.file ? of(base).source ??= URL.createObjectURL(base.file) : null;
}

export function titleOf({ base, examples }) {
  if (base?.library) return "The library";
  if (!base) return examples.length === 1 ? `Pictures like ${nameOf(examples[0])}` : "Pictures like these";
  const name = base.image ? names.get(base.image) : base.url ? fileNameIn(base.url) || "this one" : base.file?.name ?? base.name;
  return name ? `Pictures like ${name}` : "Similar pictures";
}

export const subtitleOf = (base) => (base?.url ? base.url : base ? of(base).path ?? "" : "");

export async function describe(base, signal) {
  if (!base?.image || of(base).path !== undefined) return;
  const image = await ask(`/v1/images/${base.image}`, { signal });
  remember([image]);
  of(base).path = pathOf(image);
}

export const suggestionsOf = (base) => (base ? of(base).suggestions ?? [] : []);

/** Asks for the parts that stand out, once; nothing else waits for them. */
export async function findSuggestions(base, signal) {
  if (!canBeShown(base) || of(base).suggestions) return;
  of(base).suggestions = await requestSuggestions(base, signal);
}

function of(base) {
  if (!known.has(base)) known.set(base, {});
  return known.get(base);
}
