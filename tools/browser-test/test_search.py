"""Searching: how a picture comes in, what is shown, and where one can go from there."""

import re
import tempfile

from playwright.sync_api import expect

from hands import (choose, drop, expect_own_picture_first, expect_thumbnails, focused, home, names, paste, provokes,
                   results, search_from, tab_to)
from servers import folder


def test_choose(page, picture):
    """a chosen picture is shown with its look-alikes, itself the first of them"""
    choose(page, picture)
    expect_own_picture_first(page, picture)
    expect_thumbnails(page)
    expect(page.get_by_alt_text("The picture searched with")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Pictures like {picture.name}")
    expect(page.get_by_text(re.compile(r"Searched [\d,.]+ pictures in [\d,.]+ ms"))).to_be_visible()
    stages = page.get_by_role("list", name="Time per stage").get_by_role("listitem").all_inner_texts()
    assert any(stage.startswith("embed ") for stage in stages), stages


def test_drop_and_paste(page, picture):
    """a dropped and a pasted picture give the same results as a chosen one"""
    choose(page, picture)
    chosen = results(page)
    for way in (drop, paste):
        page.goto(home(page))
        way(page, picture)
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Pictures like {picture.name}")
        assert results(page) == chosen, way.__name__


def test_camera(page, picture):
    """where a finger points, a photo can be taken"""
    assert page.locator("#camera").get_attribute("capture") == "environment"
    expect(page.get_by_text("Take a photo")).to_be_hidden()
    with page.context.browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True) as phone:
        tab = phone.new_page()
        tab.goto(home(page))
        expect(tab.get_by_text("Take a photo")).to_be_visible()
        tab.set_input_files("#camera", picture)
        expect_own_picture_first(tab, picture)


def test_several_files(page, picture):
    """several pictures at once are searched with together"""
    other = sorted(each for each in picture.parent.iterdir() if each.suffix == picture.suffix and each != picture)[0]
    choose(page, picture)
    alone = names(page)
    choose(page, picture, other)
    expect(page.locator(".tray-item")).to_have_count(1)
    page.wait_for_function("alone => [...document.querySelectorAll('.card-name')].map((e) => e.textContent).join() !== alone",
                           arg=",".join(alone))
    assert {picture.name, other.name} <= set(names(page)[:3]), names(page)


def test_sixteen_files(page, picture):
    """sixteen pictures at once, as many as a search may have, are searched with together"""
    with folder() as place:
        for number in range(16):
            (place / f"{number}.jpg").write_bytes(picture.read_bytes() + bytes([number]))
        choose(page, *sorted(place.iterdir()))
        expect(page.locator(".tray-item")).to_have_count(15)
        expect_own_picture_first(page, picture)


@provokes("status of 4")
def test_web_address(page, picture):
    """a pasted web address is searched where the operator allows it, and otherwise the page says that it is not"""
    paste(page, **{"text/plain": home(page) + "/favicon.svg"})
    expect(page).to_have_url(re.compile(r"\?url="))
    expect(page.get_by_role("heading", name=re.compile("This address is not searched|no picture at this address|cannot be read"))).to_be_visible()


def test_typed_address(page, picture):
    """where the operator allows it, an address can be typed: it is asked for once, and can be gone back to and opened again"""
    field = page.get_by_role("textbox", name="Address of a picture on the web")
    expect(field).to_have_count(0)
    ready = page.evaluate("fetch('/readyz').then((answer) => answer.json())")
    assert ready["acceptsURLs"] is False, ready
    # No picture on the internet can be had here; what the server would say to one is made up of what it says to another.
    answer = page.evaluate("fetch('/v1/images/1/similar').then((answer) => answer.json())")
    asked = []
    page.route("**/readyz", lambda route: route.fulfill(json={**ready, "acceptsURLs": True}))
    page.route("**/v1/search", lambda route: (asked.append(route.request.post_data_json), route.fulfill(json=answer)))
    page.goto(home(page))
    tab_to(page, "url")
    page.keyboard.type("ftp://example.org/a.jpg")
    page.keyboard.press("Enter")
    assert page.evaluate("document.getElementById('url').validationMessage") == "A path begins with /, an address with http: or https:."
    assert not asked and "url=" not in page.url, "an address that is none was asked for"
    field.fill("https://example.org/pictures/a%20cat.jpg?size=2")
    page.keyboard.press("Enter")
    assert names(page) == [result["fileName"] for result in answer["results"]]
    expect(page.get_by_role("heading", level=1)).to_have_text("Pictures like a cat.jpg")
    expect(page.get_by_text("https://example.org/pictures/")).to_be_visible()
    expect(page.locator("#asked")).to_be_hidden()
    expect(page.get_by_role("button", name="Add this picture to the library")).to_be_visible()
    assert asked == [{"examples": [{"url": "https://example.org/pictures/a%20cat.jpg?size=2"}], "limit": 24}], asked
    page.go_back()
    expect(field).to_be_visible()
    page.go_forward()
    results(page)
    assert len(asked) == 1, "Forward asked again"
    page.reload()
    results(page)
    assert len(asked) == 2 and asked[0] == asked[1], asked


