"""The Court's bot, the stewards, the register and the HTTP bridge."""
