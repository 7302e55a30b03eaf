"""The audit trail in the standard's words: FHIR R4 `AuditEvent` and `Provenance`, and nothing but mapping.

codes         the code systems, and every code of them that is used
things        what each event of a patient's history is about, and what it does to that
audit_events  a state change, a read and a change of who may sign in, each as an AuditEvent
provenance    a state change as a Provenance
instants      the date parameters of a search
trail         the log and the access log as one, a page or all of it at a time
bundles       what a search answers, what is wrong with it, and what there is to ask
routes        /fhir
ndjson        the same resources as a file
"""
