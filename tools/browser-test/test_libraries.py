"""What needs a library or a server of its own: regions, tokens, emptiness, cameras, files that are gone, a job to stop."""

import datetime
import pathlib
import re
import shutil

from playwright.sync_api import expect

from hands import choose, draw, expect_thumbnails, names, provokes, results, search_from, settled
from servers import folder, photographed, pictures_in

SAMPLES = pathlib.Path(__file__).parents[2] / "SampleImages"
READ, ADMIN = "read-" + "r" * 20, "admin-" + "a" * 20


def open_filters(page):
    page.get_by_role("button", name=re.compile("^Filters")).click()
    expect(page.get_by_label("Folder", exact=True)).to_be_visible()


def test_regions(page, picture, servers):
    """where the library has regions, what is found by a part says so and frames it, and whole pictures can be asked for"""
    mills = SAMPLES / "windmills"
    with servers.library(mills, "--regions") as library, servers.serving(library) as url:
        page.goto(url)
        search_from(page, pictures_in(mills)[0])
        parts = settled(page, lambda: draw(page, 0.02, 0.02, 0.5, 0.5))  # the corner of a picture is like corners of others
        card = page.locator("#results .card").filter(has_text="in a part").first
        expect(card.locator(".card-part")).to_be_visible()
        box, stage = card.locator(".card-part").bounding_box(), card.locator(".card-picture").bounding_box()
        assert 0 < box["width"] <= stage["width"] and 0 < box["height"] < stage["height"], (box, stage)
        card.get_by_role("link", name=re.compile("^Details of")).click(force=True)
        expect(page.locator(".why .region")).to_have_count(2)
        page.go_back()
        open_filters(page)
        whole = settled(page, lambda: page.get_by_label("Compare").select_option("whole pictures"))
        assert whole != parts
        expect(page.locator("#results .card-part")).to_have_count(0)
        page.get_by_role("button", name="Remove filter: whole pictures").click()
        expect(page.locator("#results .card-part").first).to_be_visible()


@provokes("status of 401", "status of 403")
def test_real_tokens(page, picture, servers):
    """on a server that wants tokens one signs in, is offered what the token allows, and signs out again"""
    with folder() as place, servers.library(picture.parent, "--regions") as library:
        tokens = place / "tokens"
        tokens.write_text(f"read {READ} visitor\nadmin {ADMIN} operator\n")
        tokens.chmod(0o600)
        with servers.serving(library, "--tokens", tokens) as url:
            def sign_in(token):
                page.get_by_label("Token").fill(token)
                page.keyboard.press("Enter")
                expect(page.get_by_role("dialog")).to_have_count(0)

            page.goto(url)
            page.get_by_label("Token").fill("no-token-that-anybody-was-given")
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert").filter(has_text="does not know this token")).to_be_visible()
            sign_in(READ)
            expect(page.locator("#library")).to_have_text(re.compile(r"^\d+ pictures$"))
            expect(page.get_by_role("link", name=re.compile("^Search from ")).first).to_be_visible()
            search_from(page, picture)
            expect_thumbnails(page)
            open_filters(page)
            expect(page.get_by_label("Compare")).to_be_visible()
            expect(page.get_by_label("Private pictures")).to_be_hidden()
            page.reload()
            results(page)
            page.goto(url + "/operator")
            expect(page.get_by_role("heading", name="Your token does not allow this")).to_be_visible()
            page.get_by_role("button", name="Sign out").click()
            expect(page.get_by_label("Token")).to_be_visible()
            sign_in(ADMIN)
            search_from(page, picture)
            open_filters(page)
            expect(page.get_by_label("Private pictures")).to_be_visible()
            page.goto(url + "/operator")
            expect(page.locator(".tile").first).to_be_visible()


def test_empty_library(page, picture, servers):
    """an empty library is said to be empty on every page, with the way to fill it"""
    with folder() as nothing, servers.library(nothing) as library, servers.serving(library) as url:
        page.goto(url)
        expect(page.get_by_role("heading", name="The library is empty")).to_be_visible()
        expect(page.locator("#examples")).to_be_hidden()
        choose(page, picture)
        expect(page.get_by_role("heading", name="The library is empty")).to_be_visible()
        page.get_by_role("link", name="Library").click()
        expect(page.get_by_role("heading", name="The library is empty")).to_be_visible()
        page.get_by_role("link", name="Duplicates").click()
        expect(page.get_by_role("heading", name="No duplicates")).to_be_visible()
        page.get_by_role("link", name="Judge").click()
        expect(page.get_by_role("heading", name="Nothing left to judge")).to_be_visible()
        page.get_by_role("link", name="Operator").click()
        expect(page.locator(".tile").filter(has_text=re.compile(r"^Pictures0"))).to_be_visible()


