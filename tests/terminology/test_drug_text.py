"""Drugs as people and order systems write them. A clinician can read and extend the tables."""

import random

import pytest

from alerts.knowledge import load
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth
from service.fhir.terminology import terminology

READ = [
    ("HALOPERIDOL 5MG/ML INJ SOLN", "haloperidol"),
    ("QUEtiapine (SEROquel) 25 mg tablet", "quetiapine"),
    ("carbidopa-levodopa (SINEMET) 25-100 mg per tablet", "carbidopa|levodopa"),
    ("levodopa/carbidopa/entacapone 100/25/200", "carbidopa|entacapone|levodopa"),
    ("levodopa 100 mg + benserazide 25 mg", "benserazide|levodopa"),
    ("co-careldopa 12.5mg/50mg tablets", "carbidopa|levodopa"),
    ("perphenazine-amitriptyline 2-25", "amitriptyline|perphenazine"),
    ("phenergan w/ codeine", "codeine|promethazine"),
    ("prochlorper 10 mg", "prochlorperazine"),
    ("B52 IM now", "diphenhydramine|haloperidol|lorazepam"),
    ("haldal 5", "haloperidol"),
    ("risperidal 1mg", "risperidone"),
    ("seroqeul", "quetiapine"),
    ("zyprexia", "olanzapine"),
    ("geodan", "ziprasidone"),
    ("cinemet 25/100", "carbidopa|levodopa"),
    ("irsperidone", "risperidone"),
    ("klozapine", "clozapine"),
    ("clozipine", "clozapine"),
    ("arpiprazole", "aripiprazole"),
    ("carbadopa-levadopa", "carbidopa|levodopa"),
    ("tetrabenzine", "tetrabenazine"),
    ("aloperidolo gocce", "haloperidol"),
    ("halopéridol 5 mg", "haloperidol"),
    ("clozapina 100mg comprimidos", "clozapine"),
    ("Olanzapin-ratiopharm 5 mg", "olanzapine"),
    ("quetiapina 25 mg", "quetiapine"),
    ("metoclopramida gotas", "metoclopramide"),
    ("Levomepromazin 25 mg", "levomepromazine"),
    ("lithium carb 300", "lithium"),
    ("Hydromet 5-1.5 MG/5ML Oral Syrup", "hydrocodone"),
    ("Lamictal Starter (for patients taking valproate)", "lamotrigine"),
    ("ondansetron 4 mg IV instead of metoclopramide", "ondansetron"),
]
# Look-alikes and drugs that are not ours: nothing may be read.
UNREAD = [
    "metformin 1000", "metronidazole 500", "methimazole", "prednisone 20 mg", "primidone 250",
    "levothyroxine 50 mcg", "levetiracetam 500", "levocetirizine 5 mg",
    "polymyxin B sulf-trimethoprim", "trifluridine", "homatropine", "cosyntropin", "somatropin",
    "Zantac 150",
    "Serevent", "Trileptal", "Coumadin", "Lantus", "Oracea", "Keppra",
    "Lodine 400",
    "esomeprazole 40", "pantoprazole", "loratadine", "clotrimazole", "chlorhexidine",
    "chlorambucil 2 mg", "terbutaline",
    "vitamin B12", "vitamin D 1000", "multivitamin tablet", "insulin glargine", "heparin flush",
    "Deconex IR", "pramlintide pen", "no known drugs", "", "   ", "10 mg", "tablet", "???",
]  # fmt: skip
# Drugs that only interaction rows need: by name, and what stands near them.
PARTNERS = [
    ("aspirin 75 mg", "aspirin"),
    ("Acetylsalicylic acid 100 mg gastro-resistant tablets", "aspirin"),
    ("ASA EC 81 mg", "aspirin"),
    ("ASS 100 mg", "aspirin"),
    ("5-ASA 800 mg", ""),
    ("mesalamine 1.2 g", ""),
    ("KCl 20 mEq", "potassium chloride"),
    ("potassium chloride 20 meq in sodium chloride 0.9% 1000 ml", "potassium chloride"),
    ("potassium clorazepate 5 mg", "clorazepate"),
    ("potassium phosphate 15 mmol", ""),
    ("NaCl 0.9% 1000 ml", "sodium chloride"),
    ("D5W 500 mL", "glucose"),
    ("dextrose 5%-0.45% NaCl", "glucose|sodium chloride"),
    ("haloperidol 5 mg in sodium chloride 0.9%", "haloperidol"),
    ("ceftriaxone 1 g in dextrose 5%", ""),
    ("blood glucose test strips", ""),
    ("glucose monitoring kit", ""),
    ("ferrous sulphate 200 mg tablets", "ferrous sulfate"),
    ("Ferrous Sulfate (65 mg iron) 325 mg", "ferrous sulfate"),
    ("ferrous fumarate 210 mg", "ferrous fumarate"),
    ("ferrous gluconate 300 mg", "ferrous gluconate"),
    ("multivitamin with iron", "iron"),
    ("iron sucrose 200 mg IV", ""),
    ("gentamicin 320 mg IV", "gentamicin"),
    ("gentamycin 80 mg", "gentamicin"),
    ("tobramycin 5 mg/kg", "tobramycin"),
    ("amikacin sulfate 1 g", "amikacin"),
    ("streptomycin 1 g IM", "streptomycin"),
    ("azithromycin 500 mg", "azithromycin"),
    ("clindamycin 600 mg", ""),
    ("vancomycin HCl 1.25 g", "vancomycin"),
    ("trimethoprim 200 mg", "trimethoprim"),
    ("Sulfameth/Trimethopr", "trimethoprim"),
    ("co-trimoxazole 960 mg", "trimethoprim"),
    ("trimethobenzamide 300 mg", "trimethobenzamide"),
    ("trimetrexate 25 mg", ""),
    ("diclofenac sodium 50 mg", "diclofenac"),
    ("indomethacin 25 mg caps", "indometacin"),
    ("ketorolac tromethamine 30 mg/mL", "ketorolac"),
    ("ketoprofen 100 mg", "ketoprofen"),
    ("ketotifen 1 mg", ""),
    ("naproxen sodium 550", "naproxen"),
    ("meloxicam 15 mg", "meloxicam"),
    ("Mobic 15", "meloxicam"),
    ("Moban 10 mg", "molindone"),
    ("piroxicam 20 mg", "piroxicam"),
    ("etoricoxib 60 mg", "etoricoxib"),
    ("parecoxib 40 mg", ""),
    ("mannitol 20% 250 ml", "mannitol"),
    ("iohexol 350 mg I/mL", "iohexol"),
    ("iopromide", "iopromide"),
    ("iodixanol 320", "iodixanol"),
    ("iomeprol 400", "iomeprol"),
    ("omeprazole 20 mg", "omeprazole"),
    ("iopamidol 61%", "iopamidol"),
    ("ioversol", "ioversol"),
    ("sildenafil citrate 50 mg", "sildenafil"),
    ("tadalafil 5 mg", "tadalafil"),
    ("vardenafil 2.5 MG Oral Tablet", "vardenafil"),
    ("avanafil 100 mg", "avanafil"),
    ("terbinafine 250 mg", "terbinafine"),
    ("Lamisil 250 mg", "terbinafine"),
    ("Lamictal 25 mg", "lamotrigine"),
    ("terbutaline 2.5 mg", ""),
    ("quinine sulfate 300 mg", "quinine"),
    ("quinidine gluconate 324 mg", "quinidine"),
    ("quinapril 10 mg", "quinapril"),
    ("bezafibrate 400 mg", "bezafibrate"),
    ("clofibrate 500 mg", ""),
    ("phenylpropanolamine 75 mg", "phenylpropanolamine"),
    ("josamycin 500 mg", "josamycin"),
    ("troleandomycin 250 mg", "troleandomycin"),
    ("grapefruit juice", "grapefruit"),
]
# Look-alike pairs that are both ours: each must stay itself.
PAIRS = [
    ("hydroxyzine", "hydralazine"),
    ("chlorpromazine", "chlorpropamide"),
    ("clonazepam", "clonidine"),
    ("clozapine", "clonazepam"),
    ("fluphenazine", "fluoxetine"),
    ("risperidone", "ropinirole"),
    ("bupropion", "buspirone"),
    ("metoclopramide", "metoprolol"),
    ("promazine", "promethazine"),
    ("pimavanserin", "pimozide"),
    ("olanzapine", "omeprazole"),
    ("quetiapine", "quinapril"),
    ("lamotrigine", "lorazepam"),
    ("tiapride", "tiagabine"),
]


