"""The API for programs, at ``/api/v1/``, with its document at ``/api/v1/openapi.json``."""
