// What was shown for a picture of the library, and what was opened of it, told whenever the page goes away. A list that is
// told of again, for more of it was shown or opened since, stands there with its places and with what was opened since. Of a
// picture that is not in the library nothing is said, nor of a search that more than this picture decided.

export function reportInteractions(entries) {
  for (const entry of entries) {
    const { base, crop, examples, options } = entry.search ?? {};
    const shown = entry.results?.slice(0, 200).map((result) => result.id) ?? [];
    const isPlain = base?.image && !crop && !examples.length && !Object.keys(options).length;
    if (!isPlain || !shown.length) continue;
    const told = entry.told ??= { shownCount: 0, clicked: new Set() };
    const clicked = [...entry.opened ?? []].filter((id) => shown.includes(id) && !told.clicked.has(id));
    if (shown.length === told.shownCount && !clicked.length) continue;
    entry.told = { shownCount: shown.length, clicked: new Set([...told.clicked, ...clicked]) };
    const interaction = { query: base.image, shown, clicked };
    navigator.sendBeacon("/v1/interactions", new Blob([JSON.stringify(interaction)], { type: "application/json" }));
  }
}
