"""The audit trail as FHIR R4 resources `AuditEvent` and `Provenance`. This folder maps events and stores nothing.

codes              the code systems, and all codes that are used
event_mapping      the subject of each event as a FHIR resource type
audit_events       a state change, a read, or a change of users and keys as an AuditEvent
provenance         a state change as a Provenance
instants           the date parameters of a search
search_parameters  all parameters of a search
paging             the log and the access log as one audit trail, by page or as a whole
bundles            the result of a search, an error, and the CapabilityStatement
routes             the routes of /fhir
ndjson             the same resources as a file
"""
