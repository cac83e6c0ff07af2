"""Statistics over requests and their answers, so that no State can be told from them."""
