"""The pages beside the search: a picture's own, duplicates, judging, operator, API; and signing in."""

import base64
import pathlib
import re
import tempfile

from playwright.sync_api import expect

from hands import choose, drop, home, names, provokes, results, search_from, set_visibility


def test_picture(page, picture):
    """a picture's page says what is known of it, leads to its file and to what is like it, and Back leads back"""
    found = search_from(page, picture)
    page.locator("#query-details").click()
    expect(page).to_have_url(re.compile(r"/image\?id=\d+$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(picture.name)
    facts = page.locator(".facts-list").inner_text()
    assert re.search(r"\d+ × \d+", facts) and "JPEG" in facts and picture.name in facts, facts
    original = page.get_by_role("link", name="Original").get_attribute("href")
    assert page.evaluate("async (address) => (await fetch(address)).headers.get('content-type')", original).startswith("image/")
    page.wait_for_function("() => document.querySelector('.picture-frame img')?.naturalWidth > 0")
    first = page.locator("#like-results .card:not(.is-coming)").first
    name = first.locator(".card-name").inner_text()
    first.locator(".card-link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(picture.name)
    page.go_back()
    assert results(page) == found


def test_why(page, picture):
    """a result's page says why it was found: regions on both pictures, and its score after each stage"""
    choose(page, picture)
    found = results(page)
    card = page.locator("#results .card").nth(2)
    card.hover()
    card.get_by_role("link", name=re.compile("^Details of")).click()
    expect(page.get_by_role("heading", name="Why it was found")).to_be_visible()
    expect(page.locator(".why .region")).to_have_count(2)
    for region in page.locator(".why .region").all():
        box, stage = region.bounding_box(), region.locator("..").bounding_box()
        assert 0 < box["width"] <= stage["width"] + 6 and 0 < box["height"] <= stage["height"] + 6
    expect(page.locator(".why tbody tr").first).to_contain_text(re.compile(r"similarity\s*-?[01]\.\d"))
    page.get_by_role("link", name=re.compile("^← ")).click()
    assert results(page) == found


def test_why_by_address(page, picture):
    """why a picture of the library was found for another can be opened by its address"""
    search_from(page, picture)
    card = page.locator("#results .card").nth(1)
    card.hover()
    card.get_by_role("link", name=re.compile("^Details of")).click()
    expect(page).to_have_url(re.compile(r"/image\?id=\d+&from=\d+$"))
    page.goto(page.url)
    expect(page.locator(".why .region")).to_have_count(2)


def test_tags(page, picture):
    """tags are added and removed on a picture's page, and lead to the pictures that have them"""
    search_from(page, picture)
    page.locator("#query-details").click()
    field = page.get_by_label("Add a tag")
    field.fill("mill, old")
    field.press("Enter")
    tags = page.get_by_role("list", name="Tags")
    expect(tags.get_by_role("link", name="mill", exact=True)).to_be_visible()
    page.reload()
    expect(tags.get_by_role("link", name="old", exact=True)).to_be_visible()
    tags.get_by_role("link", name="mill", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?library&tags=mill"))
    assert names(page) == [picture.name]
    page.go_back()
    for tag in ("mill", "old"):
        page.get_by_role("button", name=f"Remove tag {tag}").click()
        expect(tags.get_by_role("link", name=tag, exact=True)).to_have_count(0)


def test_visibility(page, picture):
    """what is made private is found no more, until it is listed again"""
    found = search_from(page, picture)
    name, hidden = found[1][0], page.locator("#results .card").nth(1).get_attribute("data-image")
    address = page.url
    page.goto(f"{home(page)}/image?id={hidden}")
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.get_by_label("Visibility", exact=True).select_option("private")
    page.goto(address)
    assert name not in names(page)
    page.goto(f"{home(page)}/?library&visibility=private")  # where an operator finds it again
    assert names(page) == [name]
    page.locator("#results .card [data-details]").click(force=True)
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.get_by_label("Visibility", exact=True).select_option("listed")
    page.goto(address)
    assert results(page) == found


@provokes("status of 404")
def test_keep_and_forget(page, picture):
    """a picture from outside is added to the library, and forgotten again"""
    with tempfile.TemporaryDirectory() as folder:
        outside = pathlib.Path(folder) / "from-outside.jpg"
        outside.write_bytes(picture.read_bytes() + b"a byte after the end makes another content of it")
        choose(page, outside)
        results(page)
        page.get_by_role("button", name="Add this picture to the library").click()
        expect(page).to_have_url(re.compile(r"\?image=\d+$"))
        results(page)
    page.locator("#query-details").click()
    address = page.url
    page.get_by_role("button", name="Forget …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="Forget …").click()
    dialog.get_by_role("button", name="Forget it").click()
    expect(page.get_by_text("Find pictures that look alike")).to_be_visible()
    page.goto(address)
    expect(page.get_by_role("heading", name="This picture is not in the library")).to_be_visible()


@provokes("status of 503")
def test_duplicates_page(page, picture):
    """duplicates are shown in groups, of either kind, and lead to the pictures"""
    page.get_by_role("link", name="Duplicates").click()
    expect(page.locator(".group:not(.is-coming)").first).to_be_visible()
    expect(page.locator("#summary")).to_have_text(re.compile(r"\d+ groups?"))
    page.get_by_role("button", name="Same content").click()
    expect(page).to_have_url(re.compile("kind=exact"))
    expect(page.locator("#groups:not([aria-busy]) .group").first).to_contain_text("2 files")
    page.get_by_role("button", name="Nearly the same").click()
    expect(page.locator("#groups:not([aria-busy]) .group").first).to_contain_text("nearly the same")
    page.locator(".group-image a").first.click()
    expect(page).to_have_url(re.compile(r"/image\?id=\d+$"))


@provokes("status of 503")
def test_private_duplicates(page, picture):
    """administrators have private pictures counted as well, as duplicates and as being here already"""
    groups = lambda: page.locator("#groups:not([aria-busy]) .group:not(.is-coming)")
    page.goto(f"{home(page)}/duplicates?kind=near")
    expect(groups().first).to_be_visible()
    count = groups().count()
    hidden = groups().first.locator("a").last.get_attribute("href").split("=")[1]
    file = page.evaluate("""async (id) => {
        const bytes = await (await fetch(`/v1/images/${id}/original`)).arrayBuffer();
        return btoa(String.fromCharCode(...new Uint8Array(bytes)));
    }""", hidden)
    set_visibility(page, hidden, "private")
    page.reload()
    expect(page.locator("#groups[aria-busy]")).to_have_count(0)
    expect(groups()).to_have_count(count - 1)
    check = lambda: page.set_input_files("#file", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": base64.b64decode(file)})
    check()
    expect(page.locator(".checked-item").first).to_contain_text("Nearly the same is here.")
    page.get_by_label("Private pictures too").check()
    expect(groups()).to_have_count(count)
    check()
    expect(page.locator(".checked-item").first).to_contain_text("It is here.")
    set_visibility(page, hidden, "listed")


def test_check(page, picture):
    """pictures from outside are looked for, and what is here already is named"""
    page.goto(f"{home(page)}/duplicates")
    drop(page, picture)
    expect(page.locator(".checked-item")).to_contain_text("It is here.")
    expect(page.locator(".checked-item a").first).to_contain_text(picture.name)


def test_operator(page, picture):
    """the operator sees live figures and plots, and indexes with progress"""
    page.goto(f"{home(page)}/operator")
    pictures = page.locator(".tile").filter(has_text=re.compile(r"^Pictures\d"))
    expect(pictures).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Requests per second"))).to_be_visible()
    # One search, so that there are stages to show.
    page.evaluate("fetch('/v1/examples?limit=1').then((a) => a.json()).then(({ images }) => fetch(images[0].links.similar))")
    expect(page.locator(".stage-table tbody tr").first).to_be_visible()
    page.get_by_label("Folder on the server").fill(str(picture.parent))
    page.get_by_role("button", name="Index", exact=True).click()
    job = page.locator(".job").first
    expect(job).to_contain_text(str(picture.parent))
    expect(job).to_contain_text("done", timeout=60_000)
    expect(job.locator(".job-figures")).to_have_text(re.compile(r"[1-9]\d* of [1-9]\d* files? looked at"))


@provokes("status of 4")
def test_job_refused(page, picture):
    """a folder that cannot be indexed is explained"""
    page.goto(f"{home(page)}/operator")
    page.get_by_label("Folder on the server").fill("/there/is/no/such/folder")
    page.get_by_role("button", name="Index", exact=True).click()
    expect(page.locator("#job-fault:not(:empty), .job .field-fault").first).to_be_visible()


def test_judge(page, picture):
    """pairs are judged with mouse and keys, a grade can be taken back, and what was judged is there after leaving"""
    address = f"{home(page)}/judge"
    place = lambda: page.locator("#place").inner_text()

    def graded(act):
        before = place()
        act()
        expect(page.locator("#place")).not_to_have_text(before)

    page.get_by_role("link", name="Judge").click()
    expect(page).to_have_url(address)
    expect(page.locator("#pair")).to_be_visible()
    assert place().startswith("1 of "), place()
    first = page.locator("#candidate-name").inner_text()
    graded(lambda: page.keyboard.press("4"))
    assert page.locator("#candidate-name").inner_text() != first
    graded(lambda: page.get_by_role("button", name="0 unrelated").click())
    expect(page.get_by_text("2 grades for 1 query")).to_be_visible()
    graded(lambda: page.keyboard.press("ArrowLeft"))
    graded(lambda: page.get_by_role("button", name="one back").click())
    expect(page.locator("#candidate-name")).to_have_text(first)
    expect(page.get_by_role("button", name="4 very alike")).to_have_attribute("aria-pressed", "true")
    query = page.locator("#query-name").inner_text()
    page.goto(address)
    expect(page.locator("#place")).to_have_text(re.compile("^3 of "))
    expect(page.locator("#query-name")).to_have_text(query)
    page.keyboard.press("s")
    expect(page.locator("#query-name")).not_to_have_text(query)


def test_docs(page, picture):
    """the API's description is shown with every operation it has, and nothing is left without a type"""
    described = page.evaluate("async () => (await fetch('/openapi.json')).json()")
    count = sum(method in ("get", "post", "put", "patch", "delete") for item in described["paths"].values() for method in item)
    page.get_by_role("link", name="API").click()
    expect(page.locator(".operation")).to_have_count(count)
    search = page.locator("#search")
    search.get_by_text(re.compile(r"^Parameters")).click()
    expect(search.get_by_text("minimumSimilarity").first).to_be_visible()
    page.locator(".docs-nav a").last.click()
    expect(page.locator(".operation:target")).to_be_in_viewport()


@provokes("status of 401")
def test_token(page, picture):
    """where a token is needed the page asks for it, refuses a wrong one, and then goes on"""
    signed_in = []

    def answer(route):
        request = route.request
        if request.url.endswith("/v1/session"):
            if request.header_value("authorization") == "Bearer right":
                signed_in.append(True)
                return route.fulfill(status=204)
        elif signed_in:
            return route.continue_()
        return route.fulfill(status=401, content_type="application/problem+json", body='{"code": "unauthorized", "detail": "A token is needed."}')

    page.route("**/v1/**", answer)
    choose(page, picture)
    field = page.get_by_label("Token")
    expect(field).to_be_focused()
    field.fill("wrong")
    field.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="does not know this token")).to_be_visible()
    field.fill("right")
    field.press("Enter")
    assert len(results(page)) > 1
    expect(page.get_by_role("dialog")).to_have_count(0)


@provokes("status of 401")
def test_no_token(page, picture):
    """who has no token is told so instead of being asked again and again"""
    page.route("**/v1/**", lambda route: route.fulfill(
        status=401, content_type="application/problem+json", body='{"code": "unauthorized", "detail": "A token is needed."}'))
    choose(page, picture)
    page.get_by_role("button", name="Not now").click()
    expect(page.get_by_role("heading", name="A token is needed")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


@provokes("net::ERR_FAILED")
def test_judge_goes_on(page, picture):
    """when the next query cannot be had after the last grade, it comes with the next key, or once the server is back"""
    asked = []

    def one_candidate(route):
        asked.append(route)
        if len(asked) in (2, 3):
            return route.abort()
        task = route.fetch().json()
        route.fulfill(json={**task, "candidates": task["candidates"][:1]})

    page.route("**/v1/judging*", one_candidate)
    page.route("**/v1/judgements", lambda route: route.fulfill(json={"judgements": 1, "queries": 1}))
    page.route("**/healthz", lambda route: route.abort())
    page.goto(f"{home(page)}/judge")
    expect(page.locator("#place")).to_have_text(re.compile("^1 of "))
    for times in (2, 3):
        page.keyboard.press("3")
        expect(page.locator("#place")).to_contain_text("cannot be reached")
        expect(page.locator("body[aria-busy]")).to_have_count(0)
        assert len(asked) == times, len(asked)
    page.unroute("**/healthz")
    expect(page.locator("#place")).to_have_text(re.compile(r"^\d+ of "))


@provokes("net::ERR_FAILED", "status of 503")
def test_server_gone_elsewhere(page, picture):
    """every page says that the server cannot be reached, and goes on by itself once it can"""
    back = {
        "/duplicates": lambda: expect(page.locator(".group:not(.is-coming)").first).to_be_visible(),
        "/judge": lambda: expect(page.locator("#pair")).to_be_visible(),
        "/operator": lambda: (expect(page.locator(".tile").first).to_be_visible(), expect(page.locator("#jobs li").first).to_be_visible(),
                              expect(page.locator("#job-fault")).to_be_hidden()),
        "/docs": lambda: expect(page.locator(".operation").first).to_be_visible(),
        "/image?id=1": lambda: expect(page.locator(".facts-list")).to_be_visible(),
        "/?library": lambda: results(page),
    }
    for address, is_back in back.items():
        for asked in ("**/v1/**", "**/healthz", "**/openapi.json"):
            page.route(asked, lambda route: route.abort())
        page.goto(home(page) + address)
        expect(page.locator(".lost")).to_contain_text("Trying again")
        page.unroute_all()
        is_back()
        expect(page.locator(".lost")).to_be_hidden()


@provokes("status of 50")
def test_duplicates_fail(page, picture):
    """a server that cannot find its duplicates says so, after having been waited for, and is asked again"""
    answers = [(503, "still_looking", "Copies are still being looked for.")] * 2 + [(500, "internal_error", "The index is broken.")]

    def answer(route):
        status, code, detail = answers.pop(0)
        route.fulfill(status=status, json={"code": code, "detail": detail}, content_type="application/problem+json")

    page.route("**/v1/duplicates?*", answer)
    page.goto(f"{home(page)}/duplicates")
    expect(page.get_by_text("Looking for copies")).to_be_visible()
    expect(page.get_by_text("The index is broken.").first).to_be_visible()
    expect(page.get_by_text("Looking for copies")).to_have_count(0)
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".group:not(.is-coming)").first).to_be_visible()


def test_check_address(page, picture):
    """where the server fetches pictures, their addresses are looked for too"""
    ready = page.evaluate("fetch('/readyz').then((answer) => answer.json())")
    asked = []
    page.route("**/readyz", lambda route: route.fulfill(json={**ready, "acceptsURLs": True}))
    page.route("**/v1/check", lambda route: (asked.append(route.request.post_data_json), route.fulfill(json={"answer": "new", "matches": []})))
    page.goto(f"{home(page)}/duplicates")
    page.get_by_label("Address of a picture on the web").fill("https://example.org/a.jpg")
    page.keyboard.press("Enter")
    expect(page.locator(".checked-item")).to_contain_text("It is new.")
    expect(page.locator(".checked-item")).to_contain_text("https://example.org/a.jpg")
    assert asked == [{"url": "https://example.org/a.jpg"}], asked


def test_keeping_and_leaving(page, picture):
    """a picture that is being added to the library leads nowhere once the person has gone elsewhere"""
    held = []
    page.route("**/v1/images", lambda route: held.append(route))
    choose(page, picture)
    found = results(page)
    page.get_by_role("button", name="Add this picture to the library").click()
    expect(page.get_by_role("button", name="Add this picture to the library")).to_be_disabled()
    page.locator("#results .card-link").nth(1).click()
    elsewhere = results(page)
    address = page.url
    with page.expect_response("**/v1/images"):
        held[0].continue_()
    page.wait_for_timeout(300)
    assert page.url == address and results(page) == elsewhere
    page.go_back()
    assert results(page) == found
    expect(page.get_by_text("It is in the library.")).to_be_visible()


@provokes("status of 4")
def test_blocked(page, picture):
    """what is blocked is found no more, is listed for administrators with the way back, and takes it"""
    found = search_from(page, picture)
    name, hidden = found[1][0], page.locator("#results .card").nth(1).get_attribute("data-image")
    address, own = page.url, f"{home(page)}/image?id={hidden}"
    page.goto(own)
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.get_by_label("Visibility", exact=True).select_option("blocked")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_label("Visibility", exact=True)).to_have_value("blocked")
    page.wait_for_function("() => document.querySelector('.picture-frame img')?.naturalWidth > 0")
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.get_by_role("button", name="List it again").click()
    expect(page.get_by_role("button", name="List it again")).to_be_hidden()
    page.goto(address)
    assert results(page) == found
    set_visibility(page, hidden, "blocked")
    page.goto(address)
    assert name not in names(page)
    page.goto(f"{home(page)}/?library")
    assert name not in names(page)
    page.get_by_role("button", name="Filters").click()
    page.locator("#filter-visibility").select_option("private or blocked")
    expect(page).to_have_url(re.compile("visibility=private,blocked"))
    expect(page.locator("#results .card")).to_have_count(1)
    expect(page.locator("#results .card .badge")).to_have_text("blocked")
    page.get_by_role("button", name=f"List {name} again").click()
    expect(page.locator("#results .card")).to_contain_text("listed again")
    page.goto(address)
    assert results(page) == found
