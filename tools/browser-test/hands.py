"""What a person does on the page and sees there, for the tests."""

import base64
import re

from playwright.sync_api import expect

FILES = """([files, texts]) => {
    const transfer = new DataTransfer();
    for (const [bytes, name, type] of files) {
        transfer.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name, { type }));
    }
    for (const [type, text] of Object.entries(texts)) transfer.setData(type, text);
    return transfer;
}"""


def provokes(*complaints):
    """Marks a test that makes the browser complain: Chromium reports every answer that is no success by itself."""
    def mark(test):
        test.provokes = complaints
        return test
    return mark


def home(page):
    return re.match(r"https?://[^/]+", page.url)[0]


def choose(page, *paths):
    page.set_input_files("#file", list(paths))


def carrying(page, *paths, **texts):
    """Returns a handle of a DataTransfer with these files and texts, as drops and pastes carry them."""
    files = [[base64.b64encode(path.read_bytes()).decode(), path.name, "image/jpeg"] for path in paths]
    return page.evaluate_handle(FILES, [files, texts])


def drop(page, *paths):
    transfer = carrying(page, *paths)
    page.dispatch_event("body", "dragenter", {"dataTransfer": transfer})
    expect(page.locator(".veil")).to_be_visible()
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})


def paste(page, *paths, **texts):
    page.evaluate(
        "(data) => document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }))",
        carrying(page, *paths, **texts))


def results(page):
    """Waits for results and returns their names and similarities."""
    expect(page.locator("#results[aria-busy]")).to_have_count(0)
    expect(page.locator("#results .card-link").first).to_be_visible()
    return page.evaluate("""() => [...document.querySelectorAll("#results .card")].map((card) => [
        card.querySelector(".card-name").textContent, Number(card.querySelector("[data-similarity]")?.dataset.similarity)])""")


def names(page):
    return [name for name, _ in results(page)]


def search_from(page, picture):
    """Searches with a picture of the library, and returns the results."""
    choose(page, picture)
    results(page)
    page.locator("#results .card-link").first.click()
    expect(page).to_have_url(re.compile(r"\?image=\d+$"))
    return results(page)


def draw(page, from_x, from_y, to_x, to_y):
    """Draws, moves or pulls a frame on the picture that is searched with, in parts of its sides."""
    box = page.locator(".crop-stage").bounding_box()
    page.mouse.move(box["x"] + from_x * box["width"], box["y"] + from_y * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + to_x * box["width"], box["y"] + to_y * box["height"], steps=5)
    page.mouse.up()


def set_visibility(page, image, visibility):
    page.evaluate("""([id, visibility]) => fetch(`/v1/images/${id}`, {
        method: "PATCH", body: JSON.stringify({ visibility }), headers: { "Content-Type": "application/json" } }).then(() => {})""",
                  [image, visibility])


def settled(page, act):
    """Does what changes the search, and returns the results once they have followed."""
    before = page.url
    act()
    page.wait_for_function("before => location.href !== before", arg=before)
    return results(page)


def expect_own_picture_first(page, picture):
    found = results(page)
    assert len(found) > 1, found
    assert found[0][1] == max(similarity for _, similarity in found), "the best result does not come first"
    assert 0.98 <= found[0][1] <= 1.001, f"{picture.name} is in the library, but the best is {found[0]}"


def expect_thumbnails(page):
    """Every thumbnail that is on screen shows a picture."""
    page.wait_for_function(
        """() => [...document.querySelectorAll(".card img")]
            .filter((image) => image.getBoundingClientRect().top < innerHeight)
            .every((image) => image.complete && image.naturalWidth > 0)""")


def focused(page):
    return page.evaluate("document.activeElement.id || document.activeElement.closest('a')?.getAttribute('href') || ''")


def tab_to(page, wanted, most=40):
    """Presses Tab until `wanted`, an id or the start of an address, has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if focused(page).startswith(wanted):
            return
    raise AssertionError(f"{wanted} is not reached with the keyboard")
