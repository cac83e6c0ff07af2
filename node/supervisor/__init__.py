"""One process per home that starts, watches, restarts and stops the others, and may itself be killed."""
