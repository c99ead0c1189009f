"""The knowledge as it is: complete, cited, quick to load; classes hold what the drug list holds."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from alerts.knowledge import faults, load, show
from alerts.knowledge.rows import CLASS, split

KNOWLEDGE = load()
with (Path(__file__).parent / "drug_classes.csv").open(encoding="utf-8", newline="") as file:
    LISTED = {line["ingredient"]: line["classes"].split("|") for line in csv.DictReader(file)}

# class of the rules -> classes of the drug list that it stands for, and what was left out
SAME = {
    "ace_inhibitor": ({"antihypertensive_acei"}, set()),
    "alpha_blocker": ({"antihypertensive_alpha1_blocker"}, set()),
    "angiotensin_receptor_blocker": ({"antihypertensive_arb"}, {"sacubitril"}),
    "anticholinergic": ({"anticholinergic"}, set()),
    "anticholinergic_without_amantadine": ({"anticholinergic"}, {"amantadine"}),
    "antiemetic_antagonist": ({"antiemetic_da_antagonist"}, set()),
    "antihypertensive": (
        {
            "antihypertensive_acei",
            "antihypertensive_alpha1_blocker",
            "antihypertensive_arb",
            "antihypertensive_beta_blocker",
            "antihypertensive_central_alpha2",
            "antihypertensive_diuretic",
            "antihypertensive_other",
            "antihypertensive_vasodilator",
            "ccb_dhp",
            "ccb_nondhp",
        },
        set(),
    ),
    "antipsychotic": ({"antipsychotic_fga", "antipsychotic_sga"}, {"pimavanserin"}),
    "benzodiazepine": ({"benzodiazepine"}, set()),
    "beta_blocker": ({"antihypertensive_beta_blocker"}, set()),
    "dopamine_agonist": ({"dopamine_agonist"}, set()),
    "ergot": ({"ergot"}, set()),
    "levodopa": ({"dopaminergic_levodopa"}, set()),
    "lithium": ({"lithium"}, set()),
    "maoi": ({"maoi"}, set()),
    "moderate_cyp3a4_inhibitor": ({"moderate_cyp3a4_inhibitor"}, set()),
    "nms_treatment": ({"nms_treatment"}, set()),
    "oestrogen": ({"estrogen"}, set()),
    "opioid": ({"opioid"}, set()),
    "second_generation_antipsychotic": ({"antipsychotic_sga"}, {"pimavanserin"}),
    "sedating_antihistamine": ({"antihistamine_sedating"}, set()),
    "snri": ({"snri"}, set()),
    "ssri": ({"ssri"}, set()),
    "statin": ({"statin"}, set()),
    "strong_cyp3a4_inhibitor": ({"strong_cyp3a4_inhibitor"}, set()),
    "tricyclic": ({"tca"}, set()),
    "triptan": ({"triptan"}, set()),
    "vmat2_inhibitor": ({"vmat2_inhibitor"}, set()),
}


def test_the_knowledge_has_no_faults() -> None:
    assert faults(KNOWLEDGE) == []


def test_there_are_87_rows_of_which_17_are_unconfirmed() -> None:
    assert len(KNOWLEDGE.interactions) == 87
    assert len({row.id for row in KNOWLEDGE.interactions}) == 87
    assert sum(row.basis == "U" for row in KNOWLEDGE.interactions) == 17


def test_the_listed_ingredients_are_those_of_the_drug_list() -> None:
    assert set(LISTED) == KNOWLEDGE.ingredients
    assert not KNOWLEDGE.beyond & KNOWLEDGE.ingredients


@pytest.mark.parametrize("name", sorted(SAME))
def test_a_class_holds_every_drug_that_the_list_puts_there(name: str) -> None:
    wanted, left_out = SAME[name]
    listed = {key for key, classes in LISTED.items() if wanted & set(classes)}
    assert KNOWLEDGE.classes[name] & KNOWLEDGE.ingredients == listed - left_out
    if left_out:
        assert KNOWLEDGE.class_records[name].judgement


def test_every_class_that_a_row_names_exists_and_says_where_it_comes_from() -> None:
    named = {
        split(member)[0].removeprefix(CLASS)
        for row in KNOWLEDGE.interactions
        for member in (*row.a, *row.b)
        if member.startswith(CLASS)
    }
    assert named <= set(KNOWLEDGE.classes)
    for name in named:
        record = KNOWLEDGE.class_records[name]
        assert record.members
        assert record.source
        if not record.members <= KNOWLEDGE.ingredients:
            assert record.judgement


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("iec.cutoff", "parameter"),
        ("interaction.gfr_low", "parameter"),
        ("haloperidol", "drug window"),
        ("haloperidol_decanoate", "product window"),
        ("INT-DAN-VER", "interaction"),
        ("gfr_below_50", "condition"),
        ("ecg", "test"),
        ("antipsychotic", "class"),
        ("verapamil", "ingredient"),
        ("MGT-STOP", "action"),
        ("DRG-DANTROLENE", "treatment"),
        ("STG-1", "stage"),
        ("DAW-STOP", "trigger"),
        ("NEXT-CK", "request"),
        ("kodadek2022", "reference"),
        ("TEMP-05", "rule"),
        ("SEV-02", "rule"),
    ],
)
def test_show_finds_every_kind_of_entry(key: str, kind: str) -> None:
    found = show(KNOWLEDGE, key)
    assert found is not None
    assert (found["id"], found["kind"]) == (key, kind)


def test_show_of_a_class_row_names_its_drugs() -> None:
    found = show(KNOWLEDGE, "INT-DA-SUS")
    assert found is not None
    assert {"haloperidol", "zuclopenthixol"} <= set(found["a_drugs"])
    assert show(KNOWLEDGE, "verapamil")["rows"] == ["INT-BRO-BP", "INT-DAN-VER"]  # type: ignore[index]


def test_show_of_nothing_is_none() -> None:
    assert show(KNOWLEDGE, "INT-NOTHING") is None


def test_every_id_that_has_a_table_can_be_shown() -> None:
    for row in KNOWLEDGE.interactions:
        assert show(KNOWLEDGE, row.id)
    for key in (*KNOWLEDGE.parameters, *KNOWLEDGE.references, *KNOWLEDGE.states, *KNOWLEDGE.tests):
        assert show(KNOWLEDGE, key)


def test_the_knowledge_loads_fast_from_cold() -> None:
    """Of a fresh process, without the import of the YAML library: libyaml alone needs 40 ms for the
    documents that an assessment needs, and 150 ms are wanted."""
    code = (
        "import time, yaml, dataclasses\n"
        "swift = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)\n"
        "begun = time.thread_time()\n"
        "from alerts.knowledge import load\n"
        "load()\n"
        "cold = time.thread_time() - begun\n"
        "from alerts.knowledge.loader import HERE\n"
        "needed = [p.read_text('utf-8') for p in HERE.glob('*.yaml') if p.stem != 'references']\n"
        "begun = time.thread_time()\n"
        "for text in needed: yaml.load(text, Loader=swift)\n"
        "print(cold / (time.thread_time() - begun))"
    )
    times = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        times.append(float(done.stdout))
    assert min(times) < 3
