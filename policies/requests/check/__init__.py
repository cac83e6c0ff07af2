"""The legal check of a draft and of an answer: everything that is missing or wrong, at once."""
