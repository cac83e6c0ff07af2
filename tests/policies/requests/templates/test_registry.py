"""Finding templates by name and version, reading little, and naming what is wrong in a file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import policies
from policies.network.errors import NetworkPolicyError, UnknownKey, UnknownReference, WrongValue
from policies.requests.errors import TemplateUnknown
from policies.requests.templates.registry import Templates, packaged_templates

Edit = Callable[[str, str, str], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = Path(policies.__file__).parent / "data" / "templates"
    return Path(shutil.copytree(data, tmp_path / "templates"))


@pytest.fixture
def edit(folder: Path) -> Edit:
    def replace(file: str, old: str, new: str) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace


def test_a_template_is_read_once_and_alone(folder: Path) -> None:
    """To find one template, no other template and no answers are read; asking again reads nothing."""
    for file in folder.glob("*.toml"):
        if file.name not in ("T13.toml", "common.toml", "common_rules.toml"):
            file.write_text("this is not TOML")
    templates = Templates(folder)
    found = templates.find("T13@1.0")
    for file in folder.glob("*.toml"):
        file.unlink()
    assert templates.find("T13@1.0") is found
    assert templates.find("T13@1.0").common is templates.common


@pytest.mark.parametrize(
    ("name", "near"),
    [("T20@1.0", "'T"), ("t13@1.0", "'T13'"), ("T13@1.1", "T13@1.0"), ("T13", "T13@1.0"), ("", "T01")],
)
def test_what_is_not_there_is_named_with_the_nearest(name: str, near: str) -> None:
    """A template or a version that is not here is refused, with what is."""
    with pytest.raises(TemplateUnknown) as refused:
        packaged_templates().find(name)
    assert near in str(refused.value)


def test_an_old_version_is_found_with_its_own_common_block(folder: Path, edit: Edit) -> None:
    """After a new version the old one is still read as it was, its common block included."""
    old = folder / "old" / "1.0"
    old.mkdir(parents=True)
    shutil.copy(folder / "T13.toml", old)
    shutil.copy(folder / "common.toml", old)
    shutil.copy(folder / "common_rules.toml", old)
    edit("T13.toml", 'version = "1.0"', 'version = "1.1"')
    edit("T13.toml", "[fields.review_date]", "[fields.review_day]")
    edit("common.toml", 'label = { en = "Nature"', 'label = { en = "Kind"')
    templates = Templates(folder)
    before, now = templates.find("T13@1.0"), templates.find("T13@1.1")
    assert (before.name, now.name) == ("T13@1.0", "T13@1.1")
    assert "review_date" in before.fields
    assert "review_date" not in now.fields
    assert (before.common.fields["nature"].label.en, now.common.fields["nature"].label.en) == (
        "Nature",
        "Kind",
    )
    assert templates.current("T13") is now
    assert templates.ids.count("T13") == 1


def test_an_old_version_without_a_common_block_uses_todays(folder: Path, edit: Edit) -> None:
    """Where an old folder has only the template, the rest is today's."""
    old = folder / "old" / "1.0"
    old.mkdir(parents=True)
    shutil.copy(folder / "T13.toml", old)
    edit("T13.toml", 'version = "1.0"', 'version = "2.0"')
    templates = Templates(folder)
    assert templates.find("T13@1.0").common is templates.common


MISTAKES = [
    ("T13.toml", "[fields.stage]\ntype", "[fields.stage]\ntyp", UnknownKey, "fields.stage.typ", "'type'"),
    ("T13.toml", 'type = "multi-enum"', 'type = "multi-enm"',
     WrongValue, "fields.measure.type", "'multi-enum'"),
    ("T13.toml", "has_any =", "has_anny =", UnknownKey, "has_anny", "'has_any'"),
    ("T13.toml", 'priorities = ["P4"]', 'priorities = ["P8"]', WrongValue, "priorities[0]", "P7"),
    ("T13.toml", 'severity = "error"', 'severity = "eror"', WrongValue, "severity", "'error'"),
    ("T13.toml", '{ field = "stage", is', '{ field = "stag", is',
     UnknownReference, "rules.T13-57-3-E", "'stage'"),
    ("T13.toml", '["ART_93_1_k", "ART_93_1_l"]', '["ART_93_1_K"]',
     UnknownReference, "legal_basis_any", "_k'"),
    ("T13.toml", 'id = "T13"', 'id = "T14"', WrongValue, "T14", "Rename"),
    ("T13.toml", "[fields.conviction_ref]", "[fields.purpose]", WrongValue, "purpose", "another name"),
    ("T02.toml", 'clock_expired = "full_request_due"', 'clock_expired = "full_request"', UnknownReference,
     "outcome_rules", "'full_request_due'"),
    ("T09.toml", 'context = "card.search_requires_judicial_grounds"', 'context = "card.search_requires"',
     UnknownReference, "reasonable_grounds", "'card.search_requires_judicial_grounds'"),
    ("T13.toml", ', fr = "Mesure" }', " }", NetworkPolicyError, "fields.measure.label.fr", "Add"),
    ("T13.toml", 'is = "INVESTIGATION"', 'is = "INVESTIGATON"',
     UnknownReference, "T13-57-3-E", "'INVESTIGATION'"),
    ("T13.toml", 'default = "UNKNOWN"', 'default = "UNKNWN"', UnknownReference, "nexus_note", "'UNKNOWN'"),
    ("T02.toml", '{ field = "arrest_date", days', '{ field = "arrest_dat", days',
     UnknownReference, "formula", "'arrest_date'"),
    ("T13.toml", "[fields.stage.enum]", "[fields.nothing]", NetworkPolicyError, "fields.stage", "Correct"),
    ("T13.toml", 'default = "UNKNOWN"', "uncertain = 1", WrongValue, "fields.nexus_note.uncertain", "kind"),
    ("T13.toml", 'required = "required"', 'required = "conditional"',
     WrongValue, "fields.measure", "Correct"),
    ("T01.toml", r"'^P(?=\d)", r"'^P(?=\d", WrongValue, "T01.toml", "Correct"),
    ("T13.toml", 'field = "measure", has_any = ["FREEZE", "SEIZE"]', 'field = "measure"', WrongValue,
     "none of", "Correct"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "error", "key", "remedy"), MISTAKES)