def ingredients(text: str) -> str:
    return "|".join(terminology().drug((), text).ingredients)


@pytest.mark.parametrize(("text", "wanted"), READ, ids=[text for text, _ in READ])
def test_a_drug_is_read(text: str, wanted: str) -> None:
    assert ingredients(text) == wanted


@pytest.mark.parametrize("text", UNREAD)
def test_what_is_not_ours_is_not_read(text: str) -> None:
    assert ingredients(text) == ""


@pytest.mark.parametrize(("text", "wanted"), PARTNERS, ids=[text for text, _ in PARTNERS])
def test_a_partner_of_an_interaction_row_is_read(text: str, wanted: str) -> None:
    assert ingredients(text) == wanted


def test_every_ingredient_that_an_interaction_row_names_is_known() -> None:
    knowledge = load()
    known = set(terminology().ingredients())
    assert (knowledge.ingredients | knowledge.beyond) - known == set()
    assert terminology().beyond - knowledge.ingredients - knowledge.beyond == set()


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_a_look_alike_stays_itself(one: str, other: str) -> None:
    assert ingredients(f"{one} 10 mg") == one
    assert ingredients(f"{other} 10 mg") == (other if other != "tiagabine" else "")


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("carbidopa 25 mg", "not_dopaminergic_alone"),
        ("Nuplazid 34 mg", "not_d2_antagonist"),
        ("ondansetron 8 mg", "control"),
        ("haloperidol", "d2_antagonist"),
        ("levodopa", "dopaminergic_withdrawal_trigger"),
        ("tetrabenazine", "dopamine_depleter"),
        ("aripiprazole", "d2_partial_agonist"),
        ("dantrolene", "nms_treatment"),
    ],
)
def test_the_role_goes_with_the_drug(text: str, role: str) -> None:
    known = terminology()
    assert known.dopamine_roles(known.drug((), text).ingredients) == (role,)


