"""A disk that is full, a library that may only be read, four writers at once."""

import os
import shutil
import subprocess
import sys
import threading

from collection import Collection
from library_rows import Rows, digest
from program import failed_honestly, outcome

FULL = "a full disk is said to be full, and nothing acknowledged is lost"
ROOM = "once there is room again, the next run completes"
READABLE = "a library that may only be read answers"
UNWRITABLE = "indexing into a library that may only be read fails and says why"
ONE = "of several writers one works; the others wait, or name it"
NOTHING_LOST = "what the writers acknowledged is in the catalog, and in the end everything"

KILOBYTES = (0, 1, 4, 8, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 112, 128, 144, 160, 192, 224, 256, 320, 384, 448,
             512, 640, 768, 1024, 2048)


def enter_own_mounts():
    """Continues this program where what it mounts is seen by nobody else and goes with it, if that is allowed."""
    if os.geteuid() == 0 and "TORTURE_MOUNTS" not in os.environ and shutil.which("unshare"):
        words = ["unshare", "--mount", "--propagation", "private"]
        if subprocess.run([*words, "true"], capture_output=True).returncode == 0:
            os.environ["TORTURE_MOUNTS"] = "own"
            os.execvp("unshare", [*words, sys.executable, *sys.argv])


def mounted(*words):
    """Whether a mount succeeded. Only in mounts of our own."""
    if os.environ.get("TORTURE_MOUNTS") != "own":
        return False
    return subprocess.run(["mount", *words], capture_output=True).returncode == 0


