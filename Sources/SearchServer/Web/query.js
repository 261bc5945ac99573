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

export const nameOf = ({ image, file }) => (image ? names.get(image) ?? `picture ${image}` : file.name || "pasted picture");

export function sourceOf(base, size = 640) {
  if (base?.image) return `/v1/images/${base.image}/thumbnail?size=${size}`;
  return base?.file ? of(base).source ??= URL.createObjectURL(base.file) : null;
}

export function titleOf({ base, examples }) {
  if (base?.library) return "The library";
  if (!base) return examples.length === 1 ? `Pictures like ${nameOf(examples[0])}` : "Pictures like these";
  if (base.url) return `Pictures like ${decodeURIComponent(new URL(base.url).pathname.split("/").pop()) || "this one"}`;
  if (base.image) return names.has(base.image) ? `Pictures like ${names.get(base.image)}` : "Similar pictures";
  return base.file.name ? `Pictures like ${base.file.name}` : "Similar pictures";
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
  if (!base || base.library || base.url || of(base).suggestions) return;
  of(base).suggestions = await requestSuggestions(base, signal);
}

function of(base) {
  if (!known.has(base)) known.set(base, {});
  return known.get(base);
}
