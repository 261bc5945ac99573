"""Tuning a search: its part, its examples, its filters, its duplicates."""

import json
import re

from playwright.sync_api import expect

from hands import choose, draw, home, provokes, results, search_from, set_visibility, settled
from servers import folder


def crop(page):
    found = re.search(r"[?&]crop=([\d.,]+)", page.url)
    return [float(part) for part in found[1].split(",")] if found else None


def test_crop_by_hand(page, picture):
    """a part drawn on the picture is searched, moved, resized, and given up again"""
    whole = search_from(page, picture)
    part = settled(page, lambda: draw(page, 0.1, 0.1, 0.6, 0.5))
    assert part != whole
    assert all(abs(a - b) < 0.03 for a, b in zip(crop(page), (0.1, 0.1, 0.5, 0.4))), crop(page)
    draw(page, 0.3, 0.3, 0.4, 0.4)  # moved
    expect(page).to_have_url(re.compile(r"crop=0\.(2|19|20|21)\d*,"))
    assert all(abs(a - b) < 0.03 for a, b in zip(crop(page), (0.2, 0.2, 0.5, 0.4))), crop(page)
    now = settled(page, lambda: draw(page, 0.7, 0.6, 0.8, 0.8))  # pulled by its corner
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


def test_ranking(page, picture):
    """results can be asked for that are varied, that people would call similar, and that are similar enough"""
    before = search_from(page, picture)
    page.get_by_role("button", name="Filters").click()
    varied = settled(page, lambda: page.get_by_label("Variety").select_option("as much as possible"))
    assert varied[0] == before[0] and varied != before, varied
    expect(page).to_have_url(re.compile("diversity=0.9"))
    page.get_by_role("button", name="Remove filter: varied").click()
    least = (before[2][1] + before[3][1]) / 2
    found = settled(page, lambda: page.get_by_role("spinbutton", name="Similarity from").fill(f"{least:.4f}"))
    assert found == before[:3], found
    expect(page.get_by_role("button", name=re.compile("Remove filter: similarity from"))).to_be_visible()
    assert settled(page, lambda: page.get_by_role("spinbutton", name="Similarity from").fill("")) == before
    settled(page, lambda: page.get_by_label("Called similar by").select_option("1 of 10 people or more"))
    people = page.locator("#results .card-number").all_inner_texts()
    assert 0 < len(people) < len(before) and all(int(re.search(r"\d+", each)[0]) >= 10 for each in people), people


def test_tags_as_filter(page, picture):
    """pictures are narrowed by all, any and none of some tags"""
    ids = page.evaluate("""async () => {
        const { images } = await (await fetch("/v1/images?limit=3")).json();
        const tags = [["blue", "round"], ["blue"], []];
        for (const [index, { id }] of images.entries()) {
            await fetch(`/v1/images/${id}`, { method: "PATCH", body: JSON.stringify({ tags: tags[index] }), headers: { "Content-Type": "application/json" } });
        }
        return images.map(({ id }) => id);
    }""")
    page.goto(f"{home(page)}/?library")
    count = len(results(page))
    page.get_by_role("button", name="Filters").click()

    def listed(label, tags):
        field = page.get_by_label(label, exact=True)
        settled(page, lambda: field.fill(tags))
        shown = [int(card.get_attribute("data-image")) for card in page.locator("#results .card").all()]
        settled(page, lambda: field.fill(""))
        return shown

    assert listed("Tags", "blue, round") == ids[:1]
    assert listed("Any of the tags", "blue,round") == ids[:2]
    without = listed("Without tags", "round")
    assert ids[0] not in without and set(ids[1:]) <= set(without) and len(without) >= count - 1