def test_a_mistake_in_a_file_is_named(
    folder: Path,
    edit: Edit,
    file: str,
    old: str,
    new: str,
    error: type[NetworkPolicyError],
    key: str,
    remedy: str,
) -> None:
    """A mistake names its file, its key and the nearest valid one."""
    edit(file, old, new)
    with pytest.raises(error) as refused:
        Templates(folder).current(file.removesuffix(".toml"))
    assert file in refused.value.what
    assert key in f"{refused.value.what} {refused.value.why}"
    assert remedy in refused.value.remedy


REFERENCES = [
    ("common.toml", 'hidden_in = ["T16", ', 'hidden_in = ["T166", ', "fields.", "'T16'"),
    ("common.toml", 'default = "STATE"', 'default = "STAT"', "fields.addressee_type.default", "'STATE'"),
    ("common_rules.toml", 'is = "ADVANCE"', 'is = "ADVANCED"', "rules.C-ADV-URGENT", "'ADVANCE'"),
    (
        "common.toml",
        '"consultations_exhausted_on"',
        '"consultations_exhausted"',
        "clocks.ruling",
        "exhausted_on'",
    ),
    ("T16.toml", 'field = "known_on"', 'field = "known"', "NOTICE_103_2_a.check", "'known_on'"),
    ("T13.toml", 'FOUND", "FROZEN"', 'FOUND", "FROZN"', "outcomes_added", "'FROZEN'"),
    ("T13.toml", 'outcomes = ["FROZEN"]', 'outcomes = ["LIFTED"]', "outcome_rules", "FROZEN"),
    (
        "T13.toml",
        'met_by = ["FROZEN", "SEIZED"]',
        'met_by = ["FROZEN", "SEALED"]',
        "clocks.measure",
        "'SEIZED'",
    ),
    ("T13.toml", 'outcome_sets = ["GEN"]', 'outcome_sets = ["GENERAL"]', "outcome_sets", "'GEN'"),
    (
        "outcomes.toml",
        'carries = ["unit", "next_date"]',
        'carries = ["unit", "next_dat"]',
        "carries",
        "'next_date'",
    ),
    ("common.toml", '{ field = "audience", in', '{ field = "audienc", in', "requested_state", "'audience'"),
    ("common.toml", '{ template = ["T18"] }', '{ template = ["T20"] }', "fields.", "T"),
    ("common_rules.toml", 'context = "state_status"', 'context = "state_stats"', "rules.", "'state_status'"),
]


def test_the_right_version_of_several_old_ones_is_found(folder: Path, edit: Edit) -> None:
    """Of several old folders the one with the wanted version is read; a version of none is refused."""
    for version in ("1.0", "1.1"):
        (folder / "old" / version).mkdir(parents=True)
        shutil.copy(folder / "T13.toml", folder / "old" / version)
        edit("T13.toml", f'version = "{version}"', f'version = "1.{int(version[-1]) + 1}"')
    templates = Templates(folder)
    found = [templates.find(f"T13@1.{minor}").version for minor in (0, 1, 2)]
    assert found == ["1.0", "1.1", "1.2"]
    with pytest.raises(TemplateUnknown):
        templates.find("T13@1.3")


@pytest.mark.parametrize(("file", "old", "new", "key", "remedy"), REFERENCES)
def test_a_name_that_nothing_has_is_found_among_all(
    folder: Path, edit: Edit, file: str, old: str, new: str, key: str, remedy: str
) -> None:
    """What one file says of another is checked when all are read, and named with the nearest."""
    edit(file, old, new)
    with pytest.raises(UnknownReference) as refused:
        Templates(folder).all()
    assert file in refused.value.what
    assert key in refused.value.what
    assert remedy in refused.value.remedy
