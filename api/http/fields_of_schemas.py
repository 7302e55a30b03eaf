"""Descriptions of fields of one schema, for fields whose meaning depends on the schema."""

from __future__ import annotations

from typing import Final

FIELDS_OF: Final[dict[str, dict[str, str]]] = {
    "Access": {
        "subject": "The id of the request, appeal, document or event that was viewed. Null: the whole record.",
        "origin": "The IP address or the name of the machine.",
        "through": "The channel of the access.",
    },
    "Actor": {
        "name": "The name of the user or system.",
    },
    "AgentTried": {
        "product": "The brand or generic name. It is unchanged if it is not recognized.",
        "outcome": "The outcome, for example inadequate efficacy.",
    },
    "Agreement": {
        "sentence": "The result in one sentence.",
        "status": "The result of the comparison.",
        "facts": "The recorded facts that differ.",
    },
    "Alive": {
        "status": "`alive`.",
    },
    "AppealView": {
        "forward_by": "The time by which the plan itself forwards what it upheld. Null: it need not, or did.",
        "status": "The status of the appeal.",
    },
    "Approval": {
        "doses": "The number of doses. Default: the policy's quantity.",
        "valid_from": "The first day that is covered. Default: today.",
        "path": "The path. Needed only if the history does not determine it.",
        "citing": "The clauses on which the partial denial is based.",
    },
    "AssessBody": {
        "edition": "The policy version to apply. Default: the version in effect on `received_on`.",
    },
    "AssignAppealBody": {
        "to": "The appeals clinician, who must be independent of the determination.",
    },
    "CaseRequest": {
        "status": "The status of the request.",
    },
    "Change": {
        "what": "The clause or the fact that differs.",
    },
    "ChangeLineOfBusinessBody": {
        "funding": "The funding of the coverage. Null: not known.",
        "on": "The first day of the new line of business.",
        "state": "The state of the coverage, in two letters. Null: not known.",
    },
    "ChangedBy": {
        "by": "The event that changed the answer. Null: only time has passed.",
    },
    "CheckpointShown": {
        "size": "The number of leaves.",
        "note": "The signed checkpoint.",
    },
    "ClauseRow": {
        "changed": "Whether the answer has changed since the determination.",
    },
    "ClockView": {
        "source": "The regulation that sets the deadline.",
    },
    "Concluded": {
        "name": "The name of the conclusion, for example `recommendation`.",
    },
    "ConsultationGiven": {
        "name": "The name of the specialist.",
        "specialty": "The specialty. `none`: no consultation.",
    },
    "CorrectDemographicsBody": {
        "name": "The corrected name.",
    },
    "CorrectDocumentBody": {
        "kind": "The kind of the document.",
        "name": "The name of the document.",
    },
    "CorrectDoseBody": {
        "request_id": "The id of the request for which the dose was given.",
        "on": "The day on which the dose was given.",
    },
    "CorrectPriorTreatmentBody": {
        "source": "The source of the report.",
    },
    "CourseView": {
        "last_dose_earliest": "The first day on which the last dose of the course may have been given.",
        "last_dose_latest": "The last day on which the last dose of the course may have been given.",
        "number": "The number of the course, in the order of the first doses.",
        "origin": "Whether the course was recorded here, reported, or both.",
        "doses": "The doses of the course.",
        "status": "The status of the course.",
    },
    "DayRange": {
        "earliest": "The first possible day.",
        "latest": "The last possible day.",
    },
    "Deadline": {
        "what": "What is due.",
        "source": "The regulation that sets the deadline.",
    },
    "DecideAppealBody": {
        "outcome": "The outcome of the appeal.",
    },
    "DecisionListed": {
        "kind": "The kind of the determination.",
    },
    "ClaimLineView": {
        "line": "What the line is: a replacement, a void, or a denied line.",
        "on": "The day of service. Null: a void that names only its original.",
        "source": "The source of the line, for example a claim.",
        "original_reference": "The reference of the claim that the line replaces or voids.",
        "found_by": "How the entry was found. `day`: the only entry of its source and day.",
        "waits": "Whether the line is a void whose claim is not on record.",
    },
    "DecisionView": {
        "edition": "The policy version, or what an import states.",
        "by": "The user who recorded it.",
        "kind": "The kind of the determination.",
        "on": "The day of the determination.",
        "outcome": "The outcome, as another record states it. Null: recorded in this ledger.",
    },
    "Document": {
        "kind": "The kind of the document.",
        "name": "The name of the document.",
    },
    "DoseView": {
        "listed_as_recorded": "Whether its course is not certain: it is then listed in the one seen when recorded.",
        "on": "The day on which the dose was given.",
        "source": "The source of the entry, for example a claim.",
        "added_mg": "The milligrams of other entries that are part of the same dose.",
        "dose_days_at_least": "The least number of infusion days of the entry. 0: its claim was voided.",
        "dose_days_at_most": "The most number of infusion days of the entry: one for each 12 mg of a claim line.",
        "claim_voided": "Whether the claim of the entry was voided.",
        "replaced_after_void": "Whether its claim was voided and then replaced, so that it counts again.",
    },
    "Eligibility": {
        "course_is": "Whether the next dose belongs to the first course or to a later one. Null: not certain.",
        "last_dose_earliest": "The first day on which the last dose may have been given.",
        "last_dose_latest": "The last day on which the last dose may have been given.",
        "settled_by": "The facts that would settle what is not certain of the treatment.",
    },
    "ExtendApprovalBody": {
        "rationale": "The rationale of the extension.",
    },
    "ExtendClockBody": {
        "days": "The number of days. Default: the maximum.",
        "for_information": "Whether the reason is that requested information is missing, which pauses the deadline.",
    },
    "FactRow": {
        "name": "The name of the fact.",
        "changed": "Whether the fact has changed.",
    },
    "Filer": {
        "name": "The name of the person who filed the appeal.",
    },
    "Finding": {
        "facts": "The facts that the clause uses.",
        "approvable_from": "The first day on which the clause is met if nothing else changes.",
    },
    "HandOnAppealBody": {
        "on": "The day on which the appeal was forwarded.",
    },
    "HistoryChanged": {
        "recorded": "The events that the command recorded.",
    },
    "HoldPeerToPeerBody": {
        "on": "The day of the conversation.",
        "outcome": "The outcome of the conversation.",
    },
    "Holder": {
        "name": "The name of the user.",
    },
    "ImportPastDeterminationBody": {
        "outcome": "The outcome, as the other record states it.",
    },
    "ImportedFrom": {
        "source": "The name of the other record.",
    },
    "IssueNoticeBody": {
        "kind": "The kind of the notice.",
    },
    "LinkView": {
        "path": "The path of the link.",
        "code": "The code of the link. It works only once.",
    },
    "Me": {
        "until": "The time at which the session or token expires. Null: no end.",
    },
    "NameRepresentativeBody": {
        "on": "The first day of the representation.",
        "name": "The name of the representative.",
    },
    "NewDocument": {
        "kind": "The kind of the document.",
        "name": "The name of the document.",
    },
    "NewPerson": {
        "reports_to": "The ids of the user's superiors, nearest first.",
        "name": "The name of the user or system.",
    },
    "NoticeView": {
        "kind": "The kind of the notice.",
    },
    "OfferPeerToPeerBody": {
        "until": "The last day of the offer.",
    },
    "OpenCourse": {
        "number": "The number of the course. The first course is 1.",
    },
    "OpenHistory": {
        "name": "The name of the member.",
    },
    "Outsider": {
        "name": "The name of the person.",
    },
    "InformationExtension": {
        "days": "The number of days. Default: the maximum.",
    },
    "Person": {
        "funding": "The funding of the coverage on the day. Null: not known.",
        "state": "The state of the coverage on the day. Null: not known.",
        "name": "The name of the patient.",
    },
    "PossibleOpenCourse": {
        "last_dose": "The possible days of the last dose of the course.",
    },
    "PossibleTreatment": {
        "last_dose": "The possible days of the last dose of any course, except an open one.",
    },
    "Prescriber": {
        "name": "The name of the prescriber.",
    },
    "PriorTreatment": {
        "possible": "Every treatment that fits the record, if there are several.",
    },
    "Problem": {
        "field": "The field that is concerned.",
        "clause": "The clause that is concerned.",
        "changed": "What has changed since the assessment was viewed.",
        "status": "The HTTP status.",
        "title": "The type of the problem in words.",
        "type": "The type of the problem, as a URN.",
    },
    "ReadingRelied": {
        "number": "The number of the reading, for example R12.",
        "answer": "How the policy is read.",
    },
    "Ready": {
        "status": "`ready`.",
    },
    "Reason-Output": {
        "code": "The code of the reason.",
    },
    "RecordAgentStartedBody": {
        "on": "The day on which the agent was started.",
        "source": "The source of the information.",
    },
    "RecordAgentStoppedBody": {
        "on": "The day on which the agent was or will be stopped.",
        "source": "The source of the information.",
    },
    "RecordDeathBody": {
        "on": "The date of death: a day, a month or a year.",
        "source": "The source of the information.",
    },
    "RecordDose": {
        "on": "The day on which the dose was given.",
        "request_id": "The id of the request for which the dose was given.",
        "source": "The source of the entry, for example a claim.",
    },
    "RecordExternalAnswerBody": {
        "outcome": "The outcome of the external review.",
        "received_on": "The day on which the external decision was received.",
    },
    "Recorded": {
        "kind": "The kind of the determination.",
    },
    "ReportPriorTreatment": {
        "source": "The source of the report.",
    },
    "RepresentativeView": {
        "on": "The first day of the representation.",
        "name": "The name of the representative.",
    },
    "RequestLife": {
        "status": "The status of the request.",
    },
    "RequestSummary": {
        "status": "The status of the request.",
    },
    "RequestView": {
        "approval": "The approval of the request. Null: not approved.",
        "status": "The status of the request.",
    },
    "ReviewDocumentBody": {
        "supports": "Whether the document supports the finding of the clause (R14).",
    },
    "ReceiptView": {
        "by": "The user who submitted the request or corrected the receipt.",
        "reason": "Why the receipt was corrected. Null: the receipt as submitted.",
    },
    "ReviewView": {
        "supports": "Whether the document supports the finding of the clause (R14).",
        "by": "The user who reviewed the document.",
    },
    "StateChange": {
        "what": "The name of the value.",
    },
    "StatedAgent": {
        "outcome": "The outcome of the treatment. Null: not stated.",
    },
    "StoodStill": {
        "since": "The start of the pause.",
        "until": "The end of the pause.",
    },
    "Supply": {
        "field": "The name of the fact, for example `agents.tried.0.outcome`.",
    },
    "TokenToMake": {
        "days": "The lifetime in days.",
    },
    "TokenView": {
        "role": "The role of the user. Null: the user was removed.",
        "state": "Whether the token is valid (`holds`), expired or revoked.",
    },
    "Way": {
        "size": "The number of facts to provide. 0: none.",
    },
    "WindowView": {
        "extensions": "The number of extensions of 30 days.",
    },
    "WithdrawAppealBody": {
        "by": "The name of the person who withdrew the appeal.",
    },
    "WithdrawRequestBody": {
        "by": "The name of the person who withdrew the request.",
    },
    "Worklist": {
        "counts": "The number of rows by state, for the filters of the question.",
        "known_at": "The time up to which recorded events are included. Null: now.",
    },
    "WorklistItem": {
        "missing": "The clauses that are still needed.",
        "state": "Where the request or appeal is in the process.",
        "standing": "The state of the deadline. Null: another party has to act.",
        "kind": "Whether the row is a request or an appeal.",
    },
}
