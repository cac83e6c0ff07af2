"""The templates of Court requests as data: what each must hold, and how it may be answered."""
