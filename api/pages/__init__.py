"""The pages for the people who do this all day: rendered here, over the same commands and projections as the API."""