@provokes("status of 400")
def test_vector(page, picture):
    """numbers that somebody else's model made are searched with from a .json file, and wrong ones explained"""
    with folder() as place:
        vector = place / "mine.json"
        vector.write_text("[1, 2]")
        choose(page, vector)
        expect(page.get_by_role("heading", name="These numbers cannot be searched with")).to_be_visible()
        size = int(re.search(r"has (\d+) finite values", page.locator("#notice-text").inner_text())[1])
        vector.write_text(json.dumps([(-1) ** index / (index + 1) for index in range(size)]))
        choose(page, vector)
        found = results(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Pictures like mine.json")
        expect(page.locator("#asked")).to_be_hidden()
        page.locator("#results .card [data-details]").nth(1).click(force=True)
        expect(page.locator(".why .region")).to_have_count(1)  # of the numbers there is nothing to show
        page.go_back()
        assert results(page) == found
        search_from(page, picture)
        page.get_by_role("button", name="Add example").click()
        page.set_input_files("#adding-file", vector)
        expect(page.locator(".tray-item")).to_contain_text("mine.json")
        before = results(page)
        page.get_by_role("button", name="Search with these").click()
        expect(page.get_by_role("button", name="Search with these")).to_be_disabled()
        assert results(page) != before


def test_examples_from_elsewhere(page, picture):
    """pictures from outside, and of the library by their paths, are chosen as examples in a dialog"""
    before = search_from(page, picture)
    path = page.evaluate("fetch('/v1/images?limit=1').then((a) => a.json()).then(({ images }) => images[0].locations[0].path)")
    page.get_by_role("button", name="Add example").click()
    dialog = page.get_by_role("dialog")
    field = dialog.get_by_label("Path of a picture in the library")
    for wrong in ("https://example.org/a.jpg", "a.jpg", "/there/is/none.jpg"):
        field.fill(wrong)
        field.press("Enter")
        page.wait_for_function("() => document.getElementById('adding-url').validationMessage.length > 15")
    field.fill(path)
    field.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator(".tray-item")).to_have_count(1)
    page.get_by_role("button", name="Add example").click()
    other = sorted(each for each in picture.parent.iterdir() if each.suffix == picture.suffix and each != picture)[0]
    page.set_input_files("#adding-file", other)
    expect(page.locator(".tray-item")).to_have_count(2)
    assert results(page) == before, "choosing alone changes nothing yet"
    after = settled(page, lambda: page.get_by_role("button", name="Search with these").click())
    assert after != before
    expect(page).to_have_url(re.compile(r"image=\d+&examples=\d+$"))  # a file has no address


def test_address_as_example(page, picture):
    """where the server fetches pictures, their addresses are examples too, with weights, and stand in the search's address"""
    ready = page.evaluate("fetch('/readyz').then((answer) => answer.json())")
    answer = page.evaluate("fetch('/v1/images/1/similar').then((answer) => answer.json())")
    asked = []
    page.route("**/readyz", lambda route: route.fulfill(json={**ready, "acceptsURLs": True}))
    page.route("**/v1/search", lambda route: (asked.append(route.request.post_data_json), route.fulfill(json=answer)))
    page.goto(f"{home(page)}/?image=1")
    results(page)
    page.get_by_role("button", name="Add example").click()
    address = "https://example.org/a,b:c.jpg?size=1,2"
    page.get_by_role("dialog").get_by_role("textbox").fill(address)
    page.keyboard.press("Enter")
    expect(page.locator(".tray-item")).to_contain_text("a,b:c.jpg")
    page.get_by_role("slider").press("Home")
    settled(page, lambda: page.get_by_role("button", name="Search with these").click())
    wanted = [{"image": 1}, {"url": address, "weight": -1}]
    assert asked[0]["examples"] == wanted, asked
    page.reload()
    results(page)
    assert asked[1]["examples"] == wanted, asked
    expect(page.locator(".tray-item")).to_contain_text("less like this")


def test_including_private(page, picture):
    """administrators find private pictures when they ask for them"""
    before = search_from(page, picture)
    hidden = page.locator("#results .card").nth(1).get_attribute("data-image")
    set_visibility(page, hidden, "private")
    page.reload()
    assert before[1] not in results(page)
    page.get_by_role("button", name="Filters").click()
    assert settled(page, lambda: page.get_by_label("Private pictures").select_option("found as well")) == before
    expect(page).to_have_url(re.compile("includePrivate=true"))
    set_visibility(page, hidden, "listed")
