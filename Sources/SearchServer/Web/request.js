// From a search to the request that answers it: the simplest of the API's forms that can say it.

import { ask, Fault, tell } from "./api.js";
import { cropText, filterNames, rankingNames } from "./address.js";

const lists = new Set(["format", "tags", "anyTags", "notTags", "visibility"]);
const switches = new Set(["regions", "includePrivate"]);
const numbers = new Set([
  "minimumWidth", "maximumWidth", "minimumHeight", "maximumHeight", "diversity", "minimumProbability",
  "minimumSimilarity",
]);

export const pageSize = 24;

/** Asks for one page of a search's results. `extra` may name `limit`, `cursor` and `explain`. */
export async function requestAnswer(search, extra = {}, signal) {
  const examples = [baseExample(search), ...search.examples.filter((each) => each.weight)].filter(Boolean);
  const parameters = new URLSearchParams({ limit: pageSize, ...extra, ...search.options });
  if (search.base?.library) return listing(parameters, signal);
  if (examples.length === 1 && (search.base?.image || search.base?.file)) {
    if (search.crop) parameters.set("crop", cropText(search.crop));
    if (search.base.image) return ask(`/v1/images/${search.base.image}/similar?${parameters}`, { signal });
    return ask(`/v1/search?${parameters}`, {
      method: "POST", body: search.base.file, headers: { "Content-Type": "application/octet-stream" }, signal,
    });
  }
  return askWithExamples(examples, { ...jsonOf(search.options), limit: pageSize, ...extra }, signal);
}

function baseExample({ base, crop }) {
  if (!base || base.library) return null;
  return { ...base, ...(crop && { crop }) };
}

function askWithExamples(examples, options, signal) {
  const files = [];
  const wire = examples.map(({ file, image, url, vector, crop, weight }) => {
    const source = image ? { image } : url ? { url } : vector ? { vector } : { upload: files.push(file) - 1 };
    return { ...source, ...(crop && { crop }), ...(weight && { weight }) };
  });
  const request = { examples: wire, ...options };
  if (!files.length) return tell("POST", "/v1/search", request, { signal });
  const form = new FormData();
  form.append("request", JSON.stringify(request));
  for (const file of files) form.append("image", file, file.name || "picture");
  return ask("/v1/search", { method: "POST", body: form, signal });
}

/** The options as the JSON form has them: typed, and what filters apart from what ranks. */
function jsonOf(options) {
  const filter = {};
  const rest = {};
  for (const [name, text] of Object.entries(options)) {
    const value = lists.has(name) ? text.split(",").map((each) => each.trim()).filter(Boolean)
      : numbers.has(name) ? Number(text) : switches.has(name) ? text === "true" : text;
    (filterNames.includes(name) ? filter : rest)[name] = value;
  }
  return Object.keys(filter).length ? { ...rest, filter } : rest;
}

/** The library itself, newest first, in the form of results that are similar to nothing. */
async function listing(parameters, signal) {
  for (const name of rankingNames) parameters.delete(name); // there is nothing to rank
  const { images, nextCursor } = await ask(`/v1/images?${parameters}`, { signal });
  const results = images.map((image) => ({
    ...image, path: pathOf(image), duplicates: [],
  }));
  return { results, nextCursor, timings: [] };
}

export const pathOf = (image) => (image.locations.find((each) => !each.missing) ?? image.locations[0])?.path ?? "";

/** Finds the library's picture that lies at an absolute path. */
export async function pictureAt(path) {
  const cut = path.lastIndexOf("/");
  const name = path.slice(cut + 1).replace(/[*?[]/g, "[$&]"); // a name, not a pattern of names
  const parameters = new URLSearchParams({ folder: path.slice(0, cut) || "/", name, status: "any", limit: 200 });
  const { images } = name ? await ask(`/v1/images?${parameters}`) : { images: [] };
  const image = images.find((each) => each.locations.some((location) => location.path === path));
  if (!image) throw new Fault("This picture is not in the library", "The library has no picture at this path.");
  return image;
}

/** Says why `id` was found: the answer's result, with its explanation. Only that one result is explained, as explaining
 *  costs a look at both pictures: a page that ends before it gives the place from which to go on. */
export async function requestExplanation(search, id, rank, signal) {
  const holds = (result) => result.id === id || result.duplicates?.some((each) => each.id === id);
  let place = rank;
  if (place === undefined) {
    const { results } = await requestAnswer(search, { limit: 200 }, signal);
    place = results.findIndex(holds);
    if (place < 0) throw new Fault("It is not among the results", "The first 200 results do not hold this picture.");
  }
  let cursor;
  for (let left = place; left > 0; left -= Math.min(left, 200)) {
    const before = await requestAnswer(search, { limit: Math.min(left, 200), ...(cursor && { cursor }) }, signal);
    cursor = before.nextCursor;
  }
  const { results } = await requestAnswer(search, { limit: 1, explain: true, ...(cursor && { cursor }) }, signal);
  return results.find(holds) ?? null;
}
