"""Tuning a search: its part, its examples, its filters, its duplicates."""

import re

from playwright.sync_api import expect

from hands import home, results, search_from, settled


def crop(page):
    found = re.search(r"[?&]crop=([\d.,]+)", page.url)
    return [float(part) for part in found[1].split(",")] if found else None


def test_crop_by_hand(page, picture):
    """a part drawn on the picture is searched, moved, resized, and given up again"""
    whole = search_from(page, picture)
    box = page.locator(".crop-stage").bounding_box()

    def drag(from_x, from_y, to_x, to_y):
        page.mouse.move(box["x"] + from_x * box["width"], box["y"] + from_y * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + to_x * box["width"], box["y"] + to_y * box["height"], steps=5)
        page.mouse.up()

    part = settled(page, lambda: drag(0.1, 0.1, 0.6, 0.5))
    assert part != whole
    assert all(abs(a - b) < 0.03 for a, b in zip(crop(page), (0.1, 0.1, 0.5, 0.4))), crop(page)
    drag(0.3, 0.3, 0.4, 0.4)  # moved
    expect(page).to_have_url(re.compile(r"crop=0\.(2|19|20|21)\d*,"))
    assert all(abs(a - b) < 0.03 for a, b in zip(crop(page), (0.2, 0.2, 0.5, 0.4))), crop(page)
    now = settled(page, lambda: drag(0.7, 0.6, 0.8, 0.8))  # pulled by its corner
    assert all(abs(a - b) < 0.03 for a, b in zip(crop(page), (0.2, 0.2, 0.6, 0.6))), crop(page)
    page.reload()
    assert results(page) == now
    page.go_back()
    assert crop(page) is None
    assert results(page) == whole
    page.go_forward()
    settled(page, lambda: page.get_by_role("button", name="Whole picture").click())
    assert crop(page) is None


def test_crop_by_keys(page, picture):
    """a part is moved with the arrow keys, resized with Shift and arrow keys, and given up with Escape"""
    whole = search_from(page, picture)
    settled(page, lambda: page.get_by_role("button", name="Select a part").click())
    assert crop(page) == [0.2, 0.2, 0.6, 0.6]
    expect(page.locator(".crop-frame")).to_be_focused()
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowLeft", "Shift+ArrowUp"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile(r"crop=0\.22,0\.22,0\.58,0\.58"))
    expect(page.locator(".crop-frame")).to_have_attribute("aria-label", re.compile("58 % by 58 %"))
    settled(page, lambda: page.keyboard.press("Escape"))
    assert crop(page) is None
    assert results(page) == whole


def test_crop_while_loading(page, picture):
    """a part that is drawn while an answer is on its way stays in the hand when it arrives"""
    search_from(page, picture)
    held = []
    page.route("**/similar?*", lambda route: route.continue_() if held else held.append(route))
    page.reload()
    expect(page.locator(".card.is-coming").first).to_be_visible()
    page.locator(".crop-stage img").wait_for()
    page.wait_for_function("() => document.querySelector('.crop-stage img').naturalWidth > 0")
    answer = held[0].fetch()
    page.get_by_role("button", name="Select a part").click()
    held[0].fulfill(response=answer)  # before the hand has rested for as long as the page waits
    page.wait_for_url(re.compile(r"crop=0\.2,0\.2,0\.6,0\.6"))
    assert results(page)


def test_suggested_parts(page, picture):
    """parts that stand out are offered, outlined on the picture, and searched when pressed"""
    search_from(page, picture)
    part = page.get_by_role("button", name="Search part 1")
    part.hover()
    expect(page.locator(".crop-hint")).to_be_visible()
    settled(page, part.click)
    assert crop(page)
    expect(part).to_have_attribute("aria-pressed", "true")
    settled(page, part.click)
    assert crop(page) is None


