"""The pages of one request: new request, checklist, actions, documents, notices."""