DEPOTS = [
    # text, long-acting, product
    ("Haldol 5 mg PO", FALSE, None),
    ("Haldol 5 mg IM", UNKNOWN, None),
    ("Haldol 5 mg IV", FALSE, None),
    ("haloperidol lactate 5 mg/mL", FALSE, None),
    ("haloperidol 100 mg/ml IM", TRUE, "haloperidol_decanoate"),
    ("haloperidol dec 150mg im q4w", TRUE, "haloperidol_decanoate"),
    ("Haldol-D 100", TRUE, "haloperidol_decanoate"),
    ("HALDOL/ATIVAN/BENADRYL IM", FALSE, None),
    ("fluphenazine HCl 2.5 mg/ml inj", FALSE, None),
    ("fluphenazine enanthate 25 mg", TRUE, "fluphenazine_enanthate"),
    ("Modecate 25mg/ml", TRUE, "fluphenazine_decanoate"),
    ("flupentixol 1 mg tablets", FALSE, None),
    ("Depixol 40mg/2ml inj", TRUE, "flupentixol_decanoate"),
    ("Clopixol 10 mg tablets", FALSE, None),
    ("Clopixol 200mg/ml injection", TRUE, "zuclopenthixol_decanoate"),
    ("Clopixol Acuphase 100 mg", TRUE, "zuclopenthixol_acetate"),
    ("olanzapine 10 mg IM", FALSE, None),
    ("olanzapine 300 mg IM", TRUE, "olanzapine_pamoate"),
    ("ZypAdhera 210mg", TRUE, "olanzapine_pamoate"),
    ("Zyprexa Zydis 10 mg", FALSE, None),
    ("risperidone 25 mg IM every 2 weeks", TRUE, "risperidone_microspheres_2w"),
    ("Perseris 120 mg", TRUE, "risperidone_er_sc_perseris"),
    ("Uzedy 100 mg", TRUE, "risperidone_er_sc_uzedy"),
    ("Rykindo 25 mg", TRUE, "risperidone_microspheres_rykindo"),
    ("Risperdal M-Tab 1 mg", FALSE, None),
    ("INVEGA 6 mg tablet ER 24hr", FALSE, None),
    ("paliperidone ER 6 mg", FALSE, None),
    ("paliperidone palmitate 234 mg", TRUE, "paliperidone_palmitate_1m"),
    ("Invega Trinza 546 mg", TRUE, "paliperidone_palmitate_3m_gluteal"),
    ("Invega Trinza 546 mg deltoid", TRUE, "paliperidone_palmitate_3m_deltoid"),
    ("Invega Hafyera 1092 mg/3.5 mL", TRUE, "paliperidone_palmitate_6m"),
    ("Abilify 9.75 mg/1.3 mL IM", FALSE, None),
    ("Abilify Maintena 400 mg", TRUE, "aripiprazole_monohydrate_1m"),
    ("Abilify Asimtufii 960 mg", TRUE, "aripiprazole_monohydrate_2m"),
    ("Aristada 882 mg", TRUE, "aripiprazole_lauroxil"),
    ("Piportil Depot 50 mg", TRUE, "pipotiazine_palmitate"),
    ("hydroxyzine pamoate 25", FALSE, None),
    ("imipramine pamoate 75 mg", FALSE, None),
    ("haloperidol", UNKNOWN, None),
    ("perphenazine-amitriptyline 2-25", FALSE, None),
]


