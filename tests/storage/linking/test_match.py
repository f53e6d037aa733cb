"""Who made which commit: told with commits and claims by hand."""

from __future__ import annotations

from collections.abc import Sequence

from storage.linking.claims import Change, Claim, Order, signed
from storage.linking.dispute import Match
from storage.linking.history import Commit, FileDiff
from storage.linking.match import Judge

MINUTE = 60_000
BODY = ["def price_of(item, count):", "    return item.price * count", "def name_of(item):", "    return item.title"]


def commit(
    sha: str, at: int, added: Sequence[str], removed: Sequence[str] = (), *, path: str = "a.py", old: str = "",
    status: str = "M", parents: Sequence[str] = (), patch: str | None = None, subject: str = "Work",
) -> Commit:  # fmt: skip
    file = FileDiff(path, old or path, status, list(added), list(removed))
    return Commit(sha, tuple(parents), at * MINUTE, subject, [file], patch)


def wrote(at: int, added: Sequence[str], removed: Sequence[str] = (), path: str = "a.py") -> Change:
    return Change(at * MINUTE, path, "update", None, signed(added, removed), "\n".join(added))


def claim(key: int, *changes: Change, orders: Sequence[Order] = (), root: str = "/r", branch: str = "") -> Claim:
    return Claim(key, list(changes), list(orders), frozenset([root]), frozenset([branch] if branch else []))


def judged(
    commits: Sequence[Commit], *claims: Claim, lost: Sequence[Commit] = (), tips: dict[str, str] | None = None,
    made: dict[str, set[str]] | None = None,
) -> dict[int, list[Match]]:  # fmt: skip
    names = {name: each for each in lost for name in (each.sha, each.sha[:7])}
    return Judge(commits, tips or {}, names, lambda root: (made or {}).get(root, set())).matches(claims)


def told(matches: list[Match]) -> list[tuple[str, str, str]]:
    return [(match.commit.sha, match.state, match.method) for match in matches]


def test_a_commit_with_the_lines_is_the_sessions() -> None:
    found = judged([commit("c1", 5, BODY)], claim(1, wrote(1, BODY)))
    assert told(found[1]) == [("c1", "linked", "hunks")]
    assert found[1][0].files == {"a.py": (4, 4)}
    assert found[1][0].score >= 80


def test_a_commit_from_before_the_change_is_not() -> None:
    assert judged([commit("c1", 1, BODY)], claim(1, wrote(10, BODY)))[1] == []


def test_a_line_or_two_in_passing_are_too_little() -> None:
    weak = judged([commit("c1", 5, ["x = 1", "count += 7", *BODY])], claim(1, wrote(1, ["count += 7", "else:"])))
    assert told(weak[1]) == [("c1", "needs_review", "hunks")]
    assert "too little" in weak[1][0].reason
    assert judged([commit("c1", 5, ["else:", "}"])], claim(1, wrote(1, ["else:", "}"])))[1] == []


def test_what_an_earlier_commit_took_is_gone_for_its_descendants() -> None:
    first = commit("c1", 5, BODY)
    moved = commit("c2", 9, BODY, BODY, path="a.py", parents=["c1"])
    beside = commit("c3", 12, BODY, parents=[])
    assert [match.commit.sha for match in judged([first, moved, beside], claim(1, wrote(1, BODY)))[1]] == ["c1", "c3"]


def test_a_revert_is_not_the_sessions() -> None:
    first, revert = commit("c1", 5, BODY), commit("c2", 9, [], BODY, parents=["c1"])
    assert told(judged([first, revert], claim(1, wrote(1, BODY)))[1]) == [("c1", "linked", "hunks")]


def test_two_sessions_in_one_file_each_have_their_own() -> None:
    commits = [commit("c1", 5, BODY[:2]), commit("c2", 6, BODY[2:], parents=["c1"]), commit("c3", 9, ["both = True"])]
    found = judged(commits, claim(1, wrote(1, BODY[:2])), claim(2, wrote(2, BODY[2:])))
    assert {key: [match.commit.sha for match in each] for key, each in found.items()} == {1: ["c1"], 2: ["c2"]}


def test_two_sessions_in_one_commit_are_both_linked() -> None:
    found = judged([commit("c1", 5, BODY)], claim(1, wrote(1, BODY[:2])), claim(2, wrote(2, BODY[2:])))
    assert [told(found[key]) for key in (1, 2)] == [[("c1", "linked", "hunks")]] * 2


def test_the_same_lines_by_two_sessions_need_a_person() -> None:
    found = judged([commit("c1", 5, BODY)], claim(1, wrote(1, BODY)), claim(2, wrote(2, BODY)))
    assert [told(found[key]) for key in (1, 2)] == [[("c1", "needs_review", "hunks")]] * 2
    assert found[1][0].rivals == {2}


