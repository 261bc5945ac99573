// What was shown for a picture of the library, and what was opened of it, told once the page goes away. Of a picture that
// is not in the library nothing is said, nor of a search that more than this picture decided.

export function reportInteractions(entries) {
  for (const entry of entries) {
    const { base, crop, examples, options } = entry.search ?? {};
    const shown = entry.results?.slice(0, 200).map((result) => result.id) ?? [];
    const isPlain = base?.image && !crop && !examples.length && !Object.keys(options).length;
    if (!isPlain || entry.isReported || !shown.length) continue;
    entry.isReported = true;
    const clicked = [...entry.opened ?? []].filter((id) => shown.includes(id));
    const interaction = { query: base.image, shown, clicked };
    navigator.sendBeacon("/v1/interactions", new Blob([JSON.stringify(interaction)], { type: "application/json" }));
  }
}
