"""Edition 2025-07-23, from the text itself. The clauses are paraphrased, and the citations are those of the text."""

from __future__ import annotations

from datetime import date

from domain.policy import criteria, prior_agents
from domain.policy.edition import Edition, Group, Leaf, Parameters, Path
from domain.policy.revision_1 import agent_rules, treatment_rules

APPENDIX = (
    "Aubagio", "Avonex", "Bafiertam", "Betaseron", "Briumvi", "Copaxone", "Gilenya", "Glatopa", "Kesimpta",
    "Lemtrada", "Mavenclad", "Mayzent", "Ocrevus", "Ocrevus Zunovo", "Plegridy", "Ponvory", "Rebif", "Tascenso ODT",
    "Tecfidera", "Tyruko", "Tysabri", "Vumerity", "Zeposia",
)  # fmt: skip

ONE_AGENT_SUFFICES = ("Kesimpta", "natalizumab", "Briumvi", "Mavenclad", "Ocrevus", "Ocrevus Zunovo")

DOSING_A = Leaf(
    "Dosing.A", "First course: 12 mg a day intravenously on five consecutive days.",
    criteria.first_course_regimen, readings=("R6", "R7", "R27"), revision=2,
)  # fmt: skip
DOSING_B = Leaf(
    "Dosing.B", "Later courses: 12 mg a day intravenously on three consecutive days.",
    criteria.later_course_regimen, readings=("R6", "R8", "R27"), revision=2,
)  # fmt: skip

INITIAL_THERAPY = Path(
    "A", "1.A", "Initial therapy: no course of Lemtrada completed yet.",
    scope=Leaf("1.A", "No course completed.",
               criteria.no_completed_course, readings=("R1", "R6", "R7", "R27"), revision=2),
    readings=("R1", "R6", "R7"),
    doses=5,
    dosing=DOSING_A,
    clauses=(
        Leaf("1.A.i", "At least 17 years old.", criteria.old_enough, readings=("R2", "R4", "R5")),
        Leaf("1.A.ii", "A relapsing form of MS.", criteria.relapsing_form, readings=("R15",)),
        Group("1.A.iii", "One of a to d.", "one_of", (
            Leaf("1.A.iii.a", "Two disease-modifying agents failed or were not tolerated.",
                 prior_agents.two_agents, readings=("R11", "R12", "R13"), revision=2),
            Leaf("1.A.iii.b", "One of the named high-efficacy agents failed or was not tolerated.",
                 prior_agents.one_sufficient_agent, readings=("R13",), revision=2),
            Leaf("1.A.iii.c", "Lemtrada was received before.",
                 criteria.received_lemtrada, readings=("R1", "R18"), revision=2),
            Group("1.A.iii.d", "Highly active or aggressive disease, by one of (1) to (4).", "one_of", (
                Leaf("1.A.iii.d(1)", "Rapidly advancing physical deterioration.",
                     criteria.rapid_deterioration, readings=("R14",), documentation_required=True),
                Leaf("1.A.iii.d(2)", "Disabling relapse with suboptimal response to systemic steroids.",
                     criteria.disabling_relapses, readings=("R14",), documentation_required=True),
                Leaf("1.A.iii.d(3)", "MRI findings of highly active or aggressive disease.",
                     criteria.aggressive_mri, readings=("R14",), documentation_required=True),
                Leaf("1.A.iii.d(4)", "Cognitive impairment related to MS.",
                     criteria.cognitive_impairment, readings=("R14",), documentation_required=True),
            )),
        )),
        Leaf("1.A.iv", "A neurologist or MS specialist prescribes it, or was consulted.",
             criteria.specialist, readings=("R19",)),
    ),
)  # fmt: skip

