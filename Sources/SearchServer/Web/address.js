// A search and its address. Everything that can stand in an address stands there, under the names that the HTTP API has
// for it; a file cannot, and is known only to this visit.
//
// A search is { base, crop, examples, options }:
//   base      { image } | { file } | { url } | { library: true } | null     what is looked for
//   crop      { x, y, width, height } | null                                the part of it that counts
//   examples  [{ image | file, weight }]                                    more like these, less like those
//   options   { folder: "…", format: "jpeg,png", duplicates: "show" … }     as the API's query parameters

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
  if (base?.file) parameters.set("picture", "");
  if (crop) parameters.set("crop", cropText(crop));
  const kept = examples.filter((example) => example.image && example.weight);
  if (kept.length) parameters.set("examples", kept.map(exampleText).join(","));
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

function exampleOf(text) {
  const [, minus, image, weight] = /^(-?)(\d+)(?::(-?[\d.]+))?$/.exec(text) ?? [];
  if (!image) return null;
  const value = weight === undefined ? (minus ? -1 : 1) : Number(weight);
  return value >= -1 && value <= 1 && value !== 0 ? { image: Number(image), weight: value } : null;
}

function exampleText({ image, weight }) {
  if (Math.abs(weight) === 1) return weight < 0 ? `-${image}` : String(image);
  return `${image}:${weight}`;
}
