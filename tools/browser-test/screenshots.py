"""Pictures of every view at three widths in both schemes, to be looked at."""

from playwright.sync_api import expect

from hands import choose, expect_thumbnails, results

SIZES = ((380, 800), (800, 1000), (1440, 900))


def take(browser, url, picture, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for width, height in SIZES:
        for scheme in ("light", "dark"):
            with browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=width < 500,
                reduced_motion="reduce",
            ) as context:
                page = context.new_page()
                for name in views(page, url, picture):
                    page.wait_for_timeout(300)
                    page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")


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
    page.goto(url + "/duplicates")
    page.set_input_files("#file", picture)
    expect(page.locator(".checked-item strong")).to_be_visible()
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
