"""What git says: students' work stays out of it, and a remote is public or not."""

import functools
import http.server
import shutil
import threading

import pytest

from instructors import release
from tools.git import git, inside, is_ignored, is_public, keep_out, remotes

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="needs git")


@pytest.fixture
def repository(tmp_path):
    """A repository with one committed source."""
    folder = tmp_path / "course"
    (folder / "sources").mkdir(parents=True)
    (folder / "sources" / "ps1.ipynb").write_text("{}")
    git(folder, "init")
    git(folder, "add", ".")
    assert git(folder, "status", "--short")[1] == "A  sources/ps1.ipynb\n"
    return folder


def test_nothing_in_a_folder_for_grades_is_ever_added(repository):
    out = repository / "spring" / "ps1"
    keep_out(out)
    (out / "grades.csv").write_text("Jane")
    git(repository, "add", ".")
    assert git(repository, "status", "--short")[1] == "A  sources/ps1.ipynb\n"
    keep_out(out)  # the second run
    assert is_ignored(out / "grades.csv") and inside(out) and not is_ignored(repository / "sources")


def test_a_folder_that_git_keeps_is_no_folder_for_grades(repository):
    for out, first in ((repository, "sources/ps1.ipynb"), (repository / "sources", "ps1.ipynb")):
        with pytest.raises(ValueError, match=f"must be a folder of its own: git keeps '{first}'"):
            keep_out(out)
        assert not (out / ".gitignore").exists()
    (repository / "own").mkdir()
    (repository / "own" / ".gitignore").write_text("*.pyc\n")
    with pytest.raises(ValueError, match="its .gitignore must ignore everything"):
        keep_out(repository / "own")


def test_outside_of_a_repository_there_is_nothing_to_fear(tmp_path):
    keep_out(tmp_path / "out")
    assert not inside(tmp_path / "out") and remotes(tmp_path) == {}


@pytest.fixture
def site(tmp_path):
    """A web server with a repository that anybody can read, and nothing else."""
    git(tmp_path, "init", "--bare", "web/open.git")
    git(tmp_path / "web" / "open.git", "update-server-info")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

        def do_GET(self):
            if "/locked.git" in self.path:
                self.send_response(401)
                self.send_header("WWW-Authenticate", "Basic")
                self.end_headers()
            else:
                super().do_GET()

    handler = functools.partial(Quiet, directory=tmp_path / "web")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_remote_is_public_when_anybody_can_read_it(site, tmp_path):
    assert is_public(f"{site}/open.git") is True
    assert is_public(f"{site.replace('//', '//me:secret@')}/open.git") is True
    assert is_public(f"{site}/locked.git") is False and is_public(f"{site}/none.git") is False
    assert is_public("http://127.0.0.1:9/closed.git") is None
    assert is_public(str(tmp_path)) is False and is_public(f"file://{tmp_path}") is False


@pytest.mark.parametrize(
    "address", ["git@host.example:a/b.git", "ssh://git@host.example:22/a/b.git"]
)
def test_a_remote_by_ssh_is_asked_for_on_the_web(address, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "tools.git.git", lambda *a, **environment: (asked.append(a[-1]), (0, ""))[1]
    )
    assert is_public(address) is True and asked == ["https://host.example/a/b.git"]


def test_a_release_warns_where_the_solutions_are_or_may_be_public(repository, site):
    assert release.who_reads(repository / "sources") == []
    git(repository, "remote", "add", "origin", f"{site}/open.git")
    git(repository, "remote", "add", "own", f"{site}/locked.git")
    git(repository, "remote", "add", "other", "http://127.0.0.1:9/closed.git")
    unknown, public = sorted(release.who_reads(repository / "sources"), reverse=True)
    assert public.startswith(f"anybody can read origin ({site}/open.git)")
    assert unknown.startswith("could not find out whether other (http://127.0.0.1:9/closed.git)")
    git(repository, "rm", "--cached", "sources/ps1.ipynb")
    assert release.who_reads(repository / "sources") == []