def disk_full(faults):
    """A disk with less and less room on it; then there is room again."""
    run, case = faults.run, "disk full"
    disk = run.folder("disk")
    if not mounted("-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)):
        run.count("disk full: left out, mounts are not allowed")
        return
    for start in (None, faults.half):
        for room in KILOBYTES[::8] if run.settings.quick else KILOBYTES:
            library, ballast = disk / "library", disk / "ballast"
            if start:
                shutil.copytree(start, library)
            fill(disk, ballast, room * 1024)
            case = f"{'known' if start else 'new'} library, {room} KB left"
            result = run.program.index(faults.pictures, library, timeout=60)
            run.count(f"disk full: {'succeeded' if result.status == 0 else 'failed'}")
            faults.look(case, result, library)
            acknowledged = {line.path for line in result.lines if line.verdict == "ACK"}
            if library.exists() and result.status != 0:
                answer = run.program.search(faults.query, library, timeout=60)
                run.check(FULL, not answer.crashed and not answer.timed_out,
                          f"{case}: a search ended with {answer.status}: {answer.last_words}")
            ballast.unlink()
            kept = faults.rows(library).files
            run.check(FULL, acknowledged <= kept.keys(), f"{case}: {len(acknowledged - kept.keys())} lost")
            faults.complete(case, library)
            rows = faults.rows(library)
            run.check(ROOM, rows.content() == faults.expected, f"{case}: {len(rows.files)} files")
            shutil.rmtree(library)
    subprocess.run(["umount", "--lazy", str(disk)], check=False)


def fill(disk, ballast, room):
    """Writes a file that leaves `room` bytes free."""
    state = os.statvfs(disk)
    with open(ballast, "wb") as file:
        file.write(bytes(max(0, state.f_bavail * state.f_frsize - room)))


def read_only(faults):
    """A read-only mount, and a folder of somebody else's."""
    run, library = faults.run, faults.fresh(faults.reference)
    if mounted("--bind", str(library), str(library)):
        if mounted("-o", "remount,bind,ro", str(library)):
            run.count("read-only mounts")
            ask_read_only(faults, library, "read-only mount", {})
        subprocess.run(["umount", "--lazy", str(library)], check=False)
    else:
        run.count("read-only mount: left out, mounts are not allowed")
    if os.geteuid() == 0:
        strip_write_permission(run, library)
        run.count("libraries of somebody else")
        ask_read_only(faults, library, "somebody else's", {"user": 65534, "group": 65534, "extra_groups": []})
        for folder, _, _ in os.walk(library):
            os.chmod(folder, 0o755)


def strip_write_permission(run, library):
    """Lets others read the library, the pictures, the model and the command, but write nowhere."""
    model = run.folder("model")
    shutil.copytree(run.program.environment["LOOKALIKE_MODEL"], model, dirs_exist_ok=True)
    run.program.environment["LOOKALIKE_MODEL"] = str(model)
    os.chmod(run.work, 0o755)
    for top in (run.work / "program", run.work / "pictures", model, library):
        for folder, _, names in os.walk(top):
            os.chmod(folder, 0o555 if top == library else 0o755)
            for name in names:
                os.chmod(os.path.join(folder, name), 0o555 if top.name == "program" else 0o444)


def ask_read_only(faults, library, case, settings):
    run = faults.run
    for path in (faults.query, max(path for path in faults.expected if path != faults.query)):
        result = run.program.search(path, library, **settings)
        expected = run.program.search(path, faults.reference)
        same = faults.answer_of(result) == faults.answer_of(expected)
        run.check(READABLE, same, f"{case}: search: {outcome(result)}")
    result = run.program.run("status", "--json", "--library", library, **settings)
    run.check(READABLE, result.status == 0 and faults.same_state(result.json),
              f"{case}: status: {outcome(result)}")
    before = snapshot(library)
    result = run.program.index(faults.pictures, library, **settings)
    run.check(UNWRITABLE, failed_honestly(result), f"{case}: index: {outcome(result)}")
    run.check(UNWRITABLE, not any(line.verdict == "ACK" for line in result.lines) and snapshot(library) == before,
              f"{case}: something was acknowledged or changed")


def snapshot(library):
    return {os.path.join(folder, name): digest(os.path.join(folder, name))
            for folder, _, names in os.walk(library) for name in names if not name.endswith("-shm")}


def four_writers(faults):
    """Four runs over folders of their own start at once, again and again until each has had its turn."""
    run = faults.run
    for turn in range(1 if run.settings.quick else 5):
        library = faults.fresh(None)
        folders = [run.folder(f"writer-{number}") for number in range(4)]
        for number, folder in enumerate(folders):
            Collection(folder, 100 * turn + number).add(12)
        results = {}

        def write(number, results=results, folders=folders, library=library):
            results[number] = run.program.index(folders[number], library, timeout=60)

        waiting, rounds = set(range(4)), 0
        while waiting and rounds < 20:
            threads = [threading.Thread(target=write, args=(number,)) for number in waiting]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            look_at_writers(run, turn, results, waiting)
            waiting = {number for number in waiting if results[number].status != 0}
            rounds += 1
        run.check(ONE, not waiting, f"turn {turn}: {len(waiting)} writers never had their turn")
        run.measure("rounds until all four had written, at most", rounds)
        rows = Rows(library, run.work / "copy")
        wanted = {os.fsencode(path) for folder in folders for path in folder.rglob("*") if path.is_file()}
        run.check(NOTHING_LOST, rows.files.keys() == wanted and not rows.faults
                  and all(row.vector and row.content == digest(path) for path, row in rows.files.items()),
                  f"turn {turn}: {len(rows.files)} of {len(wanted)}, {rows.faults}")


def look_at_writers(run, turn, results, waiting):
    worked = [number for number in waiting if results[number].status == 0]
    run.check(ONE, bool(worked), f"turn {turn}: none of {len(waiting)} writers could work")
    for number in waiting:
        result = results[number]
        run.count(f"writers: status {result.status}")
        lines = [line for line in result.complaints.splitlines() if line.strip()]
        named = result.status == 3 and len(lines) == 1 and "process " in lines[0]
        run.check(ONE, result.status == 0 or named, f"turn {turn}: {outcome(result)}")
