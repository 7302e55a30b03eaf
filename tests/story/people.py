"""The cast: the people who act in the tests, the same in every one of them."""

from __future__ import annotations

from domain.people import Actor

NURSE = Actor(id="r.nurse", name="Rosa Nurse", role="reviewer", credential="nurse")
SECOND_NURSE = Actor(id="r.second", name="Renate Nurse", role="reviewer", credential="nurse")
PHYSICIAN = Actor(id="d.medical", name="Dora Medical", role="clinician", credential="physician", specialty="neurology")
SECOND_PHYSICIAN = Actor(id="r.doc", name="Rob Doctor", role="clinician", credential="physician", specialty="neurology")
PHYSICIAN_REVIEWER = Actor(id="r.phys", name="Rita Physician", role="reviewer", credential="physician")
PHARMACIST = Actor(id="p.pharma", name="Paul Pharma", role="clinician", credential="pharmacist")

NEUROLOGIST = Actor(
    id="a.neuro", name="Anna Appeals", role="appeals_clinician", credential="physician", specialty="Neurology"
)
SECOND_NEUROLOGIST = NEUROLOGIST.model_copy(update={"id": "b.neuro", "name": "Bea Second"})
CARDIOLOGIST = NEUROLOGIST.model_copy(update={"id": "c.cardio", "name": "Carl Heart", "specialty": "cardiology"})
PHARMACIST_OF_APPEALS = Actor(id="q.pharma", name="Quinn Pharma", role="appeals_clinician", credential="pharmacist")
BELOW_THE_DENIER = NEUROLOGIST.model_copy(
    update={"id": "e.neuro", "name": "Eve Junior", "reports_to": ("chief.of.day", PHYSICIAN.id)}
)
ABOVE_THE_DENIER = NEUROLOGIST.model_copy(update={"id": "chief", "name": "Chief Above"})

OFFICE = Actor(id="office.7", name="Practice Seven", role="requester")
OTHER_OFFICE = Actor(id="office.8", name="Practice Eight", role="requester")
"""An office that asked nothing about the patients of `OFFICE`."""

CLAIMS = Actor(id="claims", name="Claims system", role="service")
ADMINISTRATOR = Actor(id="a.keeper", name="Ada Keeper", role="administrator")
AUDITOR = Actor(id="a.auditor", name="Amos Auditor", role="auditor")
IMPORTER = Actor(id="import", name="Import by import", role="reviewer")
"""Who `lemtrada-ledger import` records as, unless it is told."""
