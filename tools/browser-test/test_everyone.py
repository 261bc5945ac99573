"""What every page owes everyone: contrast, names, room on a phone, stillness."""

from playwright.sync_api import expect

from hands import choose, home, results

PAGES = ("/", "/?library", "/duplicates", "/judge", "/operator", "/docs")

# Text of less contrast than 4.5:1 to what lies behind it, controls without a name, pictures without alt, ids given
# twice. Texts over pictures are left out: what lies behind them is not a colour.
AUDIT = """() => {
    const found = [];
    const parse = (color) => color.match(/[\\d.]+/g).map(Number);
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const luminance = (rgb) => rgb.slice(0, 3).map((c) => c / 255)
        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (node) => {
        const layers = [];
        for (let each = node; each; each = each.parentElement) {
            const color = rgba(getComputedStyle(each).backgroundColor);
            if (color[3] > 0) layers.push(color);
            if (color[3] === 1) break;
        }
        return layers.reverse().reduce((under, over) => over.slice(0, 3).map((c, i) => c * over[3] + (under[i] ?? 255) * (1 - over[3])), [255, 255, 255]);
    };
    const visible = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true })
        && !node.closest(".visually-hidden, [aria-hidden=true], :disabled, .card-tools");
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
        const node = text.parentElement;
        if (!text.data.trim() || !visible(node) || node.closest("script, style, noscript, template, option, datalist")) continue;
        const style = getComputedStyle(node);
        const color = rgba(node instanceof SVGElement ? style.fill : style.color);
        const [a, b] = [luminance(color), luminance(behind(node))].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) found.push(`contrast ${ratio.toFixed(2)}: ${text.data.trim().slice(0, 30)} (${node.className})`);
    }
    const name = (node) => node.getAttribute("aria-label") || node.getAttribute("aria-labelledby") || node.title
        || [...node.labels ?? []].map((label) => label.textContent).join("") || node.textContent.trim()
        || [...node.querySelectorAll?.("img[alt]") ?? []].map((each) => each.alt).join("");
    for (const node of document.querySelectorAll("a[href], button, input, select, [tabindex='0'], [role=img]")) {
        if (node.checkVisibility() && !name(node)) found.push(`no name: ${node.outerHTML.slice(0, 90)}`);
    }
    for (const node of document.querySelectorAll("img:not([alt])")) found.push(`no alt: ${node.outerHTML.slice(0, 90)}`);
    const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
    for (const id of ids.filter((each, index) => ids.indexOf(each) !== index)) found.push(`id twice: ${id}`);
    const levels = [...document.querySelectorAll("h1, h2, h3")].filter((node) => node.checkVisibility()).map((node) => Number(node.tagName[1]));
    if (levels.filter((level) => level === 1).length !== 1) found.push(`${levels.filter((level) => level === 1).length} headings of level 1`);
    return [...new Set(found)];
}"""


def every_view(page, picture):
    """Opens every view in turn and yields its name."""
    for address in PAGES:
        page.goto(home(page) + address)
        page.wait_for_load_state("networkidle") if address != "/operator" else expect(page.locator(".tile").first).to_be_visible()
        yield address
    page.goto(home(page))
    choose(page, picture)
    results(page)
    page.locator("#results .card").nth(1).hover()
    page.locator("#results .card .card-tool.is-more").nth(1).click()
    page.locator("#results .card .card-tool.is-less").nth(2).click(force=True)
    page.locator("#filters-toggle").click()
    page.locator("#crop-begin").click()
    page.wait_for_timeout(400)
    results(page)
    yield "a search"
    page.locator("#example-add").click()
    yield "adding an example"
    page.keyboard.press("Escape")
    page.locator("#results .card [data-details]").nth(2).click(force=True)
    expect(page.locator(".why table")).to_be_visible()
    yield "a picture"
    page.goto(home(page) + "/?library&name=nothing-is-called-this")
    expect(page.locator("#notice")).to_be_visible()
    yield "nothing found"


def test_audit(page, picture):
    """every view has contrast in both schemes, names for its controls, one main heading, and fits on a phone"""
    found = []
    page.emulate_media(reduced_motion="reduce")
    for view in every_view(page, picture):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found += [f"{view}, {scheme}: {each}" for each in page.evaluate(AUDIT)]
        page.set_viewport_size({"width": 360, "height": 740})
        if (width := page.evaluate("document.documentElement.scrollWidth")) > 360:
            found.append(f"{view}: {width} pixels wide")
        page.set_viewport_size({"width": 1280, "height": 800})
    assert not found, "\n        ".join(found)


def test_menu(page, picture):
    """on a phone the pages are behind a menu that opens, closes, and leads there"""
    page.set_viewport_size({"width": 360, "height": 740})
    menu = page.get_by_role("button", name="Menu")
    menu.click()
    expect(page.get_by_role("link", name="Operator")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Operator")).to_be_hidden()
    expect(menu).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Duplicates").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Duplicates")


def test_reduced_motion(page, picture):
    """nothing moves for those who asked for stillness"""
    page.emulate_media(reduced_motion="reduce")
    page.route("**/v1/search?*", lambda route: None)
    choose(page, picture)
    expect(page.locator(".card.is-coming").first).to_be_visible()
    assert page.evaluate("document.getAnimations().length") == 0
