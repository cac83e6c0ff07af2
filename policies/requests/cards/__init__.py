"""Country cards: what is known of a State's channel, languages, law and agreements, and from where."""