@pytest.mark.parametrize(("text", "state", "product"), DEPOTS, ids=[d[0] for d in DEPOTS])
def test_the_form_is_told_or_unknown(text: str, state: Truth, product: str | None) -> None:
    found = terminology().drug((), text)
    assert (found.long_acting, found.product) == (state, product)


@pytest.mark.parametrize(
    ("text", "form", "route", "wanted"),
    [
        ("haloperidol 5 mg", "", "Intramuscular", "im"),
        ("haloperidol 5 mg", "", "IV", "iv"),
        ("haloperidol", "oral solution", "", "oral"),
        ("Neupro", "transdermal patch", "", "td"),
        ("prochlorperazine 25 mg suppository", "", "", "rectal"),
        ("RisperDAL Consta 25 MG Intramuscular Suspension Reconstituted", "", "", "im"),
        ("aripiprazole ER injectable suspension", "", "", "injection"),
        ("levodopa 100 mg via NG tube", "", "", "ng"),
        ("fentanyl 50 ng/ml", "", "", None),
        ("quetiapine PR 50 mg tablets", "", "", "oral"),
        ("prochlorperazine 25 mg PR", "", "", "rectal"),
        ("levodopa intestinal gel via PEG-tube", "", "", "ng"),
        ("Haldol Decanoate", "", "", "depot"),
    ],
)
def test_the_route(text: str, form: str, route: str, wanted: str | None) -> None:
    assert terminology().drug((), text, form, route).route == wanted


def slips(name: str, chance: random.Random, count: int) -> list[str]:
    """Words with one letter left out, doubled, changed or exchanged with its neighbour."""
    found = []
    for _ in range(count):
        at = chance.randrange(1, len(name))
        letter = chance.choice("abcdefghiklmnoprstuvyz")
        found.append(
            chance.choice(
                (
                    name[:at] + name[at + 1 :],
                    name[:at] + letter + name[at:],
                    name[:at] + letter + name[at + 1 :],
                    name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :],
                )
            )
        )
    return found


def test_one_slip_is_read_and_hardly_ever_as_another_drug() -> None:
    """Drugs with a role in NMS, 20 slips each: at least 95 % read, at most 0.3 % as another."""
    known, chance = terminology(), random.Random(7)
    right = wrong = total = 0
    for key in known.ingredients():
        roles = set(known.ingredient(key).roles) - {"interaction_partner", "control"}
        if not roles or " " in key or len(key) < 7:
            continue
        for word in slips(key, chance, 20):
            found = known.drug((), word).ingredients
            total += 1
            right += found == (key,)
            wrong += found not in ((key,), ())
    assert total > 2000
    assert right / total > 0.95
    assert wrong / total <= 0.003
