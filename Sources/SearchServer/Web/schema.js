// JSON Schema as far as the API's description uses it: references, objects, lists, choices.

import { element } from "./dom.js";

/** Makes a function that follows `$ref` within the description to what it names. */
export function follower(api) {
  const follow = (value) => {
    if (!value?.$ref) return value;
    const found = value.$ref.slice(2).split("/").reduce((part, key) => part?.[key.replace(/~1/g, "/").replace(/~0/g, "~")], api);
    return follow(found);
  };
  return follow;
}

const nameOf = (schema) => schema?.$ref?.split("/").pop();

/** A schema in a few words: "integer 1…200", "list of Image", "jpeg | png". */
export function typeOf(schema, follow) {
  if (!schema) return "";
  const inside = follow(schema);
  if (inside.const !== undefined) return JSON.stringify(inside.const);
  if (inside.enum) return inside.enum.join(" | ");
  const choices = inside.oneOf ?? inside.anyOf;
  if (choices) return choices.map((each) => typeOf(each, follow)).join(" or ");
  if (inside.type === "array") return `list of ${typeOf(inside.items, follow)}`;
  if (inside.type === "object" || inside.properties) return nameOf(schema) ?? "object";
  const type = inside.format && inside.type === "string" ? inside.format : [].concat(inside.type ?? "any").join(" or ");
  const low = inside.minimum ?? (inside.exclusiveMinimum !== undefined ? `>${inside.exclusiveMinimum}` : undefined);
  const high = inside.maximum;
  const range = low !== undefined && high !== undefined ? ` ${low}…${high}` : low !== undefined ? ` from ${low}` : high !== undefined ? ` up to ${high}` : "";
  return `${type}${range}${inside.default === undefined ? "" : `, else ${JSON.stringify(inside.default)}`}`;
}

/** The properties of an object, those of the objects in it folded underneath. */
export function schemaTable(schema, follow, depth = 0) {
  const inside = follow(schema);
  const choices = inside.oneOf ?? inside.anyOf;
  if (choices && depth < 4) return element("div", { class: "choices" }, choices.map((each) => schemaTable(each, follow, depth + 1)));
  if (inside.type === "array") return element("div", {}, element("p", { class: "soft", text: typeOf(schema, follow) }), depth < 4 && schemaTable(inside.items, follow, depth + 1));
  const properties = allProperties(inside, follow);
  if (!properties.size) return element("p", { class: "soft" }, typeOf(schema, follow), inside.description ? `: ${inside.description}` : "");
  return element("dl", { class: "schema" }, [...properties].map(([name, { schema: property, isRequired }]) => {
    const target = follow(property);
    const nested = nestedOf(property, follow);
    return element("div", {},
      element("dt", {}, element("code", { text: name }), element("span", { class: "schema-type", text: typeOf(property, follow) }), !isRequired && element("span", { class: "badge", text: "may be missing" })),
      element("dd", {}, target?.description ?? property.description ?? "",
        nested && depth < 4 && element("details", {}, element("summary", { text: nameOf(nested) ?? "its parts" }), schemaTable(nested, follow, depth + 1))));
  }));
}

function allProperties(schema, follow) {
  const found = new Map();
  for (const part of [...(schema?.allOf ?? []).map(follow), schema]) {
    for (const [name, property] of Object.entries(part?.properties ?? {})) {
      found.set(name, { schema: property, isRequired: part.required?.includes(name) ?? false });
    }
  }
  return found;
}

function nestedOf(schema, follow) {
  const inside = follow(schema);
  if (inside?.type === "array") return nestedOf(inside.items, follow);
  return inside?.properties || inside?.allOf ? schema : null;
}
