"""The content of documents, stored by SHA-256, on both stores."""
