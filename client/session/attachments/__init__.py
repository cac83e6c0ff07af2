"""Files in messages: encrypted and hashed as they leave, checked before they are had, a piece at a time."""
