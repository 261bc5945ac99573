"""Pictures of every view at three widths in both schemes, to be looked at; and sheets of them, to be kept."""

import base64

from playwright.sync_api import expect

from hands import choose, expect_thumbnails, results

SIZES = ((380, 800), (800, 1000), (1440, 900))
SCHEMES = ("light", "dark")
SHEET_HEIGHT = 440  # of one picture on a sheet, in pixels


def take(browser, url, picture, folder, pages=lambda context: None):
    """Writes a picture of every view, width and scheme, and returns the views' names. `pages` prepares a context."""
    folder.mkdir(parents=True, exist_ok=True)
    for width, height in SIZES:
        for scheme in SCHEMES:
            with browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=width < 500,
                reduced_motion="reduce",
            ) as context:
                pages(context)
                page = context.new_page()
                page.set_default_timeout(20_000)
                names = []
                for name in views(page, url, picture):
                    page.wait_for_timeout(300)
                    page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
                    names.append(name)
    return names


def make_sheets(browser, names, folder, target):
    """Lays the pictures of each view side by side, light above dark, and writes them as one WebP per view."""
    target.mkdir(parents=True, exist_ok=True)
    with browser.new_page() as page:
        for name in names:
            rows = [[base64.b64encode((folder / f"{name}-{width}-{scheme}.png").read_bytes()).decode() for width, _ in SIZES]
                    for scheme in SCHEMES]
            sheet = page.evaluate(SHEET, [rows, SHEET_HEIGHT])
            (target / f"{name}.webp").write_bytes(base64.b64decode(sheet.split(",")[1]))


# The browser that took the pictures also scales them and writes WebP: nothing else has to be installed.
SHEET = """async ([rows, height]) => {
    const gap = 12;
    const load = async (data) => {
        const image = new Image();
        image.src = `data:image/png;base64,${data}`;
        await image.decode();
        return image;
    };
    const images = await Promise.all(rows.map((row) => Promise.all(row.map(load))));
    const widthOf = (image) => Math.round(image.width * height / image.height);
    const canvas = document.createElement("canvas");
    canvas.width = gap + images[0].reduce((sum, image) => sum + widthOf(image) + gap, 0);
    canvas.height = gap + rows.length * (height + gap);
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.fillStyle = "#8a8a88";
    context.fillRect(0, 0, canvas.width, canvas.height);
    images.forEach((row, index) => row.reduce((x, image) => {
        context.drawImage(image, x, gap + index * (height + gap), widthOf(image), height);
        return x + widthOf(image) + gap;
    }, gap));
    return canvas.toDataURL("image/webp", 0.82);
}"""


def views(page, url, picture):
    """Brings up one view after the other and yields their names."""
    page.goto(url)
    page.wait_for_load_state("networkidle")
    yield "start"
    choose(page, picture)
    results(page)
    expect_thumbnails(page)
    yield "results"
    page.locator("#results .card-link").nth(1).click()
    results(page)
    for index, way in ((1, "more"), (3, "less")):
        page.locator(f"#results .card-tool.is-{way}").nth(index).click(force=True)
    page.locator("#crop-begin").click()
    page.wait_for_timeout(500)
    results(page)
    page.evaluate("scrollTo(0, 0)")
    expect_thumbnails(page)
    yield "tuned"
    page.locator("#example-add").click()
    yield "example"
    page.locator("#adding-close").click()
    page.locator("#tray-clear").click()
    page.locator("#filters-toggle").click()
    page.get_by_label("Name", exact=False).first.fill("*a*")
    page.wait_for_timeout(700)
    results(page)
    page.evaluate("scrollTo(0, document.querySelector('.found').offsetTop - 8)")
    yield "filters"
    page.locator("#results [data-details]").nth(1).click(force=True)
    expect(page.locator(".why table")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo(0, 0)")
    yield "picture"
    page.locator(".why").scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, document.querySelector('.why').offsetTop - 16)")
    yield "why"
    page.goto(url + "/?library")
    results(page)
    expect_thumbnails(page)
    yield "library"
    page.goto(url + "/duplicates")
    page.set_input_files("#file", picture)
    expect(page.locator(".checked-item strong")).to_be_visible()
    expect(page.locator(".group:not(.is-coming)").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    yield "duplicates"
    page.goto(url + "/judge")
    page.wait_for_load_state("networkidle")
    yield "judge"
    page.goto(url + "/operator")
    expect(page.locator(".tile").first).to_be_visible()
    page.wait_for_timeout(4500)
    yield "operator"
    page.goto(url + "/docs")
    page.wait_for_load_state("networkidle")
    yield "api"
    page.goto(url)
    choose(page, __file__)
    expect(page.locator("#notice")).to_be_visible()
    yield "error"
    page.route("**/v1/**", lambda route: route.abort())
    page.route("**/healthz", lambda route: route.abort())
    page.goto(url + "/?library")
    expect(page.locator(".lost")).to_be_visible()
    yield "offline"
    page.unroute_all()
