"""Codes for the fixtures: LOINC for vital signs and laboratory, SNOMED CT (Global Patient Set)
for findings and conditions, RxNorm ingredients for drugs. What has no confirmed code is text.

LOINC is copyright Regenstrief Institute, Inc. (http://loinc.org/license). SNOMED CT codes are
those of the Global Patient Set (CC BY 4.0). RxNorm: U.S. National Library of Medicine.
"""

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM = "http://unitsofmeasure.org"

# name of a measurement in the case files -> LOINC code, display, UCUM unit
QUANTITIES: dict[str, tuple[str, str]] = {
    "temperature": ("8310-5", "Body temperature"),
    "temperature oral": ("8331-1", "Oral temperature"),
    "temperature rectal": ("8332-9", "Rectal temperature"),
    "temperature oesophageal": ("60836-4", "Esophageal temperature"),
    "heart_rate": ("8867-4", "Heart rate"),
    "respiratory_rate": ("9279-1", "Respiratory rate"),
    "systolic_bp": ("8480-6", "Systolic blood pressure"),
    "diastolic_bp": ("8462-4", "Diastolic blood pressure"),
    "blood_pressure": ("85354-9", "Blood pressure panel with all children optional"),
    "spo2": ("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"),
    "gcs": ("9269-2", "Glasgow coma score total"),
    "creatine_kinase": (
        "2157-6",
        "Creatine kinase [Enzymatic activity/volume] in Serum or Plasma",
    ),
    "wbc": ("26464-8", "Leukocytes [#/volume] in Blood"),
    "neutrophils": ("26499-4", "Neutrophils [#/volume] in Blood"),
    "platelets": ("26515-7", "Platelets [#/volume] in Blood"),
    "creatinine": ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma"),
    "potassium": ("2823-3", "Potassium [Moles/volume] in Serum or Plasma"),
    "sodium": ("2951-2", "Sodium [Moles/volume] in Serum or Plasma"),
    "iron": ("2498-4", "Iron [Mass/volume] in Serum or Plasma"),
    "glucose": ("2345-7", "Glucose [Mass/volume] in Serum or Plasma"),
    "lactate": ("32693-4", "Lactate [Moles/volume] in Blood"),
    "ph": ("11558-4", "pH of Blood"),
    "bicarbonate": ("1963-8", "Bicarbonate [Moles/volume] in Serum or Plasma"),
    "crp": ("1988-5", "C reactive protein [Mass/volume] in Serum or Plasma"),
    "alt": ("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma"),
    "ast": ("1920-8", "Aspartate aminotransferase [Enzymatic activity/volume] in Serum or Plasma"),
    "myoglobin": ("2639-3", "Myoglobin [Mass/volume] in Serum or Plasma"),
    "iv_weight": ("29463-7", "Body weight"),
}

# name of a sign in the case files -> SNOMED CT code, display
SIGNS: dict[str, tuple[str, str]] = {
    "rigidity": ("16046003", "Muscle rigidity"),
    "fever": ("386661006", "Fever"),
    "diaphoresis": ("52613005", "Excessive sweating"),
    "incontinence": ("165232002", "Urinary incontinence"),
    "tremor": ("26079004", "Tremor"),
    "dysphagia": ("40739000", "Dysphagia"),
    "sialorrhoea": ("53827007", "Excessive salivation"),
    "myoclonus": ("17450006", "Myoclonus"),
    "hyperreflexia": ("86854008", "Hyperreflexia"),
    "agitation": ("24199005", "Feeling agitated"),
    "tachycardia": ("3424008", "Tachycardia"),
    "tachypnoea": ("271823003", "Tachypnea"),
    "hypotension": ("45007003", "Low blood pressure"),
    "hypertension": ("24184005", "Finding of increased blood pressure"),
    "labile_bp": ("129899009", "Blood pressure alteration"),
    "dystonia": ("15802004", "Dystonia"),
    "diarrhoea": ("267060006", "Diarrhea symptom"),
    "flushing": ("238810007", "Flushing"),
    "drowsiness": ("271782001", "Drowsy"),
    "lethargy": ("214264003", "Lethargy"),
    "seizure": ("91175000", "Seizure"),
    "urinary_retention": ("267064002", "Retention of urine"),
    "loss_of_consciousness": ("422768004", "Unresponsive"),
    "metabolic_acidosis": ("59455009", "Metabolic acidosis"),
    "raised creatine_kinase": ("432352001", "Increased creatine kinase level"),
    "raised wbc": ("111583006", "Leukocytosis"),
    "raised potassium": ("14140009", "Hyperkalemia"),
}