def test_stop_job(page, picture, servers):
    """a job shows how far it is, is stopped, and what it has done stays"""
    with folder() as many, servers.library(picture) as library, servers.serving(library) as url:
        for number in range(1500):
            (many / f"{number}.jpg").write_bytes(picture.read_bytes() + number.to_bytes(2))
        page.goto(url + "/operator")
        expect(page.get_by_text("Nothing has been indexed since")).to_be_visible()
        page.get_by_label("Folder on the server").fill(str(many))
        page.get_by_role("button", name="Index", exact=True).click()
        job = page.locator(".job").first
        expect(job.get_by_role("progressbar")).to_be_visible()
        page.wait_for_function("() => document.querySelector('.job progress')?.value > 0")
        page.get_by_role("button", name="Stop").click()
        expect(job.locator(".badge")).to_have_text("stopped")
        expect(job.get_by_role("progressbar")).to_have_count(0)
        figures = job.locator(".job-figures").inner_text()
        assert 0 < int(re.match(r"[\d,]+", figures)[0].replace(",", "")) < 1500, f"{figures}: not stopped"
        page.reload()
        expect(job.locator(".badge")).to_have_text("stopped")


@provokes("status of 410")
def test_cameras_dates_and_files(page, picture, servers):
    """the listing and the results are narrowed by camera, by when a picture was taken or added, and by its files"""
    with folder() as pictures, servers.library() as library:
        first, second, third, *_ = (each for each in pictures_in(SAMPLES / "windmills") if each.suffix == ".jpg")
        (pictures / "early.jpg").write_bytes(photographed(first.read_bytes(), "Testflex One", "2019:04:30 23:59:00"))
        (pictures / "late.jpg").write_bytes(photographed(second.read_bytes(), "Other Two", "2019:05:01 12:00:00"))
        shutil.copy(third, pictures / "gone.jpg")
        servers.index(library, pictures)
        (pictures / "gone.jpg").unlink()
        servers.index(library, pictures)
        with servers.serving(library) as url:
            page.goto(url + "/?library")
            both = {"early.jpg", "late.jpg"}
            assert set(names(page)) == both
            open_filters(page)
            today = datetime.datetime.now(datetime.timezone.utc).date()

            def listed(act):
                settled(page, act)
                return set(names(page))

            assert listed(lambda: page.get_by_label("Camera").fill("testflex")) == {"early.jpg"}
            assert listed(lambda: page.get_by_label("Camera").fill("")) == both
            taken, added = page.get_by_role("group", name="Taken"), page.get_by_role("group", name="Added")
            assert listed(lambda: taken.get_by_label("until").fill("2019-04-30")) == {"early.jpg"}
            assert listed(lambda: taken.get_by_label("until").fill("2019-05-01")) == both, "until does not include its day"
            assert listed(lambda: taken.get_by_label("from").fill("2019-05-01")) == {"late.jpg"}
            assert listed(lambda: page.get_by_role("button", name="Clear all").click()) == both
            assert listed(lambda: added.get_by_label("until").fill(today.isoformat())) == both, "until does not include its day"
            chip = page.get_by_role("list", name="Filters that hold").get_by_role("listitem").first
            expect(chip).to_contain_text(f"added until {today:%b} {today.day}, {today.year}")
            page.reload()
            names(page)
            open_filters(page)
            expect(added.get_by_label("until")).to_have_value(today.isoformat())
            added.get_by_label("until").fill((today - datetime.timedelta(days=1)).isoformat())
            expect(page.get_by_role("heading", name="Nothing passes the filters")).to_be_visible()
            page.get_by_role("button", name="Clear the filters").click()
            assert set(names(page)) == both
            assert listed(lambda: page.get_by_role("combobox", name="Files").select_option("missing")) == {"gone.jpg"}
            assert listed(lambda: page.get_by_role("combobox", name="Files").select_option("any")) == both | {"gone.jpg"}
