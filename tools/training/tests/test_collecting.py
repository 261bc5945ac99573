"""The corpora: each repository is read at the commit that was named, not at what it has become."""

import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from collect_images import Clone, contents, labelled
from learning.corpora import COMMITS, CORPORA, Corpus

SOMEBODY = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.com"]


class CommitTests(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.clones = Path(temporary.name)
        self.repository = self.clones / "somebody+pictures"
        self.repository.mkdir()
        self.git("init", "--quiet")
        self.pinned = self.commit("a/cat/1.jpg", b"first")
        self.commit("a/cat/1.jpg", b"changed since")
        self.commit("a/dog/2.jpg", b"come since")

    def git(self, *arguments: str) -> str:
        found = subprocess.run(["git", "-C", self.repository, *SOMEBODY, *arguments], check=True, capture_output=True)
        return found.stdout.decode().strip()

    def commit(self, path: str, data: bytes) -> str:
        file = self.repository / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", path)
        return self.git("rev-parse", "HEAD")

    def test_what_has_come_since_the_named_commit_is_not_read(self) -> None:
        corpus = Corpus("somebody/pictures", "train", "animals", "none")
        with mock.patch.dict(COMMITS, {"somebody/pictures": self.pinned}):
            labels = labelled(corpus, self.clones)
            self.assertEqual(labels, {"a/cat/1.jpg": "cat"})
            found = list(contents(Clone.of("somebody/pictures", self.clones), sorted(labels)))
        self.assertEqual(found, [("a/cat/1.jpg", b"first")])

    def test_a_clone_without_the_named_commit_is_refused(self) -> None:
        with mock.patch.dict(COMMITS, {"somebody/pictures": "0" * 40}):
            with self.assertRaisesRegex(SystemExit, "lacks commit 0+ of https://github.com/somebody/pictures; git fetch"):
                Clone.of("somebody/pictures", self.clones)

    def test_every_repository_has_its_commit(self) -> None:
        named = {corpus.repository for corpus in CORPORA.values()}
        named |= {corpus.labels_from for corpus in CORPORA.values() if corpus.labels_from}
        self.assertEqual(named, set(COMMITS))
        self.assertTrue(all(len(commit) == 40 for commit in COMMITS.values()))


if __name__ == "__main__":
    unittest.main()
