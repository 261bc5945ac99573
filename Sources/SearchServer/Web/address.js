// A search and its address. Everything that can stand in an address stands there, under the names that the HTTP API has
// for it; a file cannot, and is known only to this visit.
//
// A search is { base, crop, examples, options }:
//   base      a picture | { library: true } | null                          what is looked for
//   crop      { x, y, width, height } | null                                the part of it that counts
//   examples  [{ ...a picture, weight }]                                    more like these, less like those
//   options   { folder: "…", format: "jpeg,png", duplicates: "show" … }     as the API's query parameters
//
// A picture is { image } by its number in the library, { file }, { url }, or { vector, name } for one that somebody else
// has embedded.

export const filterNames = [
  "folder", "name", "format", "minimumWidth", "maximumWidth", "minimumHeight", "maximumHeight", "takenAfter",
  "takenBefore", "addedAfter", "addedBefore", "camera", "tags", "anyTags", "notTags", "status", "visibility",
];
export const rankingNames = ["duplicates", "diversity", "regions", "minimumProbability", "minimumSimilarity", "includePrivate"];

export function searchOf(parameters) {
  const image = Number(parameters.get("image") ?? parameters.get("from"));
  const url = parameters.get("url");
  let base = null;
  if (Number.isInteger(image) && image > 0) base = { image };
  else if (url) base = { url };
  else if (parameters.has("library")) base = { library: true };
  const examples = (parameters.get("examples") ?? "").split(",").map(exampleOf).filter(Boolean);
  if (!base && !examples.length) return null;
  const options = {};
  for (const name of [...filterNames, ...rankingNames]) {
    if (parameters.get(name)) options[name] = parameters.get(name);
  }
  return { base, crop: cropOf(parameters.get("crop")), examples, options };
}

/** The search's own parameters; `imageName` is "from" where `id` names another picture. */
export function parametersOf({ base, crop, examples, options }, imageName = "image") {
  const parameters = new URLSearchParams();
  if (base?.image) parameters.set(imageName, base.image);
  if (base?.url) parameters.set("url", base.url);
  if (base?.library) parameters.set("library", "");
  if (base?.file || base?.vector) parameters.set("picture", "");
  if (crop) parameters.set("crop", cropText(crop));
  const kept = examples.filter((example) => (example.image || example.url) && example.weight);
  if (kept.length) parameters.set("examples", kept.map(exampleText).join(","));
  else if (!base && examples.length) parameters.set("picture", "");
  for (const [name, value] of Object.entries(options)) parameters.set(name, value);
  return parameters;
}

export const addressOf = (search) => `/?${readable(parametersOf(search))}`;
export const pictureAddress = (id, search) => {
  const from = search && !search.base?.library ? readable(parametersOf(search, "from")) : "";
  return `/image?id=${id}${from && `&${from}`}`;
};

/** Commas and slashes may stand in a query as they are, and people read addresses. */
const readable = (parameters) => parameters.toString().replace(/%2C/g, ",").replace(/%2F/g, "/").replace(/%3A/g, ":")
  .replace(/\b(library|picture)=(?=&|$)/g, "$1");

export const cropText = ({ x, y, width, height }) => [x, y, width, height].map((part) => Number(part.toFixed(4))).join(",");

function cropOf(text) {
  const [x, y, width, height, ...rest] = (text ?? "").split(",").map(Number);
  const isInside = x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= 1.0001 && y + height <= 1.0001;
  return isInside && !rest.length ? { x, y, width, height } : null;
}

// A web address has colons and perhaps commas of its own, and so is encoded once more.

function exampleOf(text) {
  const [, minus, name, weight] = /^(-?)(\d+|https?%3A[^:]+)(?::(-?[\d.]+))?$/.exec(text) ?? [];
  if (!name) return null;
  const value = weight === undefined ? (minus ? -1 : 1) : Number(weight);
  if (!(value >= -1 && value <= 1 && value !== 0)) return null;
  return { ...(/^\d/.test(name) ? { image: Number(name) } : { url: decoded(name) }), weight: value };
}

function decoded(name) {
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // somebody cut the address short: the server says what it thinks of it
  }
}

function exampleText({ image, url, weight }) {
  const name = image ?? encodeURIComponent(url);
  if (Math.abs(weight) === 1) return weight < 0 ? `-${name}` : String(name);
  return `${name}:${weight}`;
}
