// Asking the server. Whatever goes wrong becomes a Fault with words a person can act on.

import { askForToken } from "./token.js";

export class Fault extends Error {
  constructor(title, detail, { code, status, canRetry = false } = {}) {
    super(detail);
    Object.assign(this, { title, code, status, canRetry });
  }
}

/** Asks and returns the answer's JSON, or null where the answer has no body. Where a token is missing it asks the person
 *  for one, and then asks again. */
export async function ask(address, options = {}) {
  let response = await send(address, options);
  while (response.status === 401 && await askForToken()) response = await send(address, options);
  if (response.status === 204) return null;
  const body = await response.json().catch(() => null);
  if (response.ok && (body || response.status === 202)) return body;
  const detail = body?.detail ?? `The server answered with status ${response.status}.`;
  const wait = response.headers.get("Retry-After");
  throw new Fault(title(body?.code), wait ? `${detail} It asks to wait for ${wait} s.` : detail, {
    code: body?.code, status: response.status, canRetry: response.status >= 500 || response.status === 429,
  });
}

/** Asks with a body of JSON. */
export function tell(method, address, body, options = {}) {
  return ask(address, {
    method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" }, ...options,
  });
}

async function send(address, options) {
  try {
    const response = await fetch(address, options);
    dispatchEvent(new Event("server-reached"));
    return response;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    dispatchEvent(new Event("server-lost"));
    throw new Fault("The server cannot be reached", "Is lookalike serve still running?", { canRetry: true });
  }
}

function title(code) {
  return {
    undecodable_image: "This file cannot be read as a picture",
    empty_body: "This file cannot be read as a picture",
    body_too_large: "This picture is too large",
    unknown_image: "This picture is not in the library",
    image_file_gone: "This picture’s file is gone",
    not_embedded: "This picture is not indexed yet",
    contradictory_examples: "Nothing to look for",
    malformed_crop: "This part of the picture cannot be searched",
    not_calibrated: "This library cannot say what people would call similar",
    malformed_vector: "These numbers cannot be searched with",
    invalid_parameter: "This filter cannot be used",
    invalid_cursor: "The library has changed",
    malformed_request: "This cannot be asked here",
    malformed_tags: "These tags cannot be kept",
    malformed_url: "This is no address of a picture",
    url_not_allowed: "This address is not searched",
    url_failed: "There is no picture at this address",
    unauthorized: "A token is needed",
    forbidden: "Your token does not allow this",
    rate_limited: "Too many requests",
    too_busy: "The server is busy",
    job_running: "Indexing is under way already",
    still_looking: "Copies are being looked for",
    library_in_use: "The library is being written to",
    not_ready: "The library cannot be searched at the moment",
  }[code] ?? "That did not work";
}