def test_classes(page, picture):
    """how similar a result is stands on it in words, and as a probability where the model has one"""
    choose(page, picture)
    results(page)
    card = page.locator("#results .card").first
    expect(card.locator(".card-class")).to_contain_text("same picture")
    known = page.evaluate("fetch('/v1/images/1/similar?limit=1').then((a) => a.json()).then((a) => 'probability' in a.results[0])")
    figure, title = (r"\d ?%$", "people would call it similar; ") if known else (r"[01]\.\d{3}$", "^")
    expect(card.locator(".card-number")).to_have_text(re.compile(figure))
    expect(card.locator(".card-number")).to_have_attribute("title", re.compile(title + r"similarity (0\.99|1\.0)"))


def test_click_and_back(page, picture):
    """a result leads to a search of its own, Back to the results at their place, Forward to the search again"""
    choose(page, picture)
    first = results(page)
    page.set_viewport_size({"width": 700, "height": 500})
    card = page.locator("#results .card").nth(6)
    name = card.locator(".card-name").inner_text()
    card.scroll_into_view_if_needed()
    page.wait_for_timeout(100)
    place = page.evaluate("scrollY")
    assert place > 100, "the test means to come back to a place further down"
    card.locator(".card-link").click()
    expect(page).to_have_url(re.compile(r"\?image=\d+$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Pictures like {name}")
    second = results(page)
    assert second != first
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Pictures like {picture.name}")
    assert results(page) == first
    page.wait_for_function("place => Math.abs(scrollY - place) < 3", arg=place)
    page.go_back()
    expect(page.get_by_text("Find pictures that look alike")).to_be_visible()
    page.go_forward()
    page.go_forward()
    assert results(page) == second


def test_address(page, picture):
    """the address of a search from the library's picture can be opened, reloaded and shared"""
    found = search_from(page, picture)
    expect(page.locator(".query-path")).not_to_be_empty()
    page.reload()
    assert results(page) == found


def test_more(page, picture):
    """there is more to show while the library has more"""
    choose(page, picture)
    before = results(page)
    more = page.get_by_role("button", name="Show more")
    if len(before) < 24:
        expect(more).to_be_hidden()
        return
    more.click()
    page.wait_for_function("count => document.querySelectorAll('#results .card').length > count", arg=len(before))
    after = results(page)
    assert after[:len(before)] == before
    assert len(set(page.evaluate("[...document.querySelectorAll('#results .card')].map((e) => e.dataset.image)"))) == len(after)


def test_examples(page, picture):
    """the start offers pictures of the library to search from"""
    example = page.get_by_role("link", name=re.compile("^Search from ")).first
    expect(example).to_be_visible()
    example.click()
    assert len(results(page)) > 1


def test_library(page, picture):
    """the whole library can be looked through, newest first"""
    page.get_by_role("link", name="Library").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The library")
    assert len(results(page)) > 1
    expect(page.get_by_role("link", name="Library")).to_have_attribute("aria-current", "page")
    page.locator("#results .card-link").first.click()
    expect(page).to_have_url(re.compile(r"\?image="))


@provokes("status of 422")
def test_no_picture(page, picture):
    """a file that is no picture is explained, and the next picture works"""
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        file.write(b"This is no picture.\n" * 100)
        file.flush()
        choose(page, file.name)
        expect(page.get_by_role("heading", name="This file cannot be read as a picture")).to_be_visible()
        assert len(page.locator("#notice-text").inner_text()) > 20
        expect(page.locator(".card")).to_have_count(0)
        choose(page, picture)
        expect_own_picture_first(page, picture)
        expect(page.locator("#notice")).to_be_hidden()


@provokes("status of 404")
def test_unknown_image(page, picture):
    """addresses of a picture that the library does not have are explained"""
    for address in ("/?image=999999999", "/image?id=999999999"):
        page.goto(home(page) + address)
        expect(page.get_by_role("heading", name="This picture is not in the library")).to_be_visible()


@provokes("net::ERR_FAILED")
def test_server_gone(page, picture):
    """when the server cannot be reached the page says so, and goes on by itself once it can"""
    page.route("**/v1/**", lambda route: route.abort())
    page.route("**/healthz", lambda route: route.abort())
    choose(page, picture)
    expect(page.get_by_role("heading", name="The server cannot be reached")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("Trying again")
    page.unroute_all()
    expect_own_picture_first(page, picture)
    expect(page.locator(".lost")).to_be_hidden()


@provokes("status of 503")
def test_busy(page, picture):
    """a server that is too busy is asked again when the person says so"""
    page.route("**/v1/search*", lambda route: route.fulfill(
        status=503, headers={"Retry-After": "2", "Content-Type": "application/problem+json"},
        body='{"code": "too_busy", "detail": "Too many requests are waiting."}'))
    choose(page, picture)
    expect(page.get_by_role("heading", name="The server is busy")).to_be_visible()
    expect(page.locator("#notice-text")).to_contain_text("2 s")
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect_own_picture_first(page, picture)


def test_shape_while_loading(page, picture):
    """while results are on their way the grid keeps its shape: first its outline, then the results before"""
    held = []
    page.route("**/v1/search?*", lambda route: held.append(route))
    choose(page, picture)
    expect(page.locator("#results .card.is-coming").first).to_be_visible()
    expect(page.locator("#results")).to_have_attribute("aria-busy", "true")
    held.pop().continue_()
    found = results(page)
    page.locator("#crop-begin").click()
    expect(page.locator("#results")).to_have_attribute("aria-busy", "true")
    assert page.locator("#results .card:not(.is-coming)").count() == len(found)
    page.wait_for_timeout(50)
    held.pop().continue_()
    assert results(page)


def test_keyboard(page, picture):
    """everything can be reached and used with the keyboard alone"""
    # Playwright begins to stand in for the file dialog when someone listens, and does not say when it has begun:
    # here well before the key that opens the dialog.
    page.on("filechooser", lambda chooser: None)
    tab_to(page, "file")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(picture)
    results(page)
    assert focused(page) == "search-title", "the focus does not follow to the results"
    tab_to(page, "/?image=", most=4)
    address = focused(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # more like this
    expect(page.locator(".tray-item")).to_have_count(1)
    assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true", "the focus is lost"
    page.keyboard.press("Shift+Tab")
    assert focused(page) == address
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(address) + "$"))
    results(page)


def test_feedback(page, picture):
    """what was shown for a picture of the library, and opened, is told to the server when the page goes away"""
    page.locator("#examples-list a").first.click()
    results(page)
    page.locator("#results .card-link").nth(1).click()
    results(page)
    # The browser's own way out is not seen from here: the beacon is caught, and the page made to believe it is hidden.
    page.evaluate("""() => {
        window.told = [];
        navigator.sendBeacon = (address, body) => body.text().then((text) => told.push({ address, ...JSON.parse(text) }));
        Object.defineProperty(document, "visibilityState", { value: "hidden" });
    }""")
    hide = lambda: page.evaluate("() => { document.dispatchEvent(new Event('visibilitychange')); return new Promise((done) => setTimeout(() => done(told.splice(0)), 50)); }")
    told = hide()[0]
    assert told["address"] == "/v1/interactions", told
    assert told["clicked"] == [told["shown"][1]], told
    assert not hide(), "what was told is told again"
    page.go_back()
    results(page)
    for place in (1, 3):
        page.locator("#results .card-link").nth(place).click()
        results(page)
        page.go_back()
        results(page)
    again = [each for each in hide() if each["query"] == told["query"]]
    assert again == [{**told, "clicked": [told["shown"][3]]}], again


def test_path(page, picture):
    """a picture of the library is searched with by the path at which it lies"""
    path = page.evaluate("fetch('/v1/images?limit=1').then((a) => a.json()).then(({ images }) => images[0].locations[0].path)")
    page.get_by_role("textbox", name="Path of a picture in the library").fill(path)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?image=\d+$"))
    results(page)
    expect(page.locator(".query-path")).to_have_text(path)