COMPLETED_A_COURSE = Path(
    "B", "1.B", "A previous course of Lemtrada was completed.",
    scope=Leaf("1.B", "A course completed.", criteria.completed_course, readings=("R1", "R6", "R8", "R27"), revision=2),
    readings=("R1", "R6", "R8"),
    doses=3,
    dosing=DOSING_B,
    clauses=(
        Leaf("1.B.i", "At least 17 years old.", criteria.old_enough, readings=("R2", "R4", "R5")),
        Leaf("1.B.ii", "A relapsing form of MS.", criteria.relapsing_form, readings=("R15",)),
        Group("1.B.iii", "One of a or b.", "one_of", (
            Leaf("1.B.iii.a", "A beneficial response by an objective measure.", criteria.objective_response),
            Leaf("1.B.iii.b", "At least one symptom stable, slowed or better.", criteria.symptom_response),
        )),
        Leaf("1.B.iv", "Twelve months since the last dose of any prior course.",
             criteria.twelve_months_since_last_dose, readings=("R2", "R3", "R4", "R5", "R8", "R27"), revision=2),
        Leaf("1.B.v", "A neurologist or MS specialist prescribes it, or was consulted.",
             criteria.specialist, readings=("R19",)),
    ),
)  # fmt: skip

EDITION = Edition(
    review_date=date(2025, 7, 23),
    revision=2,
    provenance="text",
    title="Multiple Sclerosis (Injectable - Other) - Lemtrada",
    parameters=Parameters(
        age_min_years=17,
        years_between_courses=1,
        mg_per_day=12,
        route="intravenous",
        approval_valid_days=30,
        start_within_days=30,
        disease_modifying_agents_min=2,
    ),
    appendix_names=APPENDIX,
    one_agent_names=ONE_AGENT_SUFFICES,
    indication=Leaf("1", "The diagnosis is multiple sclerosis.", criteria.multiple_sclerosis),
    paths=(INITIAL_THERAPY, COMPLETED_A_COURSE),
    exclusions=(
        Leaf("NR.1", "Clinically isolated syndrome.", criteria.clinically_isolated_syndrome, readings=("R16",)),
        Leaf("NR.2", "Another disease-modifying agent used at the same time.",
             criteria.concurrent_agent, readings=("R12", "R16", "R17"), revision=2),
        Leaf("NR.3", "HIV infection.", criteria.hiv_infection, readings=("R16",)),
        Leaf("NR.4", "A non-relapsing form of MS.", criteria.non_relapsing_form, readings=("R16",)),
    ),
    not_listed="Anything that the criteria do not list is not recommended.",
)  # fmt: skip

REVISION_1 = EDITION.revised(
    1,
    Leaf("1.A", "No course completed.", treatment_rules.no_completed_course, readings=("R1", "R6", "R7")),
    Leaf("1.A.iii.a", "Two disease-modifying agents failed or were not tolerated.",
         agent_rules.two_agents, readings=("R11", "R12", "R13")),
    Leaf("1.A.iii.b", "One of the named high-efficacy agents failed or was not tolerated.",
         agent_rules.one_sufficient_agent, readings=("R13",)),
    Leaf("1.A.iii.c", "Lemtrada was received before.", treatment_rules.received_lemtrada, readings=("R1", "R18")),
    Leaf("1.B", "A course completed.", treatment_rules.completed_course, readings=("R1", "R6", "R8")),
    Leaf("1.B.iv", "Twelve months since the last dose of any prior course.",
         treatment_rules.twelve_months_since_last_dose, readings=("R2", "R3", "R4", "R5", "R8")),
    Leaf("Dosing.A", "First course: 12 mg a day intravenously on five consecutive days.",
         treatment_rules.first_course_regimen, readings=("R6", "R7")),
    Leaf("Dosing.B", "Later courses: 12 mg a day intravenously on three consecutive days.",
         treatment_rules.later_course_regimen, readings=("R6", "R8")),
    Leaf("NR.2", "Another disease-modifying agent used at the same time.",
         agent_rules.concurrent_agent, readings=("R12", "R16", "R17")),
    facts_revision=1,
)  # fmt: skip

REVISIONS = (EDITION, REVISION_1)
