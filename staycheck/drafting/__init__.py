"""`staycheck init --from-openapi`: a target file drafted from what a backend's own OpenAPI document says."""