def test_the_working_tree_decides_a_dispute() -> None:
    claims = claim(1, wrote(1, BODY), root="/r/one"), claim(2, wrote(2, BODY), root="/r/two")
    found = judged([commit("c1", 5, BODY)], *claims, made={"/r/two": {"c1"}})
    assert (told(found[1]), told(found[2])) == ([], [("c1", "linked", "hunks_worktree")])


def test_the_branch_decides_where_the_tree_does_not() -> None:
    claims = claim(1, wrote(1, BODY), branch="one"), claim(2, wrote(2, BODY), branch="two")
    commits = [commit("c0", 0, ["base"], path="b"), commit("c1", 5, BODY, parents=["c0"])]
    found = judged(commits, *claims, tips={"refs/heads/one": "c1", "refs/heads/two": "c0"})
    assert (told(found[1]), told(found[2])) == ([("c1", "linked", "hunks_branch")], [])


def test_who_ran_git_commit_has_the_commit() -> None:
    order = Order(5 * MINUTE, "c1aaaaa", "Work", True)
    found = judged([commit("c1aaaaaaa", 5, BODY)], claim(1, wrote(1, BODY), orders=[order]), claim(2, wrote(1, BODY)))
    assert (told(found[1]), found[2]) == ([("c1aaaaaaa", "linked", "commit_command")], [])


def test_a_name_that_was_only_read_somewhere_proves_nothing() -> None:
    read = Order(500 * MINUTE, "c1aaaaa", None, False)
    assert judged([commit("c1aaaaaaa", 5, BODY)], claim(1, orders=[read]))[1] == []
    near = Order(5 * MINUTE, "c1aaaaa", None, False)
    assert len(judged([commit("c1aaaaaaa", 5, BODY)], claim(1, orders=[near]))[1]) == 1


def test_a_quiet_commit_is_known_by_subject_and_time() -> None:
    quiet = Order(5 * MINUTE, None, "Add prices", True)
    commits = [commit("c1", 5, BODY, subject="Add prices"), commit("c2", 99, BODY, subject="Add prices")]
    assert told(judged(commits, claim(1, orders=[quiet]))[1])[0] == ("c1", "linked", "commit_command")


def test_an_amended_commit_is_found_by_what_it_holds() -> None:
    old = commit("0ldaaaaaa", 5, BODY, patch="p1")
    new = commit("c2", 8, [*BODY, "also = 'this'"], patch="p2")
    order = Order(5 * MINUTE, "0ldaaaa", "Work", True)
    found = judged([new], claim(1, orders=[order]), lost=[old])
    assert told(found[1]) == [("c2", "linked", "hunks")]
    assert found[1][0].was == "0ldaaaaaa"


def test_a_rebased_commit_is_found_by_its_patch_also_when_the_old_one_is_swept_away() -> None:
    mine = claim(1)
    mine.former["0ldaaaaaa"] = "p1"
    found = judged([commit("c2", 8, BODY, patch="p1")], mine)
    assert told(found[1]) == [("c2", "linked", "patch_id")]
    assert found[1][0].was == "0ldaaaaaa"


def test_a_picked_commit_belongs_to_the_session_as_well() -> None:
    commits = [commit("c1", 5, BODY, patch="p"), commit("c2", 9, BODY, patch="p", parents=["c1"])]
    found = judged(commits, claim(1, wrote(1, BODY)))
    assert told(found[1]) == [("c1", "linked", "hunks"), ("c2", "linked", "patch_id")]


def test_a_formatter_that_breaks_lines_hides_nothing() -> None:
    call = "    total = compute_total(first_price, second_price, third_price, discount, tax_rate, shipping, rounding)"
    more = "    report = build_report(total, customer_name, customer_mail, order_number, delivery_date, warehouse)"
    broken = [part + "," for line in (call, more) for part in line.replace("(", "(,").split(",")]
    found = judged([commit("c1", 5, broken)], claim(1, wrote(1, [call, more])))
    assert told(found[1]) == [("c1", "linked", "words")]


def test_a_change_in_place_is_a_hint_for_a_while() -> None:
    touch = Change(MINUTE, "a.py", "touch", None, signed([], []))
    soon, late = commit("c1", 5, ["y = 2"]), commit("c2", 5 + 60 * 24, ["y = 3"])
    assert told(judged([soon, late], claim(1, touch))[1]) == [("c1", "needs_review", "file")]


def test_boilerplate_in_many_commits_proves_little() -> None:
    header = ["# Copyright by all of us here", "# Licensed under the MIT license"]
    commits = [commit(f"c{n}", n, [*header, f"value_{n} = {n}"], path=f"f{n}.py", status="A") for n in range(2, 12)]
    found = judged(commits, claim(1, wrote(1, header, path="f5.py")))
    assert [match for match in found[1] if match.state == "linked"] == []