def test_more_and_less(page, picture):
    """pictures chosen as more and less like this decide the search, with weights, and stand in its address"""
    before = search_from(page, picture)
    cards = page.locator("#results .card")
    for index, way in ((2, "More like"), (4, "Less like")):
        cards.nth(index).hover()
        cards.nth(index).get_by_role("button", name=re.compile(f"^{way}")).click()
    expect(page.locator(".tray-item")).to_have_count(2)
    assert results(page) == before, "choosing alone changes nothing yet"
    after = settled(page, lambda: page.get_by_role("button", name="Search with these").click())
    assert after != before
    expect(page).to_have_url(re.compile(r"[?&]examples=\d+,-\d+"))
    expect(page.get_by_role("button", name="Search with these")).to_be_disabled()
    slider = page.get_by_role("slider").first
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".tray-weight").first).to_have_text("+0.75")
    expect(slider).to_be_focused()
    weighted = settled(page, lambda: page.get_by_role("button", name="Search with these").click())
    expect(page).to_have_url(re.compile(r"examples=\d+:0\.75,-\d+"))
    page.reload()
    assert results(page) == weighted
    expect(page.locator(".tray-item")).to_have_count(2)
    alone = settled(page, lambda: page.get_by_role("button", name="Only these").click())
    assert alone != weighted
    expect(page).not_to_have_url(re.compile("image="))
    expect(page.locator("#asked")).to_be_hidden()
    page.go_back()
    assert results(page) == weighted
    settled(page, lambda: page.get_by_role("button", name="Clear", exact=True).click())
    expect(page.locator("#tray")).to_be_hidden()
    assert results(page) == before


def test_filters(page, picture):
    """filters narrow the results, stand as chips and in the address, and can be taken away"""
    before = search_from(page, picture)
    wanted = before[1][0]
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_label("Folder")).to_be_visible()
    expect(page.get_by_role("checkbox", name=re.compile("jpeg"))).to_be_visible()
    found = settled(page, lambda: page.get_by_label("Name", exact=False).first.fill(wanted[:3].upper() + "*"))
    assert wanted in [name for name, _ in found]
    assert all(name.startswith(wanted[:3]) for name, _ in found), found
    expect(page.get_by_role("button", name="Filters (1)")).to_be_visible()
    settled(page, lambda: page.get_by_role("checkbox", name=re.compile("jpeg")).check())
    expect(page.get_by_role("list", name="Filters that hold").get_by_role("listitem")).to_have_count(3)
    expect(page).to_have_url(re.compile("format=jpeg"))
    page.reload()
    assert results(page) == found
    settled(page, lambda: page.get_by_role("button", name=re.compile("Remove filter: named")).click())
    page.get_by_role("button", name=re.compile("^Filters")).click()
    before_url = page.url
    page.get_by_label("at least").first.fill("99999")
    expect(page.get_by_role("heading", name="Nothing passes the filters")).to_be_visible()
    assert page.url != before_url
    page.get_by_role("button", name="Clear the filters").click()
    assert results(page) == before


def test_duplicates_folded(page, picture):
    """duplicates are folded into the best of them, unfolded by a press, and shown one by one when wanted"""
    folded = page.evaluate("""async () => {
        const { images } = await (await fetch("/v1/images?limit=200")).json();
        for (const { id } of images) {
            const { results } = await (await fetch(`/v1/images/${id}/similar?limit=60`)).json();
            if (results.some((result) => result.duplicates.length)) return id;
        }
        return null;
    }""")
    assert folded, "no search folds anything, though one picture is there twice"
    page.goto(f"{home(page)}/?image={folded}")
    count = len(results(page))
    button = page.get_by_role("button", name=re.compile(r"\+ \d+ duplicate")).first
    button.click()
    expect(page.locator(".card.is-folded").first).to_be_visible()
    unfolded = page.locator("#results .card-fold").first
    expect(unfolded).to_have_attribute("aria-expanded", "true")
    unfolded.click()
    expect(page.locator(".card.is-folded")).to_have_count(0)
    page.get_by_role("button", name="Filters").click()
    shown = settled(page, lambda: page.get_by_label("Duplicates").select_option("show"))
    assert len(shown) >= count
    expect(page.locator(".card-fold")).to_have_count(0)
    expect(page).to_have_url(re.compile("duplicates=show"))