# words of a mental state -> SNOMED CT code, display; the first that fits is taken
MENTAL_STATES: tuple[tuple[str, str, str], ...] = (
    ("comatose", "371632003", "Coma"),
    ("unresponsive", "422768004", "Unresponsive"),
    ("unconscious", "422768004", "Unresponsive"),
    ("obtunded", "89458003", "Stupor"),
    ("stuporous", "89458003", "Stupor"),
    ("minimally responsive", "89458003", "Stupor"),
    ("delir", "419567006", "Delirious"),
    ("difficult to arouse", "89458003", "Stupor"),
    ("confus", "130987000", "Acute confusion"),
    ("disorient", "130987000", "Acute confusion"),
    ("not recognising", "130987000", "Acute confusion"),
    ("somnolent", "271782001", "Drowsy"),
    ("drowsy", "271782001", "Drowsy"),
    ("sleepy", "271782001", "Drowsy"),
    ("", "419284004", "Altered mental status"),
)

# name of a sign that is a diagnosis -> SNOMED CT code, display
DIAGNOSES: dict[str, tuple[str, str]] = {
    "pneumonia": ("233604007", "Pneumonia"),
    "acute_kidney_injury": ("14669001", "Acute renal failure syndrome"),
    "renal_failure": ("14669001", "Acute renal failure syndrome"),
    "dic": ("67406007", "Disseminated intravascular coagulation"),
}

# words of a condition -> SNOMED CT code, display
CONDITIONS: tuple[tuple[str, str, str], ...] = (
    ("lewy body", "80098002", "Diffuse Lewy body disease"),
    ("parkinson disease", "49049000", "Parkinson's disease"),
    ("schizoaffective", "68890003", "Schizoaffective disorder"),
    ("schizophrenia", "58214004", "Schizophrenia"),
    ("bipolar", "13746004", "Bipolar disorder"),
    ("psychosis", "69322001", "Psychotic disorder"),
    ("dementia", "52448006", "Dementia"),
    ("intellectual disability", "110359009", "Intellectual disability"),
    ("pregnant", "77386006", "Pregnant"),
    ("stage iv chronic kidney", "431857002", "Chronic kidney disease stage 4"),
    ("hypertension", "38341003", "Hypertensive disorder"),
)

# ingredient -> RxNorm concept of the ingredient
INGREDIENTS: dict[str, str] = {
    "amantadine": "620", "amisulpride": "46303", "apomorphine": "1043", "aripiprazole": "89013",
    "baclofen": "1292", "benztropine": "1424", "biperiden": "1589", "bromocriptine": "1760",
    "carbamazepine": "2002", "carbidopa": "2019", "cariprazine": "1667655", "clozapine": "2626",
    "cyproheptadine": "3013", "dantrolene": "3105", "desvenlafaxine": "734064",
    "dexmedetomidine": "48937", "diazepam": "3322", "diphenhydramine": "3498",
    "droperidol": "3648", "duloxetine": "72625", "escitalopram": "321988", "fluoxetine": "4493",
    "fluphenazine": "4496", "haloperidol": "5093", "hydroxyzine": "5553",
    "isocarboxazid": "6011", "levodopa": "6375", "levomepromazine": "6852",
    "lorazepam": "6470", "lurasidone": "1040028", "metoclopramide": "6915",
    "midazolam": "6960", "mirtazapine": "15996", "olanzapine": "61381",
    "paliperidone": "679314", "pramipexole": "746741", "prochlorperazine": "8704",
    "promethazine": "8745", "propofol": "8782", "quetiapine": "51272", "rasagiline": "134748",
    "risperidone": "35636", "selegiline": "9639", "sertraline": "36437",
    "sevoflurane": "36453", "simvastatin": "36567", "tramadol": "10689", "trazodone": "10737",
    "trihexyphenidyl": "10811", "valproate": "40254", "verapamil": "11170",
    "ziprasidone": "115698", "zuclopenthixol": "114176",
    "bupropion": "42347", "cisatracurium": "319864", "clonazepam": "2598",
    "desflurane": "27340", "fentanyl": "4337", "lamotrigine": "28439", "landiolol": "2712070",
    "levofloxacin": "82122", "lisinopril": "29046", "lithium": "6448", "methylene blue": "6878",
    "methylphenidate": "6901", "metoprolol": "6918", "morphine": "7052",
    "nitrous oxide": "7486", "paroxetine": "32937", "remifentanil": "73032",
    "rocuronium": "68139", "sulpiride": "10239", "temazepam": "10355",
    "trifluoperazine": "10800", "vecuronium": "71535", "vortioxetine": "1455099",
}  # fmt: skip

# products with their own RxNorm concept; other long-acting ones are told by their text
PRODUCTS: dict[str, tuple[str, str]] = {
    "haloperidol decanoate": ("26420", "haloperidol decanoate"),
    "paliperidone palmitate": ("858045", "paliperidone palmitate"),
    "levodopa/carbidopa": ("103990", "carbidopa / levodopa"),
}

ROUTES: dict[str, tuple[str, str]] = {
    "oral": ("26643006", "Oral route"),
    "im": ("78421000", "Intramuscular route"),
    "iv": ("47625008", "Intravenous route"),
    "sc": ("34206005", "Subcutaneous route"),
}
