"""The bytes of documents, stored by their SHA-256, on both stores."""
