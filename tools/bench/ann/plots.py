"""The pictures: SVG, so that they stay sharp and small."""

import math

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt

import filtered as filters
import report

matplotlib.rcParams.update({"svg.hashsalt": "lookalike", "svg.fonttype": "none", "font.family": "sans-serif",
                            "font.size": 9})
COLOURS = {"usual": "Blues", "other": "Oranges", "exact": "Greys"}
MARKERS = "osD^vP*X"


def styles(result):
    """Ours in red and bold; a colour for each group, a shade and a marker for each of its members."""
    groups = {}
    for name, each in result["contenders"].items():
        groups.setdefault(each["group"], []).append(name)
    ours = {"color": "#c00020", "marker": "o", "zorder": 10}
    found = {report.OURS: ours | {"linewidth": 3, "markersize": 5},
             report.MAPPED: ours | {"linewidth": 1.2, "markersize": 4}}
    for group, names in groups.items():
        for place, name in enumerate(names):
            if group != "ours":
                shade = 0.45 + 0.5 * place / max(len(names) - 1, 1)
                found[name] = {"color": matplotlib.colormaps[COLOURS[group]](shade), "linewidth": 1.2,
                               "marker": MARKERS[place % len(MARKERS)], "markersize": 4, "zorder": 5}
    return found


def pareto(result, file, uses=((1, "batch"), (2, "batch"))):
    """Recall against queries per second: the front of each contender, for one thread and for two."""
    figure, panels = plt.subplots(1, len(uses), figsize=(6.2 * len(uses), 5), sharey=True, layout="constrained")
    look, points = styles(result), report.by_contender(result)
    for panel, (threads, mode) in zip(panels, uses):
        for name, each in points.items():
            front = [point for point in report.front(report.curve(each, threads, mode)) if point[0] >= 0.85]
            if front:
                panel.plot([stretch(recall) for recall, _ in front], [speed for _, speed in front], label=name,
                           **look[name])
        panel.set_title(f"{threads} thread{'s' * (threads > 1)}, {mode}")
        scale(panel, (0.85, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999))
    panels[0].set_ylabel("queries per second")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center", frameon=False)
    meta = result["set"]
    figure.suptitle(f"{meta['name']}: {meta['vectors']:,} × {meta['dimension']}; right and up is better")
    save(figure, file)


def stretch(recall):
    """Spreads the last percents, where the contenders differ: −log of what is missed, cut off at 1 in 2,000."""
    return -math.log10(max(1 - recall, 0.0005))


def costs(result, file):
    """Building and memory of all, cheapest first, as bars."""
    look = styles(result)
    figure, panels = plt.subplots(1, 2, figsize=(10, 0.3 * len(result["builds"]) + 1.2), layout="constrained")
    for panel, (value, unit, title) in zip(panels, (("cpuSeconds", 1, "building on one thread, CPU seconds"),
                                                    ("memoryBytes", 1e6, "private memory after building, MB"))):
        bars = sorted((build[value]["median"] / unit, name) for name, build in result["builds"].items()
                      if result["contenders"][name]["group"] != "exact")
        drawn = panel.barh([name for _, name in bars], [size for size, _ in bars],
                           color=[look[name]["color"] for _, name in bars])
        panel.bar_label(drawn, fmt="%.3g", padding=3)
        panel.margins(x=0.12)
        panel.set_title(title)
        panel.invert_yaxis()
        panel.spines[["top", "right"]].set_visible(False)
    save(figure, file)


def growth(result, file):
    """Building and searching over the number of vectors, both axes logarithmic; the legend tells the exponents."""
    look = styles(result)
    figure, panels = plt.subplots(1, 2, figsize=(12, 4.6), layout="constrained")
    for panel, (value, title) in zip(panels, (("buildSeconds", "building on one thread, CPU seconds"),
                                              ("querySeconds", "one query at recall@10 .95, seconds"))):
        for name, each in result["growth"].items():
            if len(each[value]) > 1:
                counts, sizes = zip(*each[value])
                panel.plot(counts, sizes, label=f"{name} (n^{each[value + 'Exponent']:.2f})", **look[name])
        panel.set(xscale="log", yscale="log", xlabel="vectors", title=title)
        panel.grid(True, which="both", linewidth=0.4, alpha=0.4)
        panel.legend(fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    save(figure, file)


def filtered(result, file):
    """Recall among the allowed against queries per second, a panel for each selectivity."""
    shares = result["bySelectivity"]
    figure, panels = plt.subplots(1, len(shares), figsize=(3.6 * len(shares) + 1.6, 4.2), sharey=True,
                                  layout="constrained")
    look = styles(result)
    for panel, (share, found) in zip(panels, shares.items()):
        for name, each in report.by_contender(found).items():
            front = report.front(report.curve(each, value=filters.VALUE))
            panel.plot([stretch(recall) for recall, _ in front], [speed for _, speed in front], label=name,
                       linestyle="--" if name.endswith(" after") else "-", **look[name])
        scale(panel, (0.5, 0.8, 0.9, 0.95, 0.99, 0.999))
        panel.set(title=f"{float(share) * 100:g} % allowed")
    panels[0].set_ylabel("queries per CPU second, one thread")
    handles = {label: handle for panel in panels for handle, label in zip(*panel.get_legend_handles_labels())}
    figure.legend(handles.values(), handles.keys(), loc="outside right center", frameon=False)
    save(figure, file)


def scale(panel, ticks):
    panel.set(yscale="log", xlabel="recall@10", xticks=[stretch(tick) for tick in (*ticks, 1)],
              xlim=(stretch(ticks[0]), stretch(1) + 0.05))
    panel.set_xticklabels([f"{tick:g}" for tick in (*ticks, 1)])
    panel.grid(True, which="major", linewidth=0.5, alpha=0.5)
    panel.grid(True, which="minor", axis="y", linewidth=0.3, alpha=0.3)


def save(figure, file):
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
